"""Outcome that each reported input should have, as what its output holds and never holds.

The kinds are those of the reports' own list: 1 addresses, 2 replies that are paid and
unusable, 3 finish reasons, 4 cut judges, 5 hopeless 400s, 6 errors, 7 thoughts, 8 and 9
verdicts, 10 scales, 11 lists in strings, 12 turns, 13 exports, 14 to 16 lint and turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Expected(NamedTuple):
    """One input: its kind, the outcome in words, and patterns of its output's lines."""

    kind: int
    outcome: str
    has: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


PAIRS = (r"^pair +4$",)
MADE_OR_STOPPED = r"^pair +(4|40)$|^stopped early: .*400"
NEVER_PAIRS = ("^pair +[1-9]",)
CUT = ("model_length", "max_tokens", "max_output_tokens")
BROKEN = (
    *("abort", "error", "network_error", "insufficient_system_resource"),
    *("repetition", "tool_calls"),
)
WHOLE = ("eos", "eos_token", "end_turn", "null", "empty")
REFUSED = ("no-schema", "no-schema-lm", "no-system", "refuse-seed")
REFUSED += ("refuse-temperature", "refuse-max-tokens")
JUDGES = {"combined-json": 9, "combined-lines": 9, "direct": 8, "direct-first": 8}
READ = (
    "plain",
    "sharegpt",
    "developer",
    "capitals",
    "parts",
    "union-from-null",
    "model",
)
UNREAD = ("image", "tool", "tool-sharegpt", "system-late", "ends-assistant", "number")


def pairs(kind: int, *has: str, never: tuple[str, ...] = ()) -> Expected:
    """Four pairs."""
    return Expected(kind, "4 pairs", (*PAIRS, *has), never)


