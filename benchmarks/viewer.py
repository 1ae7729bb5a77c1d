"""Benchmark of the viewer on 10,000 rows: first paint, search, and memory.

    python -m benchmarks.viewer [--rows 10000] [--requests 2000] [--keep FOLDER]

Every row has a loop of three drafts with two reviews and two comparisons by three jurors
in both orders: three sessions and 17 messages a row. The server is `fellowship view` in a
process of its own. `cold` is its first start on the run, without an index; `warm` the
second. First paint is Chromium's own first-contentful-paint, without Chromium the time to
the page's last byte. Memory is the server's resident size, read from /proc.

Exits with 1 where a first paint takes a second or more, where a search takes 300 ms in the
median, or where the server grows by more than 30 MB over the requests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Message,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Session,
    Turn,
    Verdict,
)
from fellowship.teams.decisions import decide
from tests.support.chromium import CHROMIUM, browser
from tests.support.runs import written

WORDS = re.findall(
    r"\w+",
    "answer because bread careful detail early field garden however include journey"
    " kitchen letter market number often paper question reason simple table under"
    " village water example year zero thing better worse reader first second argument"
    " point claim evidence shows little much always never against",
)
JURORS = ("ann", "bob", "cy")
MOST_PAINT, MOST_SEARCH, MOST_GROWTH = 1.0, 0.3, 30.0

SEARCHES = ("petrichor", "answer", "bread garden", '"first second"', "evid", "zebra")


def random_prose(dice: random.Random, words: int) -> str:
    """Some words; one text in a thousand holds a rare one."""
    made = dice.choices(WORDS, k=words)
    if dice.random() < 0.001:
        made.append("petrichor")
    return " ".join(made).capitalize() + "."


def turn(dice: random.Random, source: str, role: str, text: str, **more: Any) -> Turn:
    """One message with plausible figures."""
    return Turn(
        source=source,
        role=role,
        model=f"model-{role}",
        text=text,
        prompt_tokens=dice.randint(50, 900),
        completion_tokens=len(text) // 5,
        seconds=dice.random() * 4,
        usd=dice.random() / 500,
        **more,
    )


def session(dice: random.Random, number: int, first: int, second: int) -> Session:
    """Three jurors' votes on two drafts."""
    turns, verdicts = [], []
    for juror in JURORS:
        for order in ("forward", "swapped"):
            one, two = dice.randint(3, 9), dice.randint(3, 9)
            scores = Scores(first=one, second=two)
            reason = random_prose(dice, 40)
            seat = f"{juror}_{order}"
            value = {"winner": scores.winner, "reason": reason}
            turns.append(turn(dice, seat, "judge", reason, value=value))
            verdicts.append(
                Verdict(
                    winner=scores.winner,
                    scores=scores,
                    reason=reason,
                    evaluator=juror,
                    model=f"model-{juror}",
                    order=order,  # type: ignore[arg-type]
                )
            )
    return Session(
        id=f"e{number}-{first}-{second}",
        team=f"evaluate {first + 1}-{second + 1}",
        item=f"i{number}",
        turns=tuple(turns),
        verdicts=tuple(verdicts),
    )


def outcome(number: int) -> Outcome:
    """One row of the run, always the same for its number."""
    dice = random.Random(number)
    drafts = [random_prose(dice, 120) for _ in range(3)]
    talk = []
    for n, draft in enumerate(drafts, 1):
        talk.append(turn(dice, "generator", "generator", draft, round=n))
        if n < 3:
            talk.append(
                turn(dice, "reviewer", "reviewer", random_prose(dice, 40), round=n)
            )
    loop = Session(id=f"s{number}", team="loop", item=f"i{number}", turns=tuple(talk))
    judged = [session(dice, number, 0, n) for n in (1, 2)]
    candidates = tuple(
        Candidate(text=text, system="loop", model="model-generator", draft=n)
        for n, text in enumerate(drafts, 1)
    )
    comparisons = []
    for n, said in enumerate(judged, 1):
        decided, scores = decide(said.verdicts)
        comparisons.append(
            Comparison(
                first=0,
                second=n,
                outcome=decided,
                scores=scores,
                verdicts=said.verdicts,
            )
        )
    state: Any = dice.choices(("pair", "tie", "order-inconsistent"), (80, 12, 8))[0]
    asked = Conversation(
        messages=(Message(role="user", content=random_prose(dice, 20)),)
    )
    pair = PreferencePair(
        item=f"i{number}",
        number=number,
        prompt=asked,
        chosen=candidates[0],
        rejected=candidates[1],
        chosen_score=7,
        rejected_score=dice.randint(1, 6),
    )
    return Outcome(
        number=number,
        item=f"i{number}",
        id=f"row-{number}",
        state=state,
        conversation=asked,
        candidates=candidates,
        ranking=Ranking(scores=(7, 4, 5), winner=0, comparisons=tuple(comparisons)),
        pairs=(pair,) if state == "pair" else (),
        sessions=(loop, *judged),
    )


