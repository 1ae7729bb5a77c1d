"""Any JSON schema a judge would send has a valid instance that a seed can choose."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from tests.support.loopback.prose import prose

Schema = dict[str, Any]
_DEEP = 6


class Instance:
    """Draws one valid value of `root`. Same seed, same value.

    Knows object, array, string, integer, number, boolean, null, enum, const, $ref,
    anyOf, oneOf and allOf (its first member); ignores `pattern` and `format`.
    """

    def __init__(self, root: Schema, seed: bytes, words: list[str]) -> None:
        self.root = root
        self.seed = seed
        self.words = words
        self.random = Random(seed)

    def draw(self) -> Any:
        """The whole value."""
        return self._value(self.root, 0)

    def _value(self, schema: Schema, depth: int) -> Any:
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = "null" if depth > _DEEP and "null" in kind else kind[0]
        if kind == "object":
            fields = schema.get("properties", {})
            return {name: self._value(s, depth + 1) for name, s in fields.items()}
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string":
            return self._string(schema)
        if kind == "integer":
            return self._integer(schema)
        if kind == "number":
            return self._number(schema)
        return self.random.random() < 0.5 if kind == "boolean" else None

    def _resolved(self, schema: Schema, depth: int) -> Schema:
        """Follows references and takes one branch of a choice."""
        while True:
            if "$ref" in schema:
                target: Any = self.root
                for step in schema["$ref"].lstrip("#/").split("/"):
                    target = target[step] if step else target
                schema = target
            elif branches := schema.get("anyOf") or schema.get("oneOf"):
                plain = [b for b in branches if b.get("type") == "null"]
                schema = plain[0] if plain and depth > _DEEP else branches[0]
            elif "allOf" in schema:
                schema = schema["allOf"][0]
            else:
                return schema

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        least = schema.get("minItems", 0 if depth > _DEEP else 1)
        most = schema.get("maxItems", max(least, 0 if depth > _DEEP else 3))
        items = schema.get("items", {"type": "string"})
        size = self.random.randint(least, most)
        return [self._value(items, depth + 1) for _ in range(size)]

    def _string(self, schema: Schema) -> str:
        mixed = self.random.randbytes(64)
        text = prose(mixed, self.words, 1 + mixed[0] % 3)
        text = text[: schema.get("maxLength", len(text))].rstrip()
        return text.ljust(schema.get("minLength", 0), ".")

    def _integer(self, schema: Schema) -> int:
        low, high = _bounds(schema, 1)
        step = int(schema.get("multipleOf", 1))
        least, most = math.ceil(low / step), math.floor(high / step)
        return step * self.random.randint(least, most)

    def _number(self, schema: Schema) -> float:
        low, high = _bounds(schema, 0.0)
        half = round(2 * self.random.uniform(low, high)) / 2
        return min(max(half, low), high)


def _bounds(schema: Schema, gap: float) -> tuple[float, float]:
    """Lowest and highest value, ends included; scores from 1 to 10 by default."""
    low = schema.get("minimum")
    high = schema.get("maximum")
    nudge = gap or 1e-6
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + nudge
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - nudge
    if low is None:
        low = 1 if high is None or high >= 1 else high - 9
    return low, max(low, 10) if high is None else high
