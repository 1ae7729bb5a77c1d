"""Figures of one run, for the page, the report and the terminal."""
