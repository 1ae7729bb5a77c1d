"""From a run's outcomes to datasets that train: kinds, filters, weights, shapes, card."""
