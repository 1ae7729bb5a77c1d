"""Errors of OpenAI-style servers as `ModelError`s that name the model, the server and why.

A provider may quote anything of what it was sent: our secrets are taken out of its words.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fellowship.errors import Failure, ModelError
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.error_bodies import ErrorBody, error_body, read_error
from fellowship.models.limits.refusals import (
    connection_error,
    http_failure,
    shorten,
    was_never_sent,
)
from fellowship.models.providers.http_client import Answer
from fellowship.models.providers.model_list import has_version
from fellowship.models.providers.parameters import recipe_cure
from fellowship.models.record.secrets import (
    public_url,
    redact,
    secrets_in,
    secrets_in_url,
)

if TYPE_CHECKING:
    import openai


class OpenAIErrors:
    """What went wrong at one model's server, in words. `base` is where its calls go."""

    def __init__(self, name: str, config: OpenAIModel, base: str) -> None:
        self.name = name
        self.config = config
        self.base = base

    @property
    def where(self) -> str:
        """The model and its server, as the subject of a sentence."""
        at = public_url(self.config.base_url) if self.config.base_url else "OpenAI"
        return f"model {self.name!r} at {at}"

    def redacted(self, words: object) -> str:
        """A provider's or library's words without our secrets, which they may quote."""
        key = os.environ.get(self.config.api_key_env or "", "")
        own = secrets_in(self.config.extra_body)
        secrets = (key, *secrets_in_url(self.config.base_url or ""), *own)
        return shorten(redact(secrets, str(words)))

    def connection_failure(self, error: Exception) -> ModelError:
        """The failure of a call that brought no answer."""
        message = f"{self.where}: {self.redacted(error or type(error).__name__)}"
        if was_never_sent(error):
            return ModelError(f"{message}; is the server up?", "down")
        if isinstance(error, TimeoutError):
            slow = f"{self.where}: no answer within {self.config.deadline or 0:g} s"
            return ModelError(slow, "deadline")
        return ModelError(message, "network")

    def http_failure(self, answer: Answer) -> ModelError:
        """The failure that an answer of status 300 or more is."""
        body = read_error(answer.content)
        detail = body.message
        if answer.status < 400:
            to = public_url(answer.headers.get("Location", "")) or "nowhere"
            detail = (
                f"it redirects to {to}: name that address as base_url, if it is meant"
            )
        elif answer.status == 404 and not has_version(self.base):
            detail = f"{detail} (does base_url lack its /v1?)"
        kind, wait = http_failure(answer.status, answer.headers, body)
        words = self.redacted(detail) or "no word of why"
        message = f"{self.where}: HTTP {answer.status}: {words}"
        cure = recipe_cure(detail) if kind == "rejected" else ""
        return ModelError(message + cure, kind, wait)

    def sdk_failure(self, error: openai.APIError) -> ModelError:
        """An error of the SDK as a `ModelError`."""
        import openai

        message = f"{self.where}: {self.redacted(error.message)}"
        if (broken := connection_error(error)) is not None:
            kind: Failure = "down" if was_never_sent(error) else "network"
            return ModelError(f"{message} ({self.redacted(broken)})", kind)
        if isinstance(error, openai.APITimeoutError):
            return ModelError(message, "deadline")
        if isinstance(error, openai.APIStatusError):
            body = error_body(error.body) if error.body else ErrorBody(error.message)
            kind, wait = http_failure(error.status_code, error.response.headers, body)
            return ModelError(message, kind, wait)
        if isinstance(error, openai.APIConnectionError):
            return ModelError(
                f"{message} ({self.redacted(error.__cause__)})", "network"
            )
        return ModelError(message, "malformed")
