"""Words shown to people for the values that JSON and the ledger hold.

Stored values never change their spelling, for scripts and old runs read them; every
message, table and page shows the words of this module instead, and whoever types a state
may use either spelling. docs/concepts.md has the two side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.session_names import ALONE, LISTED, answers_of_session
from fellowship.speaker_names import take_apart

STATES: Mapping[str, str] = {
    "pair": "pair",
    "tie": "tie",
    "order-inconsistent": "order-inconsistent",
    "unparsed": "invalid",
    "refused": "refused",
    "truncated": "truncated",
    "failed": "failed",
    "below-margin": "too close",
    "unmatched": "unmatched",
    "unusable-answer": "unusable answer",
    "stopped-by-budget": "stopped by limit",
    "rejected-input": "unusable input",
}
"""The state a row ended in."""

ANSWER_FAULTS: Mapping[str, str] = {
    "empty": "it is empty",
    "repeats-prompt": "it only repeats the prompt",
    "echo": "it only repeats a role prompt, or holds a mark of one",
    "constant": "other prompts were answered with the same text",
    "gibberish": "it is no language",
}
"""Why an answer can't be chosen: `records.AnswerFault`."""

PENDING = "pending"
"""What stands beside the states for rows that have none yet."""

DECISIONS: Mapping[str, str] = {
    "first": "A",
    "second": "B",
    "tie": "tie",
    "order-inconsistent": "order-inconsistent",
    "invalid": "invalid",
}
"""What a verdict or a comparison came to: A is its first answer, B its second."""

ORDERS: Mapping[str, str] = {"forward": "A first", "swapped": "B first"}
"""Which of the two answers a judge read first."""

PHASES: Mapping[str, str] = {
    "blind": "blind vote",
    "equal-cost": "vote of equal cost",
    "final": "final vote",
}
"""Which of a debate's votes a verdict belongs to."""

LEDGER_FAILURES = ("lost", "cancelled")
"""Failures that only the ledger names: no error is raised for them."""

FAILURES: Mapping[str, str] = {
    "auth": "authentication",
    "quota": "quota used up",
    "missing": "model not found",
    "rejected": "request rejected",
    "filtered": "content filter",
    "too-long": "prompt too long",
    "rate": "rate limit",
    "server": "server error",
    "unavailable": "unavailable",
    "down": "server down",
    "network": "connection lost",
    "deadline": "timeout",
    "malformed": "malformed reply",
    "truncated": "reply cut off",
    "lost": "process ended during the call",
    "cancelled": "cancelled",
}
"""Why a call to a model failed: `errors.Failure`, and the ledger's own two."""

FLAGS: Mapping[str, str] = {
    "same_family": "judged by a model of an answer's own family",
    "inverted-selection": "inverted selection",
    "nothing-selected": "nothing selected",
}
DRIFT: Mapping[str, str] = {
    "first named better": "A better",
    "second named better": "B better",
    "contradicted by the order": "order-inconsistent",
    "unreadable": "invalid",
    "same": "same pair from both judges",
    "reversed": "chosen and rejected swapped",
    "other": "other answers",
    "lost": "pair only from the old judge",
    "won": "pair only from the new judge",
    "neither": "no pair from either",
}
"""What `fellowship rejudge` counts."""

DRIFT_FIGURES: Mapping[str, str] = {
    "flips": "flips: another verdict than before",
    "reversals": "reversals: the other answer named",
    "kappa": "kappa, record and now",
    "ac1": "AC1, record and now",
    "agreed": "agreed, of what both decided",
    "score_shift": "scores moved by, points",
    "noise": "noise: the judge against itself",
    "apart": "record against now, reply by reply",
    "excess": "more than its noise",
    "other_model": "replies by a model not in the record",
    "other_fingerprint": "replies with a fingerprint not in the record",
    "first_change": "A better, change",
    "second_change": "B better, change",
    "tie_change": "ties, change",
    "inconsistent_change": "order-inconsistent, change",
    "invalid_change": "invalid, change",
    "right_change": "agrees with people, change",
}
"""What `fellowship drift` prints, by its keys."""

JUDGING = ("judge", "juror", "debater")


def state_word(value: str) -> str:
    """The state of a row as people read it."""
    return STATES.get(value, value)


def decision_word(value: str) -> str:
    """The winner of a verdict, or what a comparison came to: A, B, tie, ..."""
    return DECISIONS.get(value, value)


