"""Check of our Inspect logs with the real library, in an environment of its own.

    python benchmarks/inspect_log.py [RUN ...]

Makes a throwaway virtual environment, installs `inspect_ai` with pip, writes each run (or
one of our own making) as a log and holds what `read_eval_log` says against the ledger;
then asks `inspect log dump` and a running `inspect view`. Prints a table; says why it is
skipped where pip can't install Inspect.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
READ = """
import json, sys
from inspect_ai.log import read_eval_log
log = read_eval_log(sys.argv[1])
events = [e for s in log.samples for e in s.events if e.event == "model"]
print(json.dumps({
    "status": log.status, "samples": len(log.samples), "calls": len(events),
    "messages": sum(len(s.messages) for s in log.samples),
    "scores": sum(len(s.scores) for s in log.samples),
    "tokens": sum(u.total_tokens for u in log.stats.model_usage.values()),
}))
"""
WANTED = """
import json, sys
from pathlib import Path
from fellowship.ledger import LedgerReader
from fellowship.pipelines.interop.inspect_log import write_inspect_log
from fellowship.records import Outcome
run, to = map(Path, sys.argv[1:])
write_inspect_log(run, to)
with LedgerReader(run / "ledger.db") as reader:
    rows = [Outcome.model_validate_json(text) for text in reader.outcomes()]
    [(calls, tokens)] = reader.rows("SELECT count(*),"
        " coalesce(sum(prompt_tokens + completion_tokens), 0) FROM calls")
print(json.dumps({
    "status": "success", "samples": len(rows), "calls": calls,
    "messages": sum(len(r.conversation.messages if r.conversation else ())
                    + sum(len(s.turns) for s in r.sessions) for r in rows),
    "scores": sum(1 + bool(r.pairs) + len({v.evaluator or v.model or "judge"
        for c in (r.ranking.comparisons[:1] if r.ranking else ())
        for v in c.verdicts}) for r in rows),
    "tokens": tokens,
}))
"""


def install_inspect(folder: Path) -> Path | None:
    """The Python of an environment with Inspect in it; None (with the reason) if none."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "inspect_ai"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"skipped: pip can't install inspect_ai: {done.stderr.strip()[-300:]}")
        return None
    return python


def python_output(
    python: Path | str, code: str, *arguments: object
) -> dict[str, object]:
    """What a piece of Python prints as JSON."""
    command = [str(python), "-c", code, *map(str, arguments)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    value: dict[str, object] = json.loads(out.splitlines()[-1])
    return value


def example_run(folder: Path) -> Path:
    """A run of our own: two systems and a jury against a loopback server."""
    sys.path.insert(0, str(ROOT))
    from tests.support.runs import ALONE, JURY, LOOP, make_run

    return make_run(folder, 12, systems=[LOOP, ALONE], evaluate=JURY)[0]


def check_view(python: Path, folder: Path) -> str:
    """What `inspect view` answers when it is asked for its page and its logs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(python.with_name("inspect")),
        "view",
        "start",
        "--log-dir",
        str(folder),
    ]
    server = subprocess.Popen([*command, "--port", str(port)], stdout=-3, stderr=-3)
    try:
        for _ in range(60):
            time.sleep(0.5)
            try:
                answers = [
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10)
                    for path in ("/", "/api/logs")
                ]
                return ", ".join(
                    f"{a.url.split('/', 3)[3] or '/'} {a.status}" for a in answers
                )
            except (urllib.error.URLError, ConnectionError):
                continue
        return "no answer"
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    """Check every run named, or one of our own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install_inspect(folder / "inspect")
        if python is None:
            return 0
        runs = [Path(each) for each in sys.argv[1:]] or [example_run(folder)]
        logs, differ = folder / "logs", 0
        print(f"{'run':12} {'what':10} {'ledger':>10} {'inspect':>10}")
        for run in runs:
            log = logs / f"{run.name}.eval"
            wanted = python_output(sys.executable, WANTED, run, log)
            found = python_output(python, READ, log)
            for key, value in wanted.items():
                differ += found[key] != value
                print(f"{run.name:12} {key:10} {value!s:>10} {found[key]!s:>10}")
            dump = [str(python.with_name("inspect")), "log", "dump", str(log)]
            dumped = subprocess.run(dump, check=True, capture_output=True).stdout
            print(f"{run.name:12} inspect log dump: {len(dumped):,} bytes of JSON")
        print(f"inspect view: {check_view(python, logs)}")
        print("equal" if not differ else f"{differ} figures DIFFER")
        return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
