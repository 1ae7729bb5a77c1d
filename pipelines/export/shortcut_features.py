"""Features of an answer that a model can learn in the place of what was meant.

Each is read off the text alone: length, an early end, a refusal, Markdown, signs,
language. `FEATURES` has one entry a feature; to add one, enter it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from fellowship.lazy_pattern import lazy_pattern
from fellowship.pipelines.pairing.sentences import count_sentences
from fellowship.pipelines.pairing.stock_answers import holds_stock
from fellowship.pipelines.pairing.text_similarity import WORD, normalize, words

TERMINAL: Final = frozenset(".!?…。！？؟।;:\"'”’»)]}*_`|>~")
"""Last characters of a text that has come to an end."""
LIST_LINE = lazy_pattern(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")
HEADING = lazy_pattern(r"(?m)^\s{0,3}#{1,6}\s+\S")
LISTS = lazy_pattern(r"(?m)^\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")
BOLD = lazy_pattern(r"\*\*[^\s*][^*\n]*\*\*|__[^\s_][^_\n]*__")
CODE = lazy_pattern(r"```|~~~|`[^`\n]+`")
FENCE = lazy_pattern(r"(?m)^\s*(?:```|~~~)")
EMOJI = lazy_pattern("[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]")
FEWEST_WORDS: Final = 4
"""Words of a last line below which nothing is said of how it ends: `42`, `Yes`."""
REFUSAL_IN: Final = 160
"""Characters from the start in which a refusal is looked for."""


def holds(pattern: re.Pattern[str], text: str, *signs: str) -> bool:
    """Whether a pattern is in a text; each of its matches holds one of the signs."""
    return any(map(text.__contains__, signs)) and pattern.search(text) is not None


def has_list(text: str) -> bool:
    """Whether a line of a text begins as an item of a list does."""
    find = LISTS.search if "\n" in text else LISTS.match  # one line has one beginning
    return find(text) is not None


def is_unfinished(text: str) -> bool:
    """Whether a text stops in the middle: its last line is prose without an end, or a
    block of code is open. Items of lists, headings and short lines may end as they like.
    """
    if ("```" in text or "~~~" in text) and len(FENCE.findall(text)) % 2:
        return True
    last = text.rstrip().rpartition("\n")[2]
    loose = LIST_LINE.match(last) or HEADING.match(last)
    if loose or FENCE.match(last) or len(last.split()) < FEWEST_WORDS:
        return False
    return last[-1] not in TERMINAL and not EMOJI.match(last[-1])


def is_refusal(text: str) -> bool:
    """Whether a text begins by saying that it can't, won't or doesn't know."""
    return holds_stock(text[:REFUSAL_IN].replace("’", "'"))


FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in {
        "en": "the of and to is that it for was with as are this be not you have from",
        "de": "der die und das ist nicht ein eine zu den mit sich auf für von dem auch",
        "fr": "le la les et des est une un que dans pour pas qui sur avec du ce plus",
        "es": "el la los y que es una por con para las del se no lo más como su",
        "it": "il di che è la un per una non sono con del della gli si le anche come",
        "pt": "o a os e que é uma para com não do da em um por mais como dos",
        "nl": "de het een en van is dat niet met voor zijn op te aan ook als",
        "pl": "i w na nie że się jest z do to jak po przez od dla są",
    }.items()
}
LANGUAGES_OF: Final[Mapping[str, Sequence[str]]] = {
    word: [name for name, known in FUNCTION_WORDS.items() if word in known]
    for word in frozenset().union(*FUNCTION_WORDS.values())
}
SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(f"[{letters}]")
    for name, letters in {
        "kana": "\u3040-\u30ff",
        "hangul": "\uac00-\ud7af",
        "han": "\u3400-\u9fff",
        "cyrillic": "\u0400-\u04ff",
        "arabic": "\u0600-\u06ff",
        "greek": "\u0370-\u03ff",
        "hebrew": "\u0590-\u05ff",
        "devanagari": "\u0900-\u097f",
        "thai": "\u0e00-\u0e7f",
    }.items()
}
READ: Final = 600
"""Characters from the start by which a language is told."""


