"""One run, seen whole: a local page to read and label, and a report to send."""
