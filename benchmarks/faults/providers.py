"""Faults of providers that refuse, break, hang and lie.

Failures are typed, tries bounded, and there is no default.
"""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from benchmarks import hangs as leaks
from benchmarks.faults.account import Form, Result
from benchmarks.faults.runs import (
    CLI,
    ROOT,
    RunResult,
    repeated_rows,
    run_command,
    write_recipe,
)
from tests.support.loopback.fixtures import Handle, ollama_server, openai_server

CALLS_A_ROW = 9
"""Of the recipe of `made`: three drafts, two reviews, two comparisons in both orders."""


def query_failures(into: Path, sql: str) -> list[tuple[object, ...]]:
    """A query of a run's ledger."""
    link = sqlite3.connect(f"file:{into / 'ledger.db'}?mode=ro", uri=True)
    try:
        return list(link.execute(sql))
    finally:
        link.close()


RATE = 20.0
"""Calls a second that the server of the storms allows."""


def unknown_rate_limits(form: Form, folder: Path) -> Result:
    """A rate limit nobody told us of, its Retry-After in every style (fault 9)."""
    found, shares = Result(), []
    styles = ("date", "huge", "seconds", "none", "negative")
    for style in styles[: form.pick(2, 5)]:
        rows = 8 if style == "huge" else form.pick(8, 150)
        with openai_server(rate=RATE, retry_after=style) as server:
            path = write_recipe(folder / style, server, rows, tries=12, patience=20.0)
            ran = run_command(path, folder / style / "run", limit=240)
            asked = server.stats()
        share = share_used(RATE, folder / style / "run")
        # A year is not waited for: the run stops and says so. Few calls say nothing.
        fast = not form.long or style == "huge" or share >= 0.8
        shares.append(f"{share:.0%} ({style})" if style != "huge" else "a year: stops")
        found.add(ran.is_orderly and asked["answered"] > 0 and fast)
        found.duplicates += repeated_rows(folder / style / "run")
        found.twice += asked["answered_again"]
    found.measured = "of the allowed rate in 60 s: " + ", ".join(shares)
    return found


def share_used(rate: float, into: Path) -> float:
    """Of what a rate allowed in the first minute from the first call, the share made."""
    sql = "SELECT started + seconds FROM calls ORDER BY 1"
    ended = [float(str(row[0])) for row in query_failures(into, sql)]
    began = float(str(query_failures(into, "SELECT min(started) FROM calls")[0][0]))
    span = min(60.0, max(1.0, ended[-1] - began))
    return sum(end <= began + span for end in ended) / (rate * span)


def known_rate_limit(form: Form, folder: Path) -> Result:
    """A limit a minute that the recipe names: used, and not passed by 1 % (fault 9)."""
    found, rows = Result(), form.pick(30, 220)
    rpm = 60 * RATE
    with openai_server(rate=RATE, window=60.0) as server:
        path = write_recipe(folder, server, rows, tries=12, rpm=rpm)
        ran = run_command(path, folder / "run", limit=240)
        asked = server.stats()
    share = share_used(RATE, folder / "run")
    beyond = asked["limited"] / rpm
    found.add(
        ran.is_orderly and row_counts(ran) == rows and beyond <= 0.01 and share >= 0.8
    )
    found.duplicates = repeated_rows(folder / "run")
    found.measured = f"{share:.0%} of {rpm:,.0f} a minute, {beyond:.1%} beyond"
    found.measured += f" ({asked['calls']:,} calls)"
    return found


def mixed_failures(form: Form, folder: Path) -> Result:
    """A fifth of all calls fails in some way (fault 10)."""
    mix = {"500": 0.05, "503": 0.03, "reset": 0.05, "half": 0.04, "drip": 0.03}
    found, rows, retries = Result(), form.pick(8, 60), 0
    for seed in range(form.seed, form.seed + form.pick(1, 5)):
        with openai_server(drip_seconds=0.005) as server:
            server.script(mix=mix, seed=seed)
            path = write_recipe(folder / str(seed), server, rows, tries=8)
            ran = run_command(path, folder / str(seed) / "run")
        found.add(ran.is_orderly and row_counts(ran) == rows)
        found.duplicates += repeated_rows(folder / str(seed) / "run")
        retries += ran.report.get("retries", 0)
    found.measured = f"every row ended, {retries:,} retries"
    return found


