"""Errors of an Ollama server as `ModelError`s, in its own words and with the cure."""

from __future__ import annotations

import httpx
import ollama

from fellowship.errors import Failure, ModelError
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel
from fellowship.models.limits.error_bodies import ErrorBody, error_body, read_error
from fellowship.models.limits.refusals import failure_kind, shorten
from fellowship.models.providers.http_client import LARGEST
from fellowship.models.providers.ollama_facts import cannot_think
from fellowship.models.providers.ollama_requests import room_of
from fellowship.models.providers.size_limit import TooLarge
from fellowship.models.record.secrets import public_url, redact, secrets_in_url
from fellowship.models.replies.chat_bodies import status_of
from fellowship.models.replies.reading import unusable

TOO_LONG = (
    "exceeds the context length",
    "longer than the context",
    "exceeds the available context",
)
"""How versions of Ollama say that a prompt does not fit."""

OWN_FAULTS = ("invalid json schema", "must be of type", "invalid option")
"""What Ollama reports as its own failure and is the request's."""


class OllamaErrors:
    """What went wrong with one model at one host, in words."""

    def __init__(self, name: str, config: OllamaModel, host: str) -> None:
        self.name = name
        self.config = config
        self.host = host

    @property
    def where(self) -> str:
        """The host as it may be shown."""
        return public_url(self.host)

    def malformed(self, error: Exception) -> ModelError:
        """The failure of a body that can't be read."""
        detail = shorten(error)
        if isinstance(error, TooLarge):
            detail = f"it is larger than {LARGEST:,} bytes"
        return unusable(self.name, detail)

    def refusal(self, status: int, content: bytes, request: Request) -> ModelError:
        """What a server refused, by its own words. Status 0: an error in a reply of 200."""
        stated = read_error(content)
        detail = redact(secrets_in_url(self.host), shorten(stated.message))
        kind = refusal_kind(status or status_of(stated.message), stated)
        room = room_of(self.name, self.config, request)
        if kind == "too-long" and room is not None:
            trouble = room.refused_error(
                request.messages, stated.prompt_tokens, stated.context
            )
            return ModelError(f"{trouble} (Ollama: {detail})", kind)
        message = self._pull_hint() if kind == "missing" else detail
        if kind == "auth":
            message = f'{detail}: run "ollama signin", or set OLLAMA_API_KEY'
        message += cannot_think(detail, self.name, self.config)
        where = f" at {self.where}"
        under = "" if status else ": error in a reply of status 200"
        return ModelError(f"model {self.name!r}{where}{under}: {message}", kind)

    def redirected(self, response: httpx.Response) -> ModelError:
        """The failure of a call that was to go elsewhere."""
        to = public_url(response.headers.get("Location", "")) or "nowhere"
        return ModelError(
            f"model {self.name!r} at {self.where}: it redirects to {to}:"
            " name that address as host, if it is meant",
            "rejected",
        )

    def failure(self, error: Exception) -> ModelError:
        """The failure of a call that brought no answer."""
        where = self.where
        detail = redact(secrets_in_url(self.host), shorten(error))
        if isinstance(error, ollama.ResponseError):
            stated = error_body(error.error)
            message = redact(secrets_in_url(self.host), shorten(stated.message))
            kind = refusal_kind(error.status_code, stated)
            return ModelError(f"model {self.name!r} at {where}: {message}", kind)
        if isinstance(error, httpx.TimeoutException) and not isinstance(
            error, httpx.ConnectTimeout
        ):
            return ModelError(
                f"model {self.name!r} at {where}: no answer within"
                f" {self.config.deadline or 0:g} s",
                "deadline",
            )
        refused = isinstance(error, ConnectionError | httpx.ConnectError)
        down = refused or isinstance(error, httpx.ConnectTimeout)
        message = f"model {self.name!r}: no Ollama server answers at {where} ({detail})"
        if down:
            return ModelError(f'{message}; start it with "ollama serve"', "down")
        broke = f"model {self.name!r} at {where}: the connection broke ({detail})"
        return ModelError(broke, "network")

    def _pull_hint(self) -> str:
        return (
            f"{self.config.model!r} is not on this server: run"
            f' "ollama pull {self.config.model}"'
        )


def refusal_kind(status: int, stated: ErrorBody) -> Failure:
    """The kind of failure of a refusal by Ollama, with what its statuses do not tell."""
    words = " ".join(stated.message.lower().split())
    if stated.prompt_tokens is not None or any(map(words.__contains__, TOO_LONG)):
        return "too-long"
    if "maximum pending requests" in words:
        return "rate"
    if status == 500 and any(map(words.__contains__, OWN_FAULTS)):
        return "rejected"
    return failure_kind(status, stated.codes, stated.message)
