"""Marks between which models write what they think: the table of opening and closing ones.

Sources: docs/models.md names the models of each. What is new is one entry here; the
splitter, `lint` and the export filter all go by this table.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Marks(NamedTuple):
    """An opening and a closing mark, as patterns, and an example of each."""

    name: str
    opening: str
    closing: str
    examples: tuple[str, str]


def tag(name: str) -> Marks:
    """The marks of a tag in angle brackets, with attributes or spaces in it or none."""
    word = re.escape(name)
    return Marks(
        f"<{name}>",
        rf"<[ \t]*{word}(?:[ \t][^<>\n]*)?>",
        rf"<[ \t]*/[ \t]*{word}[ \t]*>",
        (f"<{name}>", f"</{name}>"),
    )


MARKS: tuple[Marks, ...] = (
    tag("think"),
    tag("thinking"),
    tag("thought"),
    tag("thoughts"),
    tag("reasoning"),
    tag("seed:think"),
    tag("longcat_think"),
    Marks("[THINK]", r"\[THINK\]", r"\[/THINK\]", ("[THINK]", "[/THINK]")),
    Marks("◁think▷", "◁think▷", "◁/think▷", ("◁think▷", "◁/think▷")),
    Marks(
        "<|START_THINKING|>",
        r"<\|START_THINKING\|>",
        r"<\|END_THINKING\|>",
        ("<|START_THINKING|>", "<|END_THINKING|>"),
    ),
    Marks(
        "<|begin_of_thought|>",
        r"<\|begin_of_thought\|>",
        r"<\|end_of_thought\|>",
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ),
    Marks(
        "<|inner_prefix|>",
        r"<\|inner_prefix\|>",
        r"<\|inner_suffix\|>",
        ("<|inner_prefix|>", "<|inner_suffix|>"),
    ),
    Marks(
        "<|channel>thought",
        r"<\|channel>[ \t]*(?:thought|analysis)?",
        r"<channel\|>",
        ("<|channel>thought", "<channel|>"),
    ),
    Marks(
        "<unused94>thought",
        r"<unused94>(?:thought)?",
        "<unused95>",
        ("<unused94>thought", "<unused95>"),
    ),
)
"""Every pair of marks. Case is no matter in any of them."""

HARMONY = re.compile(
    r"<\|channel\|>[ \t]*(\w+)[^<>]*(?:<\|constrain\|>[^<>]*)?<\|message\|>",
    re.IGNORECASE,
)
"""The head of a message in OpenAI's harmony format; `final` is the answer's channel.

One that is to be JSON names that behind `<|constrain|>`."""

HARMONY_END = re.compile(r"<\|(?:end|return|start|call|channel)\|>", re.IGNORECASE)

BARE_HARMONY = re.compile(
    r"\Aanalysis(?=[A-Z\s])(.*?)assistant\s*final(?=\W|[A-Z])(.*)\Z", re.DOTALL
)
"""Harmony whose special tokens a server left out of the text."""

WRAPPERS = re.compile(
    r"\A\s*<\|(?:START_RESPONSE|START_TEXT|begin_of_solution)\|>"
    r"|<\|(?:END_RESPONSE|END_TEXT|end_of_solution)\|>\s*\Z"
    r"|\A\s*<(?:answer|response)>\s*(?=.*</(?:answer|response)>\s*\Z)"
    r"|\s*</(?:answer|response)>\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
"""Marks around the answer itself, which come after thinking and belong to its format."""

OPENING = re.compile(
    "|".join(f"(?P<m{n}>{marks.opening})" for n, marks in enumerate(MARKS)),
    re.IGNORECASE,
)
CLOSING = tuple(re.compile(marks.closing, re.IGNORECASE) for marks in MARKS)
ANY_CLOSING = re.compile(
    "|".join(f"(?P<m{n}>{marks.closing})" for n, marks in enumerate(MARKS)),
    re.IGNORECASE,
)
HINTS = (
    *("<think", "< think", "think>", "think >", "thinking>", "[think]", "[/think]"),
    *("think▷", "_thinking|>", "<thought", "thought>", "thoughts>", "_thought|>"),
    *("<reasoning", "reasoning>", "<unused9", "channel|", "|channel>"),
    *("longcat_think>", "<|inner_"),
    *("assistantfinal", "assistant final"),
)
"""One of these is in every text with a mark, in lower case, and few others have one."""


def may_have_marks(text: str) -> bool:
    """Whether a text is worth a search for marks; false for nearly all that have none."""
    lower = text.lower()
    return any(hint in lower for hint in HINTS)


def marks_of(found: re.Match[str]) -> int:
    """Which entry of `MARKS` a match of `OPENING` or `ANY_CLOSING` is of."""
    assert found.lastgroup is not None
    return int(found.lastgroup[1:])
