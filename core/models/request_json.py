"""JSON of a request, written once: its key in the ledger and its record share the parts.

The bytes are those that `hashing.canonical_json` and compact JSON give of the whole. What
thousands of requests have in common, their model's identity and their schemas, is written
once for all of them; the text of a message, once for its key and its record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from fellowship.hashing import canonical_text
from fellowship.json_encoding import MadeByJson, json_encoder
from fellowship.models.client import Request

compact_text = json_encoder(ensure_ascii=False, separators=(",", ":"))


class Spellings(NamedTuple):
    """A value's canonical JSON, for keys, and its compact JSON, for records."""

    canonical: str
    compact: str


def spellings_of(value: Any) -> Spellings:
    """Both spellings of a value."""
    return Spellings(canonical_text(value), compact_text(value))


def schema_spellings(schema: Any) -> Spellings:
    """Both spellings of a schema.

    Its canonical JSON is that of its JSON, where keys are texts and sorted as texts: what
    is sent as the same bytes has the same key, whichever schema came first.
    """
    compact = compact_text(schema)
    return Spellings(canonical_text(json.loads(compact)), compact)


NULL = spellings_of(None)


class RequestJson(NamedTuple):
    """One request and its parts as JSON; see `RequestWriter.parts`."""

    request: Request
    identity: Spellings
    roles: tuple[str, ...]
    contents: tuple[str, ...]
    sampling: Spellings
    schema: Spellings
    sample: str
    session: str

    def key(self) -> str:
        """The request's key: the digest, in 64 hex letters, of its canonical JSON."""
        turns = zip(self.roles, self.contents, strict=True)
        messages = ",".join([f"[{role},{content}]" for role, content in turns])
        text = (
            f"[{self.identity.canonical},[{messages}],{self.sampling.canonical},"
            f"{self.schema.canonical},{self.sample},{self.session}]"
        )
        return hashlib.blake2b(
            text.encode("utf-8", "backslashreplace"), digest_size=32
        ).hexdigest()

    def record(self) -> str:
        """What the ledger keeps of it: compact JSON that people can read."""
        turns = zip(self.roles, self.contents, strict=True)
        messages = ",".join([f'{{"role":{r},"content":{c}}}' for r, c in turns])
        return (
            f'{{"to":{self.identity.compact},"messages":[{messages}],'
            f'"sampling":{self.sampling.compact},"schema":{self.schema.compact},'
            f'"sample":{self.sample}}}'
        )


class RequestWriter:
    """Writes the requests to one model, whose identity never changes."""

    def __init__(self, identity: Mapping[str, Any]) -> None:
        self._identity = spellings_of(identity)
        self._schemas = MadeByJson(schema_spellings)

    def parts(self, request: Request) -> RequestJson:
        """A request as the parts that its key and its record are made of."""
        return RequestJson(
            request,
            self._identity,
            tuple([quoted(message.role) for message in request.messages]),
            tuple([quoted(message.content) for message in request.messages]),
            spellings_of(dict(request.sampling)),
            NULL if request.schema is None else self._schemas.of(request.schema),
            quoted(request.sample),
            quoted(request.session),
        )


def key_of(identity: Mapping[str, Any], request: Request) -> str:
    """The ledger's key for a request to the model of that identity."""
    return RequestWriter(identity).parts(request).key()
