"""Agreement and win rates of a run: the figures have intervals, or there are none."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fellowship.cli.main import outcome as cli
from fellowship.errors import InputError
from fellowship.pipelines.agreement.agreement import AgreementReport, Options, agree
from fellowship.pipelines.agreement.verdict_table import LabelSelection, verdict_table
from fellowship.pipelines.agreement.win_rates import win_rates
from fellowship.pipelines.imports.run_writer import write_import
from fellowship.pipelines.imports.verdict_tables import VerdictColumns, import_verdicts
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.paper.import_release import import_release
from fellowship.records import Candidate, Comparison, Outcome, Ranking, Verdict
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.intervals import Resampling
from tests.support.paper_release import combined, put
from tests.support.paths import PAPER

released = pytest.mark.skipif(
    not PAPER.is_dir(), reason=f"the paper's released data are not in {PAPER}"
)
QUICK = Resampling(200)


def verdicts(tmp_path: Path, rows: int = 80) -> tuple[Path, Path]:
    """A run of two judges, one right at wide margins only, and people's labels."""
    rng = np.random.default_rng(3)
    truth = rng.choice(["first", "second"], rows)
    said = []
    for n, right in enumerate(truth):
        for judge, skill in (("good", 0.9), ("poor", 0.6)):
            hit = rng.random() < skill
            margin = int(rng.integers(1, 3)) + 3 * int(hit)
            first = (right == "first") == hit
            a, b = (9, 9 - margin) if first else (9 - margin, 9)
            said.append({"row": f"r{n}", "judge": judge, "a": a, "b": b})
    file = tmp_path / "v.jsonl"
    file.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    columns = VerdictColumns(judge="judge", score_first="a", score_second="b", id="row")
    import_verdicts(file, tmp_path / "run", columns)
    labels = [{"row": f"r{n}", "who": v} for n, v in enumerate(truth)]
    told = tmp_path / "labels.jsonl"
    told.write_text("\n".join(map(json.dumps, labels[::-1])), encoding="utf-8")
    return tmp_path / "run", told


