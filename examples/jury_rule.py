"""A jury rule of one's own: every juror has a veto. `python examples/jury_rule.py`"""

import fellowship as fl


def veto(votes, scale):
    """All jurors that could be read name one side, or it is a tie."""
    sides = {vote.decision for vote in votes}
    return (sides.pop(), None) if len(sides) == 1 else ("tie", None)


if __name__ == "__main__":
    recipe = fl.load_recipe("examples/jury.yaml")
    print(fl.run(recipe, "runs/jury").states)
