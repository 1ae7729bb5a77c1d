"""Runs in processes of their own: exit code, report and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.loopback.fixtures import Handle
from tests.support.recipes import ollama_model, openai_model, recipe

CLI = [sys.executable, "-m", "fellowship.cli.main"]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class RunResult:
    """How a run ended: `megabytes` is its largest resident size."""

    code: int
    seconds: float
    megabytes: float
    errors: str
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def is_orderly(self) -> bool:
        """It ended by its own will, its states add up, and no traceback was shown."""
        known = self.code in (0, 1, 3)
        return known and "Traceback" not in self.errors and self.is_balanced

    @property
    def is_balanced(self) -> bool:
        """Prompts are states plus what is still to do, as the run itself counts."""
        return bool(self.report.get("balanced"))


def run_command(path: Path, into: Path, *flags: str, limit: float = 300) -> RunResult:
    """`fellowship run` in a process; one that hangs is ended and has code -9."""
    command = [*CLI, "run", str(path), "--into", str(into), "--json", *flags]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        work = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT)
        status, use = wait_and_measure(work, limit)
        seconds = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        said, errors = out.read(), err.read().decode("utf-8", "replace")
    try:
        report = json.loads(said)
    except ValueError:
        report = {}
    return RunResult(status, seconds, use / 1024, errors, report)


def wait_and_measure(work: subprocess.Popen[bytes], limit: float) -> tuple[int, int]:
    """Exit code and kilobytes at most; past the limit the process is killed."""
    ends = time.monotonic() + limit
    while True:
        pid, status, use = os.wait4(work.pid, os.WNOHANG)
        if pid:
            work.returncode = os.waitstatus_to_exitcode(status)
            return work.returncode, use.ru_maxrss
        if time.monotonic() > ends:
            work.kill()
            ends = float("inf")
        time.sleep(0.02)


def write_recipe(folder: Path, server: Handle, rows: int, **model: Any) -> Path:
    """A recipe of `rows` prompts for a server; `model` goes over its models."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = server.kind == "openai"
    base = openai_model(server.base_url) if kind else ollama_model(server.url)
    return recipe(folder / "r.yaml", {**base, **model}, rows)


def export_bytes(into: Path) -> dict[str, bytes]:
    """The bytes of a run's datasets, by name."""
    found = sorted((into / "exports").glob("*.jsonl"))
    return {path.name: path.read_bytes() for path in found}


def repeated_rows(into: Path) -> int:
    """Rows that are in the DPO export more than once."""
    lines = export_bytes(into).get("dpo.jsonl", b"").splitlines()
    seen = Counter(json.loads(line)["row"] for line in lines)
    return sum(count - 1 for count in seen.values())
