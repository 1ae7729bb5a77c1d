"""Names that select a judge, model, team, person, dataset or attack, in every verb."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.main import run_command
from fellowship.errors import InputError
from fellowship.suggestions import select_name
from tests.support.commands import said

JUDGES = ("gpt-4o", "gpt-4o-mini", "llama-3")
PICKS = {"gpt-4o": "a", "gpt-4o-mini": "b", "llama-3": "tie"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 rows that three judges decide otherwise, two names within one another."""
    folder = tmp_path_factory.mktemp("names")
    rows = [
        {"id": f"chats/{n}", "q": f"question {n}", "ours": f"long answer {n}"}
        | {"theirs": f"answer {n}", "judge": judge, "pick": PICKS[judge]}
        for n in range(60)
        for judge in JUDGES
    ]
    table = folder / "verdicts.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    texts = ("--id", "id", "--prompt", "q", "--first", "ours", "--second", "theirs")
    named = ("--judge", "judge", "--winner", "pick", "--into", str(folder / "run"))
    assert run_command(["import", "verdicts", str(table), *texts, *named]) == 0
    labels = folder / "labels.jsonl"
    labels.write_text(
        "".join(
            json.dumps({"id": f"chats/{n}", "who": who, "label": "a"}) + "\n"
            for n in range(60)
            for who in ("ann", "annette")
        )
    )
    who = ("--annotator-column", "who", "--id", "id", "--into", str(folder / "run"))
    assert run_command(["import", "labels", str(labels), *who]) == 0
    return folder / "run"


VERBS = {
    "winrate --judge": ("winrate", "--judge"),
    "winrate --only": ("winrate", "--only"),
    "agree --against": ("agree", "--against"),
    "agree --annotator": ("agree", "--annotator"),
    "agree --only": ("agree", "--only"),
    "report --only": ("report", "--only"),
    "revote --judge": ("revote", "--rule", "majority", "--judge"),
    "revote --weight": ("revote", "--rule", "weighted", "--weight"),
    "show --team": ("show", "--team"),
}
NAMES = {  # exact inside another, the only one holding it, several hold it, none does
    "judge": ("gpt-4o", "LLAMA", "gpt", "claude"),
    "person": ("ann", "nette", "nn", "bob"),
    "dataset": ("chats", "hat", None, "paper"),
    "team": ("ours", "HEIR", "s", "nobody"),
}
KINDS = {"--only": "dataset", "--annotator": "person", "--team": "team"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_name_is_exact_or_the_only_one_that_holds_it_and_never_several(
    verb: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *options = VERBS[verb]
    exact, part, several, none = NAMES[KINDS.get(options[-1], "judge")]
    for number, (name, code) in enumerate(
        ((exact, 0), (part, 0), (several, 2), (none, 2))
    ):
        if name is None:
            continue
        value = f"{name}=2" if options[-1] == "--weight" else name
        more = {"revote": ("--into", tmp_path / f"{number}")}.get(first, ())
        more = ("--to", tmp_path / "r.html") if first == "report" else more
        found, _, err = said(capsys, first, run, *options, value, *more)
        assert found == code, (name, err)
        if code:
            assert repr(name) in err
        if name == several:
            assert "could be any of" in err


def test_win_rates_by_one_judge_are_never_mixed_with_another_s(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by = {}
    for judge in JUDGES:
        found = json.loads(said(capsys, "winrate", run, "--judge", judge, "--json")[1])
        by[judge] = found["pairs"][0]["half_tie"]["value"]
    assert by == {"gpt-4o": 1.0, "gpt-4o-mini": 0.0, "llama-3": 0.5}


def test_a_case_apart_is_another_name_only_where_both_are_there() -> None:
    assert select_name("a", ["A", "a"], "judge") == "a"
    assert select_name("AB", ["ab", "abc"], "judge") == "ab"
    with pytest.raises(InputError, match="could be any of 'aB', 'ab'"):
        select_name("AB", ["ab", "aB"], "judge")
    with pytest.raises(InputError, match="there are 'x'"):
        select_name("", ["x"], "judge")
