"""Hostile files through every verb that reads files or runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.run_outcomes import outcomes
from tests.support.corpus import HOSTILE, SAID, contents, dumped, table
from tests.support.loopback.fixtures import InThread, openai_server
from tests.support.loopback.prose import Reply
from tests.support.parsers import grown
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import ask, served

pytestmark = pytest.mark.fault(number=16)

KNOWN = {0, 1, 2, 3}
"""Exit codes of the README for what was said: done, rows missing, refused, stopped."""

CANDIDATES = ("response1", "response2")


@cache
def corpus() -> dict[str, bytes]:
    """Every file: made by hand, and grown by fuzzing (those rows in one file a format)."""
    found = dict(contents())
    pairs = table(7, 40, ("prompt", "chosen", "rejected", "chosen_score"))
    found["pairs.jsonl"] = b"\n".join(map(dumped, pairs))
    found["kto.jsonl"] = b"\n".join(
        map(dumped, table(8, 40, ("prompt", "completion", "label")))
    )
    found["deep.jsonl"] = b"".join(line + b"\n" for line, _ in HOSTILE)
    for kind in ("csv", "json"):
        found |= {f"grown-{n}.{kind}": one for n, one in enumerate(grown(kind)[::3])}
    found["grown.jsonl"] = b"\n".join(grown("jsonl"))
    return found


@pytest.fixture(scope="module")
def judge() -> Iterator[InThread]:
    with openai_server() as server:
        yield server


def judging(folder: Path, server: InThread, source: Path) -> Path:
    """A recipe that has a source's two answers judged, once a row."""
    asked = {"path": str(source), "candidates": list(CANDIDATES)}
    model = openai_model(server.base_url, tries=2)
    path = recipe(folder / "r.yaml", model, 2, source=asked)
    made = path.read_text().replace("evaluate:", "evaluate:\n  order: first")
    path.write_text(made[: made.index("systems:")] + made[made.index("evaluate:") :])
    return path


def survives(run: Path) -> None:
    """A run that was made is read by agree, export and the page; its rows add up."""
    assert all(row.state for row in outcomes(run))
    assert cli(["agree", str(run), "--resamples", "50"]) in KNOWN
    shapes = ["--as", "dpo", "--as", "kto", "--as", "sft"]
    assert cli(["export", str(run), *shapes]) == 0
    for made in sorted((run / "exports").glob("*.jsonl")):
        assert cli(["lint", str(made)]) in KNOWN
    with served(run) as place:
        assert ask(place, "/").status == 200
        assert ask(place, "/row/1").status in (200, 404)


def quarantined(run: Path) -> None:
    """Rows that were no input are in the quarantine file, each by its number, no other."""
    bad = {row.number for row in outcomes(run) if row.state == "rejected-input"}
    kept = (run / "rejected.jsonl").read_text() if bad else ""
    rows = [json.loads(line) for line in kept.splitlines()]
    assert Counter(row["number"] for row in rows) == Counter(bad)
    assert all(row["why"] and len(row["raw"]) <= 10_003 for row in rows)


@pytest.mark.parametrize("name", sorted(corpus()))
def test_a_hostile_file_goes_through_every_verb(
    tmp_path: Path, name: str, judge: InThread, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(corpus()[name])
    votes = ["--judge", "judge", "--winner", "pick", "--id", "id", "--prompt", "prompt"]
    labels = ["import", "labels", str(file), "--label", "label"]
    made = {
        "run": ["run", str(judging(tmp_path, judge, file))],
        "labels": labels,
        "counted": [*labels, "--count-unknown"],
        "verdicts": ["import", "verdicts", str(file), *votes],
    }
    for verb, words in made.items():
        into = tmp_path / f"of-{verb}"
        code = cli([*words, "--into", str(into)])
        assert code in KNOWN, (verb, code, capsys.readouterr().err)
        if (into / "ledger.db").exists():
            survives(into)
            if verb == "run":
                quarantined(into)
                assert code == 1 or not (into / "rejected.jsonl").exists()
    assert cli(["lint", str(file)]) in KNOWN
    assert "Traceback" not in capsys.readouterr().err


def test_hostile_verdicts_go_through_every_verb(tmp_path: Path) -> None:
    said = [text.decode("utf-8", "replace") for text in grown("verdict")] + list(SAID)
    left = iter(said)

    async def answer(body: dict[str, object]) -> str | Reply:
        return next(left, "no verdict")

    rows = [
        dict.fromkeys(("prompt", *CANDIDATES), f"text {n}") for n in range(len(said))
    ]
    for n, row in enumerate(rows):
        row["response2"] = f"other {n}"
    source = tmp_path / "rows.jsonl"
    source.write_bytes(b"\n".join(map(dumped, rows)))
    with openai_server(answer) as server:
        path = judging(tmp_path, server, source)
        assert cli(["run", str(path), "--into", str(tmp_path / "run")]) in KNOWN
    survives(tmp_path / "run")
