"""Proof by training: a small model learns from pairs that Fellowship made.

See docs/training.md; `make train-proof` runs it.
"""
