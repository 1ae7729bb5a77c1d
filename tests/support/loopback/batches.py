"""OpenAI's Files and Batches: a file of calls goes in, a file of replies comes out.

A batch is worked on when somebody looks at it after its time. Each of its lines is one
call in the tally, with the faults any call may have.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.support.loopback.answers import compose
from tests.support.loopback.faults import BROKEN, REFUSALS

if TYPE_CHECKING:
    from tests.support.loopback.openai_api import OpenAIServer

FILES, BATCHES = "/v1/files", "/v1/batches"


@dataclass
class Batch:
    """One batch as the server keeps it."""

    id: str
    lines: list[bytes]
    input_file: str
    metadata: dict[str, str]
    created: float = field(default_factory=time.time)
    status: str = "validating"
    done: int = 0
    failed: int = 0
    files: dict[str, str] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": int(self.created),
            "input_file_id": self.input_file,
            "output_file_id": self.files.get("output"),
            "error_file_id": self.files.get("error"),
            "metadata": self.metadata,
            "status": self.status,
            "errors": None,
            "request_counts": {
                "total": len(self.lines),
                "completed": self.done,
                "failed": self.failed,
            },
        }


class BatchDesk:
    """The endpoints, on top of a server that answers single calls."""

    def __init__(self, server: OpenAIServer) -> None:
        self.server = server
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The answer to a request for a file or a batch; None if it is for neither."""
        path, method = request.path, request.method
        if not path.startswith((FILES, BATCHES)):
            return None
        self.server.admit(request)
        one = path.removeprefix(BATCHES).strip("/")
        if (method, path) == ("POST", FILES):
            return await self.stalled("files", await self.upload(request))
        if (method, path) == ("POST", BATCHES):
            return await self.stalled("batches", await self.create(request))
        if (method, path) == ("GET", BATCHES):
            newest = [batch.public() for batch in reversed(self.batches.values())]
            return json_of({"object": "list", "data": newest, "has_more": False})
        if path.startswith(BATCHES) and one in self.batches:
            self.work(self.batches[one])
            return await self.stalled("look", json_of(self.batches[one].public()))
        if path.endswith("/content"):
            body = self.files[path.split("/")[3]]
            return await self.stalled("content", web.Response(body=body))
        return None

    async def stalled(self, step: str, response: web.Response) -> web.Response:
        """What is done is done; the answer may be long in coming, or not come."""
        settings = self.server.settings
        if settings.stall_at == step:
            self.server.tally.by_path[f"stalled {step}"] += 1
            await asyncio.sleep(settings.stall_seconds)
        return response

    async def upload(self, request: web.BaseRequest) -> web.Response:
        """A file, kept."""
        form = await request.post()
        part: Any = form["file"]
        return json_of(self.keep(part.file.read(), str(form["purpose"])))

    def keep(self, content: bytes, purpose: str) -> dict[str, Any]:
        """The file as the API shows it."""
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        shown = {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "purpose": purpose,
        }
        return shown | {
            "created_at": 0,
            "filename": "calls.jsonl",
            "status": "processed",
        }

    async def create(self, request: web.BaseRequest) -> web.Response:
        """A batch, not yet worked on."""
        body = await request.json()
        content = self.files[body["input_file_id"]]
        lines = [line for line in content.split(b"\n") if line]
        made = Batch(
            f"batch_{len(self.batches) + 1}",
            lines,
            body["input_file_id"],
            body.get("metadata") or {},
        )
        self.batches[made.id] = made
        return json_of(made.public())

    def work(self, batch: Batch) -> None:
        """Answer every line once the batch's time has come, unless it expires."""
        settings = self.server.settings
        if batch.status != "validating":
            return
        if time.time() - batch.created < settings.batch_seconds:
            return
        batch.status, lines = "completed", batch.lines
        if settings.batches_expire:
            settings.batches_expire -= 1
            batch.status, lines = "expired", batch.lines[: len(batch.lines) // 2]
        said: dict[str, list[str]] = {"output": [], "error": []}
        for raw in lines:
            line, good = self.answered(json.loads(raw))
            said["output" if good else "error"].append(json.dumps(line))
        # Replies come in no particular order.
        said["output"].reverse()
        batch.done, batch.failed = len(said["output"]), len(said["error"])
        for kind, texts in said.items():
            if texts:
                kept = self.keep("\n".join(texts).encode() + b"\n", "batch_output")
                batch.files[kind] = kept["id"]

    def answered(self, asked: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """One line's reply, and whether it is for the output file."""
        server, body = self.server, asked["body"]
        raw = json.dumps(body).encode()
        digest = server.tally.enter(raw)
        server.tally.in_flight -= 1
        ask = server.ask(body)
        use = server.tally.asked(ask.model)
        fault = server.plan.draw(digest, ask.model)
        kind = fault.kind if fault and fault.kind not in BROKEN else ""
        if server.settings.refuses in body:
            words = f"'{server.settings.refuses}' is not supported with this model."
            status, reply = 400, {"error": {"message": words, "code": None}}
        elif kind in REFUSALS:
            status, said = server.refusal(kind, ask.model)
            reply: Any = said
        else:
            status = 200
            answer = compose(ask, server.settings.closings)
            server.tally.answered(digest, use, answer)
            text = server.encode(ask, answer, kind).pieces[0]
            reply = json.loads(text) if kind != "bad-json" else text.decode()
        server.tally.by_status[status] += 1
        response = {"status_code": status, "request_id": "r", "body": reply}
        line = {"id": "x", "custom_id": asked["custom_id"], "response": response}
        return line | {"error": None}, status < 400


def json_of(value: Any) -> web.Response:
    """A whole JSON response."""
    return web.json_response(value)
