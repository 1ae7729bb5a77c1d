"""Help pages of verbs, kept as data so that printing one imports no verb.

A verb's options take their choices from registries, and those import model libraries, which
takes a second. `help_pages.json` has what each verb's own help writes, call by call, and is
laid out for the terminal's width as that would be. `python tools/reference.py` writes it; a
test says where it is old.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

PAGES = Path(__file__).with_name("help_pages.json")
OPTIONS = ("-h", "--help")
"""The names of the option, as the group of verbs has them."""

Page = list[list[Any]]
"""Calls of a help formatter: the method's name, then what it is given."""


class HelpPage(click.Command):
    """A verb of which nothing is wanted but its help."""

    def __init__(self, name: str, page: Page) -> None:
        super().__init__(name)
        self.page = page

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the verb itself would write."""
        for method, *given in self.page:
            if method == "write_dl":
                given = [[tuple(row) for row in given[0]]]  # JSON has no tuples
            getattr(formatter, method)(*given)


class RecordingFormatter(click.HelpFormatter):
    """A formatter that lays nothing out and keeps what it is asked to write."""

    def __init__(self, width: int) -> None:
        super().__init__(width=width)
        self.page: Page = []

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Keep the line of the usage."""
        self.page.append(["write_usage", prog, args])

    def write_heading(self, heading: str) -> None:
        """Keep a section's name."""
        self.page.append(["write_heading", heading])

    def write_paragraph(self) -> None:
        """Keep a break between paragraphs."""
        self.page.append(["write_paragraph"])

    def write_text(self, text: str) -> None:
        """Keep a text that is wrapped."""
        self.page.append(["write_text", text])

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Keep a list of options, or of verbs."""
        self.page.append(["write_dl", [list(row) for row in rows]])

    def indent(self) -> None:
        """Keep a step to the right."""
        self.page.append(["indent"])

    def dedent(self) -> None:
        """Keep a step back."""
        self.page.append(["dedent"])


@cache
def help_pages() -> dict[str, Page]:
    """The words of each verb, such as `run` or `import labels` -> its page."""
    pages: dict[str, Page] = json.loads(PAGES.read_text(encoding="utf-8"))
    return pages


def wanted_page(words: Sequence[str]) -> HelpPage | None:
    """The page of a command line that asks for one verb's help and nothing else."""
    if len(words) < 2 or words[-1] not in OPTIONS:
        return None
    page = help_pages().get(" ".join(words[:-1]))
    return None if page is None else HelpPage(words[0], page)


def pages_of(
    words: str, command: click.Command, parent: click.Context
) -> Iterator[tuple[str, Page]]:
    """The page of a verb, and of each verb in it.

    `ValueError` for one that is another in another terminal: click cuts what a verb in a
    group does, unless it has a `short_help`.
    """
    context = click.Context(command, parent=parent, info_name=words.split()[-1])
    narrow, wide = RecordingFormatter(40), RecordingFormatter(200)
    for formatter in (narrow, wide):
        command.format_help(context, formatter)
    if narrow.page != wide.page:
        raise ValueError(f"the help of {words!r} depends on the terminal's width")
    yield words, wide.page
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from pages_of(f"{words} {name}", inner, context)
