"""Messages and a schema to ask loopback servers with."""

from __future__ import annotations

ASK = [{"role": "user", "content": "Why is the midnight sky dark between stars?"}]

VERDICT = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 60},
        "first": {"type": "integer", "minimum": 1, "maximum": 10},
        "second": {"type": "integer", "minimum": 1, "maximum": 10},
        "winner": {"enum": ["first", "second", "tie"]},
    },
    "required": ["reason", "first", "second", "winner"],
}
