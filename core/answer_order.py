"""Order of the fields in structured answers: the reason first, the verdict after it.

A model that writes its score first has given it without a reason. Servers may write an
object's fields by name instead of in the schema's order (Ollama 0.32 does), so on the wire
the names sort as the schema orders them, and replies are held to that order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
DECODER = json.JSONDecoder()


def is_sorted(schema: Schema) -> bool:
    """Whether a server that writes fields by name keeps the schema's order."""
    names = list(schema.get("properties", ()))
    return names == sorted(names) and all(map(is_sorted, inner_schemas(schema)))


def inner_schemas(schema: Schema) -> Iterator[Schema]:
    """The schemas of a schema's fields and items."""
    inner = (*schema.get("properties", {}).values(), schema.get("items"))
    return (one for one in inner if isinstance(one, Mapping))


def require_sorted(schema: Schema, what: str) -> None:
    """Raise `ImportError` for a structured output whose names would change its order."""
    if not is_sorted(schema):
        names = ", ".join(schema.get("properties", ()))
        raise ImportError(
            f"{what}: a server that writes fields by name changes the order {names}"
        )


def sorted_schema(schema: Schema) -> dict[str, Any]:
    """The schema with names that sort in its own order: numbered where they don't."""
    made = dict(schema)
    if isinstance(made.get("properties"), Mapping):
        fields = made["properties"]
        numbered = list(fields) != sorted(fields)
        made["properties"] = {
            wire_name(number, name) if numbered else name: sorted_schema(field)
            for number, (name, field) in enumerate(fields.items(), 1)
        }
    if isinstance(made.get("items"), Mapping):
        made["items"] = sorted_schema(made["items"])
    return made


def wire_name(number: int, name: str) -> str:
    """A field's name with its place before it."""
    return f"{number:02}_{name}"


def own_names(text: str, schema: Schema) -> str:
    """A reply's text with the schema's own names where it has those of the wire."""
    for inner in inner_schemas(schema):
        text = own_names(text, inner)
    fields = list(schema.get("properties", ()))
    if fields == sorted(fields):
        return text
    for number, name in enumerate(fields, 1):
        wired = re.escape(f'"{wire_name(number, name)}"')
        text = f'"{name}"'.join(re.split(rf"{wired}(?=\s*:)", text))
    return text


def is_reason(field: object) -> bool:
    """Whether a schema's field is free text."""
    return (
        isinstance(field, Mapping)
        and field.get("type") == "string"
        and "enum" not in field
    )


def is_verdict_first(schema: Schema | None, text: str) -> bool:
    """Whether an answer gives its verdict before the reason its schema puts first.

    The last object of the text counts that has both. False where the schema has no reason
    first.
    """
    fields = dict((schema or {}).get("properties", {}))
    reason = next(iter(fields), "")
    if len(fields) < 2 or not is_reason(fields[reason]):
        return False
    inside = text.find("{") + 1
    if text.find("{", inside) < 0 and text[inside:].lstrip().startswith(f'"{reason}"'):
        return False  # as nearly always: one object at the most, its reason first
    verdicts = fields.keys() - {reason}
    found = False
    for names in objects_in(text):
        if reason in names and verdicts & set(names):
            first = min(names.index(name) for name in verdicts if name in names)
            found = first < names.index(reason)
    return found


def objects_in(text: str) -> Iterator[list[str]]:
    """The names of each JSON object in a text, in the order they are written."""
    at = 0
    while (start := text.find("{", at)) >= 0:
        try:
            value, at = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            at = start + 1
            continue
        yield list(value)
