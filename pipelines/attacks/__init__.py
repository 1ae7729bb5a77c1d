"""Trials of an evaluator: attacks and bias probes."""
