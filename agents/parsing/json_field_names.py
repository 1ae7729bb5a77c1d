"""Names that judges give the fields of a verdict in JSON, without case and underscores."""

from __future__ import annotations

from collections.abc import Mapping

from fellowship.agents.parsing.fields import Name

SIDE_NAMES: tuple[Name, ...] = ("first", "second")
_SIDES: Mapping[Name, tuple[str, ...]] = {
    "first": ("first", "a", "1", "one"),
    "second": ("second", "b", "2", "two"),
}
_NOUNS = ("", "response", "assistant", "answer", "candidate", "model")
_WORDS = ("score", "rating")


def side_keys(side: Name) -> set[str]:
    """Every key that names the score of a side, without its underscores and spaces."""
    keys = set()
    for word in _WORDS:
        for name in _SIDES[side]:
            for noun in _NOUNS:
                keys |= {f"{word}{noun}{name}", f"{noun}{name}{word}"}
                keys |= {f"{word}{name}{noun}", f"{name}{noun}{word}"}
                keys |= {f"{word}ofthe{name}{noun}", f"{word}of{noun}{name}"}
    return keys


KEYS: Mapping[Name, frozenset[str]] = {
    "first": frozenset(side_keys("first")),
    "second": frozenset(side_keys("second")),
    "score": frozenset(
        {"score", "rating", "overallscore", "finalscore", "totalscore", "overallrating"}
        | {"finalrating", "overall", "grade"}
    ),
    "winner": frozenset(
        {"winner", "verdict", "finalverdict", "overallwinner", "decision", "preference"}
        | {"preferred", "preferredresponse", "betterresponse", "better", "bestresponse"}
        | {"finaldecision", "overallverdict"}
    ),
    "loser": frozenset(
        {"loser", "rejected", "worse", "worst", "rejectedresponse", "worseresponse"}
        | {"worstresponse", "losingresponse"}
    ),
}
INSIDE: Mapping[Name, frozenset[str]] = {
    side: frozenset(
        f"{noun}{name}" if before else f"{name}{noun}"
        for name in _SIDES[side]
        for noun in _NOUNS
        for before in (True, False)
    )
    for side in SIDE_NAMES
}
"""What a side is called where its score stands under it or under `scores`."""
WRAPPERS = frozenset(
    {"final", "result", "evaluation", "verdict", "output", "judgement", "judgment"}
    | {"assessment", "json", "finalresult", "finalevaluation", "finalverdict", "data"}
)
SCORES = frozenset({"scores", "ratings", "finalscores", "overallscores"})
