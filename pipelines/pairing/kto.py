"""KTO examples: single answers of a row, labelled good or bad.

A text is good or bad for a prompt, never both: whatever is both is left out. KTO learns
from single answers with a yes or a no. A pair gives one of each; under the rule `all` a
middling answer is chosen in one pair and rejected in another, and would teach nothing
but noise.
"""

from __future__ import annotations

from collections.abc import Iterable

from fellowship.records import Candidate, LabelledExample, Outcome, PreferencePair


def kto_examples(outcome: Outcome) -> list[LabelledExample]:
    """What one row's pairs say of each of its answers; see `label_answers`."""
    return label_answers(outcome.pairs)


def label_answers(pairs: Iterable[PreferencePair]) -> list[LabelledExample]:
    """Chosen answers as True and rejected ones as False, each text once a prompt.

    A text that was chosen here and rejected there, by the same prompt, is left out. The
    order is that of the pairs, chosen before rejected.
    """
    examples: dict[tuple[str, str, tuple[str, ...]], list[LabelledExample]] = {}
    for pair in pairs:
        for example in (_example(pair, True), _example(pair, False)):
            text = example.completion
            key = (pair.prompt.key, text.text, text.turns)
            examples.setdefault(key, []).append(example)
    return [same[0] for same in examples.values() if len({e.label for e in same}) == 1]


def _example(pair: PreferencePair, chosen: bool) -> LabelledExample:
    completion: Candidate = pair.chosen if chosen else pair.rejected
    return LabelledExample(
        item=pair.item,
        number=pair.number,
        prompt=pair.prompt,
        completion=completion,
        label=chosen,
        score=pair.chosen_score if chosen else pair.rejected_score,
    )
