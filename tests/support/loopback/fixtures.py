"""One handle for a server in a thread and for one in a process.

async with openai_server(latency=0.01) as server:      # or plain `with`
    server.script(next=["429:1", "reset"])
    ...
    assert server.stats()["answered_again"] == 0
"""

from __future__ import annotations

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.loopback.running import Background
from tests.support.loopback.server import Answer
from tests.support.loopback.settings import Settings

_SERVE = Path(__file__).with_name("serve.py")


class Handle(ABC):
    """A running server, as a context manager that is both plain and async.

    `start` and `stop` may be called in between: the port stays the same.
    """

    kind: str
    port: int

    @property
    def url(self) -> str:
        """Where it listens: what an Ollama client takes as host."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What the provider's SDK takes: OpenAI's ends in /v1."""
        return self.url + ("/v1" if self.kind == "openai" else "")

    @abstractmethod
    def start(self) -> None:
        """Listens, or listens again."""

    @abstractmethod
    def stop(self) -> None:
        """Goes down as a crashed server does."""

    @abstractmethod
    def close(self) -> None:
        """Goes for good."""

    def stats(self) -> dict[str, Any]:
        """What it counted: see Tally.report."""
        return self._http("GET", "/_stats")

    def reset(self) -> None:
        """Forgets counts and faults."""
        self._http("POST", "/_reset")

    def script(self, **plan: Any) -> None:
        """`next`, `mix`, `seed`, `only`: faults to come. `set`: settings to change."""
        self._http("POST", "/_script", plan)

    def _http(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            raw = None if body is None else json.dumps(body)
            connection.request(method, path, raw)
            reply: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in reply:
            raise ValueError(reply["error"])
        return reply

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class InThread(Handle):
    """A server in a background thread of this process."""

    def __init__(
        self, kind: str, answer: Answer | None, port: int, settings: dict[str, Any]
    ) -> None:
        self.kind = kind
        self.port = port
        chosen = Settings()
        chosen.change(settings)
        self._settings = chosen
        self._answer = answer
        self._background: Background | None = None

    def start(self) -> None:
        if self._background is None:
            self._background = Background(
                self.kind, self.port, self._settings, self._answer
            )
        self._background.start()
        self.port = self._background.listener.port

    def stop(self) -> None:
        if self._background is not None:
            self._background.stop()

    def close(self) -> None:
        if self._background is not None:
            self._background.close()
            self._background = None

    def batch_files(self) -> dict[str, bytes]:
        """What was uploaded to an OpenAI server, and what it made of that."""
        assert self._background is not None
        server: Any = self._background.listener.server
        return dict(server.desk.files)

    def evict(self, model: str) -> None:
        """An Ollama server drops a model from memory."""
        assert self._background is not None
        server: Any = self._background.listener.server
        self._background.call(lambda: server.memory.evict(model))


class InProcess(Handle):
    """A server in a process of its own. It dies with its parent; `stop` is kill -9."""

    def __init__(self, kind: str, port: int, flags: tuple[str, ...]) -> None:
        self.kind = kind
        self.port = port
        self.flags = flags
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process to measure or to kill."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, str(_SERVE), "--kind", self.kind]
        command += ["--port", str(self.port), "--until-eof", *self.flags]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError(f"no server: {command}")
        self.port = json.loads(line)["port"]

    def stop(self) -> None:
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def openai_server(
    answer: Answer | None = None, *, port: int = 0, **settings: Any
) -> InThread:
    """An OpenAI server in a thread. `settings`: fields of Settings."""
    return InThread("openai", answer, port, settings)


def ollama_server(
    answer: Answer | None = None, *, port: int = 0, **settings: Any
) -> InThread:
    """An Ollama server in a thread. `settings`: fields of Settings."""
    return InThread("ollama", answer, port, settings)


def server_process(kind: str, *flags: str, port: int = 0, **settings: Any) -> InProcess:
    """`serve.py` in a process: `flags` as on its command line, settings as fields."""
    if settings:
        flags = (*flags, "--settings", json.dumps(settings))
    return InProcess(kind, port, flags)