@contextlib.contextmanager
def start_viewer(run: Path) -> Iterator[tuple[str, int]]:
    """`fellowship view` on the run: its address and process."""
    command = [sys.executable, "-m", "fellowship.cli.main", "view", str(run)]
    work = subprocess.Popen(
        [*command, "--no-open", "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert work.stdout is not None
        yield json.loads(work.stdout.readline())["address"], work.pid
    finally:
        work.terminate()
        work.wait()


def resident_megabytes(pid: int) -> float:
    """Megabytes a process holds in memory."""
    text = Path(f"/proc/{pid}/status").read_text()
    line = next(x for x in text.splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def seconds_to_fetch(address: str) -> float:
    """Seconds to a page's last byte."""
    began = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:
        answer.read()
    return time.perf_counter() - began


def seconds_to_paint(address: str) -> float:
    """Seconds to the first contentful paint of a page that is opened now."""
    if CHROMIUM is None:
        return seconds_to_fetch(address)
    with browser() as made:
        page = made.new_page()
        page.goto("about:blank")
        page.goto(address, wait_until="load")
        script = """() => new Promise(done => new PerformanceObserver(list =>
          done(list.getEntriesByName("first-contentful-paint")[0].startTime)
        ).observe({type: "paint", buffered: true}))"""
        return float(page.evaluate(script)) / 1000


def rows_unindexed(address: str) -> int:
    """Rows that the index doesn't hold yet."""
    with urllib.request.urlopen(f"{address}pulse", timeout=60) as answer:
        return int(json.load(answer)["waiting"])


def seconds_to_index(address: str) -> float:
    """Seconds until every row is indexed."""
    began = time.perf_counter()
    while rows_unindexed(address):
        time.sleep(0.1)
    return time.perf_counter() - began


def median_and_slowest(
    address: str, paths: list[str], ask: Callable[[str], float]
) -> str:
    """Median and slowest of some requests in milliseconds."""
    took = [1000 * ask(address + path) for path in paths]
    return f"{statistics.median(took):6.0f} ms median {max(took):6.0f} ms slowest"


def megabytes_grown(address: str, pid: int, rows: int, requests: int) -> float:
    """Megabytes the server grew by over many different requests, warmed up by some."""
    dice = random.Random(1)
    kinds = ("", "?q=answer", "?sort=margin&down=1", "?disagree=any", "live", "pulse")

    def go(count: int) -> None:
        for n in range(count):
            path = f"row/{dice.randint(1, rows)}" if n % 2 else dice.choice(kinds)
            seconds_to_fetch(address + path)

    go(requests // 10)
    before = resident_megabytes(pid)
    go(requests)
    return resident_megabytes(pid) - before


def main() -> int:
    """Make the run, view it twice, print what it took."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rows", type=int, default=10_000)
    asked.add_argument("--requests", type=int, default=2000)
    asked.add_argument("--keep", type=Path)
    given = asked.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="fellowship-bench-"))
    run = folder / "run"
    written(run, map(outcome, range(1, given.rows + 1)))
    size = (run / "ledger.db").stat().st_size / 1e6
    print(f"{given.rows:,} rows, {given.rows * 3:,} sessions, ledger {size:,.0f} MB")
    try:
        return measure_run(run, given.rows, given.requests)
    finally:
        if given.keep is None:
            shutil.rmtree(folder)


def measure_run(run: Path, rows: int, requests: int) -> int:
    """The figures, and whether they are what is promised."""
    with start_viewer(run) as (address, pid):
        cold = seconds_to_paint(address)
        print(f"first paint, cold      {cold:6.2f} s")
        print(f"whole index            {seconds_to_index(address):6.1f} s more")
        print(f"memory after indexing  {resident_megabytes(pid):6.0f} MB")
    with start_viewer(run) as (address, pid):
        warm = seconds_to_paint(address)
        print(f"first paint, warm      {warm:6.2f} s")
        time.sleep(2)
        took = [
            seconds_to_fetch(f"{address}?q={urllib.request.quote(q)}")
            for q in SEARCHES * 3
        ]
        search = statistics.median(took)
        searches = f"{1000 * search:6.0f} ms median {1000 * max(took):6.0f} ms slowest"
        print(f"search                 {searches}")
        filters = [
            "?state=tie",
            "?disagree=jurors",
            "?low=3&high=5",
            "?sort=tokens&down=1",
        ]
        filtering = median_and_slowest(address, filters * 3, seconds_to_fetch)
        print(f"filter                 {filtering}")
        last = median_and_slowest(address, ["?page=200"] * 3, seconds_to_fetch)
        print(f"last page              {last}")
        some = [f"row/{n}" for n in range(1, rows, max(1, rows // 20))]
        print(
            f"one row                {median_and_slowest(address, some, seconds_to_fetch)}"
        )
        growth = megabytes_grown(address, pid, rows, requests)
        print(f"memory                 {resident_megabytes(pid):6.0f} MB", end=", ")
        print(f"{growth:+.1f} MB over {requests:,} requests")
    kept = max(cold, warm) < MOST_PAINT and search < MOST_SEARCH
    return 0 if kept and growth < MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
