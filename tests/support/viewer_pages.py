"""A run's page on a real server, asked by hand or looked at in a browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fellowship.viewer.filters import Filters
from fellowship.viewer.index import Index
from fellowship.viewer.listing import listing
from fellowship.viewer.server import ServerAddress, make_server


@contextlib.contextmanager
def served(run: Path, token: str = "") -> Iterator[ServerAddress]:
    """The page of a run, on a port of its own."""
    socket, place = ServerAddress(token=token).bind()
    made = make_server(run, place)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        while not token and json.loads(ask(place, "/pulse").text)["waiting"]:
            time.sleep(0.02)
        yield place
    finally:
        made.should_exit = True
        thread.join(20)
        socket.close()


class Answer:
    """What a server said: status, headers in lower case, text."""

    def __init__(
        self, place: ServerAddress, method: str, path: str, **more: Any
    ) -> None:
        link = http.client.HTTPConnection("127.0.0.1", place.port, timeout=120)
        heads = more.get("headers", {})
        link.putrequest(method, path, skip_host="Host" in heads)
        body = more.get("body", "").encode()
        for name, value in {**heads, "Content-Length": str(len(body))}.items():
            link.putheader(name, value)
        link.endheaders(body)
        found = link.getresponse()
        self.status = found.status
        self.headers = {k.lower(): v for k, v in found.getheaders()}
        self.text = found.read().decode("utf-8", "replace")
        link.close()


def ask(place: ServerAddress, path: str, method: str = "GET", **more: Any) -> Answer:
    """One request, its headers exactly as given."""
    return Answer(place, method, path, **more)


def indexed(run: Path) -> Index:
    index = Index(run)
    list(index.refresh(thorough=True))
    return index


def numbers(index: Index, **asked: str) -> list[int]:
    return [one.row["number"] for one in listing(index, Filters.from_query(asked)).rows]


def shown(page: Any) -> list[int]:
    """The numbers of the rows in the list."""
    found = page.locator("table.rows tbody tr").evaluate_all(
        "rows => rows.map(r => Number(r.id.slice(4)))"
    )
    return [int(n) for n in found]


def settled(page: Any, count: int) -> None:
    from playwright.sync_api import expect

    expect(page.locator("table.rows tbody tr")).to_have_count(count)
