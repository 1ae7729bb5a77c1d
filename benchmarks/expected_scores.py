"""Ties and agreement of written, sampled and expected scores, alone and together.

    python -m benchmarks.expected_scores [rows] [samples]

The embedded model judges pairs of answers of PandaLM's test set, the shortest ones that
people agree on, from the shared data. Each row is asked `samples` times with the chances of
its tokens, once in each order, so all four ways of scoring are read from the same replies.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fellowship.agents.case import Case
from fellowship.agents.roles import TWO_TITLES, Judge
from fellowship.errors import VerdictError
from fellowship.models.client import Client, Request
from fellowship.models.config import LlamaCppModel
from fellowship.models.registry import ModelRegistry
from fellowship.records import Candidate, Choice, Conversation, Message, Scores
from fellowship.stats.rates import rate_interval
from tests.support.paths import PAPER

LABELS = PAPER / "labels" / "pandalm-testset-v1.json"
MODEL = LlamaCppModel(provider="llama_cpp", num_ctx=1024, slots=2)
JUDGE = Judge(model="m", titles=TWO_TITLES, expected=True)


class Row(NamedTuple):
    """A case and its label: 1 where the first answer is better, -1 the second."""

    case: Case
    label: int


class Read(NamedTuple):
    """One reply's scores as written and as expected, with the latter's coverage."""

    written: Scores
    expected: Scores
    coverage: float


def rows(number: int) -> list[Row]:
    """The shortest rows whose three annotators name one answer."""
    found = []
    for row in json.loads(LABELS.read_text("utf-8")):
        named = {row[f"annotator{n}"] for n in (1, 2, 3)}
        if named in ({1}, {2}):
            prompt = "\n".join(
                filter(None, map(str, (row["instruction"], row["input"])))
            )
            texts = [str(row["response1"]), str(row["response2"])]
            turn = Message(role="user", content=prompt)
            answers = tuple(Candidate(text=text, system="s") for text in texts)
            case = Case(Conversation(messages=(turn,)), answers)
            size = len(prompt) + sum(map(len, texts))
            found.append((size, Row(case, 1 if named == {1} else -1)))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])][:number]


async def ask(client: Client, case: Case, sample: int) -> Read | None:
    """One reply, read both ways; None where it can't be read."""
    sampling = {"temperature": 0.7, "max_tokens": 120, "seed": sample}
    chances = {"logprobs": True, "top_logprobs": 20}
    messages = JUDGE.messages(case, (), True)
    request = Request(messages, sampling | chances, schema=JUDGE.schema())
    reply = await client.complete(request)
    try:
        written = JUDGE.read(reply.text, case)
    except VerdictError:
        return None
    found = JUDGE.refined(written, reply.raw)
    if not (isinstance(written, Choice) and isinstance(found, Choice)):
        return None
    assert written.scores is not None
    assert found.scores is not None
    return Read(written.scores, found.scores, found.coverage or 0.0)


async def gaps(client: Client, row: Row, samples: int) -> list[list[Read]]:
    """The replies to a row in each order."""
    cases = (row.case, row.case.swapped())
    orders = []
    for case in cases:
        asked = (ask(client, case, sample) for sample in range(samples))
        orders.append([read for read in await asyncio.gather(*asked) if read])
    return orders


def gap(orders: Sequence[Sequence[Read]], way: str, samples: int) -> float | None:
    """The mean gap of the first answer over the second; None where nothing was read."""
    signed = [
        sign * (scores.first - scores.second)
        for sign, reads in zip((1, -1), orders, strict=True)
        for scores in (getattr(read, way) for read in reads[:samples])
    ]
    return sum(signed) / len(signed) if signed else None


def show(name: str, found: Sequence[float | None], labels: Sequence[int]) -> None:
    """A line: how many rows tie, and how many name the answer that people name."""
    known = [
        (g, label) for g, label in zip(found, labels, strict=True) if g is not None
    ]
    ties = np.array([abs(g) < 1e-9 for g, _ in known], float)
    right = np.array([g * label > 0 for g, label in known], float)
    parts = []
    for what, values in (("ties", ties), ("agree", right)):
        found_rate = rate_interval(values)
        low, high = found_rate.low, found_rate.high
        parts.append(f"{what} {found_rate.value:6.1%} ({low:.1%} to {high:.1%})")
    print(f"{name:34}{len(known):5} rows  {'  '.join(parts)}")


async def main(number: int, samples: int) -> None:
    """Ask, and print a line a way of scoring."""
    chosen = rows(number)
    registry = ModelRegistry({"m": MODEL})
    try:
        asked = [await gaps(registry.bare["m"], row, samples) for row in chosen]
    finally:
        await registry.close()
    labels = [row.label for row in chosen]
    ways = (
        ("written", 1),
        ("written", samples),
        ("expected", 1),
        ("expected", samples),
    )
    for way, many in ways:
        name = f"{way} scores, {many} sample{'s' * (many > 1)} an order"
        show(name, [gap(orders, way, many) for orders in asked], labels)
    shares = [r.coverage for orders in asked for reads in orders for r in reads]
    few = sum(share < 0.5 for share in shares)
    print(f"coverage: mean {np.mean(shares):.2f}; under 0.5 in {few} of {len(shares)}")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    asyncio.run(main(*(given + [12, 3][len(given) :])))
