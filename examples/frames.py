"""A run as data frames, pandas' or polars'. Run batch.py first."""

import fellowship as fl

run = fl.frames("runs/batch")
print(run.rows[["row", "state", "score"]])
print(run.verdicts.groupby("evaluator")["winner"].value_counts())
calls = fl.frames("runs/batch", "polars").calls
print(calls.select("role", "completion_tokens", "usd").group_by("role").sum())
