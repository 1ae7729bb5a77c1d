"""Bespoke Curator: one `LLM` a stage, over the dataset the stage before made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bespokelabs import curator
from datasets import Dataset
from job import IN_FLIGHT, JOBS, measure


def stage_of(name: str, asked: str) -> type[Any]:
    """The class of one stage. Curator counts arguments, so they are closed over."""

    class Stage(curator.LLM):  # type: ignore[misc]
        """One stage."""

        def prompt(self, row: dict[str, str]) -> str:
            """What it asks of a row."""
            return asked.format(**row)

        def parse(self, row: Any, said: str) -> Any:
            """The row with the answer."""
            return {**row, name: said}

    return Stage


def work(url: str, job: str, rows: list[dict[str, str]], folder: Path) -> None:
    """All rows of a stage at once, stage after stage."""
    data: Any = Dataset.from_list(rows)
    for name, asked in JOBS[job]:
        stage = stage_of(name, asked)(
            model_name="gpt-4o",
            backend="openai",
            backend_params={
                "base_url": url,
                "api_key": "none",
                "max_concurrent_requests": IN_FLIGHT,
                "max_requests_per_minute": 10_000_000,
                "max_tokens_per_minute": 1_000_000_000,
            },
        )
        data = stage(data, working_dir=str(folder / name)).dataset
    assert len(data) == len(rows)


if __name__ == "__main__":
    measure(work)
