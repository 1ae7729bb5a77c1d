"""Notes of ours on a recorded reply, which stand in its JSON beside the provider's words.

They are one object under `NOTES`: the thinking, as its own field; the thinking's tokens
where the provider counted them; `usage: estimated` where it counted nothing; its finish
reason where we don't know the word; `left_out`, the parameters that its model refuses;
remarks on what is odd. A reply without the object was recorded by a version that split
nothing off and judged no ending, and is taken as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fellowship.answer_order import is_verdict_first
from fellowship.json_encoding import json_encoder
from fellowship.models.client import Remark, Reply, Request

NOTES = "fellowship"
MARK = f'"{NOTES}": {{'
record_text = json_encoder(default=str)


def reply_record(raw: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
    """The JSON of a reply for the ledger: the provider's own, with our notes beside it."""
    return record_text({**raw, NOTES: notes})


def notes_on(reply: Reply) -> dict[str, Any]:
    """Our notes on a reply, as `parsed_notes` finds them in its record."""
    notes: dict[str, Any] = {}
    if reply.thinking:
        notes["thinking"] = reply.thinking
    if reply.usage.thinking is not None:
        notes["thinking_tokens"] = reply.usage.thinking
    if reply.usage.estimated:
        notes["usage"] = "estimated"
    if reply.finish_word:
        notes["finish_reason"] = reply.finish_word
    if reply.left_out:
        notes["left_out"] = list(reply.left_out)
    if reply.remarks:
        notes["remarks"] = list(reply.remarks)
    return notes


def remarks_on(request: Request, reply: Reply) -> tuple[Remark, ...]:
    """What is odd about the reply to a request."""
    remarks: list[Remark] = list(reply.remarks)
    if is_verdict_first(request.schema, reply.text):
        remarks.append("verdict-first")
    asked = request.sampling.get("logprobs")
    if asked and reply.text and not holds_chances(reply.raw):
        remarks.append("no-logprobs")
    return tuple(remarks)


def holds_chances(raw: Mapping[str, Any]) -> bool:
    """Whether a provider's reply has the chances of its tokens, wherever it has them."""
    choices = raw.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    return bool(
        raw.get("logprobs") or (isinstance(choice, dict) and choice.get("logprobs"))
    )


def notes_at_end(end: str) -> Mapping[str, Any] | None:
    """The notes that a record ends in, from `MARK` on; None where more than they follow.

    They need not be looked for in the whole record: what is deeper in it ends in two
    braces, and a text's quotation marks are escaped there.
    """
    return known_notes(end) if len(end) <= SHORT else read_end(end)


def read_end(end: str) -> Mapping[str, Any] | None:
    """The same, read."""
    try:
        notes: dict[str, Any] = json.loads(f"{{{end}")[NOTES]
    except ValueError:
        return None
    return MappingProxyType(notes)


SHORT = 200
"""Letters of notes that are kept in mind, as those of most replies are the same few."""
known_notes = lru_cache(maxsize=256)(read_end)


def reply_notes(record: str) -> Mapping[str, Any]:
    """The notes on a recorded reply; empty where it has none."""
    return parsed_notes(record) or {}


def parsed_notes(record: str) -> Mapping[str, Any] | None:
    """The notes on a recorded reply; None for a reply of an older version."""
    if (at := record.find(MARK)) < 0:
        return None
    if (found := notes_at_end(record[at:])) is not None:
        return found
    known = json.loads(record)
    notes = known.get(NOTES) if isinstance(known, dict) else None
    return notes if isinstance(notes, dict) else None
