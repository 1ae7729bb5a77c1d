"""Role leaks: a judge's or a reviewer's words in an answer.

A generator that heard reviews may answer the reviewer and not the user; a parser that
slipped may put a verdict where an answer should be. Both are told by their phrases.
"""

from __future__ import annotations

import re

VERDICT = re.compile(
    r"(?im)^\W*(?:overall |final )?(?:score|rating|verdict)(?: of the (?:first|second)"
    r" response| assistant [ab12])?\W{0,4}(?:\d{1,3}(?:\.\d+)?\s*(?:/|out of)\s*\d{1,3}"
    r"|first\b|second\b|tie\b)"
    r"|\[\[(?:[ABC]|tie|\d{1,2}(?:\.\d+)?)\]\]"
    r"|^\W*#+ ?evaluation evidence\b"
    r"|\"score_(?:first|second)\" ?:"
)
COMPARED = re.compile(
    r"(?i)\b(?:assistant|response|answer) (?:a|1|one)\b.{3,160}\b(?:assistant|response"
    r"|answer) (?:b|2|two)\b.{0,160}\b(?:better|worse|wins?|prefer(?:red)?"
    r"|more (?:helpful|accurate|detailed))\b"
    r"|\b(?:the )?(?:first|second) (?:assistant|response) (?:is|was)"
    r" (?:clearly |slightly |much )?(?:better|worse|preferred)\b",
    re.DOTALL,
)
TO_REVIEWER = re.compile(
    r"(?i)\b(?:here(?:'s| is| are)|below is) (?:the|my|a|an) (?:revised|updated|improved)"
    r" (?:version|response|answer|draft)\b"
    r"|\b(?:thank you|thanks) for (?:the|your) (?:\w+ )?(?:feedback|review|critique)\b"
    r"|\b(?:based on|per|as suggested (?:in|by)|addressing|incorporat\w+) (?:the|your)"
    r" (?:feedback|review(?:er)?s?(?:'s? \w+)?|critique|suggestions)\b"
    r"|\bas (?:the|a) reviewer\b"
)


def find_leak(text: str) -> str:
    """What of a judge or a review stands in a text; empty where nothing does."""
    if found := VERDICT.search(text):
        return f"a verdict: {shorten(found[0])}"
    if found := COMPARED.search(text):
        return f"a comparison of answers: {shorten(found[0])}"
    if found := TO_REVIEWER.search(text):
        return f"an answer to a reviewer: {shorten(found[0])}"
    return ""


def shorten(text: str) -> str:
    """A phrase on one line, cut."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:59]}…"
