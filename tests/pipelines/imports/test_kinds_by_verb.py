"""Kinds of columns that people report, put to every verb: used, or refused unpaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import run_command
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle, openai_server

TEXTS = ("--prompt", "prompt", "--first", "x", "--second", "y")
VERBS = ("run", "verdicts", "preference", "labels", "agree")
RECIPE = """
models:
  judge: {{provider: openai, model: j, api_key_env: null, base_url: "{url}"}}
source: {{path: {path}, candidates: [x, y], label: {label}{more}}}
evaluate: {{team: judge, model: judge, order: first}}
"""
A, B, T = ["first"], ["second"], ["tie"]

REFUSED: dict[str, tuple[str, list[Any]]] = {
    "-3 to 3": ("label", [-3, 1, 0, 2]),
    "1 to 5": ("label", [1, 2, 5, 4]),
    "1 to 5 as texts": ("label", ["1", "2", "5", "4"]),
    "a slice of a scale": ("overall_preference", [1, 2, 2, 1]),
    "0 and 1": ("label", [0, 1, 1, 0]),
    "counted from 0": ("better_response_id", [0, 1, 0, 1]),
    "booleans": ("label", [True, False, False, True]),
    "booleans as texts": ("label", ["True", "False", "False", "True"]),
    "booleans by row": ("first_is_better", [True, None, False, True]),
    "yes and no": ("label", ["yes", "no", "no", "yes"]),
    "sides of the screen": ("label", ["left", "right", "left", "right"]),
    "answers 0 and 1": ("label", ["response_1", "response_0", "response_1", "tie"]),
    "one of three flags": ("winner_model_a", [1, 0, 0, 1]),
}
"""Columns whose values have no one meaning."""
FEW = ("1 to 5", "booleans")
"""Those put to the other verbs that have the labels' reader of `labels` and `agree`."""
USED: dict[str, tuple[str, list[Any], list[list[str]]]] = {
    "sides": ("label", [1, 2, 0, 2], [A, B, T, B]),
    "words": ("label", ["A is much better", "b wins", "tie", "[[B]]"], [A, B, T, B]),
    "several people": ("label", [[1, 2], [2, 2], [1, 1], [2, 1]], [A + B, B + B]),
    "several in a string": ("label", ["[1, 2]", "['B', 'B']"] * 2, [A + B, B + B]),
    "three flags": ("winner", [1, 2, 0, 2], [A, B, T, B]),
}
"""Columns whose values can be read in one way, with what they say of the first rows."""


