"""Two answers judged and one scored, in one call each, on the embedded model."""

import fellowship as fl

small = fl.LlamaCpp(max_tokens=48, temperature=1)  # or model="ollama:qwen3:8b"
asked = ("Is ice cold?", "Yes: it melts at 0 °C.", "No.")
found = fl.judge(*asked, model=small, into="runs/judged")
print(found.winner, found.scores, found.reason, found.cost)
for vote in found.votes:
    print(vote.juror, vote.winner, vote.reason)
print(fl.score(*asked[:2], model=small).score)
print(fl.open("runs/judged").verdicts)
