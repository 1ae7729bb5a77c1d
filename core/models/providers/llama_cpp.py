"""Client for the embedded engine: llama.cpp's own server in this process, without a socket.

Replies are streamed to a callback, because a callback is what can stop them: a call that
is cancelled frees its slot at the next token.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fellowship.errors import ModelError, RecipeError, install_command
from fellowship.models.client import Client, Finding, Reply, Request, thinking_identity
from fellowship.models.config import LlamaCppModel, family_of
from fellowship.models.limits.refusals import failure_kind
from fellowship.models.providers.schema import response_format
from fellowship.models.providers.weights import CURE, PACKAGED, find_weights
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.reading import make_reply
from fellowship.models.replies.usage_counts import usage_from


@dataclass(frozen=True)
class EngineKey:
    """What two recipe models must share to share one engine."""

    path: Path
    num_ctx: int
    slots: int
    threads: int


class Engine:
    """One loaded GGUF file with its slots. Loading it costs a second; made lazily."""

    def __init__(self, key: EngineKey) -> None:
        self.key = key
        self._server: Any = None
        self._pool = ThreadPoolExecutor(2 * key.slots, thread_name_prefix="llama")
        self._loading = threading.Lock()

    def server(self) -> Any:
        """The engine, loaded at the first call."""
        with self._loading:
            if self._server is None:
                self._server = load_server(self.key)
        return self._server

    async def stream(self, body: dict[str, Any]) -> StreamedReply:
        """Run one request to its end; cancelling the task stops it at the next token."""
        gathered = StreamedReply()
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._run, body, gathered)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            gathered.stopped = True
            raise

    def _run(self, body: dict[str, Any], gathered: StreamedReply) -> StreamedReply:
        if not gathered.stopped:
            early = self.server().handle_chat_completions(body, gathered.add_chunk)
            if isinstance(early, dict):
                gathered.add_chunk(early)
        return gathered

    def close(self) -> None:
        """Unload the model."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._server = None


@dataclass
class StreamedReply:
    """What a stream has said so far."""

    parts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    chances: list[Any] = field(default_factory=list)
    finish: str | None = None
    usage: Any = None
    timings: Any = None
    error: Any = None
    stopped: bool = False

    @property
    def message(self) -> dict[str, str]:
        """The message said so far."""
        message_fields = {"content": "".join(self.parts)}
        return message_fields | {"reasoning_content": "".join(self.thoughts)}

    @property
    def raw(self) -> dict[str, Any]:
        """What is kept of the reply beside its text."""
        kept = {"usage": self.usage, "timings": self.timings}
        thought = {"reasoning_content": "".join(self.thoughts)}
        chances = {"logprobs": self.chances} if self.chances else {}
        return kept | (thought if self.thoughts else {}) | chances

    def add_chunk(self, chunk: dict[str, Any]) -> bool:
        """One chunk of the stream. True asks the engine to stop."""
        if "error" in chunk:
            self.error = chunk["error"]
            return True
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta", {})
            if part := delta.get("content"):
                self.parts.append(part)
            if thought := delta.get("reasoning_content"):
                self.thoughts.append(thought)
            self.chances += (choice.get("logprobs") or {}).get("content") or ()
            self.finish = choice.get("finish_reason") or self.finish
        self.usage = chunk.get("usage") or self.usage
        self.timings = chunk.get("timings") or self.timings
        return self.stopped


def load_server(key: EngineKey) -> Any:
    """Start llama.cpp's server engine. Its HTTP side is shut with a key nobody knows."""
    # The engine's threads meet many times a token. By default they wait spinning, and
    # one busy neighbour then stalls them all; docs/log.md has what each way costs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as error:
        raise RecipeError(
            f"the embedded engine is not installed: {install_command('embedded')}"
        ) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(key.path)
    params.n_ctx = key.num_ctx * key.slots
    params.n_parallel = key.slots
    params.cpuparams.n_threads = key.threads
    params.verbosity = -1
    params.offline = True
    params.api_keys = [secrets.token_hex(32)]
    return xllamacpp.Server(params)


class LlamaCppClient(Client):
    """One recipe model on an engine that others may share."""

    def __init__(self, name: str, config: LlamaCppModel, engines: Engines) -> None:
        self.name = name
        self.model = config.model
        self.config = config
        self.sampling = config.sampling
        self.thinking_tokens = config.thinking_tokens or 0
        self.system_role = config.system_role
        self.structured = config.structured
        self.family = family_of(config)
        self._engines = engines
        path, content = find_weights(config.model)
        self._key = EngineKey(
            path, config.num_ctx, config.slots, config.threads or os.cpu_count() or 1
        )
        self.identity = {
            "provider": "llama_cpp",
            "endpoint": "embedded",
            "model": content,
            "num_ctx": config.num_ctx,
            **thinking_identity(config.thinking_tokens),
        }

    async def complete(self, request: Request) -> Reply:
        """One generation. Raises `ModelError`; a prompt that doesn't fit is refused."""
        sampling = {k: v for k, v in request.sampling.items() if v not in (None, ())}
        if self.thinking_tokens and sampling.get("max_tokens"):
            sampling["max_tokens"] += self.thinking_tokens
        body: dict[str, Any] = {
            "messages": [
                {"role": m.role, "content": m.content} for m in request.messages
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "timings_per_token": False,
            **sampling,
        }
        if request.schema is not None:
            body["response_format"] = response_format(request.schema)
        gathered = await self._engines.get(self._key).stream(body)
        if gathered.error is not None:
            raise self._failure(gathered.error)
        usage, raw = usage_from(gathered.usage), gathered.raw
        if usage is None or gathered.finish is None:
            stopped = ModelError(
                f"model {self.name!r} stopped in mid-reply", "malformed"
            )
            stopped.usage, stopped.raw = usage, raw
            raise stopped
        message = read_message(gathered.message)
        return make_reply(self.name, message, gathered.finish, usage, raw)

    def _failure(self, error: Any) -> ModelError:
        message = (
            str(error.get("message", error)) if isinstance(error, dict) else str(error)
        )
        status = error.get("code", 500) if isinstance(error, dict) else 500
        return ModelError(
            f"model {self.name!r}: {message}", failure_kind(int(status), None, message)
        )

    async def check(self) -> list[Finding]:
        """Are the engine and the weights there? (The weights were checked at the start.)"""
        subject = f"{self.name} ({self.config.model}, embedded)"
        try:
            import xllamacpp  # noqa: F401
        except ImportError:
            cure = install_command("embedded")
            return [Finding(subject, False, "the engine is not installed", cure)]
        if self.config.model == PACKAGED:
            return [
                Finding(subject, True, "engine installed, SHA-256 of weights right")
            ]
        return [
            Finding(subject, True, f"engine installed, {self._key.path} is a GGUF", "")
        ]


class Engines:
    """The engines of one process, one for each file and shape."""

    def __init__(self) -> None:
        self._engines: dict[EngineKey, Engine] = {}

    def get(self, key: EngineKey) -> Engine:
        """The engine for this key, loaded at its first call."""
        return self._engines.setdefault(key, Engine(key))

    def close(self) -> None:
        """Unload all."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


__all__ = ["CURE", "Engines", "LlamaCppClient"]
