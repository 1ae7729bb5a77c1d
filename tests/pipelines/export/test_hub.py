"""Uploads to a hub by its standard client; a hub on loopback says what arrived."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.outcomes import judged
from tests.support.runs import run_of


class Hub(BaseHTTPRequestHandler):
    """Enough of the hub's API for one upload, small files in the commit, LFS if asked."""

    files: dict[str, bytes]
    blobs: dict[str, bytes]
    asked: list[str]
    large: bool
    refuse: bool

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, value: Any, code: int = 200) -> None:
        text = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self) -> None:
        """Create, validate, pre-upload, LFS batch, commit."""
        body = self._body()
        self.asked.append(self.path)
        if self.refuse:
            self._answer({"error": "you may not write here"}, 403)
        elif self.path == "/api/repos/create":
            name = json.loads(body)["name"]
            self._answer({"url": f"{self._root()}/datasets/me/{name}"})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            mode = "lfs" if self.large else "regular"
            told = [
                {"path": f["path"], "uploadMode": mode, "shouldIgnore": False}
                for f in json.loads(body)["files"]
            ]
            self._answer({"files": told})
        elif self.path.endswith("/info/lfs/objects/batch"):
            self._batch(json.loads(body))
        elif "/commit/" in self.path:
            self._commit(body)
        else:
            self._answer({}, 404)

    def _root(self) -> str:
        return f"http://{self.headers['Host']}"

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = [
            {
                **{"oid": o["oid"], "size": o["size"]},
                "actions": {"upload": {"href": f"{self._root()}/blob/{o['oid']}"}},
            }
            for o in asked["objects"]
        ]
        self._answer({"transfer": "basic", "objects": objects})

    def _commit(self, body: bytes) -> None:
        for line in body.decode().splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            if entry["key"] == "lfsFile":
                self.files[value["path"]] = self.blobs[value["oid"]]
        url = f"{self._root()}/datasets/me/pairs/commit/{'0' * 40}"
        self._answer({"success": True, "commitOid": "0" * 40, "commitUrl": url})

    def do_PUT(self) -> None:
        """One large file."""
        content = self._body()
        self.blobs[hashlib.sha256(content).hexdigest()] = content
        self._answer({})

    def do_GET(self) -> None:
        """Who is asked about a repository that is new: nobody knows it."""
        self._answer({}, 404)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    """A hub, and the client pointed at it with a token."""
    fresh = {"files": {}, "blobs": {}, "asked": [], "large": False, "refuse": False}
    kind = type("OneHub", (Hub,), fresh)
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    whole = huggingface_hub.HfApi

    def pointed() -> Any:
        return whole(endpoint=url, token="hf_" + "x" * 20)

    monkeypatch.setattr(huggingface_hub, "HfApi", pointed)
    # Large files by LFS, which every hub speaks; xet's own server is not ours to fake.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("large", [False, True])
def test_the_exports_folder_arrives_whole_and_reads_as_a_dataset(
    tmp_path: Path, hub: type[Hub], large: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.large = large
    run = run_of(tmp_path / "run", [judged(n, f"a {n}", "b") for n in range(1, 4)])
    command = ("export", run, "--as", "dpo", "--as", "kto", "--push-to-hub", "me/pairs")
    code, out, err = said(capsys, *command, "--licence", "mit")
    assert code == Exit.DONE, err
    assert "datasets/me/pairs" in out
    assert {"README.md", "accounts.json", "dpo.jsonl", "kto.jsonl"} == set(hub.files)
    for name, content in hub.files.items():
        (tmp_path / "clone").mkdir(exist_ok=True)
        (tmp_path / "clone" / name).write_bytes(content)
        assert content == (run / "exports" / name).read_bytes()
    for kind, rows in (("dpo", 3), ("kto", 6)):
        data = datasets.load_dataset(
            str(tmp_path / "clone"), kind, cache_dir=str(tmp_path / "cache")
        )
        assert data["train"].num_rows == rows


@pytest.mark.filterwarnings("ignore")
def test_a_hub_that_refuses_is_one_message(
    tmp_path: Path, hub: type[Hub], capsys: pytest.CaptureFixture[str]
) -> None:
    hub.refuse = True
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    code, _, err = said(capsys, "export", run, "--as", "dpo", "--push-to-hub", "me/x")
    assert code == Exit.USAGE
    assert "the hub did not take 'me/x'" in err
