"""Parsers of model replies: scores, choices, reviews."""