@pytest.fixture(scope="module")
def server() -> Iterator[Handle]:
    with openai_server() as running:
        yield running


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four judged rows, whose labels are then given."""
    folder = tmp_path_factory.mktemp("judged")
    table(folder / "v.jsonl", "v", ["A", "B", "A", "B"])
    ask = ["import", "verdicts", str(folder / "v.jsonl"), *TEXTS, "--winner", "v"]
    assert run_command([*ask, "--into", str(folder / "run")]) == Exit.DONE
    return folder / "run"


def table(path: Path, column: str, cells: list[Any], **texts: Any) -> Path:
    lines = []
    for n, cell in enumerate(cells):
        row = {"prompt": f"q {n}", "x": f"an answer {n}", "y": f"another one {n}"}
        row |= {name: made(n) for name, made in texts.items()}
        if column.startswith("winner") and isinstance(cell, int):
            flags = ("winner_model_a", "winner_model_b", "winner_tie")
            row |= {name: int(at == (cell - 1) % 3) for at, name in enumerate(flags)}
        else:
            row[column] = cell
        lines.append(json.dumps(row))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def command(
    verb: str, file: Path, column: str, judged: Path, server: Handle, more: str = ""
) -> tuple[object, ...]:
    """A verb put to a file of rows and the column with their labels."""
    if verb == "run":
        recipe = file.with_name("r.yaml")
        filled = RECIPE.format(url=server.base_url, path=file, label=column, more=more)
        recipe.write_text(filled, encoding="utf-8")
        return "run", recipe
    if verb in ("verdicts", "preference"):
        name = "--winner" if verb == "verdicts" else "--preference"
        return "import", "verdicts", file, *TEXTS, name, column
    if verb == "labels":
        return "import", "labels", file, *TEXTS, "--label", column
    if verb == "export":
        return "export", judged, "--as", "dpo", "--labels", file
    return verb, judged, "--labels", file, *TEXTS, "--label", column


@pytest.mark.fault(number=110, by="verb")
@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        *((verb, kind) for verb in VERBS for kind in REFUSED),
        *((verb, kind) for verb in ("winrate", "export") for kind in FEW),
    ],
)
def test_labels_of_several_meanings_are_refused_before_anything_is_paid(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: Handle,
    judged: Path,
    verb: str,
    kind: str,
) -> None:
    column, cells = REFUSED[kind]
    file, into = table(tmp_path / "l.jsonl", column, cells), tmp_path / "run"
    made = command(verb, file, column, judged, server)
    writes = verb in ("run", "verdicts", "preference", "labels")
    code, _, err = said(capsys, *made, *(("--into", into) if writes else ()))
    cures = {
        "run": ("source.label_scale", "source.label_values", "'winner'"),
        "preference": ("--preference-scale", "--value"),
    }.get(verb, ("--value", "--label-scale", "--preference-scale", "'winner'"))
    assert code == Exit.USAGE, err
    assert any(cure in err for cure in cures), err
    assert not into.exists()
    assert server.stats()["calls"] == 0


@pytest.mark.fault(number=110, by="verb")
@pytest.mark.parametrize("verb", ["run", "verdicts", "labels", "agree"])
@pytest.mark.parametrize("kind", USED)
def test_labels_of_one_meaning_are_used_by_every_verb(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: Handle,
    judged: Path,
    verb: str,
    kind: str,
) -> None:
    column, cells, expected = USED[kind]
    file = table(tmp_path / "l.jsonl", column, cells)
    made = command(verb, file, column, judged, server)
    code, out, err = said(capsys, *made, "--preview", "4", "--json")
    if verb == "verdicts" and kind.startswith("several"):
        assert (code, "import labels" in err) == (Exit.USAGE, True)
        return
    assert code == Exit.DONE, err
    told = [[*row["labels"].values()] for row in json.loads(out)["rows"]]
    assert told[: len(expected)] == expected


@pytest.mark.fault(number=110)
def test_the_cures_that_a_refusal_names_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: Handle, judged: Path
) -> None:
    file = table(tmp_path / "l.jsonl", "label", [True, False, True, False])
    for verb, more in (
        ("run", ", label_values: {'True': first, 'False': second}"),
        *(
            (v, "--value True=first --value False=second")
            for v in ("verdicts", "labels")
        ),
    ):
        made = command(verb, file, "label", judged, server, more * (verb == "run"))
        flags = () if verb == "run" else more.split()
        code, out, err = said(capsys, *made, *flags, "--preview", "2", "--json")
        assert code == Exit.DONE, err
        told = [[*row["labels"].values()] for row in json.loads(out)["rows"]]
        assert told == [A, B]


def messages(*texts: str) -> list[dict[str, str]]:
    roles = ("user", "assistant") * 2
    return [
        {"role": role, "content": text}
        for role, text in zip(roles, texts, strict=False)
    ]


def human(*texts: str) -> str:
    names = ("Human", "Assistant") * 2
    return "".join(f"\n\n{n}: {t}" for n, t in zip(names, texts, strict=False))


TEXT_KINDS: dict[str, tuple[Any, Any, Any]] = {
    "texts": ("q {}", "a {}", "b {}"),
    "lists of one": (["q {}"], ["a {}"], ["b {}"]),
    "lists in a string": ('["q {}"]', '["a {}"]', '["b {}"]'),
    "python's lists": ("['q {}']", "['a {}']", "['b {}']"),
    "messages": (messages("q {}"), messages("q {}", "a {}"), messages("q {}", "b {}")),
    "messages in a string": tuple(
        json.dumps(m)
        for m in (messages("q {}"), messages("q {}", "a {}"), messages("q {}", "b {}"))
    ),
    "answers in messages": ("q {}", messages("q {}", "a {}"), messages("q {}", "b {}")),
    "HH strings": ("q {}", human("q {}", "a {}"), human("q {}", "b {}")),
    "HH strings throughout": (
        human("q {}", ""),
        human("q {}", "a {}"),
        human("q {}", "b {}"),
    ),
    "two turns": (["q {}", "r"], ["a {}", "c"], ["b {}", "d"]),
    "two turns in a string": ('["q {}", "r"]', '["a {}", "c"]', "['b {}', 'd']"),
    "two turns, one answer": (["q {}", "r"], ["a {}"], ["b {}"]),
    "one turn, two answers": ("q {}", ["a {}", "c"], ["b {}", "d"]),
    "another question": ("q {}", human("no {}", "a {}"), human("no {}", "b {}")),
    "objects": ("q {}", {"text": "a {}"}, {"text": "b {}"}),
    "missing values": ("q {}", "a {}", "NaN"),
}
"""Cells of a prompt and two answers; `{}` is the row's number."""
UNUSABLE = ("one answer", "two answers", "another question", "objects", "missing")


