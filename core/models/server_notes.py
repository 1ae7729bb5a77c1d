"""Sentences on what the servers of a recipe's models say of them, for `plan`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fellowship.errors import ModelError
from fellowship.models.client import Client

PATIENCE = 3.0
"""Seconds that a plan waits for the servers' words."""


async def server_notes(clients: Mapping[str, Client]) -> list[str]:
    """What the servers of a recipe's models say of them, in sentences by model.

    A server that can't be asked, or is not there yet, is said too; a key that is not set
    only means that nothing is looked up.
    """
    notes = await asyncio.gather(*(notes_of(n, c) for n, c in clients.items()))
    return [note for some in notes for note in some]


async def notes_of(name: str, client: Client) -> list[str]:
    """What one model's server says, in sentences. Never raises `ModelError`."""
    try:
        async with asyncio.timeout(PATIENCE):
            facts = await client.server_facts()
    except TimeoutError:
        return [f"model {name!r}: its server says nothing within {PATIENCE:g} s"]
    except ModelError as error:
        return [] if error.kind == "auth" else [f"not looked up: {error}"]
    said = [f"model {name!r}: {', '.join(facts.phrases)}"] if facts.phrases else []
    return said + [
        f"model {name!r}: {fault}; fix: {cure}" for fault, cure in facts.faults
    ]
