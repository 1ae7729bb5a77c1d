"""What the coordinator promises its workers, over real connections and a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fellowship.cluster.dispatch import Dispatch
from fellowship.cluster.listener import listen
from fellowship.cluster.worker_handle import WorkerHandle
from fellowship.ledger import CallRow, Ledger, LedgerReader
from fellowship.models.limits.gate import EndpointLimits
from fellowship.models.record.call_broker import Call, LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from tests.support.waiting import until

pytest.importorskip("ray", reason="the extra `ray` is not installed")

from fellowship.cluster.worker import CoordinatorLink, RemoteCallBroker

pytestmark = pytest.mark.timeout(60)


@dataclass
class Desk:
    """A coordinator's dispatch and ledger, with two workers connected."""

    broker: LedgerCallBroker
    dispatch: Dispatch
    links: list[CoordinatorLink]
    workers: list[RemoteCallBroker]
    path: Path

    def recorded(self) -> set[str]:
        """Keys of the replies that are on the disk, as another process sees them."""
        with LedgerReader(self.path) as reader:
            return {key for (key,) in reader.rows("SELECT key FROM calls")}

    @property
    def in_flight(self) -> tuple[int, int]:
        """Calls in flight, as the budget and as the endpoint counts them."""
        return self.broker.meter.in_flight, self.broker.gates["here"].in_flight


@asynccontextmanager
async def desk(folder: Path, ceiling: int = 64) -> AsyncIterator[Desk]:
    ledger = Ledger(folder / "ledger.db")
    limits = EndpointLimits("here", ceiling, start=ceiling)
    broker = LedgerCallBroker(ledger, Meter(Limits()), {"here": limits})
    dispatch = Dispatch(broker)
    server, address = await listen("127.0.0.1", dispatch.connect)
    links = [CoordinatorLink(lambda number: None) for _ in "12"]
    for name, link in zip("12", links, strict=True):
        dispatch.add_worker(WorkerHandle(name))
        await link.open(address, name)
    workers = [RemoteCallBroker(link, {}) for link in links]
    ends = [worker.connection for worker in dispatch.workers.values()]
    try:
        yield Desk(broker, dispatch, links, workers, ledger.path)
    finally:
        for link in links:
            await link.close()
        await until(lambda: not any(end and end.is_open for end in ends))
        server.close()
        ledger.close()


def call(key: str) -> Call:
    return Call(key, "m", "here", "s")


def reply(key: str) -> CallRow:
    return CallRow(
        *(key, "s", "seat", "role", "m", "{}", "{}", "text", "stop"),
        *(7, 5, 0, 0.0, 0.0, 0.0, 1),
    )


async def test_a_reply_is_on_the_disk_when_its_worker_may_go_on(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:

        async def ask(number: int) -> bool:
            key, worker = f"k{number}", here.workers[number % 2]
            assert await worker.open(call(key)) is None
            await worker.record(call(key), reply(key))
            return key in here.recorded()

        assert all(await asyncio.gather(*map(ask, range(40))))
        assert await here.workers[0].open(call("k1")) == reply("k1")
        assert here.broker.meter.calls == 40
        assert here.broker.ledger.commits < 40
        assert here.in_flight == (0, 0)


async def test_of_two_calls_with_one_key_each_gives_its_slot_back(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as here:
        worker = here.workers[0]
        await asyncio.gather(worker.open(call("k")), worker.open(call("k")))
        assert here.in_flight == (2, 2)
        await worker.record(call("k"), reply("k"))
        await worker.record(call("k"), reply("k"))
        assert here.in_flight == (0, 0)


async def test_what_a_dead_worker_had_sent_is_kept_and_what_it_had_open_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path) as here:
        worker = here.workers[0]
        await asyncio.gather(*(worker.open(call(key)) for key in "abc"))
        with monkeypatch.context() as patch:
            for name in ("GATHERING", "LONGEST"):
                patch.setattr(f"fellowship.cluster.dispatch.{name}", 600.0)
            going = asyncio.create_task(worker.record(call("a"), reply("a")))
            await until(lambda: bool(here.dispatch._unhandled))
        await here.dispatch.remove_worker(here.dispatch.workers["1"])
        await until(lambda: "a" in here.recorded())
        going.cancel()
        assert here.in_flight == (0, 0)
        assert here.dispatch.lost_calls == 2


async def test_a_call_called_back_while_it_waits_takes_no_slot(tmp_path: Path) -> None:
    async with desk(tmp_path, ceiling=1) as here:
        one, other = here.workers
        await one.open(call("a"))
        waiting = asyncio.create_task(other.open(call("a")))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.wait({waiting})
        await one.record(call("a"), reply("a"))
        assert await other.open(call("b")) is None
        assert here.in_flight == (1, 1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("outcome", (1, "i", "pair", None)),
        ("outcome", (1, "{", None)),
        ("open", 5),
        ("fail", 5),
        ("record", None),
        ("of a newer version", {}),
    ],
)
async def test_a_worker_whose_message_can_t_be_read_is_ended_and_others_are_answered(
    tmp_path: Path, kind: Any, value: Any
) -> None:
    async with desk(tmp_path) as here:
        here.links[0].send(kind, value)
        assert await here.workers[1].open(call("k")) is None
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(here.links[0].lost, 20)
        assert await here.workers[1].record(call("k"), reply("k")) is None
        assert here.recorded() == {"k"}


async def test_what_json_can_t_hold_is_refused_to_its_sender_and_the_rest_arrives(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as here:
        sending = here.workers[0].open(call("k"))
        with pytest.raises(TypeError):
            here.links[0].send("outcome", (1, object(), None))
        with pytest.raises(TypeError):
            await here.links[0].ask("pull", {1, 2})
        assert await sending is None
        here.workers[0].drop(call("k"), 0.0)
