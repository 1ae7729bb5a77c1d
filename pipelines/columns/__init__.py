"""Meaning of columns: which side a label names, scales of numbers, lists in a string."""
