"""Pool of hosts that serve one model, as one client.

Whichever host answers, the ledger's key is one. A call goes to the host with the fewest
calls in flight. A host that fails is left out for a while, then tried with one call; while
every host is out the pool is down, and the gate waits for it as for any endpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from fellowship.errors import Failure, ModelError
from fellowship.models.client import Client, Finding, Reply, Request
from fellowship.models.limits.wait_note import NotesWaits, WaitNote
from fellowship.models.server_facts import ServerFacts

log = structlog.get_logger("fellowship.models")

NEXT_HOST: frozenset[Failure] = frozenset({"down", "missing"})
"""Failures that cost nothing and are this host's own: the next host is asked at once."""

OUTAGES: frozenset[Failure] = frozenset(
    {"network", "unavailable", "server", "deadline", "malformed"}
)
"""Failures after some of which in a row a host is left out."""

IN_A_ROW = 3
"""So many of them without a reply between."""

LONGEST = 30.0
"""Seconds a host is left out at the most, unless it asks for more itself."""


@dataclass
class HostHealth:
    """Health of one host. Times are a monotonic clock's."""

    in_flight: int = 0
    served: int = 0
    failures: int = 0
    out_until: float = 0.0
    pause: float = 0.0

    def is_available(self, now: float) -> bool:
        """Whether it may be asked: it is well, or due for a try and not being tried."""
        return now >= self.out_until and not (self.pause and self.in_flight)

    def record_success(self) -> bool:
        """It answered. True: it was left out until now."""
        news, self.failures, self.pause, self.out_until = bool(self.pause), 0, 0.0, 0.0
        return news

    def record_failure(self, kind: Failure, wait: float, now: float) -> bool:
        """It failed, and may have asked for a wait. True: it is left out from now on."""
        if kind == "rate":
            self.out_until = max(self.out_until, now + wait)
            return False
        if kind not in NEXT_HOST | OUTAGES:
            self.record_success()
            return False
        self.failures += 1
        if kind in OUTAGES and self.failures < IN_A_ROW and not self.pause:
            return False
        news = not self.pause
        self.pause = min(LONGEST, 2 * self.pause or 1.0)
        self.out_until = now + self.pause
        return news


def next_host(hosts: Sequence[HostHealth], tried: set[int], now: float) -> int | None:
    """The host to ask: the least busy of those available, else the one due first.

    None once every host was tried.
    """
    left = [n for n in range(len(hosts)) if n not in tried]
    well = [n for n in left if hosts[n].is_available(now)]
    if well:
        return min(well, key=lambda n: (hosts[n].in_flight, hosts[n].served))
    return min(left, key=lambda n: hosts[n].out_until) if left else None


class PoolClient(Client):
    """One model behind several hosts, each with a client of its own."""

    def __init__(self, name: str, members: Sequence[Client]) -> None:
        first = members[0]
        self.name = name
        self.model = first.model
        self.sampling = first.sampling
        self.thinking_tokens = first.thinking_tokens
        self.scores = first.scores
        self.system_role = first.system_role
        self.structured = first.structured
        self.family = first.family
        self.identity = {**first.identity, "endpoint": "pool"}
        self._members = members
        self.hosts = [HostHealth() for _ in members]

    async def complete(self, request: Request) -> Reply:
        """As the host that is asked; `ModelError` of kind `down` when none can be."""
        tried: set[int] = set()
        last: ModelError | None = None
        while (index := next_host(self.hosts, tried, time.monotonic())) is not None:
            tried.add(index)
            try:
                return await self._ask(index, request)
            except ModelError as error:
                if error.kind not in NEXT_HOST:
                    raise
                last = error
        assert last is not None
        raise ModelError(
            f"no host of the pool answers; the last said: {last}", last.kind
        )

    async def _ask(self, index: int, request: Request) -> Reply:
        host, kind, wait = self.hosts[index], "deadline", 0.0
        host.in_flight += 1
        host.served += 1
        try:
            reply = await self._members[index].complete(request)
            kind = ""
            return reply
        except ModelError as error:
            kind, wait = error.kind, error.retry_after or 1.0
            if kind == "rate" and len(self.hosts) > 1:
                error.retry_after = None  # the others have not asked for a wait
            raise
        finally:
            # A call called back was late, as far as its host is concerned.
            host.in_flight -= 1
            self._record_result(index, kind, wait)

    def _record_result(self, index: int, kind: str, wait: float) -> None:
        host, where = self.hosts[index], self._members[index].identity["endpoint"]
        if not kind:
            if host.record_success():
                log.info("host back", model=self.name, host=where)
        elif host.record_failure(kind, wait, time.monotonic()):  # type: ignore[arg-type]
            log.warning("host out", model=self.name, host=where, why=kind)

    async def check(self) -> list[Finding]:
        """Every host's findings."""
        return [f for member in self._members for f in await member.check()]

    def status_note(self) -> WaitNote | None:
        """The first host's note that has one."""
        members = (m for m in self._members if isinstance(m, NotesWaits))
        notes = (member.status_note() for member in members)
        return next(filter(None, notes), None)

    async def server_facts(self) -> ServerFacts:
        """As the first of its hosts says: all of them have the same model."""
        return await self._members[0].server_facts()

    def recall(self, left_out: Iterable[str]) -> None:
        """As `Client` says, on every host."""
        names = tuple(left_out)
        for member in self._members:
            member.recall(names)

    async def close(self) -> None:
        """Close every host's client."""
        for member in self._members:
            await member.close()
