"""Expected scores from the log probabilities of a judge's tokens.

A judge that wavers between 6 and 7 says so in its tokens' chances, not in its score. The
expected score is the mean of all scores of the scale at the place where the score stands,
each by its chance, as in G-Eval (Liu et al. 2023, arXiv 2303.16634, 2.3), over the part of
the probability that falls on scores, which is its coverage. Under half of it the score
that was written stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any, NamedTuple

TOP_LOGPROBS = 20
"""Tokens whose chances are asked for at each place: the most that providers give."""

LEAST_COVERAGE = 0.5
"""Probability that must fall on scores before their mean is taken."""

FIELD_PATTERNS = {
    "first": re.compile(r'"(?:\d\d_)?score_first"\s*:\s*"?|first response:\s*'),
    "second": re.compile(r'"(?:\d\d_)?score_second"\s*:\s*"?|second response:\s*'),
    "score": re.compile(r'"(?:\d\d_)?score"\s*:\s*"?|score:\s*', re.IGNORECASE),
}
DIGITS = re.compile(r'[\s"*]*(\d{1,4})(?!\.\d)(\D.*)?', re.DOTALL)

Token = tuple[str, dict[str, float]]
"""A token and the chances of those that might have stood there."""


class Expected(NamedTuple):
    """An expected score and the probability it stands on, None without chances."""

    score: float
    coverage: float | None = None


def expected_score(
    raw: Mapping[str, Any], field: str, stated: float, low: float, high: float
) -> Expected:
    """The expected score of a field ("first", "second" or "score"), else `stated`.

    `raw` is the provider's reply; its last mention of the field counts. The score is in
    points, from `low` to `high`.
    """
    return expected_at(raw, FIELD_PATTERNS[field], stated, low, high)


def criterion_pattern(key: str, label: str) -> re.Pattern[str]:
    """What stands before the score of a rubric's field, in JSON or in a line."""
    key, label = re.escape(key), re.escape(label)
    return re.compile(rf'"(?:\d\d_)?{key}"\s*:\s*"?|^\W*{label}:\s*', re.I | re.M)


def expected_at(
    raw: Mapping[str, Any],
    pattern: re.Pattern[str],
    stated: float,
    low: float,
    high: float,
) -> Expected:
    """`expected_score` of what stands after the last match of a pattern."""
    tokens = tokens_of(raw)
    whole = "".join(token for token, _ in tokens)
    places = [found.end() for found in pattern.finditer(whole)]
    number = number_at(tokens, places[-1]) if places else []
    spelt = "".join(token.strip(' \n\t"*') for token, _ in number)
    found = DIGITS.fullmatch(spelt)
    if found is None or float(found[1]) != stated or follows(tokens, number, whole):
        return Expected(stated)
    if not number[0][1]:
        return Expected(stated)
    known = score_chances(number, found[1], low, high)
    total = sum(known.values())
    if total < LEAST_COVERAGE:
        return Expected(stated, round(total, 4))
    mean = sum(score * p for score, p in known.items()) / total
    return Expected(mean, round(min(1.0, total), 4))


def number_at(tokens: Sequence[Token], place: int) -> list[Token]:
    """The tokens of the number that begins at a place of the text, in order."""
    number: list[Token] = []
    at = 0
    for token, chances in tokens:
        start, at = at, at + len(token)
        if at <= place:
            continue
        lead = token[: max(0, place - start)].strip(' \n\t"*')
        if lead and not number:  # the score shares a token with what is before it
            return []
        digits = token.strip(' \n\t"*')
        if not digits and not number:
            continue
        if not digits[:1].isdigit() or (number and token[:1].isspace()):
            break
        number.append((token, chances))
        if not digits.isdigit():
            break
    return number


def follows(tokens: Sequence[Token], number: Sequence[Token], whole: str) -> bool:
    """Whether a number goes on after its tokens: by a decimal point and a digit."""
    at = 0
    for each in tokens:
        at += len(each[0])
        if number and each is number[-1]:
            return bool(re.match(r"\.\d", whole[at:]))
    return False


def score_chances(
    number: Sequence[Token], spelt: str, low: float, high: float
) -> dict[float, float]:
    """The probability of each score, as far as the tokens' chances tell it.

    Where the vocabulary has numbers of several digits a token is a whole number. Else a
    digit may begin several: those on the way that was written are told apart by the next
    token; of another way the mean is taken where they lie close together (within a tenth
    of the scale, with as many digits as were written), and nothing is known elsewhere.
    """
    tops = [token for _, chances in number for token in chances]
    merges = any(len(digits_of(t)) > 1 for t in (*tops, *(t for t, _ in number)))
    known: dict[float, float] = {}
    prefix, reached = "", 1.0
    for place, (token, chances) in enumerate(number):
        own = digits_of(token)
        last = place == len(number) - 1
        for other, chance in (chances or {token: 1.0}).items():
            digits = digits_of(other)
            if not digits and prefix:
                score: float | None = float(prefix)
            elif digits == own and not last:
                continue
            elif digits == own or merges:
                score = float(prefix + digits) if digits else None
            else:
                score = close_mean(prefix + digits, len(spelt), low, high)
            if score is not None and low <= score <= high:
                known[score] = known.get(score, 0.0) + reached * chance
        reached *= sum(p for t, p in chances.items() if digits_of(t) == own) or 1.0
        prefix += own
    return known


def close_mean(prefix: str, length: int, low: float, high: float) -> float | None:
    """The mean of the scores that begin so, where they lie close together; else None."""
    found = [
        float(score)
        for score in range(int(low), int(high) + 1)
        if str(score).startswith(prefix)
    ]
    if len(found) > 1 and length > 1:
        found = [score for score in found if len(f"{score:.0f}") == length]
    if not found or max(found) - min(found) > (high - low + 1) / 10:
        return None
    return sum(found) / len(found)


def digits_of(token: str) -> str:
    """The digits that a token begins with; empty for any other token."""
    found = DIGITS.fullmatch(token)
    return found[1] if found and token.isascii() else ""


def tokens_of(raw: Mapping[str, Any]) -> list[Token]:
    """Each token of a reply with the chances of those that might have stood there.

    Ollama has them at the top, OpenAI and llama-server in the choice.
    """
    try:
        given = raw.get("logprobs") or raw["choices"][0]["logprobs"]
        content = (given["content"] if isinstance(given, Mapping) else given) or ()
        return [
            (
                str(one["token"]),
                {
                    str(o["token"]): exp(o["logprob"])
                    for o in one.get("top_logprobs") or ()
                },
            )
            for one in content
        ]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError):
        return []
