"""Agreement of judges with people: intervals, or no claim."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.errors import InputError
from fellowship.pipelines.agreement.agreement import AgreementReport, Options, agree
from fellowship.pipelines.agreement.verdict_table import VerdictTable, verdict_table
from fellowship.pipelines.labels.label_sources import select_labels
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.intervals import Resampling
from tests.support.paper_release import put
from tests.support.paths import PAPER
from tests.support.verdict_runs import verdicts

QUICK = Resampling(200)


def said_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert cli([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_labels_are_matched_by_id_whatever_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, labels = verdicts(tmp_path)
    options = ["--labels", str(labels), "--label", "who", "--id", "row"]
    named = ["--against", "good"]
    found = said_as_json(["agree", str(run), *options, *named], capsys)
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
    assert "too few labels: 50 labelled prompts are needed" in said
    assert "kappa" not in said
    named = [line for line in said.splitlines() if line.startswith("  good: as the")]
    counts = [
        int(word)
        for line in named
        for word in line.split(": ")[1].replace(",", "").split()
        if word.isdigit()
    ]
    assert (len(counts), sum(counts)) == (3, 40)


def test_the_margin_plot_is_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, labels = verdicts(tmp_path)
    options = ["--labels", str(labels), "--label", "who", "--id", "row", "--juries"]
    plot = tmp_path / "m.svg"
    assert cli(["agree", str(run), *options, "--plot", str(plot)]) == 0
    assert "<svg" in plot.read_text()
    assert "var(--" not in plot.read_text()
    assert "out of bag" in capsys.readouterr().out


def test_a_judge_that_is_not_there_and_labels_that_do_not_fit_are_refused(
    tmp_path: Path,
) -> None:
    run, labels = verdicts(tmp_path)
    told = select_labels([put(tmp_path / "l.json", [{"label": "A"}] * 3)])
    with pytest.raises(InputError, match="do not match"):
        verdict_table(run, told)
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


@pytest.fixture(scope="module")
def pandalm(pandalm_run: Path) -> VerdictTable:
    return verdict_table(pandalm_run)


def test_pandalm_from_a_run_is_the_kappa_of_its_texts(pandalm: VerdictTable) -> None:
    table = pandalm
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


def test_pandalms_labels_file_gives_the_same_as_the_runs_own(
    pandalm: VerdictTable, pandalm_run: Path
) -> None:
    told = select_labels([PAPER / "labels/pandalm-testset-v1.json"])
    assert (pandalm.labels == verdict_table(pandalm_run, told).labels).all()


def test_gpt_4os_margins_from_a_run(pandalm: VerdictTable) -> None:
    found = agree(pandalm, Options(plan=QUICK))
    fit = found.margins["multi-rater10/gpt-4o"].fit
    assert fit.agree([1, 2, 3]) == pytest.approx([0.590, 0.775, 0.865], abs=5e-4)
    posterior = found.posterior
    assert posterior is not None
    assert posterior.claimed > 0.93 > 0.87 > posterior.agreed.high
    assert posterior.slope.high < 1
    assert posterior.skill.value < posterior.calibrated.value
