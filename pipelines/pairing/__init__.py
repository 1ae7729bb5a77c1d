"""Pairing: which candidates meet, how they rank, which become pairs."""
