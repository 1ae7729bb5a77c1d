"""A request written in parts has the key and the record of one that is written whole."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.hashing import digest
from fellowship.models.client import Request
from fellowship.models.request_json import RequestWriter
from fellowship.records import Message
from fellowship.sanitize import replace_surrogates

TEXTS = st.text(st.characters()) | st.sampled_from(
    ["", '"\\/\x7f\u2028', "\ud800", "é😀"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


def of_whole(identity: Any, request: Request) -> tuple[str, str]:
    """Key and record as one encoder makes them of the whole request."""
    turns = [(m.role, m.content) for m in request.messages]
    sampling = dict(request.sampling)
    key = [identity, turns, sampling, request.schema, request.sample, request.session]
    record = {
        "to": identity,
        "messages": [{"role": role, "content": content} for role, content in turns],
        "sampling": sampling,
        "schema": request.schema,
        "sample": request.sample,
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return digest(key), replace_surrogates(text)


@settings(max_examples=60, deadline=None)
@given(
    identity=st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=3),
    contents=st.lists(TEXTS, max_size=3),
    sampling=st.dictionaries(
        TEXTS, TEXTS | st.floats(-9, 9) | st.integers(), max_size=3
    ),
    schema=st.none() | st.dictionaries(TEXTS, VALUES, max_size=3),
    names=st.tuples(TEXTS, TEXTS),
)
def test_parts_are_the_bytes_of_the_whole(
    identity: Any, contents: Any, sampling: Any, schema: Any, names: Any
) -> None:
    messages = tuple(Message(role="user", content=text) for text in contents)
    request = Request(messages, sampling, schema, *names)
    writer = RequestWriter(identity)
    for change in (None, None, 1, 1.0, True, [1], [1.0]):
        # The second finds the schema's spellings kept; then its owner changes it.
        if schema is not None and change is not None:
            schema["changed"] = change
        parts = writer.parts(request)
        key, record = of_whole(identity, request)
        assert (parts.key(), replace_surrogates(parts.record())) == (key, record)


def test_schemas_that_are_sent_as_the_same_bytes_have_the_same_key() -> None:
    writer = RequestWriter({})
    schemas: list[Any] = [{9: {}, 10: {}}, {"9": {}, "10": {}}, {9: {}, "10": {}}]
    for first, second in permutations(schemas, 2):
        parts = [writer.parts(Request((), {}, s, "", "")) for s in (first, second)]
        assert parts[0].key() == parts[1].key()
