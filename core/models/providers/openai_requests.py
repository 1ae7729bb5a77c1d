"""Requests to OpenAI-style servers: their bodies, and what their model refuses of them.

What is left out of a body is left out on the wire alone: the ledger's key of the call is
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from fellowship.json_encoding import MadeByJson
from fellowship.models.client import Request
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.error_bodies import ErrorBody
from fellowship.models.providers.capabilities import (
    IGNORED,
    capabilities_of,
    dialect_of,
    host_of,
    refused_by_name,
)
from fellowship.models.providers.parameters import (
    leave_out,
    parameters_in,
    refused_parameter,
)
from fellowship.models.providers.reasoning import reasoning_fields
from fellowship.models.providers.schema import response_format

REFUSALS = (400, 403, 404, 422)
"""Statuses under which a parameter is refused."""

LIMITS = frozenset({"max_tokens", "max_completion_tokens"})
"""The two names of the limit of tokens, one of which every server takes."""

log = structlog.get_logger("fellowship.models")


class OpenAIRequests:
    """The bodies of one model's requests. `refused` grows with what its server refuses."""

    def __init__(self, name: str, config: OpenAIModel) -> None:
        self.name = name
        self.config = config
        self.dialect = dialect_of(host_of(config))
        self.refused = {
            *refused_by_name(config.model, config.reasoning),
            *IGNORED.get(self.dialect, ()),
        }
        self._formats = MadeByJson(response_format, holds=True)
        base_url, model = config.base_url, config.model
        # OpenAI's newer models refuse the older field, most other servers the newer.
        older = base_url and not (
            self.dialect == "openai" and capabilities_of(model).thinks
        )
        self._limit = "max_tokens" if older else "max_completion_tokens"
        self._reasoning = reasoning_fields(config.reasoning, self.dialect, model)

    def body(self, request: Request) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A request's body, and the parameters that are left out of it."""
        body = self.whole(request)
        names = sorted(self.refused & parameters_in(body)) if self.refused else []
        if names:
            body = leave_out(body, names)
        return body | self.config.extra_body, tuple(names)

    def recall(self, left_out: Iterable[str]) -> None:
        """Take over what an earlier process learnt the model to refuse."""
        self.refused.update(left_out)

    def learn(
        self, status: int, error: ErrorBody, body: Mapping[str, Any], why: str
    ) -> str:
        """The parameter that a refusal names, which is left out from then on; else ''.

        A field that the recipe writes itself, in extra_body, is never taken out. `why`: the
        server's words without our secrets.
        """
        if status not in REFUSALS:
            return ""
        sent = parameters_in(body) - self.config.extra_body.keys()
        name = refused_parameter(error, sent)
        if not name or (name in LIMITS and (self.refused & LIMITS) - {name}):
            return ""
        if name not in self.refused:
            self.refused.add(name)
            log.warning("left out", model=self.name, parameter=name, why=why)
        return name

    def whole(self, request: Request) -> dict[str, Any]:
        """A request's body with all that its recipe asks for."""
        sampling = dict(request.sampling)
        longest = sampling.pop("max_tokens", None)
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": [
                {"role": m.role, "content": m.content} for m in request.messages
            ],
            **{key: value for key, value in sampling.items() if value},
        }
        if sampling.get("temperature") == 0:
            body["temperature"] = 0
        if longest:
            body[self._limit] = longest + (self.config.thinking_tokens or 0)
        if request.schema is not None:
            body["response_format"] = self._formats.of(request.schema)
        return body | self._reasoning
