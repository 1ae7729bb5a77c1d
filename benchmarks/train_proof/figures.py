"""Figures of the proof: compliance by arm, and differences that hold for all arms at once.

The prompt is the unit. A prompt's compliance is the share of its samples, over an arm's
seeds, that keep the rule; resamples draw prompts, the same for all arms. Differences have
simultaneous 95 % limits: the 95th percentile of the largest studentized deviation over the
differences that are printed (Westfall and Young 1993, the single-step max-T).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.train_proof.answering import Answer
from benchmarks.train_proof.rule import (
    SENTENCES,
    is_finished,
    keeps_rule,
    sentence_ends,
)

Floats = NDArray[np.float64]
RESAMPLES = 4_000
Answers = Sequence[Sequence[Answer]]
"""One arm's answers by seed."""


@dataclass(frozen=True)
class Interval:
    """A mean over prompts with its limits."""

    value: float
    low: float
    high: float

    def points(self) -> str:
        """As points of percentages, signed."""
        value, low, high = (100 * x for x in (self.value, self.low, self.high))
        return f"{value:+.1f} [{low:.1f}, {high:.1f}]"

    def share(self) -> str:
        """As a percentage."""
        value, low, high = (100 * x for x in (self.value, self.low, self.high))
        return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def answers_drawn(answers: Answers, greedy: bool) -> list[Answer]:
    """Those of one way of drawing, of all seeds."""
    return [a for seed in answers for a in seed if (a.drawn == "greedy") == greedy]


def by_prompt(answers: Answers, greedy: bool) -> Floats:
    """Each prompt's share of answers that keep the rule, by the prompts' order."""
    kept: dict[str, list[float]] = {}
    for answer in answers_drawn(answers, greedy):
        kept.setdefault(answer.prompt, []).append(float(keeps_rule(answer.text)))
    return np.array([np.mean(kept[prompt]) for prompt in sorted(kept)])


def resampled_means(arms: Floats, seed: int = 0) -> Floats:
    """Means of bootstrap samples of prompts, shape (resamples, arms); `arms` is (arms,
    prompts).
    """
    rng = np.random.default_rng(seed)
    prompts = arms.shape[1]
    weights = rng.multinomial(prompts, np.full(prompts, 1 / prompts), RESAMPLES)
    return np.asarray(weights @ arms.T / prompts, dtype=float)


def compliance(answers: Answers, greedy: bool) -> Interval:
    """An arm's compliance, percentile limits of 95 %."""
    marks = by_prompt(answers, greedy)
    low, high = np.quantile(resampled_means(marks[None])[:, 0], [0.025, 0.975])
    return Interval(float(marks.mean()), float(low), float(high))


def differences(
    arms: Mapping[str, Answers], pairs: Sequence[tuple[str, str]], greedy: bool
) -> dict[tuple[str, str], Interval]:
    """Each arm less another, with limits that hold for all of them at once."""
    marks = {name: by_prompt(answers, greedy) for name, answers in arms.items()}
    wanted = [pair for pair in pairs if pair[0] in arms and pair[1] in arms]
    if not wanted:
        return {}
    gaps = np.array([marks[one] - marks[other] for one, other in wanted])
    means, draws = gaps.mean(axis=1), resampled_means(gaps)
    spread = np.maximum(draws.std(axis=0), 1e-9)
    largest = np.abs((draws - means) / spread).max(axis=1)
    reach = float(np.quantile(largest, 0.95)) * spread
    return {
        pair: Interval(float(mean), float(mean - wide), float(mean + wide))
        for pair, mean, wide in zip(wanted, means, reach, strict=True)
    }


def habits(answers: Answers) -> dict[str, float]:
    """What else changed: means over an arm's sampled answers.

    `characters`; `finished`: ended by the model, where a sentence ends; `short` and `long`:
    fewer and more than two sentences; `repeated`: share of an answer's runs of four words
    that it has already had.
    """
    texts = answers_drawn(answers, greedy=False)
    counts = np.array([len(sentence_ends(a.text)) for a in texts])
    return {
        "characters": float(np.mean([len(a.text) for a in texts])),
        "finished": float(np.mean([a.ended and is_finished(a.text) for a in texts])),
        "short": float(np.mean(counts < SENTENCES)),
        "long": float(np.mean(counts > SENTENCES)),
        "repeated": float(np.mean([repetition(a.text) for a in texts])),
    }


def what_pairs_say(pairs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Shares of pairs whose chosen answer keeps the rule, whose chosen answer is the longer
    one, and whose rejected answer has fewer than two sentences.
    """
    texts = [
        [pair[side][0]["content"] for side in ("chosen", "rejected")] for pair in pairs
    ]
    return {
        "kept": float(np.mean([keeps_rule(chosen) for chosen, _ in texts])),
        "longer": float(np.mean([len(one) > len(other) for one, other in texts])),
        "short": float(
            np.mean([len(sentence_ends(other)) < SENTENCES for _, other in texts])
        ),
    }


def repetition(text: str) -> float:
    """The share of runs of four words that stand earlier in the text too."""
    words = text.lower().split()
    runs = Counter(zip(*(words[n:] for n in range(4)), strict=False))
    total = sum(runs.values())
    return 1 - len(runs) / total if total else 0.0
