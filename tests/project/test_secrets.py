"""A secret handed to a run is in nothing that the run leaves behind or says.

Canaries go in by every way there is: the environment, the user, password and query of a
URL, AutoGen components, and a provider that quotes the key in its error. Real processes.
"""

from __future__ import annotations

import http.server
import os
import socketserver
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.models.config import AutogenModel, OpenAIModel
from fellowship.models.providers.autogen import AutogenClient, autogen_client
from fellowship.models.providers.openai_errors import OpenAIErrors
from fellowship.models.record.secrets import hide_secrets
from tests.support.loopback.fixtures import openai_server
from tests.support.processes import command
from tests.support.recipes import openai_model, recipe
from tests.support.trace_collector import collector
from tests.support.viewer_pages import ask, served

pytestmark = pytest.mark.fault(number=19)
KEY, PASSWORD, QUERY = "sk-canary-k3y-4711", "canary-pa55-4711", "canary-qu3ry-4711"

CANARIES = (KEY, PASSWORD, QUERY)

READERS = (
    ["show", "RUN"],
    ["show", "RUN", "1", "--requests"],
    ["show", "RUN", "--json"],
    ["status", "RUN"],
    ["export", "RUN", "--as", "dpo", "--as", "kto"],
    ["report", "RUN", "--to", "REPORT"],
    ["team", "RECIPE", "loop", "--json"],
    ["doctor", "RECIPE"],
    ["plan", "RECIPE"],
)


