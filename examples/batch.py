"""A batch: prompts in, pairs out, resumed by the same line. `python examples/batch.py`"""

import fellowship as fl

recipe = fl.load_recipe("recipes/demo.yaml", {"source.limit": 2})
report = fl.run(recipe, "runs/batch")
print(report.states, report.calls, "calls", report.usd, "USD")
for pair in fl.pairs("runs/batch"):
    print(pair.number, pair.margin, pair.chosen.text, sep="\n")
