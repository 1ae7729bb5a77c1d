"""A run in a terminal: framed and coloured there, plain and whole in a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.cli.draft_diffs import join_changes
from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import run_command as cli
from fellowship.records import Candidate, Outcome, Ranking, State
from fellowship.viewer.word_diff import diff_texts
from tests.support.commands import said
from tests.support.outcomes import row
from tests.support.runs import MadeRun, written

HOSTILE = "\x1b[2Jcleared\u202e\x07 &#x202e;&#27;[31m [a](http://x/\x1b]8;;) `\x9b1m`"

SHAPES = {"generator": "●", "reviewer": "▲", "judge": "◆", "debater": "★", "user": "■"}

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(*arguments: object, width: int = 100, **environment: str) -> str:
    """What a command prints on a terminal of its own, 100 columns wide."""
    told = {"TERM": "xterm-256color", "COLUMNS": str(width), "LINES": "50"}
    parent, child = pty.openpty()
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        heard = pool.submit(lambda: b"".join(iter(lambda: taken(parent), b"")))
        for name in ("NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        for name, value in {**told, **environment}.items():
            patch.setenv(name, value)
        with os.fdopen(child, "w", encoding="utf-8") as terminal:
            patch.setattr(sys, "stdout", terminal)
            code = cli([str(argument) for argument in arguments])
        read = heard.result().decode()
    os.close(parent)
    assert code == 0, read
    return read.replace("\r\n", "\n")


def taken(handle: int) -> bytes:
    """What a terminal has; nothing once its other end is closed."""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""


def piped(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command prints into a pipe."""
    capsys.readouterr()
    assert cli([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


@pytest.fixture
def debate(debate_run: MadeRun) -> Path:
    return debate_run.folder


@pytest.fixture
def jury(jury_run: MadeRun) -> Path:
    return jury_run.folder


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Rows that differ in what a filter asks for."""
    split = row(1, text="A split about granite")
    assert split.ranking
    one = split.ranking.comparisons[0]
    verdicts = (*one.verdicts, one.verdicts[0].model_copy(update=SPLIT))
    ranking = split.ranking.model_copy(
        update={"comparisons": (one.model_copy(update={"verdicts": verdicts}),)}
    )
    unread = row(3, "tie")
    assert unread.ranking
    both = [v.model_copy(update=UNREAD) for v in unread.ranking.comparisons[0].verdicts]
    again = unread.ranking.model_copy(
        update={
            "comparisons": (
                unread.ranking.comparisons[0].model_copy(
                    update={"verdicts": tuple(both), "outcome": "invalid"}
                ),
            )
        }
    )
    return written(
        tmp_path / "run",
        [
            split.model_copy(update={"ranking": ranking}),
            row(2, "second"),
            unread.model_copy(update={"ranking": again, "state": State.UNPARSED}),
        ],
    )


SPLIT: dict[str, Any] = {"winner": "second", "scores": None, "evaluator": "other"}

UNREAD: dict[str, Any] = {"winner": "invalid", "scores": None, "note": "no number"}


def test_each_role_has_its_frame_its_colour_and_its_shape(debate: Path) -> None:
    text = on_a_terminal("show", debate, 1)
    for role, shape in SHAPES.items():
        assert re.search(rf"{shape} \w*", text), role
    assert "╭" in text
    assert len(set(ANSI.findall(text))) > 5
    assert "round 2" in text


def test_no_colour_is_asked_for_where_none_is_wanted(debate: Path) -> None:
    text = on_a_terminal("show", debate, 1, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)
    assert "● generator" in ANSI.sub("", text)


def test_a_pipe_has_whole_lines_without_frames(
    jury: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = piped(capsys, "show", jury, 1)
    assert "\x1b" not in text
    assert not re.search("[╭│╰━─]", text)
    assert max(map(len, text.splitlines())) > 120
    assert "majority of 3:" in text


def test_the_verdict_panel_has_both_orders_and_the_sum(jury: Path) -> None:
    text = ANSI.sub("", on_a_terminal("show", jury, 1))
    panel = text[text.index("Verdicts") :]
    for words in ("A first", "B first", "majority of 3", "verdict:"):
        assert words in panel


@pytest.mark.parametrize("width", [40, 100, 200])
def test_nothing_a_model_wrote_steers_the_terminal(tmp_path: Path, width: int) -> None:
    said = [row(1, words=HOSTILE, judge=HOSTILE, text=HOSTILE)]
    run = written(tmp_path / "run", said)
    for more in ((1,), (1, "--diff"), (), (1, "--search", "cleared"), (1, "--why")):
        text = ANSI.sub("", on_a_terminal("show", run, *more, width=width))
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text), more


def test_markdown_is_drawn_on_a_terminal_and_kept_in_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "Do **this**:\n\n- one\n- two\n\n```python\nx = 1\n```\n"
    run = written(tmp_path / "run", [row(1, words=words)])
    drawn = ANSI.sub("", on_a_terminal("show", run, 1)).split("judge, A first")[1]
    drawn = drawn.split("Verdicts")[0]
    assert "Do this:" in drawn
    assert " • one" in drawn
    assert "**this**" in piped(capsys, "show", run, 1)


def test_a_diff_in_a_pipe_marks_words_and_gives_both_drafts_back(
    jury: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = piped(capsys, "show", jury, 1, "--diff")
    told = Outcome.model_validate_json(piped(capsys, "show", jury, 1, "--json"))
    woven = text.split("== loop: draft 1 to draft 2")[1].split("\n== ")[0]
    woven = woven.split("\n", 1)[1].rsplit("  ", 1)[-1].rstrip("\n")
    old = re.sub(r"\{\+.*?\+\}", "", woven, flags=re.S).replace("[-", "")
    assert old.replace("-]", "").strip() == told.candidates[0].text.strip()


@given(st.text("ab \n.", max_size=40), st.text("ab \n.", max_size=40))
def test_joined_changes_still_make_up_both_texts(old: str, new: str) -> None:
    pieces = join_changes(diff_texts(old, new))
    assert "".join(p.text for p in pieces if p.kind != "new") == old
    assert "".join(p.text for p in pieces if p.kind != "gone") == new


def test_two_drafts_stand_side_by_side_where_there_is_room(jury: Path) -> None:
    wide = ANSI.sub("", on_a_terminal("show", jury, 1, "--diff", width=140))
    narrow = ANSI.sub("", on_a_terminal("show", jury, 1, "--diff", width=80))
    assert re.search("before.*after", wide)
    assert "─ before ─" in wide
    assert "─ before ─" not in narrow


def test_answers_of_a_file_are_shown_whole_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ("Boil the lentils\nfor twenty minutes.", "Chess is played on 64 squares.")
    given = tuple(Candidate(text=t, system=f"file {n}") for n, t in enumerate(texts))
    tie = row(1, "tie").model_copy(
        update={"candidates": given, "pairs": (), "sessions": ()}
    )
    run = written(tmp_path / "run", [tie])
    out = said(capsys, "show", run, "1")[1]
    assert "== Answers" in out
    for line in "\n".join(texts).splitlines():
        assert f"  {line}\n" in out
    out = said(capsys, "show", run, "1", "--diff")[1]
    assert "share too little for a word diff" in out
    assert all(f"  {line}\n" in out for line in "\n".join(texts).splitlines())


def test_a_row_with_one_answer_has_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [Outcome(number=1, item="i", state="failed")])
    assert "nothing to compare" in piped(capsys, "show", run, 1, "--diff")


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (["--state", "pair"], [1, 2]),
        (["--state", "pair", "--state", "unparsed"], [1, 2, 3]),
        (["--state", "pair", "--state", "invalid"], [1, 2, 3]),
        (["--disagreement"], [1]),
        (["--disagreement", "jurors"], [1]),
        (["--disagreement", "orders"], []),
        (["--invalid"], [3]),
        (["--search", "GRANITE"], [1]),
        (["--search", "answer 2"], [1, 2, 3]),
        (["--team", "evaluate"], [1, 2, 3]),
        (["--invalid", "--state", "pair"], []),
    ],
)
def test_a_filter_lists_the_rows_it_names(
    asked: list[str],
    numbers: list[int],
    rows: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = json.loads(piped(capsys, "show", rows, "--json", *asked))
    assert [each["row"] for each in told] == numbers


def test_a_search_says_who_said_it(
    rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "user: A split about granite 1" in piped(
        capsys, "show", rows, "--search", "granite"
    )
    assert "no row matches" in piped(capsys, "show", rows, "--search", "basalt")


def test_a_search_in_one_row_is_marked(rows: Path) -> None:
    text = on_a_terminal("show", rows, 1, "--search", "granite")
    assert re.search(r"\x1b\[[0-9;]*7m[^\x1b]*granite", text)


def test_filters_and_a_row_are_told_apart(
    rows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["show", str(rows), "1", "--invalid"]) == 2
    assert cli(["show", str(rows), "--diff"]) == 2
    assert "fellowship show RUN ROW" in capsys.readouterr().err


def test_a_pager_gets_colours_and_every_line(rows: Path) -> None:
    text = on_a_terminal("show", rows, 1, "--pager", PAGER="cat")
    assert "╭" in text
    assert ANSI.search(text)


def test_nothing_is_best_in_a_level_tie(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ranking(scores=(2.0, 5.0, 5.0), winner=1).best is None
    assert Ranking(scores=(2.0, 5.0, 4.0), winner=1).best == 1
    run = written(tmp_path / "run", [row(1, "tie"), row(2, "first")])
    assert "best" not in said(capsys, "show", run, 1)[1]
    assert "best" in said(capsys, "show", run, 2)[1]


def test_show_lists_every_row(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "show", finished)
    assert [row.split()[0] for row in out.splitlines()] == ["row", "1", "2", "3"]


def test_a_transcript_in_a_pipe_is_plain(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "show", finished, 3)
    assert code == Exit.DONE
    assert not {"\x1b", "\u202e", "\x07", "─", "│"} & set(out)
    assert r"\x1b[2Jcleared\u202e\x07" in out
    for heading in (
        "== Conversation",
        "== Session: feedback",
        "== Verdicts",
        "== Ranking",
    ):
        assert heading in out


def test_the_exact_requests_can_be_read(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "show", finished, 1, "--json")
    turn = json.loads(out)["sessions"][0]["turns"][0]
    _, call, _ = said(capsys, "show", finished, "--call", turn["call"])
    assert json.loads(call)["request"]["messages"][-1]["content"] == "one"
    assert '"messages": [' in said(capsys, "show", finished, 1, "--requests")[1]
