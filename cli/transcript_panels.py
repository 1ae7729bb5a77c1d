"""Panels of a transcript: roles, markdown, word diffs.

A role has a name, a colour and a shape: any one of the three may be lost. What is drawn
from a model's words is sanitized again after it is drawn: markdown can spell a control
character in ways that the words did not show.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from fellowship.sanitize import sanitize, single_line
from fellowship.viewer.word_diff import Piece

LOOKS = {
    "generator": ("●", "green"),
    "assistant": ("●", "green"),
    "reviewer": ("▲", "yellow"),
    "judge": ("◆", "magenta"),
    "juror": ("⬢", "blue"),
    "debater": ("★", "red"),
    "user": ("■", "cyan"),
    "system": ("✚", "bright_black"),
}
"""Role -> shape and colour; a role of your own is a triangle that points down."""
OTHER = ("▼", "white")
LONGEST = 100_000
"""Letters that are drawn as markdown; a longer text is shown as it was written."""
APART = 110
"""Columns from which two drafts stand side by side."""

PIECES = {"same": "", "gone": "red strike", "new": "green underline"}


class Sanitized:
    """What is drawn, without a control character in it."""

    def __init__(self, drawn: RenderableType) -> None:
        self.drawn = drawn

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """The segments, each sanitized; those that steer a terminal are dropped."""
        for segment in console.render(self.drawn, options):
            if not segment.control:
                kept = segment.style
                if kept is not None and kept.link:
                    kept = kept.update_link(None)
                yield Segment(sanitize(segment.text), kept)


def role_look(role: str) -> tuple[str, str]:
    """A role's shape and colour."""
    return LOOKS.get(role, OTHER)


def message_panel(
    role: str, title: str, facts: str, text: str, *, reading: str = ""
) -> Panel:
    """One message in its role's frame: markdown drawn, below it what was parsed."""
    shape, colour = role_look(role)
    head = Text.assemble((f"{shape} {title}", f"bold {colour}"))
    foot = Text(facts, "dim") if facts else None
    inside: RenderableType = render_prose(text)
    if reading:
        lines = Table.grid(padding=0)
        lines.add_row(inside)
        lines.add_row(Text.assemble(("parsed as: ", "dim"), (reading, "bold")))
        inside = lines
    return Panel(
        inside,
        title=head,
        title_align="left",
        subtitle=foot,
        subtitle_align="right",
        border_style=colour,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def render_prose(text: str) -> RenderableType:
    """A text as it reads: markdown and code drawn, links spelled out, nothing obeyed."""
    plain = sanitize(text).strip()
    if not plain:
        return Text("(nothing)", "dim italic")
    if len(plain) > LONGEST:
        return Text(plain)
    return Sanitized(Markdown(plain, hyperlinks=False, code_theme="ansi_dark"))


def render_changes(pieces: Iterable[Piece], width: int) -> RenderableType:
    """A draft's changes: both drafts side by side where there is room, else in one."""
    given = list(pieces)
    if width < APART:
        return Padding(join_pieces(given, ("same", "gone", "new")), (0, 0, 0, 2))
    both = (
        Panel(
            join_pieces(given, ("same", kind)),
            title=title,
            title_align="left",
            style="",
        )
        for kind, title in (("gone", "before"), ("new", "after"))
    )
    return Columns(list(both), equal=True, expand=True, width=width // 2 - 1)


def join_pieces(pieces: Iterable[Piece], kinds: tuple[str, ...]) -> Text:
    """The pieces of these kinds as one text, each in its style."""
    text = Text()
    for piece in pieces:
        if piece.kind in kinds:
            text.append(piece.text, PIECES[piece.kind])
    return text


def plain_changes(pieces: Iterable[Piece]) -> str:
    """The same for a pipe, as git marks words: `[-gone-]` and `{+new+}`."""
    marks = {"same": ("", ""), "gone": ("[-", "-]"), "new": ("{+", "+}")}
    return "".join(
        f"{marks[piece.kind][0]}{piece.text}{marks[piece.kind][1]}" for piece in pieces
    )


def title_of(*parts: str) -> str:
    """Parts of a title with a dot between them, on one line."""
    return " · ".join(single_line(part) for part in parts if part)
