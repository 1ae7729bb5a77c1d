"""Who decided a comparison is said as it was: by the rule in force, or by one alone."""

from __future__ import annotations

from typing import Any

import pytest

from fellowship.pipelines.provenance.score_explanation import comparison_sum
from fellowship.pipelines.provenance.voting_rule import DecidingRule, voting_rule
from fellowship.pipelines.replay.revote import escalation_note
from fellowship.pipelines.replay.revoted_rows import Revote
from fellowship.records import Comparison, Winner
from tests.support.outcomes import verdict

JURY = {"team": "jury", "rule": "majority", "jurors": []}
STRONG = {"escalate": {"model": "big", "name": "c"}}


def deciding_line(votes: dict[str, Winner], header: dict[str, Any]) -> str:
    """What is said of a comparison that B won."""
    verdicts = tuple(verdict(winner, who=name) for name, winner in votes.items())
    one = Comparison(first=0, second=1, outcome="second", verdicts=verdicts)
    return comparison_sum(one, voting_rule(header))[-1]


@pytest.mark.parametrize(
    ("votes", "evaluate", "line"),
    [
        (("first", "second", "second"), JURY | STRONG, "jurors disagree; decided by c"),
        (("first", "first", "second"), JURY | STRONG, "disagree on another comparison"),
        (
            ("second", "invalid", "second"),
            JURY | STRONG,
            "jurors disagree; decided by c",
        ),
        (("invalid", "invalid", "second"), JURY | STRONG, "jurors disagree; decided"),
        (
            ("first", "first", "second"),
            JURY | STRONG | {"sure_from": 2},
            "jurors unsure; decided by c",
        ),
        (("first", "second", "second"), JURY, "majority of 3: B"),
        (("second", "second"), JURY | STRONG, "majority of 2: B"),
    ],
)
def test_a_judge_that_decides_alone_is_named(
    votes: tuple[Winner, ...], evaluate: dict[str, Any], line: str
) -> None:
    given = dict(zip("abc", votes, strict=False))
    assert line in deciding_line(given, {"recipe": {"evaluate": evaluate}})


def test_after_a_revote_its_own_rule_is_named_and_nobody_decides_alone() -> None:
    header = {
        "recipe": {"evaluate": JURY | STRONG},
        "identity": {"revote": {"rule": "mean"}},
    }
    votes: dict[str, Winner] = {"a": "first", "b": "second", "c": "second"}
    assert deciding_line(votes, header) == "mean of 3: B"
    assert voting_rule(header).escalation == ""
    assert "votes as one of the judges" in escalation_note("c", Revote())
    assert not escalation_note("c", Revote(judges=("a", "b")))
    gap = voting_rule({"recipe": {"evaluate": JURY | STRONG | {"sure_from": 2}}})
    assert gap.escalation.startswith("c decides alone where the jurors disagree")
    assert gap.escalation.endswith("their score gap is under 2")


def test_a_run_without_a_recipe_has_no_rule() -> None:
    assert voting_rule({}) == DecidingRule("", "")
