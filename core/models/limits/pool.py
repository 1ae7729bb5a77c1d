"""Several hosts that serve one model are one model: whichever answers, the key is one.

A call goes to the host with the fewest calls in the air. A host that fails is left out for
a while, then tried with one call; while every host is out the pool is down, and the gate
waits for it as for any endpoint.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from fellowship.errors import Failure, ModelError
from fellowship.models.client import Client, Finding, Reply, Request

log = structlog.get_logger("fellowship.models")

ELSEWHERE: frozenset[Failure] = frozenset({"down", "missing"})
"""Failures that cost nothing and are this host's own: the next host is asked at once."""

ILL: frozenset[Failure] = frozenset(
    {"network", "unavailable", "server", "deadline", "malformed"}
)
"""Failures after some of which in a row a host is left out."""

IN_A_ROW = 3
"""So many of them without a reply between."""

LONGEST = 30.0
"""Seconds a host is left out at the most, unless it asks for more itself."""


@dataclass
class Health:
    """What is known of one host. Times are a monotonic clock's."""

    in_air: int = 0
    served: int = 0
    failures: int = 0
    until: float = 0.0
    rest: float = 0.0

    def open(self, now: float) -> bool:
        """Whether it may be asked: it is well, or due for a try and not being tried."""
        return now >= self.until and not (self.rest and self.in_air)

    def well(self) -> bool:
        """It answered. Whether that is news."""
        news, self.failures, self.rest, self.until = bool(self.rest), 0, 0.0, 0.0
        return news

    def failed(self, kind: Failure, wish: float, now: float) -> bool:
        """It failed. Whether it is left out for that, from now on."""
        if kind == "rate":
            self.until = max(self.until, now + wish)
            return False
        if kind not in ELSEWHERE | ILL:
            self.well()
            return False
        self.failures += 1
        if kind in ILL and self.failures < IN_A_ROW and not self.rest:
            return False
        news = not self.rest
        self.rest = min(LONGEST, 2 * self.rest or 1.0)
        self.until = now + self.rest
        return news


def least(hosts: Sequence[Health], tried: set[int], now: float) -> int | None:
    """Which host to ask: the least busy of those that may be; else the one due first.

    None once every host was tried.
    """
    left = [n for n in range(len(hosts)) if n not in tried]
    well = [n for n in left if hosts[n].open(now)]
    if well:
        return min(well, key=lambda n: (hosts[n].in_air, hosts[n].served))
    return min(left, key=lambda n: hosts[n].until) if left else None


class PoolClient(Client):
    """One model behind several hosts, each with a client of its own."""

    def __init__(self, name: str, members: Sequence[Client]) -> None:
        first = members[0]
        self.name = name
        self.model = first.model
        self.sampling = first.sampling
        self.system_role = first.system_role
        self.structured = first.structured
        self.family = first.family
        self.identity = {**first.identity, "endpoint": "pool"}
        self._members = members
        self.hosts = [Health() for _ in members]

    async def complete(self, request: Request) -> Reply:
        """As the host that is asked; `ModelError` of kind `down` when none can be."""
        tried: set[int] = set()
        last: ModelError | None = None
        while (at := least(self.hosts, tried, time.monotonic())) is not None:
            tried.add(at)
            try:
                return await self._ask(at, request)
            except ModelError as error:
                if error.kind not in ELSEWHERE:
                    raise
                last = error
        assert last is not None
        raise ModelError(
            f"no host of the pool answers; the last said: {last}", last.kind
        )

    async def _ask(self, at: int, request: Request) -> Reply:
        host, kind, wish = self.hosts[at], "deadline", 0.0
        host.in_air += 1
        host.served += 1
        try:
            reply = await self._members[at].complete(request)
            kind = ""
            return reply
        except ModelError as error:
            kind, wish = error.kind, error.retry_after or 1.0
            if kind == "rate" and len(self.hosts) > 1:
                error.retry_after = None  # the others have not asked for a wait
            raise
        finally:
            # A call called back was late, as far as its host is concerned.
            host.in_air -= 1
            self._judge(at, kind, wish)

    def _judge(self, at: int, kind: str, wish: float) -> None:
        host, where = self.hosts[at], self._members[at].identity["endpoint"]
        if not kind:
            if host.well():
                log.info("host back", model=self.name, host=where)
        elif host.failed(kind, wish, time.monotonic()):  # type: ignore[arg-type]
            log.warning("host out", model=self.name, host=where, why=kind)

    async def check(self) -> list[Finding]:
        """Every host's findings."""
        return [f for member in self._members for f in await member.check()]

    async def close(self) -> None:
        """Close every host's client."""
        for member in self._members:
            await member.close()
