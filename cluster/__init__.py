"""Runs on many machines: a Ray coordinator that keeps the record, and its workers."""
