"""`--fail-if`: what is a condition, what fails, and that every verb has the same one."""

from __future__ import annotations

import math
from typing import NamedTuple

import click
import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.fail_if import exit_by, failures, parse_condition
from fellowship.cli.main import app
from fellowship.errors import InputError


class Ends(NamedTuple):
    value: float
    low: float
    high: float


FIGURES = {
    "kappa": Ends(0.55, 0.4, 0.7),
    "multi-rater10/gpt-4o/kappa": Ends(0.7, math.nan, math.nan),
    "p": 0.02,
    "noise": None,
}


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("kappa<0.6", True),
        ("kappa < .5", False),
        ("kappa.low<0.5", True),
        ("kappa.high<50%", False),
        ("kappa>=0.55", True),
        ("p != 0.02", False),
        ("p<=2 %", True),
        ("multi-rater10/gpt-4o/kappa<0.6", False),
        ("multi-rater10/gpt-4o/kappa.low<0.6", True),
        ("noise>1", True),
        ("kappa > -1e-3", True),
        ("kappa.low > −0.5", True),
    ],
)
def test_a_condition_holds_or_its_figure_is_not_defined(text: str, fails: bool) -> None:
    assert bool(failures([parse_condition(text)], FIGURES)) is fails


@pytest.mark.parametrize(
    "text", ["kappa", "kappa<", "<0.6", "kappa<x", "kappa=0.6", "kappa<0.6<1", "a<b()"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no condition"):
        parse_condition(text)


@pytest.mark.parametrize("text", ["kapa<1", "kappa.middle<1", "low<1", "p.low.low<1"])
def test_an_unknown_key_is_an_error_that_lists_what_is_there(text: str) -> None:
    with pytest.raises(InputError, match=r"there is no figure .*'kappa'.*'noise', 'p'"):
        failures([parse_condition(text)], FIGURES)


def test_an_undefined_figure_is_a_failure_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    conditions = [parse_condition("noise>1"), parse_condition("kappa<0.6")]
    assert exit_by(conditions, FIGURES, Exit.DONE) == Exit.CONDITION
    told = capsys.readouterr().err
    assert "noise is not defined" in told
    assert "kappa is 0.55" in told


def test_a_run_that_failed_keeps_its_own_exit_code() -> None:
    assert exit_by([parse_condition("p<1")], FIGURES, Exit.STOPPED) == Exit.STOPPED


@pytest.mark.parametrize("verb", ["agree", "drift", "attack", "probe", "winrate"])
def test_every_verb_of_figures_has_it(verb: str) -> None:
    command = app.get_command(click.Context(app), verb)
    assert command is not None
    assert "fail_if" in [parameter.name for parameter in command.params]
