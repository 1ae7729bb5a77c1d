"""Choice of an evaluator on labelled pairs: every configuration measured on one record."""
