"""Loopback servers in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.support.loopback.fixtures import (
    server_process,
)
from tests.support.loopback_calls import VERDICT
from tests.support.paths import ROOT
from tests.support.waiting import wait_until


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_server_process_counts_what_its_clients_ask(kind: str) -> None:
    with server_process(kind, "--latency", "0.01", models=["m"]) as server:
        assert server.stats()["calls"] == 0
        path = "/api/tags" if kind == "ollama" else "/v1/models"
        reply = subprocess.run(
            ["curl", "-s", server.url + path], capture_output=True, check=True
        )
        assert b'"m"' in reply.stdout
        assert server.stats()["by_path"] == {path: 1}


def test_a_server_process_ends_with_the_process_that_started_it() -> None:
    program = (
        "import time; from tests.support.loopback.fixtures import server_process as s\n"
        "with s('ollama') as one: print(one.pid, flush=True); time.sleep(60)"
    )
    pipe = subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=pipe, cwd=ROOT)
    assert parent.stdout is not None
    child = Path("/proc", parent.stdout.readline().decode().strip())
    assert child.exists()
    parent.kill()
    parent.communicate()
    wait_until(lambda: not alive(child))


def alive(process: Path) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return process.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.embedded
async def test_the_embedded_model_can_stand_behind_a_server() -> None:
    with server_process("openai", "--backed-by", "embedded") as server:
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="k") as sdk:
            wanted: Any = {"name": "v", "schema": VERDICT, "strict": True}
            reply = await sdk.chat.completions.create(
                model="smollm2",
                messages=[{"role": "user", "content": "Which is better, tea or mud?"}],
                max_tokens=200,
                seed=1,
                response_format={"type": "json_schema", "json_schema": wanted},
            )
    assert reply.usage
    assert 0 < reply.usage.completion_tokens <= 200
    assert (reply.choices[0].message.content or "").startswith("{")
