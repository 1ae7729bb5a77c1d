"""Expected scores from the log probabilities of a judge's tokens.

A judge that wavers between 6 and 7 says so in its tokens' chances, not in its score. The
expected score is the mean of all scores of the scale at the place where the score stands,
each by its chance, as in G-Eval (Liu et al. 2023, arXiv 2303.16634, 2.3). It is taken only
where the score is one token; elsewhere the score that was stated stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import exp
from typing import Any

TOP_LOGPROBS = 20
"""Tokens whose chances are asked for at each place: the most that providers give."""

FIELD_PATTERNS = {
    "first": re.compile(r'"score_first"\s*:\s*"?|first response:\s*'),
    "second": re.compile(r'"score_second"\s*:\s*"?|second response:\s*'),
    "score": re.compile(r'"score"\s*:\s*"?|score:\s*', re.IGNORECASE),
}


def expected_score(
    raw: Mapping[str, Any], field: str, stated: float, low: float, high: float
) -> float:
    """The expected score of a field ("first", "second" or "score"), else `stated`.

    `raw` is the provider's reply; its last mention of the field counts. The score is in
    points, from `low` to `high`.
    """
    tokens = tokens_of(raw)
    whole = "".join(token for token, _ in tokens)
    places = [found.end() for found in FIELD_PATTERNS[field].finditer(whole)]
    if not places:
        return stated
    at = 0
    for token, chances in tokens:
        start, at = at, at + len(token)
        if at > places[-1]:
            sole = start >= places[-1] or not whole[start : places[-1]].strip()
            right = token_score(token, low, high) == stated
            ended = not whole[at : at + 1].isdigit() and whole[at : at + 1] != "."
            return (
                weighted_mean(chances, low, high, stated)
                if sole and right and ended
                else stated
            )
    return stated


def tokens_of(raw: Mapping[str, Any]) -> list[tuple[str, dict[str, float]]]:
    """Each token of a reply with the chances of those that might have stood there."""
    try:
        content = raw["choices"][0]["logprobs"]["content"] or ()
        return [
            (
                str(one["token"]),
                {str(o["token"]): exp(o["logprob"]) for o in one["top_logprobs"]},
            )
            for one in content
        ]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return []


def token_score(token: str, low: float, high: float) -> float | None:
    """The score that a token spells; None for any other token, or off the scale."""
    text = token.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        return None
    return float(text) if low <= float(text) <= high else None


def weighted_mean(
    chances: Mapping[str, float], low: float, high: float, stated: float
) -> float:
    """The mean of the scores among the tokens, by their chances."""
    known = [(token_score(token, low, high), p) for token, p in chances.items()]
    scores = [(score, p) for score, p in known if score is not None]
    total = sum(p for _, p in scores)
    return sum(score * p for score, p in scores) / total if total > 0 else stated
