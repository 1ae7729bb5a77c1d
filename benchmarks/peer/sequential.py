"""The paper's style: one call after another, the file of results written anew each row."""

from __future__ import annotations

import json
from pathlib import Path

import openai
from job import JOBS, measured


def work(url: str, job: str, rows: list[dict[str, str]], folder: Path) -> None:
    """One row, one call at a time."""
    api = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    with (folder / "rows.jsonl").open("w") as out:
        for row in rows:
            for name, asked in JOBS[job]:
                messages = [{"role": "user", "content": asked.format(**row)}]
                reply = api.chat.completions.create(model="gpt-4o", messages=messages)
                row[name] = reply.choices[0].message.content or ""
            out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    measured(work)
