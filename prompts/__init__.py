"""Role prompts, one Markdown file each."""
