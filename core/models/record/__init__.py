"""The recorded client: record, replay, budget, prices."""
