"""Connections between workers and the coordinator: nothing lost, doubled or let in."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fellowship.cluster.connection import LENGTH, Connection, join_frame
from fellowship.cluster.listener import Address, connect, listen
from tests.support.waiting import until


@pytest.mark.parametrize("most", [1, 7, 60, 9999])
def test_however_the_bytes_are_cut_each_message_comes_once_in_order(most: int) -> None:
    dice = random.Random(most)

    def word() -> str:
        return "é" * dice.randrange(3) + dice.randbytes(dice.randrange(9)).hex()

    batches = [
        [([word()], [word() for _ in range(dice.randrange(3))]) for _ in range(at % 4)]
        for at in range(30)
    ]
    frames = [
        join_frame(
            [
                (json.dumps([m, *(len(t.encode()) for t in texts)]), [*map(raw, texts)])
                for m, texts in batch
            ]
        )
        for batch in batches
    ]
    data = b"".join(LENGTH.pack(len(frame)) + frame for frame in frames)
    received: list[Any] = []
    end = Connection(received.append, lambda error: None)
    while data:
        size = dice.randint(1, most)
        end.data_received(data[:size])
        data = data[size:]
    sent = [message for batch in batches for message in batch]
    assert received == [[*m, texts] if texts else m for m, texts in sent]


def raw(text: str) -> bytes:
    return text.encode()


class Listening:
    """A coordinator's listener that knows one worker, `ann`, and keeps what she sends."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.ends: dict[str, Connection] = {}
        self.address = Address("", 0, b"")

    def accept(self, name: str, connection: Connection) -> Any:
        if name != "ann" or name in self.ends:
            return None
        self.ends[name] = connection
        return self.received.append


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    made = Listening()
    server, made.address = await listen("127.0.0.1", made.accept)
    try:
        yield made
    finally:
        for end in made.ends.values():
            end.close()
        await until(lambda: not any(end.is_open for end in made.ends.values()))
        server.close()


async def over(end: asyncio.Future[Exception]) -> None:
    await asyncio.wait_for(end, 20)


@pytest.mark.parametrize(
    ("key", "name"),
    [(b"?" * 32, "ann"), (b"", "ann"), (None, "bob"), (None, "x" * 999)],
)
async def test_nothing_is_read_of_whoever_lacks_the_key_or_a_known_name(
    key: bytes | None, name: str
) -> None:
    async with listening() as here:
        address = here.address if key is None else here.address._replace(key=key)
        end: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        made = await connect(address, name, here.received.append, end.set_result)
        made.send("let me in")
        await over(end)
        assert not here.ends
        assert not here.received


async def test_a_second_worker_of_one_name_is_turned_away_and_the_first_goes_on() -> (
    None
):
    async with listening() as here:
        heard: asyncio.Queue[Any] = asyncio.Queue()
        first = await connect(here.address, "ann", heard.put_nowait, lambda error: None)
        first.send("asked")
        await until(lambda: bool(here.received))
        end: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        await connect(here.address, "ann", heard.put_nowait, end.set_result)
        await over(end)
        here.ends["ann"].send("answered")
        assert await asyncio.wait_for(heard.get(), 20) == "answered"
        first.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key, and a certificate that it has signed itself."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=c"
    )
    command = ["openssl", *words.split(), "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


async def test_where_ray_uses_tls_so_do_the_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, cert = certificate(tmp_path)
    for name, value in (("SERVER_CERT", cert), ("SERVER_KEY", key), ("CA_CERT", cert)):
        monkeypatch.setenv(f"RAY_TLS_{name}", str(value))
    monkeypatch.setenv("RAY_USE_TLS", "1")
    async with listening() as here:
        there = await connect(here.address, "ann", print, lambda error: None)
        there.send("secret")
        await until(lambda: here.received == ["secret"])
        there.close()
        monkeypatch.delenv("RAY_USE_TLS")
        end: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        await connect(here.address, "ann", print, end.set_result)
        await over(end)
