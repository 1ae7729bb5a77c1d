"""Viewer: a local page of one run to read and label, and a report to send."""