def row_counts(ran: RunResult) -> int:
    """Rows that ended in a state."""
    return sum(ran.report.get("states", {}).values())


def hanging_calls(form: Form, folder: Path) -> Result:
    """Calls that never end, under a deadline of one second (fault 11)."""
    found, deadline = Result(), 1.0
    rows = form.pick(6, 60)
    with openai_server() as server:
        server.script(mix={"hang": 0.08}, seed=form.seed)
        path = write_recipe(folder, server, rows, tries=6, deadline=deadline)
        ran = run_command(path, folder / "run")
        left = server.stats()["in_flight"]
    took = query_failures(
        folder / "run", "SELECT seconds FROM failures WHERE kind = 'deadline'"
    )
    found.add(bool(took), len(took) or 1)
    found.add(ran.is_orderly and left == 0 and row_counts(ran) == rows)
    late = max((float(str(s)) - deadline for (s,) in took), default=0.0)
    found.measured = f"a run: {len(took)} ended {late:.2f} s late, {left} left open"
    many = form.pick(400, 10_000)
    account = leaks.run_calls(calls=many)
    found.add(account.is_clean, many)
    found.late = max(late, account.late) > 1.0
    found.measured += f"; {many:,} in a row: {account}"
    return found


def permanent_failures(form: Form, folder: Path) -> Result:
    """What asking again can't mend is not asked again (fault 12)."""
    found, said = Result(), []
    rows, more = form.pick(15, 60), {} if form.long else {"concurrency": 1}
    for kind in ("401", "quota", "404", "context", "filter-400"):
        with openai_server() as server:
            server.script(mix={kind: 1.0})
            path = write_recipe(folder / kind, server, rows, **more)
            ran = run_command(path, folder / kind / "run")
            asked = server.stats()
        row_by_row = kind in ("context", "filter-400")
        few = asked["repeated"] == 0 if row_by_row else asked["calls"] <= 5
        found.add(ran.is_orderly and few)
        said.append(f"{kind} {asked['calls']}")
    found.measured = f"calls of {rows} rows: " + ", ".join(said)
    return found


def malformed_bodies(form: Form, folder: Path) -> Result:
    """Bodies that are no answer (fault 13)."""
    found, most = Result(), 0.0
    kinds = ("bad-json", "no-choices", "null-content", "empty", "length", "huge")
    size = form.pick(9_000_000, 50_000_000)
    for kind in kinds:
        with openai_server(huge_bytes=size) as server:
            server.script(mix={kind: 1.0})
            path = write_recipe(folder / kind, server, 1, tries=2)
            ran = run_command(path, folder / kind / "run")
        pairs = ran.report.get("states", {}).get("pair", 0)
        found.add(ran.is_orderly and pairs == 0 and ran.megabytes < 600)
        most = max(most, ran.megabytes)
    found.measured = f"0 accepted rows asked for; at most {most:,.0f} MB resident"
    return found


def ollama_faults(form: Form, folder: Path) -> Result:
    """A server that is down, lacks the model, comes back, or would cut a prompt (14)."""
    found = Result()
    cases = {
        "down": server_down,
        "not-pulled": model_not_pulled,
        "restarted": server_restarts,
        "too-long": prompt_too_long,
    }
    for name, case in cases.items():
        with ollama_server() as server:
            found.add(case(server, folder / name))
    found.measured = ", ".join(cases)
    return found


def server_down(server: Handle, folder: Path) -> bool:
    """Nobody listens: it stops, says so, and can go on."""
    path = write_recipe(folder, server, 3, patience=2.0)
    server.stop()
    stopped = run_command(path, folder / "run", limit=120)
    server.start()
    return stopped.code == 3 and run_command(path, folder / "run").code in (0, 1)


def model_not_pulled(server: Handle, folder: Path) -> bool:
    """The model isn't there: the pull line is named."""
    server.script(set={"models": ["other:1b"]})
    ran = run_command(write_recipe(folder, server, 3), folder / "run")
    return ran.code in (2, 3) and "ollama pull" in ran.errors + str(ran.report)


