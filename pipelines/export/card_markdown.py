"""Markdown of a dataset card: escaping and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fellowship.sanitize import single_line


class CodeSpan(str):
    """Markdown that is a code span already: nothing in it is a tag or a link."""


def code_span(value: object) -> CodeSpan:
    """Any text as a code span, on one line, fenced longer than any run of ticks in it."""
    flat = single_line(str(value)) or " "
    fence = "`" * (1 + longest_run(flat))
    room = " " * (flat[0] == "`" or flat[-1] == "`")
    return CodeSpan(f"{fence}{room}{flat}{room}{fence}")


def longest_run(text: str) -> int:
    """Backticks in the longest run of them."""
    return max(map(len, re.findall("`+", text)), default=0)


def escape_markdown(value: object) -> str:
    """Any text on one line, with nothing in it that is a tag, a link, a picture or code."""
    flat = re.sub(r"([\\`\[\]!~])", r"\\\1", single_line(str(value)))
    return flat.replace("&", "&amp;").replace("<", "&lt;").replace("://", ":&#47;&#47;")


def markdown_table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], right: str = ""
) -> str:
    """A Markdown table; `right` has an `r` at each right-aligned column's place."""
    rule = ["--:" if right[i : i + 1] == "r" else "---" for i in range(len(heads))]
    lines = [heads, rule, *rows]
    return "\n".join(f"| {' | '.join(map(markdown_cell, line))} |" for line in lines)


def markdown_cell(value: object) -> str:
    """One cell: on one line, its bars escaped, and nothing but text outside of code."""
    flat = value if isinstance(value, CodeSpan) else escape_markdown(value)
    return flat.replace("|", "\\|")
