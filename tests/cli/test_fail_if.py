"""`--fail-if`: what is a condition, what fails, and that every verb has the same one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.fail_if import exit_by, failures, parse_condition
from fellowship.cli.main import app
from fellowship.errors import InputError
from fellowship.testing import loopback_model
from tests.support.commands import said
from tests.support.drifting_judges import Judge, judged_run


class Ends(NamedTuple):
    value: float
    low: float
    high: float


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with loopback_model(Judge()) as model:
        folder = tmp_path_factory.mktemp("judged") / "a"
        return judged_run(folder, model, rows=2).parent


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


def test_an_end_of_what_has_no_interval_is_refused() -> None:
    with pytest.raises(InputError, match="'p' is a number without an interval"):
        failures([parse_condition("p.low<1")], FIGURES)
    with pytest.raises(click.UsageError, match="too large"):
        parse_condition("p<1e999")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        *(
            ("attack R --fail-if sucess>0", "success"),
            ("probe R --fail-if x<1", "style"),
        ),
        ("attack R --kind colon --fail-if fake-fence/success>0", "colon/success"),
        ("attack R --fail-if trials.low>0", "trials' itself"),
        ("probe R --fail-if juror/style>0", "judge/style"),
        ("choose R --labels L --fail-if cost.low>0", "cost' itself"),
        ("choose R --labels L --fail-if small/kapa>0", "corrected"),
        ("align R --labels L --fail-if kappa>0", "kappa_after"),
        ("drift I --fail-if alarm.low<1", "alarm' itself"),
        ("drift I --repeats 1 --fail-if alarm>0", "--repeats 2"),
    ],
)
def test_a_condition_that_can_not_hold_is_refused_before_a_call(
    words: str,
    names: str,
    capsys: pytest.CaptureFixture[str],
    judged: Path,
) -> None:
    places = {"R": judged / "r.yaml", "I": judged / "run", "L": judged / "none.csv"}
    known = [*judged.rglob("*")]
    code, _, err = said(capsys, *(places.get(w, w) for w in words.split()))
    assert (code, names in err) == (Exit.USAGE, True), err
    assert {*judged.rglob("ledger.db")} <= {*known}


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
    assert failures([parse_condition("labels<50")], {"labels": 5.0}) == [
        "labels<50: labels is 5"
    ]


def test_a_run_that_failed_keeps_its_own_exit_code() -> None:
    assert exit_by([parse_condition("p<1")], FIGURES, Exit.STOPPED) == Exit.STOPPED


@pytest.mark.parametrize(
    "verb", ["agree", "drift", "attack", "probe", "winrate", "choose", "align"]
)
def test_every_verb_of_figures_has_it(verb: str) -> None:
    command = app.get_command(click.Context(app), verb)
    assert command is not None
    assert "fail_if" in [parameter.name for parameter in command.params]