def order_word(value: str) -> str:
    """Which answer a judge read first: `A first` or `B first`."""
    return ORDERS.get(value, value)


def phase_word(value: str) -> str:
    """Which of a debate's votes this is."""
    return PHASES.get(value, value)


def fault_note(fault: str | None) -> str:
    """Why an answer is none, to stand after its name; nothing where it is one."""
    return f"; no answer: {ANSWER_FAULTS[fault]}" if fault else ""


def soft_words(rows: int) -> str:
    """How win rates count soft preferences, of so many rows."""
    return (
        f"{rows:,} rows have soft preferences: half-tie, at equal lengths and people count"
        " each as the chance that it gives; strict, both orders and ratings as a win, or a"
        " tie within the import's tie band."
    )


def failure_word(value: str) -> str:
    """Why a call failed, as people read it."""
    return FAILURES.get(value, value)


def flag_word(value: str) -> str:
    """A row's flag as people read it."""
    return FLAGS.get(value, value)


def finish_words(value: str, word: str = "") -> str:
    """How a reply ended, where that wasn't by itself; `word` is the provider's own."""
    if word == "none":
        return "no finish reason given"
    return "cut off" if value == "length" else f"ended by {word or value}"


REMARKS = {
    "verdict-first": "verdict before its reason",
    "no-logprobs": "no token probabilities came",
    "open-thinking": "its last thinking never ended",
    "other-parts": "parts that are no text left out",
}
"""What is odd about a reply that is kept."""


def remark_words(remarks: Sequence[str], value: Mapping[str, Any] | None) -> list[str]:
    """What is odd about a reply, and what share of the chances its scores stand on."""
    found = [REMARKS.get(remark, remark) for remark in remarks]
    share = (value or {}).get("coverage")
    if isinstance(share, float):
        found.append(f"scores over {share:.0%} of the probability")
    return found


def left_out_words(names: Sequence[str]) -> list[str]:
    """The parameters that a reply was asked for without; none where all were sent."""
    return [f"not sent: {', '.join(names)}"] if names else []


def hyphened(words: str) -> str:
    """Words as one argument of a command line or an address: `too-close`."""
    return words.replace(" ", "-")


def state_of(typed: str) -> str | None:
    """The ledger's spelling of a state that somebody typed in either; None if none."""
    spelling = hyphened(typed.strip().lower())
    for value, shown in STATES.items():
        if spelling in (value, hyphened(shown)):
            return value
    return None


def session_title(team: str) -> str:
    """What a session was for: a team's name, or which answers were compared."""
    if compared := answers_of_session(team):
        return f"comparing {answers_compared(*compared)}"
    together = {ALONE: "scoring each answer alone", LISTED: "ranking all answers"}
    return together.get(team, team)


def answers_compared(first: int, second: int) -> str:
    """The two answers of a comparison, given by index, as number and letter."""
    if first == second:
        return f"answer {first + 1}, scored alone"
    return f"answers {first + 1} (A) and {second + 1} (B)"


def shuffle_word(number: int) -> str:
    """`shuffle 2`: in which of its orders a list of answers was read, from 1."""
    return f"shuffle {number}"


def speaker_name(source: str, role: str, team: str = "") -> str:
    """Who spoke in a session: a judge's stored name says in which order it was asked.

    `judge_swapped_2` is `judge, B first, sample 2`; names of other roles stay.
    """
    if role not in JUDGING:
        return source
    if team == LISTED:
        name, _, order = source.rpartition("_")
        shuffled = name and order.isdecimal()
        if shuffled:
            return f"{name}, {shuffle_word(int(order))}"
        return f"{source}, {shuffle_word(1)}"
    who = take_apart(source, alone=team == ALONE)
    if who is None:
        # A persona in the debate about A first has no suffix.
        return f"{source}, {ORDERS['forward']}" if role == "debater" else source
    parts = [
        who.name,
        ORDERS.get(who.order, ""),
        PHASES.get(who.phase, ""),
        f"answer {decision_word(who.place)}" if who.place else "",
        f"sample {who.sample}" if who.sample else "",
    ]
    return ", ".join(filter(None, parts))


def drift_word(value: str) -> str:
    """A count of `fellowship rejudge` as people read it."""
    return DRIFT.get(value, value)


def drift_figure_word(key: str) -> str:
    """A figure of a drift check as people read it."""
    return DRIFT_FIGURES.get(key, key)
