"""Provenance: why a pair is what it is."""
