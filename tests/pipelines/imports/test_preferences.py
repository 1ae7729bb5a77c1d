"""Imported comparisons in win rates: names of systems, soft preferences."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.agreement.win_rates import win_rates
from fellowship.pipelines.imports.preferences import (
    Preferences,
    read_preference,
    recognise_scale,
)
from fellowship.pipelines.imports.system_names import SystemColumns, only_sides
from fellowship.pipelines.interop.frames import frames
from fellowship.stats.intervals import Resampling
from tests.support.commands import checked, said
from tests.support.paths import ROOT

ALPACA = ROOT.parent / "shared" / "data" / "alpaca_eval" / "lengths.jsonl"
FEW = Resampling(20)


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("first", "second", "sides"),
    [
        ("answer_a", "answer_b", True),
        ("output_1", "output_2", True),
        ("response1", "response2", True),
        ("answerA", "answerB", True),
        ("first", "second", True),
        ("chosen", "rejected", True),
        ("a", "b", True),
        ("left_text", "right_text", True),
        ("model_a", "model_b", True),
        ("gpt4", "llama", False),
        ("gpt3", "gpt4", False),
        ("llama_7b", "llama_13b", False),
        ("llama_1", "llama_2", False),
        ("gpt4_answer", "llama_answer", False),
        ("baseline", "ours", False),
    ],
)
def test_columns_name_systems_unless_they_only_number_the_sides(
    first: str, second: str, sides: bool
) -> None:
    assert only_sides(first, second) is sides


def test_a_column_a_side_names_the_systems_where_the_answers_are_numbered() -> None:
    there = ("question", "answer_a", "answer_b", "model_a", "model_b")
    arena = SystemColumns("answer_a", "answer_b").found_in(there)
    row = {"model_a": "gpt4", "model_b": "llama"}
    assert arena.names(row) == ("gpt4", "llama")
    assert SystemColumns("answer_a", "answer_b").names(row) == ("first", "second")
    assert SystemColumns("gpt4", "llama").found_in(there).names({}) == ("gpt4", "llama")


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.1, 0.9, 1, 0], "probability"),
        ([1.2, 1.9, 1.5], "one-to-two"),
        ([1, 2], "one-to-two"),
        ([0, 1], None),  # a chance, or the number of the better answer
        ([0.6, 0.9], None),
        ([-1.5, 2.5], None),
        ([0.3, 1.7], None),
    ],
)
def test_a_scale_is_recognised_where_values_allow_one_reading_only(
    values: list[Any], scale: str | None
) -> None:
    if scale is not None:
        assert recognise_scale("p", values) == scale
        return
    with pytest.raises(InputError, match="--preference-scale"):
        recognise_scale("p", values)


@pytest.mark.parametrize(
    ("column", "values", "cure"),
    [
        ("p", ["x", None], "--winner"),
        ("overall_preference", [1, 2], "--preference-scale"),
        ("rating", [1, 1.5, 2], "--preference-scale"),
        ("p_b", [0.1, 0.9], "0..1 for chances of the second"),
        ("prob_model_b", [0.1, 0.9], "0..1 for chances of the second"),
    ],
)
def test_what_a_columns_name_or_words_leave_open_is_asked_about(
    column: str, values: list[Any], cure: str
) -> None:
    with pytest.raises(InputError, match=re.escape(cure)):
        recognise_scale(column, values)


@pytest.mark.parametrize(
    ("scale", "value", "band", "winner", "chance"),
    [
        ("probability", 0.75, 0, "first", 0.75),
        ("probability", 0.5, 0, "tie", 0.5),
        ("probability", 0.55, 0.1, "tie", 0.55),
        ("one-to-two", 1.2, 0, "first", 0.8),
        ("one-to-two", "2", 0, "second", 0.0),
        ("difference", -3, 0, "second", None),
        ("difference", 0.5, 1, "tie", None),
        ("logit", math.log(3), 0, "first", 0.75),
        ("logit", -900, 0, "second", 0.0),
    ],
)
def test_a_preference_is_a_winner_and_keeps_its_chance(
    scale: Any, value: Any, band: float, winner: str, chance: float | None
) -> None:
    found = read_preference(value, Preferences("p", scale, band))
    assert found is not None
    assert found.winner == winner
    assert found.chance == (None if chance is None else pytest.approx(chance))


@pytest.mark.parametrize(
    ("scale", "value"),
    [
        ("probability", 1.2),
        ("one-to-two", 0.5),
        ("logit", "much"),
        ("difference", True),
    ],
)
def test_what_is_no_preference_on_the_scale_is_named(scale: Any, value: Any) -> None:
    with pytest.raises(InputError, match="is no "):
        read_preference(value, Preferences("p", scale))
    assert read_preference("", Preferences("p", scale)) is None


def test_an_arena_file_enters_winrate_by_its_models_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("gpt4", "llama", "vicuna")
    rows = [
        {"question_id": n, "model_a": names[a], "model_b": names[b], "judge": "j"}
        | {"winner": "model_a" if a < b else "model_b", "question": f"q{n}"}
        | {"answer_a": f"{names[a]} says {n}", "answer_b": f"{names[b]} says {n}"}
        for n in range(20)
        for a, b in ((0, 1), (2, 1), (0, 2))
    ]
    file, run = table(tmp_path / "arena.jsonl", rows), tmp_path / "run"
    texts = ("--prompt", "question", "--first", "answer_a", "--second", "answer_b")
    verb = ("import", "verdicts", file, "--into", run, "--winner", "winner")
    more = ("--judge", "judge", "--id", "question_id")
    code, out, err = said(capsys, *verb, *texts, *more)
    assert code == 0, err
    assert "60 rows name two systems" in out
    found = checked(
        "winrate", said(capsys, "winrate", run, "--json", "--resamples", 20)[1]
    )
    rates = {(p["first"], p["second"]): p["strict"]["value"] for p in found["pairs"]}
    assert rates == {
        ("gpt4", "llama"): 1,
        ("vicuna", "llama"): 0,
        ("gpt4", "vicuna"): 1,
    }
    assert [each[0] for each in found["ratings"]] == ["gpt4", "llama", "vicuna"]
    assert "gpt4" in said(capsys, "show", run, 1)[1]
    assert set(frames(run).verdicts["system_first"]) == {"gpt4", "vicuna"}


def test_soft_preferences_give_the_win_rate_and_ties_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chances = [0.9, 0.55, 0.2, 0.5] * 5
    rows = [
        {"q": f"q{n}", "ours": f"ours {n}", "llama": f"llama {n}", "p": p}
        for n, p in enumerate(chances)
    ]
    file, run = table(tmp_path / "p.jsonl", rows), tmp_path / "run"
    texts = ("--prompt", "q", "--first", "ours", "--second", "llama")
    soft = ("--preference", "p", "--tie-band", 0.1)
    code, out, err = said(
        capsys, "import", "verdicts", file, "--into", run, *texts, *soft
    )
    assert code == 0, err
    assert "'p' read as a probability" in out
    assert "within 0.1" in out
    (pair,) = win_rates(run, plan=FEW).pairs
    assert (pair.first, pair.second, pair.soft) == ("ours", "llama", 20)
    assert pair.half_tie.value == pytest.approx(sum(chances) / 20)
    assert pair.strict.value == pytest.approx(0.25)
    assert pair.controlled is not None
    assert pair.controlled.raw == pytest.approx(sum(chances) / 20)
    assert "20 rows have soft preferences" in said(capsys, "winrate", run)[1]


def test_judges_that_read_the_answers_the_other_way_round_are_turned(
    tmp_path: Path,
) -> None:
    from fellowship.pipelines.imports.import_verdicts import (
        VerdictColumns,
        import_verdicts,
    )

    rows = [
        {"id": n, "a": one, "b": two, "model_a": one, "model_b": two, "p": p}
        | {"judge": judge}
        for n in range(12)
        for judge, one, two, p in (("x", "gpt", "phi", 0.8), ("y", "phi", "gpt", 0.4))
    ]
    columns = VerdictColumns(
        *("judge", None, None, None, "id", None, "a", "b"),
        preferences=Preferences("p", "probability"),
    )
    import_verdicts(table(tmp_path / "v.jsonl", rows), tmp_path / "run", columns)
    (pair,) = win_rates(tmp_path / "run", plan=FEW).pairs
    assert (pair.first, pair.rows) == ("gpt", 12)
    assert pair.half_tie.value == pytest.approx((0.8 + 0.6) / 2)


def test_published_raw_win_rates_of_alpaca_eval_come_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not ALPACA.exists():
        pytest.skip(f"{ALPACA} is not there")
    systems = [json.loads(line) for line in ALPACA.read_text().splitlines()][:3]
    rows = [
        {"prompt_number": prompt, "system": one["system"], "baseline": "gpt4_turbo"}
        | {"preference": 1 + p, "judge": "weighted_alpaca_eval"}
        for one in systems
        for prompt, p, *_ in one["rows"]
    ]
    file, run = table(tmp_path / "a.jsonl", rows), tmp_path / "run"
    named = ("--system-first", "baseline", "--system-second", "system")
    verb = ("import", "verdicts", file, "--into", run, "--preference", "preference")
    code, _, err = said(
        capsys, *verb, *named, "--judge", "judge", "--id", "prompt_number"
    )
    assert code == 0, err
    found = {p.second: 1 - p.half_tie.value for p in win_rates(run, plan=FEW).pairs}
    for one in systems:
        published = one["published_win_rate"] / 100
        assert found[one["system"]] == pytest.approx(published, abs=5e-4)
