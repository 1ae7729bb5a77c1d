"""Answers judged and scored from Python, one call at a time."""