def said_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert cli([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_labels_are_matched_by_id_whatever_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, labels = verdicts(tmp_path)
    options = ["--labels", str(labels), "--label", "who", "--id", "row"]
    found = said_as_json(["agree", str(run), *options], capsys)
    assert (found["matched"], found["labels"]) == ("id", 80)
    good, poor = found["judges"]
    assert found["reference"] == "good"
    assert good["kappa"]["value"] > 0.6 > poor["kappa"]["value"]
    assert poor["p_holm"] < 0.01
    assert good["kappa"]["low"] < good["kappa"]["value"] < good["kappa"]["high"]


def test_under_fifty_labels_there_is_no_claim(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, labels = verdicts(tmp_path, 40)
    options = ["--labels", str(labels), "--label", "who", "--id", "row"]
    assert cli(["agree", str(run), *options]) == 0
    said = capsys.readouterr().out
    assert "too few labels to say" in said
    assert "kappa" not in said


def test_the_margin_plot_is_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, labels = verdicts(tmp_path)
    options = ["--labels", str(labels), "--label", "who", "--id", "row", "--juries"]
    plot = tmp_path / "m.svg"
    assert cli(["agree", str(run), *options, "--plot", str(plot)]) == 0
    assert "<svg" in plot.read_text()
    assert "out of bag" in capsys.readouterr().out


def test_a_judge_that_is_not_there_and_labels_that_do_not_fit_are_refused(
    tmp_path: Path,
) -> None:
    run, labels = verdicts(tmp_path)
    told = read_labels(put(tmp_path / "l.json", [{"label": "A"}] * 3))
    with pytest.raises(InputError, match="do not match"):
        verdict_table(run, LabelSelection(told))
    assert cli(["agree", str(run), "--labels", str(labels), "--label", "who"]) == 0
    named = ["--label", "who", "--against", "nobody"]
    assert cli(["agree", str(run), "--labels", str(labels), *named]) == 2


def test_without_the_statistics_the_install_line_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = "fellowship.cli.extras.find_spec"
    monkeypatch.setattr(found, lambda name: None if name == "scipy" else sys)
    for verb in (["agree"], ["winrate"], ["reproduce"]):
        assert cli([*verb, str(tmp_path)]) == 2
        assert "pip install '.[stats]'" in capsys.readouterr().err


@cache
def paper_run(into: Path) -> Path:
    import_release(PAPER, into, "pandalm-eval")
    return into


@pytest.fixture(scope="module")
def pandalm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paper_run(tmp_path_factory.mktemp("paper") / "run")


@released
def test_pandalm_from_a_run_is_the_kappa_of_its_texts(pandalm: Path) -> None:
    table = verdict_table(pandalm)
    found: AgreementReport = agree(table, Options(families=("llama",), plan=QUICK))
    kappas = {j.name.split("/")[1]: j.kappa.value for j in found.judges}
    assert kappas["gpt-4o"] == pytest.approx(0.6875852399575386, abs=1e-12)
    assert found.reference == "multi-rater10/gpt-4o"
    assert found.prompts == 170
    assert found.people is not None
    assert [p.kappa for p in found.people.pairs] == pytest.approx(
        [0.852, 0.879, 0.862], abs=5e-4
    )
    at = table.judges.index("multi-rater10/gemma-2-27b-it")
    assert cohen_kappa(table.labels, table.votes[:, at]) == pytest.approx(
        0.5882, abs=5e-5
    )


@released
def test_pandalms_labels_file_gives_the_same_as_the_runs_own(pandalm: Path) -> None:
    told = read_labels(PAPER / "labels/pandalm-testset-v1.json")
    own, given = verdict_table(pandalm), verdict_table(pandalm, LabelSelection(told))
    assert (own.labels == given.labels).all()


@released
def test_gpt_4os_margins_from_a_run(pandalm: Path) -> None:
    found = agree(verdict_table(pandalm), Options(plan=QUICK))
    fit = found.margins["multi-rater10/gpt-4o"].fit
    assert fit.agree([1, 2, 3]) == pytest.approx([0.595, 0.775, 0.865], abs=5e-4)


def loop(root: Path, rows: int = 60) -> Path:
    """One single model against two others, texts known of one of them."""
    none = root / "generators/p/none"
    wins = ["agent", "agent", "gpt"] * (rows // 3)
    scores = {"agent": (9, 4), "gpt": (4, 9), "tie": (5, 5)}
    for name, told in (("small_picks", wins), ("small_llama_picks", wins[::-1])):
        texts = [combined(*scores[w])["response"] for w in told]
        rows_of = [
            {"response": t, "winner": w} for t, w in zip(texts, told, strict=True)
        ]
        put(none / f"{name}.json", rows_of)
    for name in ("small", "gpt-4o"):
        said = [
            [
                {"role": "user", "content": f"Q{n}"},
                {"role": "assistant", "content": name * (1 + n % 7)},
            ]
            for n in range(rows)
        ]
        put(none / f"{name}.json", said)
    return root


def test_every_rule_of_a_win_rate(tmp_path: Path) -> None:
    import_release(loop(tmp_path / "r"), tmp_path / "run")
    found = win_rates(tmp_path / "run", plan=QUICK)
    one = next(p for p in found.pairs if p.second == "gpt-4o")
    assert one.strict.value == pytest.approx(2 / 3)
    assert one.half_tie.value == pytest.approx(2 / 3)
    assert one.controlled is not None
    assert one.both_orders is None
    assert found.ratings[0][0] == "small"
    assert len(found.ratings) == 3


def met(first: str, second: str, order: str, winner: str, n: int) -> Outcome:
    """One row whose judge read two systems in one order only."""
    names = [Candidate(text="t" * (n + 1), system=s) for s in (first, second)]
    verdict = Verdict.model_validate({"winner": winner, "order": order})
    one = Comparison.model_validate(
        {"first": 0, "second": 1, "outcome": winner, "verdicts": [verdict]}
    )
    return Outcome(
        number=n,
        item=f"i{n}",
        state="tie",
        candidates=tuple(names),
        ranking=Ranking(scores=(None, None), winner=None, comparisons=(one,)),
    )


def test_who_is_named_first_changes_no_win_rate(tmp_path: Path) -> None:
    rows = [met("a", "b", "forward", "first", n) for n in range(1, 5)]
    rows += [met("b", "a", "forward", "second", n) for n in range(5, 9)]
    write_import(rows, tmp_path / "run", "rows", [], tmp_path)
    [pair] = win_rates(tmp_path / "run", plan=QUICK).pairs
    assert (pair.first, pair.rows, pair.strict.value) == ("a", 8, 1.0)


def test_people_are_estimated_from_few_labels_and_all_verdicts(tmp_path: Path) -> None:
    rows = []
    for n in range(1, 401):
        row = met("a", "b", "forward", "first" if n % 4 else "second", n)
        label = ("first",) if n % 2 else ("second",)
        rows.append(row.model_copy(update={"labels": label if n <= 100 else ()}))
    write_import(rows, tmp_path / "run", "rows", [], tmp_path)
    [pair] = win_rates(tmp_path / "run", plan=QUICK).pairs
    assert pair.people is not None
    assert pair.people.low < 0.5 < pair.people.high < pair.strict.value


def test_a_run_without_two_systems_has_no_win_rate(tmp_path: Path) -> None:
    run, _ = verdicts(tmp_path)
    assert cli(["winrate", str(run)]) == 2


@released
def test_the_papers_win_rates_from_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = "argilla-capybara-prompts-subset"
    import_release(PAPER, tmp_path / "run", prompts)
    found = win_rates(tmp_path / "run", plan=QUICK)
    ours = "gemma-2-9b-it+gemma-2-9b-it"
    wins = [p.strict.value * 500 for p in found.pairs if p.first == ours]
    assert sorted(wins) == pytest.approx([207, 263, 324])
    capsys.readouterr()
    printed = said_as_json(
        ["winrate", str(tmp_path / "run"), "--resamples", "50"], capsys
    )
    assert len(printed["ratings"]) == 6
