"""Facts that a server states of one model before it is asked: context, thinking.

They are looked up where a run's calls go, and cost nothing. What a server doesn't say is
None, and nothing is made of it.
"""

from __future__ import annotations

from typing import NamedTuple


class ServerFacts(NamedTuple):
    """What a server says of one model. `context`: its longest prompt and reply, in tokens.

    `phrases` say all of it; `faults` are what the recipe asks in vain, each with its cure.
    """

    context: int | None = None
    phrases: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
