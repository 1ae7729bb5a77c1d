"""Agreement of judges with people and one another, win rates and drift."""
