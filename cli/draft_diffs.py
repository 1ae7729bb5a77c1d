"""Word diffs of drafts, with the reviews between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.console import Console

from fellowship.cli.terminal import heading, say
from fellowship.cli.transcript import show_body, show_head
from fellowship.cli.transcript_panels import plain_changes, render_changes, role_look
from fellowship.cli.verdict_panels import answer
from fellowship.number_format import percent
from fellowship.records import Candidate, Outcome, Turn
from fellowship.sanitize import single_line
from fellowship.turn_prose import turn_words
from fellowship.viewer.word_diff import (
    LITTLE,
    Kind,
    Piece,
    common_share,
    diff_texts,
)


def show(outcome: Outcome, out: Console) -> None:
    """Every draft against the one before, and the reviews that stand between them."""
    show_head(outcome, out)
    steps = list(consecutive_drafts(outcome))
    for title, old, new in steps:
        pieces = diff_texts(old.text, new.text)
        share = common_share(pieces)
        pieces = join_changes(pieces)
        heading(out, title, f"{percent(share, 0)} kept")
        for turn in reviews_between(outcome, old, new):
            say(
                out,
                (
                    f"{role_look(turn.role)[0]} {single_line(turn.source)}",
                    "yellow",
                ),
            )
            show_body(out, turn_words(turn))
        if share < LITTLE and not one_session(old, new):
            say(out, "they share too little for a word diff; one after the other:")
            for text in (old.text, new.text):
                show_body(out, text)
                say(out, "")
        elif out.is_terminal:
            out.print(render_changes(pieces, out.width))
        else:
            show_body(out, plain_changes(pieces))
    if not steps:
        say(out, "nothing to compare: this row has fewer than two answers")


def consecutive_drafts(outcome: Outcome) -> Iterator[tuple[str, Candidate, Candidate]]:
    """Drafts that follow one another; where there are none, the pair, or the answers."""
    by_system: dict[tuple[str, int], list[Candidate]] = {}
    for candidate in outcome.candidates:
        by_system.setdefault((candidate.system, candidate.sample), []).append(candidate)
    found = False
    for (system, _), drafts in by_system.items():
        drafts.sort(key=lambda candidate: candidate.draft)
        for old, new in pairwise(drafts):
            found = True
            yield (
                f"{single_line(system)}: draft {old.draft} to draft {new.draft}",
                old,
                new,
            )
    if found:
        return
    for pair in outcome.pairs:
        yield "rejected to chosen", pair.rejected, pair.chosen
    if not outcome.pairs:
        for index, (old, new) in enumerate(pairwise(outcome.candidates)):
            names = f"{answer(outcome, index)} to {answer(outcome, index + 1)}"
            yield names, old, new


def one_session(old: Candidate, new: Candidate) -> bool:
    """Whether one is a revision of the other, however much was changed."""
    return bool(old.session) and old.session == new.session


def reviews_between(outcome: Outcome, old: Candidate, new: Candidate) -> Iterator[Turn]:
    """What reviewers said of the older draft, where both are of one session."""
    if not one_session(old, new):
        return
    for session in outcome.sessions:
        if session.id == old.session:
            for turn in session.turns:
                if turn.role == "reviewer" and turn.round == old.draft:
                    yield turn


def join_changes(pieces: Sequence[Piece]) -> list[Piece]:
    """Changes with only a space between them as one change: phrases read, not confetti.

    `same` and `gone` still make up the older text, `same` and `new` the newer one.
    """
    joined: list[Piece] = []
    gone = new = space = ""

    def flush() -> None:
        nonlocal gone, new, space
        changed: tuple[tuple[Kind, str], ...] = (("gone", gone), ("new", new))
        joined.extend(Piece(kind, text) for kind, text in changed if text)
        if space:
            joined.append(Piece("same", space))
        gone = new = space = ""

    for piece in pieces:
        if piece.kind == "same":
            if (gone or new) and piece.text.isspace() and "\n" not in piece.text:
                space += piece.text
                continue
            flush()
            joined.append(piece)
            continue
        gone += space + (piece.text if piece.kind == "gone" else "")
        new += space + (piece.text if piece.kind == "new" else "")
        space = ""
    flush()
    return joined
