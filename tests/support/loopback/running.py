"""A server runs in a thread of its own, so that blocking code can be its client too."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from tests.support.loopback.ollama_api import OllamaServer
from tests.support.loopback.openai_api import OpenAIServer
from tests.support.loopback.server import Answer, Loopback
from tests.support.loopback.settings import Settings

T = TypeVar("T")
KINDS: dict[str, type[Loopback]] = {"openai": OpenAIServer, "ollama": OllamaServer}
_BIGGEST_BODY = 1 << 30


class ClosingServer(web.Server):
    """aiohttp's server that remembers whom it is connected to.

    A connection accepted in the instant of a shutdown is nobody's in aiohttp: it stays
    open, is never read, and its client waits for ever.
    """

    def __init__(self, *handlers: Any, **options: Any) -> None:
        super().__init__(*handlers, **options)
        self._open: set[asyncio.Transport] = set()

    def connection_made(
        self, handler: RequestHandler, transport: asyncio.Transport
    ) -> None:
        """Remember a new connection."""
        super().connection_made(handler, transport)
        self._open = {each for each in self._open if not each.is_closing()}
        self._open.add(transport)

    def abort_all(self) -> None:
        """Hang up on everyone who is still connected."""
        for transport in self._open:
            transport.abort()
        self._open.clear()


class Listener:
    """A loopback server bound to a port of 127.0.0.1, in the running event loop."""

    def __init__(self, server: Loopback, port: int) -> None:
        self.server = server
        self.port = port
        self._runner: web.ServerRunner | None = None
        self._server: ClosingServer | None = None

    async def start(self) -> None:
        """Listens; port 0 is replaced by the one that was free, and kept."""
        loop = asyncio.get_running_loop()

        def factory(
            message: RawRequestMessage,
            payload: StreamReader,
            protocol: RequestHandler,
            writer: Any,
            task: asyncio.Task[None],
        ) -> web.BaseRequest:
            return web.BaseRequest(
                message,
                payload,
                protocol,
                writer,
                task,
                loop,
                client_max_size=_BIGGEST_BODY,
            )

        self._server = ClosingServer(
            self.server.handle,
            request_factory=factory,
            handler_cancellation=True,
            access_log=None,
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        sock = socket.create_server(("127.0.0.1", self.port), backlog=4096)
        self.port = sock.getsockname()[1]
        await web.SockSite(self._runner, sock, backlog=4096).start()

    async def stop(self) -> None:
        """Hangs up on everyone and frees the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            await asyncio.sleep(0)
            assert self._server is not None
            self._server.abort_all()
            self._runner = self._server = None


class Background:
    """A listener in a daemon thread with its own loop; every method blocks."""

    def __init__(self, kind: str, port: int, settings: Settings, answer: Answer | None):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        async def made() -> Listener:
            return Listener(KINDS[kind](settings, answer), port)

        self.listener = self._wait(made())

    def start(self) -> None:
        """Listens on the port, the same one as before if there was one."""
        self._wait(self.listener.start())

    def stop(self) -> None:
        """The server is down; its counts and models are kept."""
        self._wait(self.listener.stop())

    def call(self, function: Callable[[], T]) -> T:
        """Runs a function in the server's own thread."""

        async def called() -> T:
            return function()

        return self._wait(called())

    def close(self) -> None:
        """Stops for good: listener, loop and thread."""
        self.stop()
        self._wait(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
