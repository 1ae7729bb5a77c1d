"""Plain text of a reply: its words without markup, emoji, tags and typesetting.

Only what can't change a value is taken away. A digit of another script, a superscript or
an invisible character inside a number stays, so that the number is refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fellowship.lazy_pattern import lazy_pattern

OPEN_BOX, CLOSE_BOX = "⟦", "⟧"
"""Around what stood in `\\boxed{...}`."""

_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SIMPLE = str.maketrans(
    _WIDE
    | dict.fromkeys(map(ord, "“”„«»「」『』"), '"')
    | dict.fromkeys(map(ord, "‘’‚"), "'")
    | dict.fromkeys(map(ord, "\r\xa0\u202f\u3000\u200d"), " ")
    | {ord("【"): "[", ord("】"): "]", ord("。"): ". ", ord("、"): ", "}
)
_MARKUP = str.maketrans(dict.fromkeys("*_#`~", " "))
_MARKED = lazy_pattern("[*_#`~]")
_STRUCK = lazy_pattern(r"~~(?=\S)[^~\n]{1,200}(?<=\S)~~")
_STARS = lazy_pattern(r"[★☆⭐🌟]{2,}")
_TOKENS = lazy_pattern(
    r"<\|[^|<>\n]{1,30}\|>|</?s>|\[/?INST\]|<(?:end_of_turn|start_of_turn|eos|eot)>"
)
_BREAKS = lazy_pattern(
    r"</?(?:p|br|li|ul|ol|tr|div|h[1-6])(?:\s[^<>\n]{0,80})?/?>", re.I
)
_STYLES = lazy_pattern(
    r"</?(?:b|strong|i|em|u|span|code|pre|mark|center|font|small|td|th|big)"
    r"(?:\s[^<>\n]{0,80})?/?>",
    re.IGNORECASE,
)
_FIELD = lazy_pattern(
    r"<(?P<name>(?:final_?)?(?:verdict|winner|score|rating|decision|judge?ment)"
    r"(?:_(?:first|second|a|b|1|2))?|answer)>\s*+(?P<value>[^<>\n]{1,80})\s*+</(?P=name)>",
    re.IGNORECASE,
)
_WORD = lazy_pattern(r"(?:the\s+)?(?:first|second)(?:\s+response)?|(?:a\s+)?tie", re.I)
_TEXT = lazy_pattern(r"\\(?:text(?:bf|it|rm)?|mathrm|mathbf)\{([^{}\n]{0,80})\}")
_BOX = lazy_pattern(r"\\f?boxed?\{\s*+([^{}\n]{0,80})\}")
_RUNS = lazy_pattern(r"[ \t]{3,}+|(?:[ \t]*+\n){3,}+")
_MATH = lazy_pattern(r"\\[()\[\]]|\$")


def plain_text(text: str) -> str:
    """The text as a person reads it aloud: one space for each mark of typesetting."""
    if "\r" in text or not text.isascii():
        text = text.translate(_SIMPLE)
    if "<" in text or "[" in text:
        text = _TOKENS.sub(" ", text)
    if "~~" in text:
        text = _STRUCK.sub(" ", text)
    if "\\" in text or "$" in text:
        text = _TEXT.sub(r" \1 ", text)
        text = _BOX.sub(rf" {OPEN_BOX}\1{CLOSE_BOX} ", text)
        text = _MATH.sub(" ", text)
    if "<" in text:
        text = _STYLES.sub(" ", _BREAKS.sub("\n", text))
        text = _FIELD.sub(_label_of_tag, text)
    if not text.isascii():
        text = "".join(map(_without_picture, _STARS.sub(" stars ", text)))
    if _MARKED.search(text):
        text = text.translate(_MARKUP)
    if "   " in text or "\t" in text or "\n" in text:
        text = _RUNS.sub(_shorter, text)
    return text


def _shorter(match: re.Match[str]) -> str:
    """A run of spaces or of blank lines as two of them."""
    return "\n\n" if "\n" in match[0] else "  "


def line_from(text: str, at: int) -> str:
    """The rest of the line from `at` on."""
    end = text.find("\n", at)
    return text[at : end if end >= 0 else len(text)]


def _label_of_tag(match: re.Match[str]) -> str:
    """A field in tags as a marker line; one after a label on its line is a value."""
    before = match.string[: match.start()].rpartition("\n")[2]
    if before.strip():
        return f" {match['value']} "
    name = match["name"].lower()
    if name == "answer":
        if not _WORD.fullmatch(match["value"].strip()):
            return match[0]
        name = "verdict"
    return f"\n{name}: {match['value']}\n"


@lru_cache(maxsize=4096)
def _without_picture(char: str) -> str:
    """A space for an emoji, a mark of one, or a symbol; the character otherwise."""
    if char in "\ufe0e\ufe0f\u20e3":
        return " "
    if char.isascii() or unicodedata.category(char) not in ("So", "Sk"):
        return char
    return " "
