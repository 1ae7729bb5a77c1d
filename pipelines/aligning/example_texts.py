"""Texts of labelled pairs in prompts: examples for a judge, disagreements for a writer.

Every text stands behind a fence of its own, as in any case: what it says is material, never
an instruction. A dollar sign in it is no slot.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from fellowship.agents.case import Case, conversation_text
from fellowship.hashing import digest
from fellowship.number_format import counted
from fellowship.number_format import scores as score_pair
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Said
from fellowship.records import Decision

EXAMPLES: Final = 4
"""Examples in a prompt: each is read with every verdict."""
LONGEST_EXAMPLE: Final = 4000
"""Characters of a pair that may be an example."""
SHOWN: Final = 12
"""Disagreements that a writer is shown."""
LONGEST_SHOWN: Final = 1200
"""Characters of a text that a writer is shown."""

PEOPLE: Mapping[str, str] = {
    "first": "the first response is better",
    "second": "the second response is better",
    "tie": "neither is better: a tie",
}
JUDGE: Mapping[Decision, str] = {
    "first": "the first response is better",
    "second": "the second response is better",
    "tie": "a tie",
    "order-inconsistent": "it contradicts itself when the responses change places",
    "invalid": "nothing that could be read",
}


def dealt_by_kind(
    pairs: Iterable[LabelledPair],
    kind: Callable[[LabelledPair], str],
    place: Callable[[LabelledPair], tuple[object, ...]],
    most: int,
) -> list[LabelledPair]:
    """At most so many pairs, of every kind in turn; within a kind in their place."""
    kinds: dict[str, list[LabelledPair]] = defaultdict(list)
    for pair in sorted(pairs, key=place):
        kinds[kind(pair)].append(pair)
    rounds = [
        group[at]
        for at in range(most)
        for _, group in sorted(kinds.items())
        if at < len(group)
    ]
    return rounds[:most]


def pick_examples(wrong: Iterable[LabelledPair], seed: int) -> tuple[LabelledPair, ...]:
    """Examples among pairs that the judge got wrong, of each label in turn, drawn.

    None too long, and one of a prompt.
    """
    short = {
        pair.prompt: pair
        for pair in sorted(
            wrong, key=lambda one: place_in_draw(one, seed), reverse=True
        )
        if len(pair_text(pair)) <= LONGEST_EXAMPLE
    }
    return tuple(
        dealt_by_kind(
            short.values(),
            lambda pair: pair.label,
            lambda pair: place_in_draw(pair, seed),
            EXAMPLES,
        )
    )


def place_in_draw(pair: LabelledPair, seed: int) -> tuple[str]:
    """A pair's place in a draw."""
    return (digest([seed, pair.item.key], 8),)


def pair_text(pair: LabelledPair) -> str:
    """All that a pair's texts say, for its length."""
    talk = conversation_text(pair.item.conversation.messages)
    return "\n".join([talk, *(c.text for c in pair.item.candidates)])


def examples_text(pairs: Sequence[LabelledPair]) -> str:
    """The part of a judge's prompt with examples of what people say."""
    parts = [
        f"People have judged {counted(len(pairs), 'other pair')} of responses, which stand"
        " below as examples. They are not what you judge now. Judge as these people do."
    ]
    for number, pair in enumerate(pairs, 1):
        parts += fenced(pair, f"example {number}: ")
        parts.append(f"What people say of example {number}: {PEOPLE[pair.label]}.")
    return "\n\n".join(parts) + "\n"


def fenced(pair: LabelledPair, title: str, most: int | None = None) -> list[str]:
    """The conversation and both answers of a pair, each behind its fence."""
    item = pair.item
    case = Case(item.conversation, item.candidates, item.reference)
    texts = {"conversation": conversation_text(item.conversation.messages)}
    if item.reference is not None:
        texts["reference answer"] = item.reference
    for name, candidate in zip(("first", "second"), item.candidates, strict=True):
        texts[f"{name} response"] = case.response_text(candidate)
    return [
        case.fence(f"{title}{name}", cut(text, most)) for name, text in texts.items()
    ]


def cut(text: str, most: int | None) -> str:
    """A text without its middle where it is longer than may be shown."""
    if most is None or len(text) <= most:
        return text
    left = most * 2 // 3
    gone = f"[... {counted(len(text) - most, 'character')} left out ...]"
    return f"{text[:left]}\n{gone}\n{text[left - most :]}"


def disagreements_text(
    pairs: Sequence[LabelledPair], said: Mapping[str, Said], seed: int
) -> str:
    """Pairs that a judge got wrong, with what it said and what people say."""
    wrong = [p for p in pairs if p.item.key in said and not said[p.item.key].right(p)]
    shown = dealt_by_kind(
        wrong,
        lambda pair: f"{pair.label} {said[pair.item.key].decision}",
        lambda pair: (
            len(pair_text(pair)) > 3 * LONGEST_SHOWN,
            *place_in_draw(pair, seed),
        ),
        SHOWN,
    )
    parts = []
    for number, pair in enumerate(shown, 1):
        one, title = said[pair.item.key], f"pair {number}: "
        parts += fenced(pair, title, LONGEST_SHOWN)
        lengths = " and ".join(f"{length:,}" for length in pair.lengths)
        scores = one.scores
        points = f", scores {score_pair(scores.first, scores.second)}" if scores else ""
        case = Case(pair.item.conversation, pair.item.candidates)
        if one.reason:
            parts.append(case.fence(f"{title}the judge's reason", cut(one.reason, 400)))
        parts.append(
            f"Pair {number} (lengths in characters: {lengths}): people say"
            f" {PEOPLE[pair.label]}; the judge says {JUDGE[one.decision]}{points}."
        )
    return "\n\n".join(parts)


def summary_text(pairs: Sequence[LabelledPair], said: Mapping[str, Said]) -> str:
    """How often the judge and people agree, and what each of them says how often."""
    known = [pair for pair in pairs if pair.item.key in said]
    agreed = sum(said[pair.item.key].right(pair) for pair in known)
    people = Counter(pair.label for pair in known)
    judge = Counter(said[pair.item.key].decision for pair in known)
    return (
        f"On {agreed} of {counted(len(known), 'pair')} the judge says what people say."
        f" People call {people['tie']} of them a tie, the judge {judge['tie']}. These are"
        " some of the pairs on which they differ:"
    )
