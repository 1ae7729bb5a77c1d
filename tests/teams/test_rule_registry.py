"""The registry of voting rules: complete, and asked instead of names being compared."""

from __future__ import annotations

from typing import Literal, get_args

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.agreement.jury_weights import WHOLE_RUN
from fellowship.records import Scores
from fellowship.registry_check import IncompleteRegistry, check_registry
from fellowship.teams.jury import early_stop, juror_weights
from fellowship.teams.settings import JurySettings, NamedRule
from fellowship.teams.vote_counting import Vote
from fellowship.teams.voting_rules import RULES, apply_rule, rule_named

Grown = Literal["majority", "mean", "weighted", "dawid-skene", "median"]

SPLIT = (
    Vote("first", Scores(first=9, second=1), weight=1),
    Vote("second", Scores(first=5, second=6), weight=2),
    Vote("second", Scores(first=5, second=6), weight=2),
    Vote("invalid", weight=9),
)


def test_a_rule_that_settings_name_and_nobody_entered_fails_at_import() -> None:
    with pytest.raises(IncompleteRegistry, match="voting rule 'median' has no entry"):
        check_registry("voting rule", get_args(Grown), RULES)


def test_settings_and_registry_name_the_same_rules() -> None:
    assert set(get_args(NamedRule)) == set(RULES)
    assert set(WHOLE_RUN) == {"dawid-skene"}


def test_a_rule_that_is_not_there_never_votes_by_majority() -> None:
    with pytest.raises(RecipeError, match=r"no voting rule 'majorty'.*'majority'"):
        apply_rule("majorty", SPLIT, 10)


@pytest.mark.parametrize(
    ("rule", "decision", "scores"),
    [
        ("majority", "second", (0, 1)),
        ("weighted", "second", (0, 1)),
        ("dawid-skene", "second", (0, 1)),
        ("mean", "first", (29 / 5, 5)),
    ],
)
def test_every_rule_decides_a_split_jury(
    rule: NamedRule, decision: str, scores: tuple[float, float]
) -> None:
    made, given = apply_rule(rule, SPLIT, 10)
    assert made == decision
    assert given is not None
    assert (given.first, given.second) == pytest.approx(scores)


def test_a_rule_of_ones_own_is_not_loaded_before_it_decides() -> None:
    rule = rule_named("no_such_module:vote")
    assert (rule.weighs, rule.next_jurors, rule.whole_run) == (True, None, False)
    with pytest.raises(RecipeError, match="no_such_module"):
        rule.decide(SPLIT[:3], 10)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("operator:truediv", "rule 'operator:truediv' raised TypeError: unsupported"),
        ("operator:neg", "rule 'operator:neg' takes other arguments"),
        ("operator:itemgetter", "rule 'operator:itemgetter' is a type: give `def rule"),
        ("operator:getitem", "raised IndexError: list index out of range"),
        ("asyncio:wait_for", "rule 'asyncio:wait_for' is async: give `def rule"),
        ("math:ldexp", "rule 'math:ldexp' raised TypeError: must be real number"),
    ],
)
def test_whatever_goes_wrong_in_a_rule_is_one_message(rule: str, said: str) -> None:
    with pytest.raises(RecipeError) as error:
        apply_rule(rule, SPLIT, 10)
    assert said in str(error.value)
    assert "(votes, scale)" in str(error.value)


@pytest.mark.parametrize("rule", [*RULES, "my_module:vote"])
def test_who_may_be_spared_and_what_a_juror_weighs_is_the_rules_to_say(
    rule: str,
) -> None:
    jury = JurySettings.model_validate(
        {
            "team": "jury",
            "rule": rule,
            "jurors": [{"model": "a", "weight": 3}, {"model": "b"}],
        }
    )
    assert (early_stop(jury) is not None) == (rule in ("majority", "weighted"))
    assert juror_weights(jury, jury.jurors) == (
        [1, 1] if rule in ("majority", "dawid-skene") else [3, 1]
    )
    assert early_stop(jury.model_copy(update={"early_stop": False})) is None
