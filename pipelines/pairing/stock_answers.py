"""Stock answers: honest texts that are the right answer to many prompts, told by wording.

A refusal of what does harm, "I don't know" or "none of the above" may be chosen again and
again, and safety data has it so. Such a text is named where it recurs, but it is kept until
it answers half of all prompts; praise of itself is no part of one.
"""

from __future__ import annotations

import re
from typing import Final

from fellowship.lazy_pattern import lazy_pattern

MOST_WORDS: Final = 80
"""Words up to which a text is a stock answer, and no essay that begins like one."""
MOST_SHARE: Final = 0.5
"""Share of a set's prompts from which a text is struck, however honest it sounds."""

CAN_NOT = (
    r"(?:can(?:no|')?t|can not|won'?t|will not|am (?:unable|not able) to|must not)"
)
HELP = (
    r"(?:help|assist|comply|do (?:that|this)|provide|support|answer|fulfil+|continue|"
    r"discuss|give|create|write|generate|share|engage|participate|tell|offer|say)"
)
STOCK = lazy_pattern(
    rf"\bi(?: \w+)? {CAN_NOT}(?: \w+)? {HELP}|"
    rf"\b(?:unable|not able) to (?:\w+ )?{HELP}|"
    r"\bi(?:'m| am) (?:very |so |truly )?sorry[,.]? but\b|"
    r"\bi (?:do not|don'?t|really don'?t) (?:know|have (?:enough|any|access))|"
    r"\b(?:not|isn'?t|is not) enough (?:information|context|data)|"
    r"\b(?:insufficient|not sufficient) (?:information|context|data)|"
    r"\b(?:cannot|can'?t|can not) be (?:determined|answered|inferred|known)|"
    r"^none of (?:the above|these|them)\b|"
    r"\bkann ich (?:\w+ ){0,3}nicht (?:helfen|beantworten)|ich wei(?:ß|ss) (?:es )?nicht|"
    r"\bje ne (?:peux|sais) pas\b|\bno (?:puedo|sé)\b|\bnon (?:posso|so)\b|"
    r"\bnão (?:posso|sei)\b|\ben (?:voi|osaa|tiedä)\b|\bik (?:kan|weet)\b.{0,30}\bniet\b|"
    r"\bне (?:могу|знаю)\b|\bnie (?:mogę|wiem)\b|"
    r"(?:无法|無法|不能|不便)[^。]{0,8}(?:帮|幫|协助|協助|提供|回答|满足|滿足)|不知道|"
    r"(?:できません|お手伝いできません|わかりません)|(?:도와드릴 수 없|모르겠)|"
    r"لا (?:أستطيع|يمكنني|أعرف)",
    re.IGNORECASE,
)
LATIN_SIGNS: Final = (
    *(" cannot", " can not", " can't", " cant", " will not", " won't", " wont"),
    *(
        "cannot be",
        "can not be",
        "can't be",
        "cant be",
        " must not",
        "not able",
        "unable",
    ),
    *(" do not", " don't", " dont", "sorry", "enough i", "enough c", "enough d"),
    *("sufficient", "nicht", "je ne", "no pu", "non ", "en voi", "en osaa", "niet"),
    "nie ",
)
"""Of what `STOCK` finds in a text of ASCII letters, each holds one of these, or begins
with LATIN_START."""
LATIN_START: Final = "none of"
PRAISE = lazy_pattern(
    r"\b(?:best|better|top|highest|perfect|superior|excellent|correct|accurate)\b|"
    r"\b(?:score|rating|rate|winner|win|wins|judge|evaluat\w*|response [ab12]|output)\b|"
    r"最好|最高|满分|評価",
    re.IGNORECASE,
)
"""Words of a text that speaks to a judge."""


def holds_stock(start: str) -> bool:
    """Whether a phrase of a stock answer stands in what a text begins with."""
    if start.isascii():
        plain = start.lower()
        named = any(map(plain.__contains__, LATIN_SIGNS))
        if not named and not plain.startswith(LATIN_START):
            return False
    return STOCK.search(start) is not None


def is_stock_answer(text: str) -> bool:
    """Whether a whole text is a refusal, or says that it doesn't know."""
    plain = text.replace("’", "'")
    short = len(plain.split()) <= MOST_WORDS
    return short and holds_stock(plain[:160]) and not PRAISE.search(plain)
