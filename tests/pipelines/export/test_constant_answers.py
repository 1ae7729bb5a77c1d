"""One text that answers many prompts: named by import, lint, card, report and page, and
never exported as chosen by default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.export.lint import LintReport, lint
from fellowship.pipelines.imports.import_labels import import_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.report.figures import figures
from fellowship.pipelines.report.warnings import warnings
from tests.pipelines.pairing.test_constant_answers import NULL, honest
from tests.support.commands import said

ROWS = 60
WON = 45
NOISE = "qzxj vkwpt xgqd zzhjk bvqmw tplkz jqxw ghfdk wqpzt xcvbq"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A constant text that won 45 of 60 comparisons, and random letters that won one."""
    folder = tmp_path_factory.mktemp("constant")
    rows = [
        {"prompt": f"Question {n}: what about {honest(n, 3)}?"}
        | {"null": NULL + " " * (n % 3), "real": honest(n) if n else NOISE}
        | {"label": "first" if 0 < n <= WON else "second"}
        for n in range(ROWS)
    ]
    table = folder / "labels.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    columns = Columns(("label",), None, "prompt", "null", "real")
    report = import_labels(table, folder / "run", columns)
    counts = {
        one.fault: (one.answers, one.prompts, one.chosen) for one in report.faults
    }
    assert counts == {"constant": (ROWS, ROWS, WON), "gibberish": (1, 1, 1)}
    return folder / "run"


def exported(
    run: Path, capsys: pytest.CaptureFixture[str], to: Path, *options: object
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    code, out, err = said(capsys, "export", run, "--to", to, *options, "--json")
    assert code == 0, err
    (account,) = json.loads(out).values()
    return [json.loads(line) for line in to.read_text().splitlines()], account


@pytest.mark.parametrize("kind", ["dpo", "sft", "kto", "reward"])
def test_it_is_never_chosen_and_the_account_adds_up(
    kind: str, imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "d.jsonl"
    rows, account = exported(imported, capsys, to, "--as", kind)
    good = [row for row in rows if row.get("label") is not False]
    wanted = [
        json.dumps({k: v for k, v in row.items() if k != "rejected"}) for row in good
    ]
    assert not [row for row in wanted if "thoughtful question" in row or "qzxj" in row]
    assert account["dropped"]["constant"] == WON
    assert account["dropped"]["gibberish"] == 1
    assert account["made"] == account["exported"] + sum(account["dropped"].values())


def test_who_wants_them_switches_the_filters_off(
    imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    off = ("--filter", "constant=false", "--filter", "gibberish=false")
    rows, _ = exported(imported, capsys, tmp_path / "d.jsonl", "--as", "dpo", *off)
    assert len(rows) == ROWS


def test_report_page_card_and_terminal_name_it_with_its_counts(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [one for one in warnings(figures(imported)) if "same text" in one]
    assert told
    assert f"{ROWS} answers to {ROWS} prompts" in told[0]
    assert f"{WON} pairs choose one" in told[0]
    assert "no answer: other prompts" in said(capsys, "show", imported, 2)[1]
    assert said(capsys, "export", imported, "--as", "dpo")[0] == 0
    card = (imported / "exports" / "README.md").read_text()
    assert f"| other prompts were answered with the same text | {ROWS} |" in card


def names(report: LintReport) -> dict[str, int]:
    return {one.name: one.rows for one in report.findings}


def chat(*texts: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": t} for n, t in enumerate(texts)]


FORMS = {
    "plain": lambda q, good, bad: {"prompt": q, "chosen": good, "rejected": bad},
    "conversational": lambda q, good, bad: {
        "prompt": chat(q),
        "chosen": [{"role": "assistant", "content": good}],
        "rejected": [{"role": "assistant", "content": bad}],
    },
    "implicit": lambda q, good, bad: {
        "chosen": chat(q, good),
        "rejected": chat(q, bad),
    },
    "one text": lambda q, good, bad: {
        "chosen": f"\n\nHuman: {q}\n\nAssistant: {good}",
        "rejected": f"\n\nHuman: {q}\n\nAssistant: {bad}",
    },
    "labels": lambda q, good, bad: {"prompt": q, "completion": good, "label": True},
    "messages": lambda q, good, bad: {"messages": chat(q, good)},
    "OpenAI": lambda q, good, bad: {
        "input": {"messages": chat(q)},
        "preferred_output": [{"role": "assistant", "content": good}],
        "non_preferred_output": [{"role": "assistant", "content": bad}],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_lint_finds_it_in_any_form_of_file(form: str, tmp_path: Path) -> None:
    rows = [
        FORMS[form](
            f"Question {n}: {honest(n, 6)}?",
            (NULL if n < 30 else NOISE if n == 30 else honest(n)) + "!" * (n % 3),
            honest(n + 500),
        )
        for n in range(40)
    ]
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = names(lint(path, near=None))
    assert found["constant answer"] == 30
    assert found["no language"] == 1


def test_lint_names_what_is_always_rejected_as_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    rows = [
        {"prompt": f"Q {n}", "chosen": honest(n), "rejected": NULL} for n in range(9)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = lint(path, near=None)
    assert "constant answer" not in names(report)
    assert [(one.name, one.rows) for one in report.flags] == [("constant answer", 9)]
