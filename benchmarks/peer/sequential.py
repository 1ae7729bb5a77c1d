"""Baseline peer in the paper's style: one call after another, results rewritten.

Its release does so with a table of all rows; this writes plain JSON, which is cheaper.
`appending` is the same without that: a loop nobody could do with less.
"""

from __future__ import annotations

import json
from pathlib import Path

import openai
from job import JOBS, measure


def work(
    url: str, job: str, rows: list[dict[str, str]], folder: Path, rewrite: bool = True
) -> None:
    """One row, one call at a time."""
    api = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    done = []
    for row in rows:
        for name, asked in JOBS[job]:
            messages = [{"role": "user", "content": asked.format(**row)}]
            reply = api.chat.completions.create(model="gpt-4o", messages=messages)
            row[name] = reply.choices[0].message.content or ""
        done.append(row)
        kept = done if rewrite else [row]
        with (folder / "rows.jsonl").open("w" if rewrite else "a") as out:
            out.writelines(json.dumps(each) + "\n" for each in kept)


if __name__ == "__main__":
    measure(work)
