"""distilabel: one text generation step a stage."""

from __future__ import annotations

import re
from pathlib import Path

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from job import IN_FLIGHT, JOBS, measure


def work(url: str, job: str, rows: list[dict[str, str]], folder: Path) -> None:
    """A pipeline of as many processes as it likes."""
    with Pipeline(name="job", cache_dir=folder / "cache") as pipeline:
        last = LoadDataFromDicts(data=rows, batch_size=IN_FLIGHT)
        for name, asked in JOBS[job]:
            step = TextGeneration(
                name=f"step_{name}",
                llm=OpenAILLM(model="gpt-4o", base_url=url, api_key="none"),
                template=re.sub(r"\{(\w+)\}", r"{{ \1 }}", asked),
                columns=re.findall(r"\{(\w+)\}", asked),
                output_mappings={"generation": name},
                input_batch_size=IN_FLIGHT,
            )
            last >> step
            last = step
    made = pipeline.run(use_cache=False)
    assert len(made["default"]["train"]) == len(rows)


if __name__ == "__main__":
    measure(work)
