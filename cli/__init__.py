"""Command line, a verb a file."""
