"""Imports: verdicts and labels of others as a run."""
