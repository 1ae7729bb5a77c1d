"""Replayed models: a session again from the ledger alone, with no server and no key.

Such a model knows from the record what it was called to be, so that the same requests have
the same keys; a reply that is not on record is an error, never a call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from fellowship.errors import Failure, FellowshipError, LedgerError, ModelError
from fellowship.ledger import CallRow, LedgerReader
from fellowship.models.client import Client, Reply, Request
from fellowship.models.config import ModelConfig, family_of
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.call_broker import Call
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.models.registry import ModelRegistry

RECORDED_IDENTITY = (
    "SELECT json_extract(request, '$.to'),"
    " max(json_extract(request, '$.schema') IS NOT NULL)"
    " FROM calls WHERE model = ? GROUP BY 1 ORDER BY min(id)"
)
RECORDED_FAILURE = (
    "SELECT kind, message FROM failures WHERE key = ?"
    " AND kind NOT IN ('lost', 'cancelled') ORDER BY id DESC LIMIT 1"
)


class ReplayedModel(Client):
    """A model of which only the recorded replies are left."""

    def __init__(self, name: str, config: ModelConfig, reader: LedgerReader) -> None:
        self.name = name
        self.model = config.model or name
        self.sampling = config.sampling
        self.system_role = config.system_role
        self.family = family_of(config)
        self.scores = provider_of(config).scores(config)
        identities = list(reader.rows(RECORDED_IDENTITY, (name,)))
        self.identity: Mapping[str, Any] = (
            json.loads(identities[0][0])
            if identities
            else presumed_identity(name, config)
        )
        by_schema = any(asked for _, asked in identities)
        own = provider_of(config).own_schema
        self.structured = by_schema if own else config.structured

    async def complete(self, request: Request) -> Reply:
        """Raise `LedgerError`: there is no model to ask."""
        raise LedgerError(f"model {self.name!r} can only be replayed, not called")


def presumed_identity(name: str, config: ModelConfig) -> Mapping[str, Any]:
    """The identity of a model that never answered: as it would be today."""
    try:
        return ModelRegistry({name: config}).bare[name].identity
    except FellowshipError:
        return {}


class RecordOnlyBroker:
    """A broker that hands out recorded replies and lets nothing be sent."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self.replayed = 0

    async def open(self, call: Call) -> CallRow:
        """The recorded reply or failure; `LedgerError` where there is neither."""
        if row := self._reader.call(call.key):
            self.replayed += 1
            return row
        if found := next(self._reader.rows(RECORDED_FAILURE, (call.key,)), None):
            kind, message = found
            raise ModelError(message, kind if kind in get_args(Failure) else "server")
        raise LedgerError(
            f"a call to {call.model!r} of session {call.session} is not in the ledger"
            f" (key {call.key[:12]}...): the recipe, the prompts or the code of this"
            " session have changed, or the session never came so far"
        )

    async def record(self, call: Call, row: CallRow) -> None:
        """Never called: nothing was sent."""
        raise AssertionError("a replay sends nothing")

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """Never called: nothing was sent."""
        raise AssertionError("a replay sends nothing")

    def drop(self, call: Call, began: float) -> None:
        """Nothing was sent, so there is nothing to let go of."""


def replayed_models(
    models: Mapping[str, ModelConfig], reader: LedgerReader, broker: RecordOnlyBroker
) -> dict[str, RecordedClient]:
    """The models of a run, as far as its ledger has replies of them."""
    return {
        name: RecordedClient(
            ReplayedModel(name, config, reader),
            broker=broker,
            endpoint="",
            resident="",
            price=None,
            deadlines=Deadlines(),
            tries=1,
        )
        for name, config in models.items()
    }
