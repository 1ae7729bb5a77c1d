"""NVIDIA Data Designer: one text column a stage."""

from __future__ import annotations

import json
import re
from pathlib import Path

import data_designer.config as dd
from data_designer.interface import DataDesigner
from job import IN_FLIGHT, JOBS, measure


def work(url: str, job: str, rows: list[dict[str, str]], folder: Path) -> None:
    """All columns, planned by it."""
    seed = folder / "seed.jsonl"
    seed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = dd.ModelConfig(
        alias="m",
        model="gpt-4o",
        provider="loopback",
        skip_health_check=True,
        inference_parameters=dd.ChatCompletionInferenceParams(
            max_parallel_requests=IN_FLIGHT, temperature=0.7
        ),
    )
    plan = dd.DataDesignerConfigBuilder(model_configs=[model])
    plan.with_seed_dataset(dd.LocalFileSeedSource(path=str(seed)))
    for name, asked in JOBS[job]:
        prompt = re.sub(r"\{(\w+)\}", r"{{ \1 }}", asked)
        column = dd.LLMTextColumnConfig(name=name, prompt=prompt, model_alias="m")
        plan.add_column(column)
    here = dd.ModelProvider(name="loopback", endpoint=url, api_key="none")
    designer = DataDesigner(artifact_path=folder / "out", model_providers=[here])
    made = designer.create(plan, num_records=len(rows))
    assert len(made.load_dataset()) == len(rows)


if __name__ == "__main__":
    measure(work)
