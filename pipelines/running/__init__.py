"""The run itself: from a recipe to a finished run folder."""