def filled(cell: Any, n: int) -> Any:
    if isinstance(cell, str):
        return cell.replace("{}", str(n))
    if isinstance(cell, list):
        return [filled(one, n) for one in cell]
    return {name: filled(one, n) for name, one in cell.items()}


@pytest.mark.parametrize("verb", ["run", "verdicts", "labels", "agree"])
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            k, marks=pytest.mark.fault(number=112 if "turn" in k else 111, by="verb")
        )
        for k in TEXT_KINDS
    ],
)
def test_texts_in_every_form_are_the_same_texts_or_refused_by_row(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: Handle,
    judged: Path,
    verb: str,
    kind: str,
) -> None:
    cells = TEXT_KINDS[kind]
    made = dict(zip(("prompt", "x", "y"), cells, strict=True))
    file = table(
        tmp_path / "l.jsonl",
        "label",
        ["A", "B"],
        **{name: lambda n, c=cell: filled(c, n) for name, cell in made.items()},
    )
    ask = command(verb, file, "label", judged, server)
    code, out, err = said(capsys, *ask, "--preview", "2", "--json")
    assert code == Exit.DONE, err
    rows = json.loads(out)["rows"]
    if any(word in kind for word in UNUSABLE):
        assert all(row["why"] for row in rows)
        return
    two = "two turns" in kind
    assert [row["turns"] for row in rows] == [
        [["user", f"q {n}"], *([["user", "r"]] if two else [])] for n in (0, 1)
    ]
    assert [[a["texts"] for a in row["answers"]] for row in rows] == [
        [[f"{one} {n}", *([more] if two else [])] for one, more in ("ac", "bd")]
        for n in (0, 1)
    ]


@pytest.mark.fault(number=112, on="run")
@pytest.mark.parametrize("kind", ["two turns", "HH strings", "one turn, two answers"])
def test_what_is_understood_is_what_is_paid_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    server: Handle,
    judged: Path,
    kind: str,
) -> None:
    made = dict(zip(("prompt", "x", "y"), TEXT_KINDS[kind], strict=True))
    file = table(
        tmp_path / "l.jsonl",
        "label",
        ["A", "B"],
        **{name: lambda n, c=cell: filled(c, n) for name, cell in made.items()},
    )
    server.reset()
    ask = command("run", file, "label", judged, server)
    said(capsys, *ask, "--into", tmp_path / "run")
    asked, usable = server.stats()["calls"], kind != "one turn, two answers"
    server.reset()
    assert asked == (2 if usable else 0)
    _, out, _ = said(capsys, "show", tmp_path / "run", "--json")
    assert "HH" not in kind or "Human:" not in out
