"""The published release of the paper: reader and reproduction of its tables."""
