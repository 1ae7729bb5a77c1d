"""Limits of endpoints: rates, concurrency, residency, outages."""
