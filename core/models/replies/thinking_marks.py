"""Marks between which models write what they think: the table of opening and closing ones.

Sources: docs/providers.md names the models of each. What is new is one entry here; the
splitter, `lint` and the export filter all go by this table.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fellowship.lazy_pattern import lazy_pattern


class Marks(NamedTuple):
    """An opening and a closing mark, as patterns, and an example of each.

    `alone`: the closing mark means something without the opening one, which then stood in
    the prompt. `head`: words, which are marks only at the head of a text that has both.
    """

    name: str
    opening: str
    closing: str
    examples: tuple[str, str]
    alone: bool = True
    head: bool = False


LT, GT = r"(?:\\?<|＜|&lt;)[|｜]?[ \t]*", r"[|｜]?(?:\\?>|＞|&gt;)"
PREFIX = r"(?:[\w-]{1,20}:)?"
"""Ends of a tag, which a server may have escaped and a template may have given bars, and
what some vendors put before its name: `<seed:think>`."""

NOUN = "(?:think(?:ing)?|thought|reasoning)"


def tag(name: str, plain: str = "") -> Marks:
    """The marks of a tag in angle brackets, with attributes or spaces in it or none.

    Its closing one may be written as models write it: `<\\think>`, `<think/>`.
    """
    word = PREFIX + re.escape(plain or name)
    return Marks(
        f"<{name}>",
        rf"{LT}{word}(?:[ \t][^<>\n]*?)?{GT}",
        rf"{LT}[/\\][ \t]*{word}[ \t]*(?:{GT}|(?=\n)|\Z)|{LT}{word}[ \t]*/{GT}",
        (f"<{name}>", f"</{name}>"),
    )


def special(opening: str, closing: str) -> Marks:
    """Two special tokens, as they are."""
    return Marks(opening, re.escape(opening), re.escape(closing), (opening, closing))


MARKS: tuple[Marks, ...] = (
    tag("think"),
    tag("thinking"),
    tag("thought"),
    tag("thoughts"),
    tag("reasoning"),
    tag("seed:think", "think"),
    tag("longcat_think"),
    tag("antthinking"),
    tag("scratchpad"),
    Marks(
        "[THINK]", r"\[THINK(?:ING)?\]", r"\[/THINK(?:ING)?\]", ("[THINK]", "[/THINK]")
    ),
    special("◁think▷", "◁/think▷"),
    special("<|START_THINKING|>", "<|END_THINKING|>"),
    special("<|begin_of_thought|>", "<|end_of_thought|>"),
    special("<|begin_of_think|>", "<|end_of_think|>"),
    special("<|inner_prefix|>", "<|inner_suffix|>"),
    Marks(
        "<|think_start|>",
        rf"<\|?(?:{NOUN}_(?:start|begin)|(?:start|begin)(?:_of)?_{NOUN})\|?>",
        rf"<\|?(?:{NOUN}_end|end(?:_of)?_{NOUN})\|?>",
        ("<|think_start|>", "<|think_end|>"),
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
    Marks(
        "<details type=reasoning>",
        r"<details[^<>\n]{0,200}type=[\"']?reasoning[\"']?[^<>\n]*>",
        "</details>",
        ('<details type="reasoning" done="true">', "</details>"),
        alone=False,
    ),
    Marks(
        "Here is my thought process:",
        r"(?:\*\*)?Here(?:['’]s| is) my thought process:(?:\*\*)?"
        r"(?=[\s\S]*Here(?:['’]s| is) my response:)",
        r"(?:\*\*)?Here(?:['’]s| is) my response:(?:\*\*)?",
        ("Here is my thought process:", "Here is my response:"),
        alone=False,
        head=True,
    ),
    Marks(
        "Thinking...",
        r"Thinking\.\.\.(?=[ \t]*\n[\s\S]*\.\.\.done thinking\.)",
        r"\.\.\.done thinking\.",
        ("Thinking...", "...done thinking."),
        alone=False,
        head=True,
    ),
)
"""Every pair of marks. Case is no matter in any of them."""

WRAPPERS = lazy_pattern(
    r"\A\s*(?:<\|im_start\|>|<\|start_header_id\|>)?assistant(?:<\|end_header_id\|>)?\s*\n"
    r"|\s*(?:<\|(?:im_end|endoftext|eot_id|return)\|>|</s>)\s*\Z"
    r"|\A\s*<\|(?:START_RESPONSE|START_TEXT|begin_of_(?:solution|answer))\|>"
    r"|<\|(?:END_RESPONSE|END_TEXT|end_of_(?:solution|answer))\|>\s*\Z"
    r"|\A\s*<(?:answer|response|output)>\s*(?=.*</(?:answer|response|output)>\s*\Z)"
    r"|\s*</(?:answer|response|output)>\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
"""What a template has around the answer itself, with or without marks of its own."""


def either(closing: bool, **which: bool) -> re.Pattern[str]:
    """A pattern for any of the marks that have these attributes, a group for each."""
    chosen = [
        (n, marks)
        for n, marks in enumerate(MARKS)
        if all(getattr(marks, name) is value for name, value in which.items())
    ]
    patterns = (
        f"(?P<m{n}>{marks.closing if closing else marks.opening})"
        for n, marks in chosen
    )
    return re.compile("|".join(patterns), re.IGNORECASE)


HEAD = either(closing=False)
"""What may open a text."""
OPENING = either(closing=False, head=False)
"""What may open a block after some text."""
CLOSING = tuple(re.compile(marks.closing, re.IGNORECASE) for marks in MARKS)
ANY_CLOSING = either(closing=True, alone=True)
"""What ends a thought whose opening mark stood in the prompt, or was another."""

HINT = lazy_pattern(
    r"[<＜|;:/\\\[◁_][ \t]*(?:think|thought|reasoning|antthink|longcat|scratchpad)"
    r"|unused9|channel|inner_[ps]|assistant\s*final|thought process:|type=.?reasoning"
    r"|\A\s*thinking\.\.\.",
    re.IGNORECASE,
)
"""A part of every mark, which few texts without one have."""


HINT_WORDS = (
    *("think", "thought", "reasoning", "longcat", "scratchpad", "unused9", "channel"),
    *("inner_", "assistant"),
)
"""Words one of which every match of `HINT` has. To look for them takes a tenth as long."""


def may_have_marks(text: str) -> bool:
    """Whether a text is worth a search for marks; false for nearly all that have none."""
    if text.isascii():
        lower = text.lower()
        if not any(word in lower for word in HINT_WORDS):
            return False
    return HINT.search(text) is not None


def marks_of(found: re.Match[str]) -> int:
    """Which entry of `MARKS` a match of `OPENING` or `ANY_CLOSING` is of."""
    assert found.lastgroup is not None
    return int(found.lastgroup[1:])
