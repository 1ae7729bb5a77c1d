"""The same judge again on frozen anchors: what is asked, what is found, what is kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import InputError, RecipeError
from fellowship.number_format import figure
from fellowship.pipelines.agreement.drift_cells import history_cells, point_text
from fellowship.pipelines.agreement.drift_check import TOO_FEW, check_drift
from fellowship.pipelines.agreement.drift_history import read_anchors, read_history
from fellowship.pipelines.replay.drift_runs import allot, plan_drift
from fellowship.pipelines.report.figures import figures
from fellowship.run_outcomes import outcomes
from fellowship.stats.intervals import Resampling
from fellowship.testing import loopback_model
from fellowship.viewer.report.page import page
from tests.support.commands import checked
from tests.support.drifting_judges import Judge, judged_run
from tests.support.replayed_runs import query
from tests.support.viewer_pages import ask, served


def asked(folder: Path, *words: str) -> int:
    """The exit code of one check."""
    return command(["drift", str(folder), "--resamples", "50", *words])


def test_flips_are_found_and_a_steady_judge_raises_no_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = Judge()
    with loopback_model(judge) as model:
        folder = judged_run(tmp_path / "a", model)
        before = (folder / "run.json").read_bytes()
        assert asked(folder, "--anchors", "20", "--fail-if", "alarm>0") == 0
        frozen = read_anchors(folder)
        assert frozen is not None
        assert len(frozen.rows) == 20
        judge.flipped = set(range(0, 24, 3))
        capsys.readouterr()
        assert asked(folder, "--fail-if", "alarm>0", "--json") == 6
    told = checked("drift", capsys.readouterr().out)
    flipped = sum((row - 1) % 3 == 0 for row in frozen.rows)
    assert told["drift"]["figures"]["flips"]["value"] == pytest.approx(flipped / 20)
    assert told["drift"]["figures"]["noise"]["value"] == 0
    assert told["drift"]["noise_from"] == "repeats"
    assert told["anchors"]["rows"] == list(frozen.rows)
    assert [entry.alarm for entry in read_history(folder)] == [False, True]
    assert (folder / "run.json").read_bytes() == before
    flips = point_text(read_history(folder)[1], "flips")
    assert flips.startswith(figure(flipped / 20))
    with served(folder) as place:
        on_page = ask(place, "/labels").text
    for text in (on_page, page(figures(folder))):
        assert "Drift of the judge" in text
        assert flips in text
        assert 'aria-label="Drift by check, 2 so far' in text


def test_samples_are_the_noise_and_nothing_is_asked_twice_then(tmp_path: Path) -> None:
    judge = Judge()
    with loopback_model(judge) as model:
        folder = judged_run(tmp_path / "a", model, rows=12, samples=2)
        calls = judge.calls
        assert asked(folder) == 0
        assert judge.calls == 2 * calls
    (entry,) = read_history(folder)
    assert (entry.repeats, entry.check["noise_from"]) == (1, "samples")


def test_a_juror_without_samples_drifts_and_the_jury_is_said_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loose, steady = Judge(), Judge()
    with loopback_model(loose) as one, loopback_model(steady) as other:
        jurors = [{"model": "judge"}, {"model": "other", "samples": 2}]
        jury = {"team": "jury", "jurors": jurors, "early_stop": False}
        folder = judged_run(tmp_path / "a", one, 12, {"other": other.model}, **jury)
        loose.flipped = set(range(12))
        assert asked(folder) == 0
        assert "p < 0.0001" in capsys.readouterr().out
    (entry,) = read_history(folder)
    assert (entry.check["noise_from"], entry.alarm) == ("repeats", True)


def test_a_check_has_one_budget_goes_on_and_pays_for_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = Judge()
    price = {"prompt": 0, "completion": 1}
    with loopback_model(judge) as model:
        priced = {"judge": {**model.model, "price": price}}
        folder = judged_run(tmp_path / "a", model, 12, priced)
        (usd,) = query(folder, "SELECT sum(usd) FROM calls")[0]
        calls = judge.calls
        assert asked(folder, "--max-calls", "5") == 3
        assert asked(folder, "--max-calls", "15") == 3
        assert "the limit of 15 calls is reached" in capsys.readouterr().out
        assert judge.calls == calls + 15
        assert asked(folder, "--max-usd", f"{1.25 * usd}") == 3
        assert read_history(folder) == []
        assert asked(folder) == 0
        assert judge.calls == calls + 24
        assert capsys.readouterr().out.count("24 calls") == 1
        assert asked(folder, "--max-usd-per-day", f"{2 * usd}") == 3
        assert judge.calls == calls + 24
    first, second = (folder / "drift" / f"001-{n}" for n in (1, 2))
    assert {o.number for o in outcomes(first)} == {o.number for o in outcomes(second)}
    assert query(first, "SELECT count(*) FROM calls") == [(12,)]


def test_so_few_anchors_raise_no_alarm_and_those_that_failed_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = Judge()
    with loopback_model(judge) as model:
        folder = judged_run(tmp_path / "a", model, rows=3)
        judge.flipped = {0, 1, 2}
        assert asked(folder, "--fail-if", "alarm>0") == 6
        assert "drift: p 0.0370" in capsys.readouterr().out
    askings = [folder / "drift" / f"001-{n}" for n in (1, 2)]
    failed = "json_set(record, '$.ranking', null) WHERE number = 3"
    query(askings[1], f"UPDATE outcomes SET record = {failed}")
    found = check_drift(folder, askings, ["judge"], Resampling(5))
    assert (found.failed, found.alarm, found.no_alarm) == (1, None, TOO_FEW)
    (entry,) = read_history(folder)
    told = history_cells(entry.model_copy(update={"check": found.as_json()}))
    assert (told[1], told[-1]) == ("3 (1 failed)", "no alarm")


def test_decisions_that_the_recipe_did_not_make_are_not_asked_about_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback_model(Judge()) as model:
        folder = judged_run(tmp_path / "a", model, rows=3)
    assert command(["revote", str(folder), "--into", str(tmp_path / "again")]) == 0
    (tmp_path / "v.jsonl").write_text(
        json.dumps({"prompt": "Q", "first": "a", "second": "b", "winner": "first"})
    )
    words = ["import", "verdicts", str(tmp_path / "v.jsonl"), "--winner", "winner"]
    assert command([*words, "--into", str(tmp_path / "imported")]) == 0
    for name, why in (("again", "was revoted"), ("imported", "imported verdicts")):
        assert asked(tmp_path / name) == 2
        assert why in capsys.readouterr().err


def test_a_fingerprint_of_the_second_asking_alone_is_seen(tmp_path: Path) -> None:
    with loopback_model(Judge()) as model:
        folder = judged_run(tmp_path / "a", model, rows=4)
        assert asked(folder) == 0
    new = "UPDATE calls SET reply = json_set(reply, '$.system_fingerprint', 'fp-{}')"
    for place, name in (("", 1), ("drift/001-1", 1), ("drift/001-2", 2)):
        query(folder / place, new.format(name))
    askings = [folder / "drift" / f"001-{n}" for n in (1, 2)]
    served_now = check_drift(folder, askings, ["judge"], Resampling(5)).served
    assert served_now.fingerprints == {
        "judge": {"record": ["fp-1"], "now": ["fp-1", "fp-2"]}
    }
    assert served_now.other_fingerprint is not None
    assert served_now.other_fingerprint.value == 0.5
    check = {"figures": {"alarm": 0.0, "other_fingerprint": {"value": 0.5}}}
    (entry,) = read_history(folder)
    told = history_cells(entry.model_copy(update={"check": check}))
    assert told[-1] == "no sign of drift, another fingerprint"


def test_a_model_served_under_another_name_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback_model(Judge()) as model:
        folder = judged_run(tmp_path / "a", model, rows=12)
        query(folder, "UPDATE calls SET reply = replace(reply, 'loopback', 'loop-2')")
        assert asked(folder, "--repeats", "1", "--fail-if", "other_model>0") == 6
    told = capsys.readouterr()
    assert "judge: model was loop-2, is loopback" in told.out
    assert "no alarm: how far the judge differs from itself is not known" in told.out
    assert "other_model is 1.0000" in told.err


def test_other_anchors_another_prompt_and_unjudged_runs_are_refused(
    tmp_path: Path,
) -> None:
    with loopback_model(Judge()) as model:
        folder = judged_run(tmp_path / "a", model, rows=12)
    plan_drift(folder, 5)
    with pytest.raises(InputError, match=r"5 anchors .* were drawn before"):
        plan_drift(folder, 6)
    header = json.loads((folder / "run.json").read_text())
    header["identity"]["prompts"]["judge_combined"] = "0" * 16
    (folder / "run.json").write_text(json.dumps(header))
    with pytest.raises(RecipeError, match="it would be another judge"):
        plan_drift(folder)
    query(folder, "DELETE FROM outcomes")
    (folder / "drift" / "anchors.json").unlink()
    with pytest.raises(InputError, match="there is nothing to ask"):
        plan_drift(folder)


@pytest.mark.parametrize(
    ("many", "sizes", "shares"),
    [(10, [60, 30, 10], [6, 3, 1]), (5, [9, 1], [5, 0]), (9, [2, 2], [2, 2])],
)
def test_anchors_are_drawn_in_proportion(
    many: int, sizes: list[int], shares: list[int]
) -> None:
    assert allot(many, sizes) == shares


def test_comparisons_of_the_same_calls_are_one_group_of_the_test(
    tmp_path: Path,
) -> None:
    worth = {"a long answer": 3, "middling": 2, "short answer": 1}

    def rank(messages: Any) -> str:
        shown = re.findall(
            r"BEGIN response (\d) \w+ ===\n([a-z ]+)", messages[-1]["content"]
        )
        best = sorted(shown, key=lambda one: -worth[one[1].strip()])
        numbers = [int(number) for number, _ in best]
        return json.dumps({"reason": "r", "responses_best_first": numbers})

    with loopback_model(rank) as model:
        folder = judged_run(tmp_path / "a", model, rows=4, meet="listwise", shuffles=1)
        assert asked(folder) == 0
    (entry,) = read_history(folder)
    assert entry.check["comparisons"] == 12
    assert (entry.check["blocks"], entry.check["noise_from"]) == (4, "repeats")
