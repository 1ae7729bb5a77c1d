"""Model clients: one for each provider, and the one that records in front of each."""
