"""Published figures of the paper, for tables whose exact figures a release lacks.

arXiv 2408.08688. A release's own Kappa/ folder is exact and goes first. `DIGITS` is how
many decimals a figure was printed with: what it can be compared to.
"""

from __future__ import annotations

from collections.abc import Mapping

DIGITS = 4
SIX = (
    *("gpt-4o", "gpt-4o-mini", "gemma-2-9b-it", "gemma-2-27b-it"),
    *("Meta-Llama-3.1-8B-Instruct-Turbo", "Meta-Llama-3.1-70B-Instruct-Turbo"),
)

_KAPPAS = {
    ("pandalm-eval", "multi-rater10"): (0.6876, 0.6133, 0.5949, 0.5864, 0.5232, 0.5966),
    ("pandalm-eval", "debate"): (0.6542, 0.6251, 0.5196, 0.6045, 0.4395, 0.5473),
    ("mt-bench", "multi-rater10"): (0.4096, 0.3883, 0.3592, 0.3541, 0.3345, 0.3868),
    ("mt-bench", "debate"): (0.4020, 0.3761, 0.3263, 0.3633, 0.3093, 0.3807),
    ("alpaca-eval", "judge"): (0.3724, 0.3416, 0.2256, 0.2329, 0.2651, 0.3054),
    ("alpaca-eval", "rater10"): (0.2492, 0.2539, 0.1697, 0.1728, 0.1808, 0.2138),
    ("alpaca-eval", "multi-rater5"): (0.3929, 0.3736, 0.2427, 0.2841, 0.2552, 0.3366),
    ("alpaca-eval", "multi-rater10"): (0.3818, 0.3821, 0.2538, 0.2657, 0.2404, 0.3333),
    ("alpaca-eval", "multi-rater100"): (0.4006, 0.3469, 0.2333, 0.2522, 0.2425, 0.3387),
}

KAPPAS: Mapping[tuple[str, str], Mapping[str, float]] = {
    place: dict(zip(SIX, values, strict=True)) for place, values in _KAPPAS.items()
}

_GEMMA, _LLAMA = "gemma-2-9b-it", "Meta-Llama-3.1-8B-Instruct-Turbo"

WINS: Mapping[str, Mapping[str, int]] = {
    f"{_GEMMA}+{_GEMMA}": {"gpt-4o": 207, _LLAMA: 324, _GEMMA: 263},
    f"{_GEMMA}+{_LLAMA}": {"gpt-4o": 206, _LLAMA: 309, _GEMMA: 239},
    f"{_GEMMA}+both": {"gpt-4o": 210, _LLAMA: 338, _GEMMA: 262},
    f"{_LLAMA}+{_GEMMA}": {"gpt-4o": 245, _LLAMA: 359, _GEMMA: 369},
    _GEMMA: {"gpt-4o": 193, _LLAMA: 333},
}
"""Wins of 500 against each baseline, on the 500 Capybara prompts."""

PROMPTS = "argilla-capybara-prompts-subset"
OF = 500
REVIEWS = (8.64, 9.11, 9.38)
"""Mean score a reviewer gave drafts 1 to 3, Gemma reviewing Gemma."""
