"""People's labels, from files and from the page."""
