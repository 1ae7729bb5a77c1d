"""Requests to OpenAI's Files and Batches endpoints."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Literal, NamedTuple

import openai

from fellowship.models.providers.batch_ledger import Entry
from fellowship.models.providers.http_client import LARGEST

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
TAG = "fellowship"
"""Under which a batch carries our tag: that is how one is found whose id was lost."""

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

SKEW = 3600.0
"""Seconds by which the provider's clock may be behind ours."""


class BatchStatus(NamedTuple):
    """Progress of a batch. `files` hold replies and errors, once it is over."""

    state: str
    done: int
    total: int
    files: tuple[str, ...]
    why: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED


def batch_file(bodies: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The file of a batch: a line a call, by the ledger's key."""
    return b"".join(
        json.dumps(
            {"custom_id": key, "method": "POST", "url": ENDPOINT, "body": body}
        ).encode()
        + b"\n"
        for key, body in bodies.items()
    )


async def submit(
    api: openai.AsyncOpenAI, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]
) -> str:
    """Upload the file, create the batch; its id."""
    file = await api.files.create(
        file=(f"{entry.tag}.jsonl", batch_file(bodies)), purpose="batch"
    )
    batch = await api.batches.create(
        completion_window="24h",
        endpoint=ENDPOINT,
        input_file_id=file.id,
        metadata={TAG: entry.tag},
    )
    return batch.id


async def find_batch(api: openai.AsyncOpenAI, entry: Entry) -> str:
    """The id of the batch with this tag, '' if there is none. Newest come first."""
    async for batch in api.batches.list(limit=100):
        if (batch.metadata or {}).get(TAG) == entry.tag:
            return batch.id
        if batch.created_at < entry.made - SKEW:
            break
    return ""


async def batch_status(api: openai.AsyncOpenAI, batch: str) -> BatchStatus:
    """The batch's state and progress, from its provider."""
    found = await api.batches.retrieve(batch)
    counts = found.request_counts
    errors = (found.errors.data or []) if found.errors else []
    why = "; ".join(f"{e.code}: {e.message}" for e in errors[:3])
    files = tuple(f for f in (found.output_file_id, found.error_file_id) if f)
    done = counts.completed + counts.failed if counts else 0
    return BatchStatus(found.status, done, counts.total if counts else 0, files, why)


async def file_lines(api: openai.AsyncOpenAI, file: str) -> AsyncIterator[bytes]:
    """The lines of a file, one at a time. JSON may hold U+2028, so by newline alone.

    A line longer than a reply may be is passed over: its call is then one without a line.
    """
    parts: list[bytes] = []
    size = 0
    async with api.files.with_streaming_response.content(file) as response:
        async for block in response.iter_bytes():
            *ended, rest = block.split(b"\n")
            for end in ended:
                if size + len(end) <= LARGEST:
                    yield b"".join((*parts, end))
                parts, size = [], 0
            size += len(rest)
            if size <= LARGEST:
                parts.append(rest)
            else:
                parts.clear()
    if parts and size <= LARGEST:
        yield b"".join(parts)


def lines_by_key(lines: Iterable[bytes]) -> list[tuple[str, str]]:
    """(key, line) of those that can be read and name a call."""
    made = []
    for line in lines:
        try:
            key = json.loads(line)["custom_id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(key, str):
            made.append((key, line.decode("utf-8", "replace")))
    return made
