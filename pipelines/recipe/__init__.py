"""The recipe and its checks."""
