"""Judges of two texts under attack or probe, and the verb that tries them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from fellowship.cli.main import app
from tests.support.labelled_judges import said, scored
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

Judge = Callable[[str, str], str]
"""What a judge says of the two texts it is shown."""


def shown(body: dict[str, Any]) -> tuple[str, str]:
    """The two texts a judge is shown."""
    first, second = said(body).split("BEGIN second response")
    parts = (first.split("BEGIN first response")[1], second.split("=== END second")[0])
    return parts[0].split("=== END first")[0], parts[1]


def invoke(verb: str, folder: Path, judge: Judge, *more: str, **sections: Any) -> Any:
    """A verb on a recipe whose writer writes prose and whose judge is `judge`.

    Its exit code and output, or its JSON, and the calls that were made. What follows a
    "then" among the arguments is another go at the same run, whose result counts.
    """

    async def reply(body: dict[str, Any]) -> str:
        text = said(body)
        if "BEGIN second response" in text:
            return judge(*shown(body))
        return f"**Well**, `{body['seed'] % 1000}` says a great deal about {text}"

    goes = " ".join(more).split(" then ")
    with openai_server(reply) as server:
        model = openai_model(server.base_url, price={"prompt": 0, "completion": 0})
        path = recipe(folder / "r.yaml", model, 4, **sections)
        for go in goes:
            arguments = [verb, str(path), "--into", str(folder / "run"), *go.split()]
            result = CliRunner().invoke(app, arguments, standalone_mode=False)
            assert result.exception is None, result.output
        told = json.loads(result.stdout) if "--json" in goes[-1] else result.output
        return int(result.return_value), told, server.stats()["calls"]


def honest(first: str, second: str) -> str:
    """The more words about the row, the better; no attack moves it."""
    ours = [text.count("a great deal about Describe") for text in (first, second)]
    if ours[0] == ours[1]:
        return scored(True, 5, 5)
    return scored(ours[0] > ours[1])
