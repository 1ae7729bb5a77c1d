"""Room in the models' contexts for what a run would have them read and write.

Estimated at four bytes a token, which is low for scripts outside Latin: a warning means
that rows will be refused as too long, and none does not mean that all of them fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.models.config import ModelConfig
from fellowship.number_format import counted
from fellowship.pipelines.planning.token_counts import (
    INSTRUCTIONS,
    Lengths,
    Load,
    Rows,
)
from fellowship.pipelines.recipe.recipe import Recipe


def context_warnings(
    recipe: Recipe, rows: Rows, loads: Sequence[Load]
) -> Iterator[str]:
    """A sentence for each model whose context the longest prompt does not fit into."""
    longest = max((config.max_tokens for config in recipe.models.values()), default=0)
    for name, config in recipe.models.items():
        num_ctx: int | None = getattr(config, "num_ctx", None)
        if num_ctx is None:
            continue
        needed = most_needed(
            config, rows, [x for x in loads if x.model == name], longest
        )
        if needed > num_ctx:
            yield (
                f"model {name!r}: the longest prompt, of about"
                f" {counted(rows.longest, 'token')}, with what else it reads and room for"
                f" its reply takes about {needed:,}, and num_ctx is {num_ctx:,}:"
                f" set num_ctx: {-(-needed // 1024) * 1024} or more"
            )


def most_needed(
    config: ModelConfig, rows: Rows, loads: Sequence[Load], longest: int
) -> int:
    """Tokens of a model's longest call, with texts of average length beside the prompt."""
    room = config.max_tokens + (config.thinking_tokens or 0)
    long = Lengths.average(longest)
    read = [
        prompts * rows.longest + answers * long.answer + reviews * long.review
        for prompts, answers, reviews in (
            load.reads for load in loads if load.calls.high
        )
    ]
    return max(read) + INSTRUCTIONS + room if read else 0
