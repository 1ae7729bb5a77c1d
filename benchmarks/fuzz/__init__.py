"""Fuzzing of the parsers: inputs that reach new code, or break it, are kept."""
