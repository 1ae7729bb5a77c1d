"""Lint finds in anybody's file what was planted there, and names the rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.errors import InputError
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.export.lint import LintReport, lint
from fellowship.pipelines.export.role_leaks import find_leak
from fellowship.pipelines.recipe.export_settings import Export
from tests.support.commands import checked, said
from tests.support.outcomes import judged
from tests.support.runs import run_of
from tests.support.sentences import CLEAN, ENGLISH, FOREIGN, holds, sentence


def file_of(folder: Path, rows: list[Any], name: str = "x.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return path


def pair(chosen: str, rejected: str, prompt: str = "") -> dict[str, str]:
    asked = prompt or f"what of {chosen[:40]}?"
    return {"prompt": asked, "chosen": chosen, "rejected": rejected}


def numbers(report: LintReport) -> dict[str, tuple[int, ...]]:
    """The rows of each finding, whatever its reasons."""
    found: dict[str, tuple[int, ...]] = {}
    for one in report.findings:
        found[one.name] = tuple(sorted((*found.get(one.name, ()), *one.numbers)))
    return found


def test_a_clean_file_is_clean(tmp_path: Path) -> None:
    rows = [pair(CLEAN[n], CLEAN[n + 90]) for n in range(0, 180, 2)]
    rows += [pair(CLEAN[n + 90], CLEAN[n]) for n in range(1, 180, 2)]
    report = lint(file_of(tmp_path, rows))
    assert report.clean, report.findings
    assert (report.rows, report.pairs) == (180, 180)


def test_every_planted_fault_is_named_with_its_row(tmp_path: Path) -> None:
    long = sentence(random.Random(4), 160)
    exam = tmp_path / "exam.txt"
    exam.write_text(asked := sentence(random.Random(905), 40))
    rows: list[Any] = [
        pair(CLEAN[1], CLEAN[2], "one"),
        pair(CLEAN[1], CLEAN[2], "one"),
        pair(long, CLEAN[3], "two"),
        pair(long.replace("the", "The", 3) + " now", CLEAN[3], "two"),
        pair(CLEAN[5], CLEAN[6], "three"),
        pair(CLEAN[6], CLEAN[5], "three"),
        pair("fine", "fine", "four"),
        pair("Score: 7/10\nA good answer.", CLEAN[8], "five"),
        pair("lorem ipsum dolor", CLEAN[9], "six"),
        pair(CLEAN[10], CLEAN[11], asked),
        "{not json",
        {"prompt": "x", "chosen": "only one side"},
        pair("", "empty", "seven"),
        {"text": "no preference at all"},
        {"prompt": "x", "completion": "y", "label": "good"},
    ]
    report = lint(file_of(tmp_path, rows), [exam])
    assert numbers(report) == {
        "duplicate": (2,),
        "near duplicate": (4,),
        "contradictory label": (5, 6),
        "equal answers": (7,),
        "judge text": (8,),
        "noise": (9,),
        "contamination": (10,),
        "bad row": (11, 12, 13, 14, 15),
    }


def test_each_bad_row_has_its_own_reason(tmp_path: Path) -> None:
    rows = ["{not json", "[1]", {"prompt": "x"}, {"prompt": "y"}]
    said = {f.numbers: f.reason for f in lint(file_of(tmp_path, rows)).findings}
    assert set(said) == {(1,), (2,), (3, 4)}
    assert "not JSON" in said[1,]
    assert "object" in said[2,]


def test_contradictory_labels_of_single_answers_are_found(tmp_path: Path) -> None:
    rows = [
        {"prompt": "q", "completion": "a", "label": True},
        {"prompt": "q", "completion": "b", "label": False},
        {"prompt": "q", "completion": "a", "label": False},
    ]
    assert numbers(lint(file_of(tmp_path, rows))) == {"contradictory label": (1, 3)}


@pytest.mark.parametrize(("longer", "biased"), [(38, True), (22, False), (3, True)])
def test_length_bias_is_found_either_way_and_not_in_a_fair_file(
    tmp_path: Path, longer: int, biased: bool
) -> None:
    rows = [
        pair(
            *((CLEAN[n] + " and so on", CLEAN[n])[:: 1 if n < longer else -1]), f"q {n}"
        )
        for n in range(40)
    ]
    report = lint(file_of(tmp_path, rows), near=None)
    assert report.length is not None
    assert report.length.longer == longer / 40
    assert report.length.biased is biased
    assert report.clean is not biased


LEAKS = (
    "Score: 8/10",
    "Great question. The lake is deep.\nOverall score: 7 out of 10",
    "[[A]]",
    "[[B]] is what I would say.",
    "### Evaluation Evidence:\nBoth are fine.",
    '{"reason": "clear", "score_first": 7, "score_second": 4}',
    "Verdict: first",
    "Score of the first response: 9/10\nScore of the second response: 4/10",
    "Assistant A gives more detail, while Assistant B is more helpful overall.",
    "The first response is clearly better because it answers the question.",
    "Here is the revised version of my answer:\n\nLakes form when ...",
    "Here's an improved response based on your notes.",
    "Thank you for the detailed feedback! Lakes form when ...",
    "Based on the reviewer's comments, I have shortened the text.",
    "As suggested by the reviewers, I added an example.",
    "As a reviewer, I find this lacking.",
    "Incorporating your feedback, the poem now rhymes.",
    "Response 1 is longer, but answer 2 wins.",
)
HONEST = (
    "The final score was 3-1 to the visitors.",
    "Rate the film as you like; critics gave it high marks.",
    "Thank you for asking! Lakes form when ice melts.",
    "First, mix the flour. Second, add water.",
    "The judge said the verdict would come on Monday.",
    "Your feedback form should ask three short questions.",
    "A reviewer reads code and leaves comments.",
    "In the first place, option A is cheap.",
    "The answer is 42.",
    "x[[1]] selects the first element of a list in R? No: x[[1L]] does.",
    "Based on the map, the harbour lies to the north.",
)


def test_text_of_judges_and_answers_to_reviewers_are_leaks() -> None:
    holds(find_leak, LEAKS, [*HONEST[:9], HONEST[10], *CLEAN, *ENGLISH, *FOREIGN])


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        *(("trl", k) for k in ("dpo", "kto", "sft", "reward")),
        *((s, k) for s in ("axolotl", "llama-factory") for k in ("dpo", "kto", "sft")),
        *(("openai", k) for k in ("dpo", "sft")),
        *((s, "dpo") for s in ("datasets", "parquet")),
        ("axolotl", "reward"),
    ],
)
def test_every_shape_we_write_is_read_and_its_planted_row_found(
    tmp_path: Path, shape: str, kind: str
) -> None:
    rows = [judged(n, CLEAN[n], CLEAN[n + 9]) for n in range(1, 6)]
    rows += [judged(6, "Verdict: first", CLEAN[7])]
    export = Export.model_validate({"kinds": [kind], "shape": shape})
    (account,) = export_run(run_of(tmp_path / "run", rows), export)
    report = lint(Path(account.files[0]))
    assert report.rows == report.pairs + report.labels == account.exported
    assert [f.name for f in report.findings] == ["judge text"]


@pytest.mark.parametrize("style", ["conversational", "plain"])
def test_implicit_prompts_are_parted_from_their_answers(
    tmp_path: Path, style: str
) -> None:
    rows = [judged(1, CLEAN[1], CLEAN[2]), judged(2, CLEAN[1], CLEAN[2], "other?")]
    export = Export.model_validate({"style": style, "prompt": "implicit"})
    run = run_of(tmp_path / "run", rows)
    (account,) = export_run(run, export.model_copy(update={"kinds": ("dpo",)}))
    report = lint(Path(account.files[0]), near=None)
    assert (report.pairs, report.clean) == (2, True)


def test_exit_codes_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = file_of(tmp_path, [pair(CLEAN[1], CLEAN[2])], "good.jsonl")
    bad = file_of(tmp_path, [pair("same", "same")], "bad.jsonl")
    assert said(capsys, "lint", good)[0] == Exit.DONE
    code, out, _ = said(capsys, "lint", good, bad)
    assert code == Exit.FAILED
    assert "equal answers" in out
    assert "not looked for" not in out
    single = {"prompt": "Why?", "completion": CLEAN[1], "label": True}
    alone = file_of(tmp_path, [single], "kto.jsonl")
    assert "shortcuts were not looked for" in said(capsys, "lint", alone)[1]
    code, out, _ = said(capsys, "lint", bad, "--json")
    assert checked("lint", out)[0]["findings"][0]["numbers"] == [1]
    code, _, err = said(capsys, "lint", tmp_path / "god.jsonl")
    assert code == Exit.USAGE
    assert "good.jsonl" in err


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(b"PK")
    with pytest.raises(InputError, match="not a file of rows"):
        lint(tmp_path / "x.docx")
