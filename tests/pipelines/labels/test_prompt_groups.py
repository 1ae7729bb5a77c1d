"""One rule for rows that share a prompt: spaces and case make no second observation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.agreement.agreement import Options, agree
from fellowship.pipelines.agreement.drift import drift
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.agreement.win_rates import win_rates
from fellowship.pipelines.labels.prompt_groups import PromptKeys, prompt_key
from fellowship.records import Outcome
from fellowship.stats.intervals import Resampling
from tests.support.outcomes import asked, row
from tests.support.runs import run_of

PROMPTS, PLAN = 60, Resampling(50)


def rows(again: Callable[[str], str]) -> list[Outcome]:
    """Two rows a prompt, the second written another way."""
    made = []
    for n in range(2 * PROMPTS):
        text = f"What is a lake? {n % PROMPTS}"
        labels = ("first",) if n % 3 else ("second",)
        one = row(n, "second" if n % 4 == 0 else "first", labels=labels)  # type: ignore[arg-type]
        talk = asked(text if n < PROMPTS else again(text))
        made.append(one.model_copy(update={"conversation": talk}))
    return made


FIGURES: dict[str, Callable[[Path], Any]] = {
    "agree": lambda run: agree(verdict_table(run), Options(plan=PLAN)).judges[0].kappa,
    "drift": lambda run: drift(run, run, PLAN).flips,
    "winrate": lambda run: win_rates(run, plan=PLAN).pairs[0].half_tie,
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_a_prompt_written_in_two_ways_is_one_observation(
    tmp_path: Path, figure: Callable[[Path], Any]
) -> None:
    same = figure(run_of(tmp_path / "same", rows(str)))
    other = figure(run_of(tmp_path / "other", rows(lambda t: f" {t.upper()}\n")))
    assert other == same
    assert other.clusters == PROMPTS


def test_where_no_prompt_is_written_in_two_ways_keys_are_the_prompts_own() -> None:
    keys = PromptKeys()
    made = [row(n) for n in range(9)]
    assert [keys.of(one) for one in made] == [prompt_key(one) for one in made]