def server_restarts(server: Handle, folder: Path) -> bool:
    """The server goes away in mid-run and comes back."""
    server.script(set={"latency": 0.05})
    path = write_recipe(folder, server, 6, patience=60.0)

    def bounce() -> None:
        while server.stats()["calls"] < 8:
            time.sleep(0.02)
        server.stop()
        time.sleep(2)
        server.start()

    away = threading.Thread(target=bounce, daemon=True)
    away.start()
    ran = run_command(path, folder / "run")
    away.join(30)
    met = query_failures(folder / "run", "SELECT count(*) FROM failures")[0][0]
    return ran.is_orderly and row_counts(ran) == 6 and bool(met)


def prompt_too_long(server: Handle, folder: Path) -> bool:
    """A prompt beyond the context is a failure by name, never cut in silence."""
    path = write_recipe(folder, server, 2, num_ctx=256)
    source = folder / "prompts.jsonl"
    source.write_text('{"id": "x", "prompt": "' + "word " * 2000 + '"}\n')
    ran = run_command(path, folder / "run")
    return ran.is_orderly and ran.report["states"].get("pair", 0) == 0


def budget_limits(form: Form, folder: Path) -> Result:
    """Limits on calls, and the provider's own sum (fault 15)."""
    found, over, off = Result(), 0, 0.0
    price = {"prompt": 2.5, "completion": 10.0}
    for n, limit in enumerate((7, 20, 33)[: form.pick(2, 3)]):
        with openai_server() as server:
            path = write_recipe(folder / str(n), server, 12, concurrency=4, price=price)
            first = run_command(
                path, folder / str(n) / "run", "--max-calls", str(limit)
            )
            asked = server.stats()["calls"]
            whole = run_command(path, folder / str(n) / "run")
            spent = server.stats()
        over = max(over, asked - limit)
        tokens = (spent["prompt_tokens"], spent["completion_tokens"])
        own = (2.5 * tokens[0] + 10 * tokens[1]) / 1e6
        cached = 2.5 * spent.get("cached_tokens", 0) / 1e6
        off = max(off, abs(own - whole.report["usd"]))
        same = (whole.report["prompt_tokens"], whole.report["completion_tokens"])
        kept = first.code == 3 and asked <= limit + 4 and same == tokens
        found.add(kept and off <= 0.01 + cached)
        found.twice += spent["answered_again"]
    found.measured = f"at most {max(over, 0)} calls beyond, cost off by ${off:.4f}"
    return found


def cost_of_killed_runs(form: Form, folder: Path) -> Result:
    """The cost of a run that is killed again and again, by both books (fault 15)."""
    found, said = Result(), []
    price = {"prompt": 2.5, "cached": 1.25, "completion": 10.0}
    for n in range(form.pick(1, 5)):
        into = folder / str(n) / "run"
        with openai_server(latency=0.05, price=list(price.values())) as server:
            path = write_recipe(folder / str(n), server, 8, concurrency=4, price=price)
            for kill in range(1, 4):
                run_until_killed(path, into, server, 12 * kill + n)
            whole = run_command(path, into)
            theirs = server.stats()
        ours, most = whole.report["usd"], whole.report["usd_maybe_twice"]
        again = theirs["answered_again"] <= whole.report["maybe_paid_twice"]
        within = ours - 0.005 <= theirs["usd"] <= ours + most + 0.005
        found.add(whole.is_orderly and again and within)
        found.twice += theirs["answered_again"]
        found.duplicates += repeated_rows(into)
        said.append(f"${theirs['usd']:.4f} of ${ours:.4f} + at most ${most:.4f}")
    found.measured = "billed of recorded, after 3 kills each: " + ", ".join(said[:2])
    return found


def run_until_killed(path: Path, into: Path, server: Handle, calls: int) -> None:
    """A run in a process that is ended by SIGKILL at the server's so manieth call."""
    command = [*CLI, "run", str(path), "--into", str(into)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=ROOT) as run:
        while server.stats()["calls"] < calls and run.poll() is None:
            time.sleep(0.01)
        run.kill()
