"""Cost of a run before it is spent: plans, pilots, forecasts."""
