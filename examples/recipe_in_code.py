"""A recipe in code: two drafts and a jury, run on rows of one's own."""

import fellowship as fl

model = fl.LlamaCpp(max_tokens=60)
recipe = fl.Recipe(
    models={"writer": model, "critic": model, "judge": model},
    systems=[fl.Feedback(generator="writer", reviewers=["critic"], drafts=2)],
    evaluate=fl.Jury(["judge", "critic"]),
)
report = fl.run(recipe, "runs/in-code", rows=[{"prompt": "Why is the sky blue?"}])
print(report.states, recipe.to_yaml(), sep="\n")