def said(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What a verb prints; one that breaks fails the test by itself."""
    assert cli(arguments) in range(5), arguments
    return "".join(capfd.readouterr())


def canaries_in(folder: Path, told: str) -> list[str]:
    """Which canaries are in what was said or in any file under a folder."""
    left = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    left["what was said"] = told.encode()
    found = [(c, name) for c in CANARIES for name in left if c.encode() in left[name]]
    return [f"{canary} in {name}" for canary, name in found]


@pytest.mark.parametrize("keys", [[KEY], ["another"]], ids=["let-in", "refused"])
@pytest.mark.parametrize("user", ["", f"user:{PASSWORD}@"], ids=["key", "user"])
def test_no_canary_is_in_anything_a_run_leaves_or_says(
    tmp_path: Path,
    keys: list[str],
    user: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    record_property("canaries through every verb", len(CANARIES))
    monkeypatch.setenv("CANARY_KEY", KEY)
    with openai_server(keys=keys) as server:
        base = server.base_url.replace("http://", f"http://{user}")
        model = openai_model(f"{base}?token={QUERY}") | {"api_key_env": "CANARY_KEY"}
        path, run = recipe(tmp_path / "r.yaml", model, 2), str(tmp_path / "run")
        told = said(["run", str(path), "--into", run], capfd)
        asked = server.stats()["calls"]
        names = {"RUN": run, "REPORT": f"{run}.html", "RECIPE": str(path)}
        for verb in READERS:
            told += said([names.get(word, word) for word in verb], capfd)
    assert bool(asked) != bool(user)  # a password in a URL is refused at once
    if asked:
        with served(tmp_path / "run") as place:
            told += "".join(ask(place, at).text for at in ("/", "/row/1", "/run"))
    path.unlink()
    assert canaries_in(tmp_path, told) == []


def test_a_component_s_secrets_are_in_no_header(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    component = {
        "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
        "config": {
            "model": "gpt-4o",
            "api_key": KEY,
            "base_url": "http://127.0.0.1:9/v1",
            "default_headers": {"Authorization": f"Bearer {PASSWORD}"},
            "max_retries": 0,
        },
    }
    model = {"provider": "autogen", "component": component, "tries": 1}
    path = recipe(tmp_path / "r.yaml", model, 1)
    told = said(["run", str(path), "--into", str(tmp_path / "run")], capfd)
    path.unlink()
    assert canaries_in(tmp_path, told) == []


def test_a_secret_is_hidden_however_deep_it_lies() -> None:
    given = {
        "headers": {"X-Auth": KEY, "Authorization": {"bearer": [KEY]}},
        "api_keys": [KEY, {"value": KEY}],
        "credentials": KEY,
        "proxies": {"http": f"http://user:{PASSWORD}@proxy:1"},
        "max_tokens": 7,
        "api_key_env": "THE_KEY",
    }
    recipe = {"models": {"monkey": {"provider": "openai", "extra_body": given}}}
    hidden = hide_secrets(recipe)
    assert not any(canary in str(hidden) for canary in CANARIES)
    assert hidden["models"]["monkey"]["provider"] == "openai"
    kept = hidden["models"]["monkey"]["extra_body"]
    assert (kept["max_tokens"], kept["api_key_env"]) == (7, "THE_KEY")
    assert kept["proxies"] == {"http": "http://proxy:1"}


def test_a_provider_that_quotes_a_secret_of_the_body_is_quoted_with_stars() -> None:
    body = {"gateway": {"api_key": KEY, "headers": {"X": [PASSWORD]}}, "top_k": 5}
    config = OpenAIModel(provider="openai", model="m", extra_body=body)
    errors = OpenAIErrors("judge", config, "http://h/v1")
    told = str(errors.connection_failure(OSError(f"refused: {body}")))
    component = {
        "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
        "config": {"model": "gpt-4o", "api_key": KEY},
    }
    made = autogen_client("m", AutogenModel(provider="autogen", component=component))
    assert isinstance(made, AutogenClient)
    told += str(made._failure(OSError(f"refused: {KEY}")))
    assert not any(canary in told for canary in CANARIES)
    assert "'top_k': 5" in told


def test_what_a_run_leaves_is_its_owners_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old = os.umask(0)
    try:
        with openai_server() as server:
            path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 3)
            source = tmp_path / "prompts.jsonl"
            source.write_text(source.read_text() + '{"prompt": 3}\n')
            said(["run", str(path), "--into", str(tmp_path / "run")], capfd)
        page = str(tmp_path / "run" / "report.html")
        said(["report", str(tmp_path / "run"), "--to", page], capfd)
        with served(tmp_path / "run"):
            left = [tmp_path / "run", *(tmp_path / "run").rglob("*")]
            open_to_all = [
                str(p.relative_to(tmp_path))
                for p in left
                if stat.S_IMODE(p.stat().st_mode) & 0o077
            ]
    finally:
        os.umask(old)
    assert {"ledger.db", "rejected.jsonl"} <= {p.name for p in left}
    assert open_to_all == []


QUIET_IMPORT = """
import importlib, pkgutil, sys, traceback
found = []
def audit(event, arguments):
    if event == "open":
        name, mode = str(arguments[0]), arguments[1]
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if writes and ".pyc" not in name and name != "/dev/null":
            found.append((event, name))
    elif event in ("socket.bind", "socket.connect", "subprocess.Popen", "os.system"):
        stack = "".join(traceback.format_stack())
        # urllib3 asks the kernel for IPv6 with a bind when it is imported.
        if "_has_ipv6" not in stack:
            found.append((event, str(arguments)))
sys.addaudithook(audit)
import fellowship
for module in pkgutil.walk_packages(fellowship.__path__, "fellowship."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(found)
sys.exit(len(found))
"""
"""Every module of ours, imported by a process that is watched from its first line."""


@pytest.mark.slow
def test_importing_every_module_opens_no_socket_and_writes_no_file(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", QUIET_IMPORT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ours = [p for p in tmp_path.rglob("*") if "fellowship" in p.name.lower()]
    assert ours == []


def test_a_query_in_a_base_url_is_sent_with_every_call(tmp_path: Path) -> None:
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            self.send_error(401)

        def log_message(self, *_: object) -> None: ...

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_address[1]}/v1?api-version=2026-01"
        path = recipe(tmp_path / "r.yaml", openai_model(at), 1)
        cli(["run", str(path), "--into", str(tmp_path / "run")])
        server.shutdown()
    assert set(heard) == {"/v1/chat/completions?api-version=2026-01"}
    assert "api-version=2026-01" in (tmp_path / "run" / "run.json").read_text()


def test_a_tokenizer_is_no_secret_so_changing_it_is_seen() -> None:
    told = hide_secrets({"extra_body": {"tokenizer": "x", "access_token": "y"}})
    assert told == {"extra_body": {"tokenizer": "x", "access_token": "***"}}


def test_no_canary_is_in_spans_batch_files_or_logs_of_inspect(tmp_path: Path) -> None:
    bare = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    with openai_server(keys=[KEY]) as server, collector() as kept:
        live = openai_model(f"{server.base_url}?token={QUERY}", tries=1)
        live |= {"api_key_env": "CANARY_KEY"}
        judge = {**live, "mode": "batch", "batch": {"gather": 0.3, "poll": 0.2}}
        models = {"writer": live, "critic": live, "judge": judge}
        path = recipe(tmp_path / "r.yaml", live, 2, models=models)
        where = ("--into", tmp_path / "run", "--trace", kept.url, "--trace-content")
        done = command("run", path, *where, env={**bare, "CANARY_KEY": KEY})
        sent = b"".join(server.batch_files().values())
    assert done.code == 0, done.err
    log = tmp_path / "run.eval"
    assert cli(["inspect", str(tmp_path / "run"), "--to", str(log)]) == 0
    with zipfile.ZipFile(log) as archive:
        told = b"".join(archive.read(name) for name in archive.namelist())
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    path.unlink()
    assert len(kept.raw) > 1000 < min(len(sent), len(told))
    for name, content in {"spans": kept.raw, "batches": sent, "log": told}.items():
        assert not [c for c in CANARIES if c.encode() in content], name
    assert canaries_in(tmp_path, done.out + done.err) == []


def test_no_secret_reaches_the_record_or_the_log(tmp_path: Path) -> None:
    canary = "sk-canary-51f0c9"
    env = {**os.environ, "CANARY_KEY": canary}
    with openai_server(keys=["another"]) as server:
        model = openai_model(server.base_url) | {"api_key_env": "CANARY_KEY"}
        model["extra_body"] = {"api_key": canary}
        path = recipe(tmp_path / "r.yaml", model, 3)
        done = command("run", path, "--into", tmp_path / "run", env=env)
        # The server quotes the key in its error, as some do.
        assert server.stats()["by_status"] == {"401": server.stats()["calls"]}
    assert done.code == 3
    assert "***" in done.out
    assert canary not in done.out + done.err
    for file in (tmp_path / "run").rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file
