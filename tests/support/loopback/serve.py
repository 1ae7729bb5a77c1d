"""Serves one provider on 127.0.0.1 until told to stop: by signal, or by end of input.

    python tests/support/loopback/serve.py --kind ollama --port 0 --load-seconds 2

prints one line of JSON when it listens: {"url": ..., "base_url": ..., "port", "pid"}.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

from tests.support.loopback.running import KINDS, Listener
from tests.support.loopback.settings import Settings

_NUMBERS = ("latency", "per_token", "rate", "window", "load_seconds")
_COUNTS = ("slots", "max_loaded", "num_ctx")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--kind", choices=sorted(KINDS), required=True)
    made.add_argument("--port", type=int, default=0)
    for name in _NUMBERS:
        made.add_argument("--" + name.replace("_", "-"), type=float)
    for name in _COUNTS:
        made.add_argument("--" + name.replace("_", "-"), type=int)
    made.add_argument("--model", dest="models", action="append", help="one that exists")
    made.add_argument("--key", dest="keys", action="append", help="one that is let in")
    made.add_argument("--settings", type=json.loads, default={}, help="any, as JSON")
    made.add_argument("--script", type=json.loads, default={}, help="faults, as JSON")
    made.add_argument("--backed-by", choices=["rules", "embedded"], default="rules")
    made.add_argument("--until-eof", action="store_true", help="stop at end of stdin")
    return made


def settings(options: argparse.Namespace) -> Settings:
    """The settings a command line asks for."""
    names = (*_NUMBERS, *_COUNTS, "models", "keys")
    given = {name: getattr(options, name) for name in names}
    chosen = Settings()
    chosen.change({k: v for k, v in given.items() if v is not None})
    chosen.change(options.settings)
    return chosen


async def serve(options: argparse.Namespace) -> None:
    """Listens, says where, and waits for the end."""
    answer = None
    if options.backed_by == "embedded":
        from tests.support.loopback.embedded import embedded

        answer = embedded()
    server = KINDS[options.kind](settings(options), answer)
    server.plan.script(options.script)
    listener = Listener(server, options.port)
    await listener.start()
    gc.freeze()
    gc.set_threshold(50_000)
    url = f"http://127.0.0.1:{listener.port}"
    base = url + ("/v1" if options.kind == "openai" else "")
    ready = {"url": url, "base_url": base, "port": listener.port, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    await told_to_stop(options.until_eof)
    await listener.stop()


async def told_to_stop(at_end_of_input: bool) -> None:
    """Returns at SIGINT, SIGTERM or, if asked to, when stdin closes."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    if at_end_of_input:

        def heard() -> Any:
            if not os.read(sys.stdin.fileno(), 4096):
                loop.remove_reader(sys.stdin.fileno())
                told.set()

        loop.add_reader(sys.stdin.fileno(), heard)
    await told.wait()


if __name__ == "__main__":
    asyncio.run(serve(parser().parse_args()))
