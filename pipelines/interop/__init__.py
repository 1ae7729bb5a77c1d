"""Other tools: Inspect logs, stock AutoGen teams, data frames."""