EXPECTED: Mapping[str, Expected] = {
    "srv-root-base": Expected(
        1, "calls go where it says", ("calls go to http", *PAIRS), ("localhostchat",)
    ),
    "money-filter-usage": Expected(2, "stops at the limit", ("charged [12] calls",)),
    "money-length-null": Expected(2, "stops at the limit", ("charged [12] calls",)),
    "money-max-calls": Expected(2, "5 calls and no more", ("charged 5 calls",)),
    "srv-length-null": Expected(2, "4 truncated", ("^truncated +4$",), NEVER_PAIRS),
    "srv-length-empty": Expected(2, "4 truncated", ("^truncated +4$",), NEVER_PAIRS),
    "srv-judge-length-null": Expected(2, "4 invalid", ("^invalid +4$",), NEVER_PAIRS),
    "srv-no-usage": pairs(2, "their tokens are estimates"),
    "srv-usage-responses": pairs(2, "176 tokens"),
    **{
        f"srv-finish-{reason}": Expected(
            3, "4 truncated", ("^truncated +4$",), NEVER_PAIRS
        )
        for reason in CUT
    },
    **{
        f"srv-finish-{reason}": Expected(3, "4 failed", ("^failed +4$",), NEVER_PAIRS)
        for reason in BROKEN
    },
    "srv-finish-SAFETY": Expected(3, "4 refused", ("^refused +4$",), NEVER_PAIRS),
    **{f"srv-finish-{reason}": pairs(3) for reason in WHOLE},
    "srv-choice-error": Expected(3, "4 failed", ("^failed +4$",), NEVER_PAIRS),
    "srv-choice-error-once": pairs(3),
    "judge-cut-scores": Expected(4, "4 invalid", ("^invalid +4$",), NEVER_PAIRS),
    "judge-cut-verdict": Expected(4, "4 invalid", ("^invalid +4$",), NEVER_PAIRS),
    "srv-hopeless-400": Expected(5, "made, or stopped at once", (MADE_OR_STOPPED,)),
    **{
        f"srv-{name}": Expected(5, "made, or stopped at once", (MADE_OR_STOPPED,))
        for name in REFUSED
    },
    "srv-max-tokens-extra": pairs(5),
    "srv-temperature-null": pairs(5),
    "srv-azure-filter": Expected(
        6, "1 refused, 3 pairs", ("^refused +1$", "^pair +3$")
    ),
    "srv-moderation-403": Expected(
        6, "1 refused, 3 pairs", ("^refused +1$", "^pair +3$")
    ),
    "srv-200-error-402": Expected(6, "stops, in its words", ("^stopped early: .*402",)),
    "srv-200-error-429": pairs(6),
    "srv-200-error-502": pairs(6),
    **{
        f"srv-status-{code}": pairs(6, never=("<html",))
        for code in (502, 503, 520, 521, 522, 524)
    },
    "srv-retry-ms": pairs(6),
    "srv-retry-s": pairs(6),
    "srv-retry-x-ms": pairs(6),
    "srv-retry-both": pairs(6, never=(r"wait of (1\d|20) s",)),
    "srv-litellm-budget": Expected(6, "stops", ("^stopped early: .*[Bb]udget",)),
    "srv-gemini-list": Expected(
        6, "stops, in its words", ("^stopped early: .*API key not valid",), (r"\[\{'",)
    ),
    "srv-gemini-quota": Expected(6, "stops", ("^stopped early: .*quota",)),
    "srv-gemini-rate": pairs(6),
    "srv-parts": pairs(6),
    "srv-sse": pairs(6),
    "srv-not-v1": Expected(6, "stops, names /v1", ("^stopped early: .*/v1",)),
    "srv-reasoning-only": Expected(6, "4 failed", ("^failed +4$", "thought")),
    "oll-no-count": pairs(6, "estimates"),
    "oll-done-load": Expected(6, "4 failed, says load", ("^failed +4$", "load")),
    "oll-done-load-counts": Expected(6, "4 failed, says load", ("^failed +4$", "load")),
    "oll-thinking-only-judge": Expected(6, "4 invalid", ("^invalid +4$",), NEVER_PAIRS),
    "oll-think-low": pairs(7),
    "srv-think-block": pairs(7, never=("</?think",)),
    "srv-close-only": pairs(7, never=("</?think",)),
    "srv-close-only-writer": pairs(7, never=("</?think",)),
    **{
        f"judge-{name}": Expected(
            kind,
            "none lost, no wrong pair",
            ("'loss': 0",),
            (r"wrong .*got .*\bpair\b",),
        )
        for name, kind in JUDGES.items()
    },
    "labels-fairlike": Expected(10, "asks what 0 and 1 mean", ("^exit 2$", "^exit 0$")),
    "labels-helpsteer3": Expected(10, "asks what -3 to 3 mean", ("^exit 2$",)),
    "labels-mtbench": Expected(10, "2 rows with labels", ("2 rows with people's",)),
    "labels-scale": Expected(10, "asks what 1 to 5 mean", ("^exit 2$",)),
    "source-arena-csv": Expected(
        11, "texts without brackets", ("^pair +[23]$",), (r'"content": "\[\\"',)
    ),
    "source-two-turns": Expected(
        12, "a pair, or refused unpaid", (r"^pair +2$|^exit 2$",), ("^failed +[1-9]",)
    ),
    "export-late-flag": Expected(
        13, "56 rows load", (r"^dpo 56$", r"^kto 112$", r"^card 56$"), ("Error",)
    ),
    "lint-alpaca": Expected(14, "nothing found", ("nothing found",), ("contradict",)),
    "lint-hh": Expected(
        15, "the empty answer alone", ("an answer is empty",), ("judge text",)
    ),
    "lint-implicit-text": Expected(
        15, "the same as of turns", ("an answer is empty",), ("judge text", "  noise")
    ),
    "lint-forms": Expected(
        16, "right reasons", ("nothing found",), ("without a text",)
    ),
    "source-forms": Expected(
        16,
        "read, or the right reason",
        tuple(rf"^{name} +(pair|below-margin|tie) " for name in READ)
        + tuple(rf"^{name} +unusable-input|^{name} +rejected" for name in UNREAD),
        ("without a text",),
    ),
}
"""A folder of the reports -> what should come of it."""
