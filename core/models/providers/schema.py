"""Strict JSON schemas, as providers take them for structured output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every object closed and every property required.

    That is what OpenAI's strict mode asks for, and what makes a grammar small.
    """
    made = {key: value for key, value in schema.items() if key != "title"}
    if "properties" in made:
        made["properties"] = {
            k: strict_schema(v) for k, v in made["properties"].items()
        }
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    if "items" in made:
        made["items"] = strict_schema(made["items"])
    return made


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` of OpenAI-style APIs, which llama.cpp understands too."""
    return {
        "type": "json_schema",
        "json_schema": {
            "name": "answer",
            "strict": True,
            "schema": strict_schema(schema),
        },
    }