NO_LETTERS = bytes(
    c for c in range(256) if not chr(c).isascii() or not chr(c).isalpha()
)
"""All bytes but the letters of ASCII."""


def script_of(text: str) -> str:
    """The script of a third of a text's letters, if it has a dozen; empty for Latin."""
    plain = text.encode("ascii", "ignore")
    if (len(text) - len(plain)) * 3 <= len(plain.translate(None, NO_LETTERS)):
        return ""  # its letters are ASCII's nearly all
    letters = sum(map(str.isalpha, text))
    for name, letter in SCRIPTS.items() if letters >= 12 else ():
        if len(letter.findall(text)) * 3 > letters:
            return name
    return ""


@lru_cache(maxsize=8)
def language_of(text: str) -> str:
    """A text's script, or its language by its commonest words; empty where unsure.

    Sure is a script with a third of the letters, or three function words of one language
    and twice as many as of any other. No library is needed, and no short text decided.
    """
    start = text[:READ]
    if name := "" if start.isascii() else script_of(start):
        return name
    hits = dict.fromkeys(FUNCTION_WORDS, 0)
    found = words(start) if start.isascii() else WORD.findall(start.lower())
    for word in found:
        for name in LANGUAGES_OF.get(word, ()):
            hits[name] += 1
    first, second = sorted(hits.values(), reverse=True)[:2]
    sure = first >= 3 and first >= 2 * second
    return max(hits, key=lambda name: hits[name]) if sure else ""


@dataclass(frozen=True)
class Side:
    """One answer of a pair and the prompt it answers."""

    text: str
    prompt: str = ""

    def in_other_language(self) -> bool:
        """Whether the answer is surely not in the language of its prompt."""
        asked = language_of(self.prompt)
        if not asked:  # as of most prompts of a line: the answer need not be read
            return False
        return language_of(self.text) not in ("", asked)


class Feature(NamedTuple):
    """One feature: how much of it an answer has, what that is called, and the cure."""

    measure: Callable[[Side], float]
    words: str
    cure: str


FORMAT_CURE = (
    "ask for one format in the generator's prompt, or keep the pairs in which both"
    " answers have it or neither"
)
FEATURES: Final[Mapping[str, Feature]] = {
    "length": Feature(
        lambda side: float(len(normalize(side.text))),
        "is the longer answer",
        "pairs.rule: length-matched, or export --filter balance",
    ),
    "sentences": Feature(
        lambda side: float(count_sentences(side.text)),
        "has more sentences",
        "pairs: {rule: length-matched, match: sentences}",
    ),
    "early end": Feature(
        lambda side: float(is_unfinished(side.text)),
        "ends in the middle",
        "raise max_tokens and drop such answers, unless finishing is what is to be learnt",
    ),
    "refusal": Feature(
        lambda side: float(is_refusal(side.text)),
        "is a refusal",
        "drop the refusals, or add prompts where refusing is on the other side",
    ),
    "lists": Feature(
        lambda side: float(has_list(side.text)), "has a list", FORMAT_CURE
    ),
    "bold": Feature(
        lambda side: float(holds(BOLD, side.text, "**", "__")),
        "has bold words",
        FORMAT_CURE,
    ),
    "headings": Feature(
        lambda side: float(holds(HEADING, side.text, "#")),
        "has headings",
        FORMAT_CURE,
    ),
    "code": Feature(
        lambda side: float(holds(CODE, side.text, "`", "~~~")),
        "has code marks",
        FORMAT_CURE,
    ),
    "emoji": Feature(
        lambda side: float(not side.text.isascii() and bool(EMOJI.search(side.text))),
        "has an emoji",
        FORMAT_CURE,
    ),
    "exclamation": Feature(
        lambda side: float("!" in side.text or "！" in side.text),
        "has an exclamation mark",
        FORMAT_CURE,
    ),
    "language": Feature(
        lambda side: float(side.in_other_language()),
        "is in another language than its prompt",
        "export --filter languages=en (or the language of the prompts)",
    ),
}
"""Features by name, in the order in which they are checked."""
