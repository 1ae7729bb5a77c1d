"""Voting rules: what the votes of several jurors amount to.

`RULES` has one entry for each rule that settings can name; to add a rule, write its
function here, enter it, and add its name to `settings.NamedRule`. A split jury has not
decided, and who abstains does not vote. A vote by heads names a winner and no margin: its
scores are 1 and 0, or a half each, so that asking fewer jurors than there are can't change
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from fellowship.custom_code import error_line, load_function
from fellowship.errors import RecipeError
from fellowship.majority import winning_side
from fellowship.records import Decision, Scores
from fellowship.registry_check import check_registry
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.settings import NamedRule, Rule, is_custom_rule
from fellowship.teams.vote_counting import (
    SIDES,
    Vote,
    first_share,
    mean_scores,
    next_jurors,
    tally,
)

Decide = Callable[[Sequence[Vote], float], tuple[Decision, Scores | None]]
"""The votes that could be read, at least one, and the jury's scale -> its decision."""

NextJurors = Callable[[Mapping[Decision, float], Sequence[float]], int]
"""Weight behind each side, weights of the jurors left -> how many to ask next."""


@dataclass(frozen=True)
class VotingRule:
    """How votes are decided, and what a rule asks of whoever takes them.

    `weighs`: a juror counts by its weight; where it does not, a weight that was set is
    refused (`ignored_weight`). `gives_scores`: on the jury's scale, and not 1 and 0 for a
    vote; None where only the user knows. `needs_weights`: without any it is another rule.
    `next_jurors`: how many to ask
    next; None where every vote is needed. `whole_run`: a row's decision is provisional,
    until `agreement.jury_weights.WHOLE_RUN` decides again from all rows.
    """

    decide: Decide
    weighs: bool
    gives_scores: bool | None
    needs_weights: bool
    next_jurors: NextJurors | None
    whole_run: bool


def by_weight(votes: Sequence[Vote], scale: float) -> tuple[Decision, Scores | None]:
    """The side with the most weight behind it; any split is a tie."""
    side = winning_side(tally(votes))
    return side, Scores(first=first_share(side), second=1 - first_share(side))


def by_heads(votes: Sequence[Vote], scale: float) -> tuple[Decision, Scores | None]:
    """The side most jurors are for; any split is a tie."""
    return by_weight([vote._replace(weight=1.0) for vote in votes], scale)


RULES: Mapping[str, VotingRule] = {
    "majority": VotingRule(by_heads, False, False, False, next_jurors, whole_run=False),
    "mean": VotingRule(mean_scores, True, True, False, None, whole_run=False),
    "weighted": VotingRule(by_weight, True, False, True, next_jurors, whole_run=False),
    "dawid-skene": VotingRule(by_heads, False, False, False, None, whole_run=True),
}
check_registry("voting rule", get_args(NamedRule), RULES)


def rule_named(rule: Rule) -> VotingRule:
    """The entry of a rule; one of the user's own is not loaded before it decides.

    `RecipeError` where there is no such rule.
    """
    if is_custom_rule(rule):
        return VotingRule(
            lambda votes, scale: custom_rule(rule)(votes, scale),
            weighs=True,
            gives_scores=None,
            needs_weights=False,
            next_jurors=None,
            whole_run=False,
        )
    if rule not in RULES:
        hint = did_you_mean(rule, RULES) or f"; there are {quoted_list(RULES)}"
        raise RecipeError(f"no voting rule {rule!r}{hint}")
    return RULES[rule]


def ignored_weight(rule: Rule, weight: float) -> str:
    """Why a juror's weight would do nothing under a rule, and the cure; else nothing."""
    if weight == 1 or rule_named(rule).weighs:
        return ""
    known = quoted_list([name for name, one in RULES.items() if one.weighs])
    return (
        f"rule {rule!r} takes no weights, so {weight:g} would do nothing: give one of"
        f" {known} or a rule of your own, or leave the weight out"
    )


def apply_rule(
    rule: Rule, votes: Sequence[Vote], scale: float
) -> tuple[Decision, Scores | None]:
    """What the votes amount to under a rule; jurors' order means nothing."""
    valid = [vote for vote in votes if vote.is_valid]
    if not valid:
        return no_valid_vote(votes), None
    return rule_named(rule).decide(valid, scale)


def custom_rule(name: str) -> Decide:
    """The user's function `rule(votes, scale) -> (decision, scores or None)`.

    It gets the votes that were read, at least one, each with its `juror` and `weight`; a
    side without scores gets those of a vote by heads. Raises `RecipeError` where the name
    is no such function, or the function raises, or returns something else.
    """
    wanted = "`def rule(votes, scale)` that returns (decision, Scores or None)"
    found = load_function(name, "rule", 2, wanted)

    def checked_rule(
        votes: Sequence[Vote], scale: float
    ) -> tuple[Decision, Scores | None]:
        try:
            decision, scores = found(votes, scale)
        except Exception as error:  # a user's function may raise anything
            raise RecipeError(
                f"rule {name!r} raised {error_line(error)}; expected is {wanted}"
            ) from error
        if decision not in (*SIDES, "invalid", "order-inconsistent") or not (
            scores is None or isinstance(scores, Scores)
        ):
            got = f"{decision!r}, {type(scores).__name__}"
            raise RecipeError(f"rule {name!r} returned {got}; expected is {wanted}")
        if scores is None and decision in SIDES:
            scores = Scores(
                first=first_share(decision), second=1 - first_share(decision)
            )
        return decision, scores

    return checked_rule


def no_valid_vote(votes: Sequence[Vote]) -> Decision:
    """The decision of a vote in which every juror abstains."""
    contradicted = any(vote.decision == "order-inconsistent" for vote in votes)
    return "order-inconsistent" if contradicted else "invalid"
