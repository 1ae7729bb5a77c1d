"""Export: from a run's outcomes to datasets that train."""
