"""The list of faults, each with the figure that is asked for and how it is struck."""

from __future__ import annotations

from benchmarks.faults import crashes, providers
from benchmarks.faults.account import Fault
from benchmarks.faults.suites import cases

DURABLE = "tests/test_durability.py"

FAULTS = (
    Fault(
        1, "kill -9 at random instants", "0 lost, 0 twice, same bytes", crashes.kills
    ),
    Fault(
        *(2, "death at each step of a call", "0 lost, counted if sent"),
        cases(DURABLE, only="die_at_any_step"),
    ),
    Fault(
        *(3, "torn log, ledger, export", "says exactly what is lost"),
        cases(DURABLE, only="cut_anywhere or torn_log or noise or half_an_export"),
    ),
    Fault(
        *(4, "disk full, folder read-only", "stops at once, then resumes"),
        cases(DURABLE, only="full_disk or read_only or disk_refuses or does_not_wait"),
    ),
    Fault(
        *(5, "SIGINT, SIGTERM, twice", "under 10 s, resume line"),
        cases(DURABLE, "tests/test_cli.py", only="signal"),
    ),
    Fault(
        *(6, "two processes on one run", "second refused, no stale lock"),
        cases(DURABLE, "tests/test_run.py", only="second_process"),
    ),
    Fault(
        *(7, "recipe, prompt, model changed", "refused or forked"),
        cases(DURABLE, "tests/test_run.py", only="changed_prompt or another_recipe"),
    ),
    Fault(
        *(8, "older and newer formats", "opens; refused by name"),
        cases(DURABLE, only="older_version or newer_version"),
    ),
    Fault(
        9, "429 storms", "every row ends; long form: 80 % of the rate", providers.storms
    ),
    Fault(10, "20 % resets, 5xx, drips", "every row ends", providers.mixed),
    Fault(11, "hang for ever", "deadline within 1 s, 0 left", providers.hangs),
    Fault(
        12, "what a retry can't mend", "at most 5 calls, or 1 a row", providers.final
    ),
    Fault(13, "malformed bodies", "0 accepted, bounded memory", providers.malformed),
    Fault(14, "Ollama down, bare, restarted", "named, resumed", providers.ollama),
    Fault(15, "budgets", "1 call a worker, to the cent", providers.budget),
    Fault(
        *(16, "hostile rows and files", "reported by number, 0 tracebacks"),
        cases("tests/test_hostile_input.py", "tests/test_sources.py"),
    ),
    Fault(17, "concurrency 1 and 64", "the same bytes", crashes.concurrency),
    Fault(
        *(17, "without AutoGen's runtime", "the same transcripts"),
        cases("tests/test_plain_asyncio.py"),
    ),
    Fault(
        *(19, "canary secrets", "0 hits, private files"),
        cases("tests/test_secrets.py"),
    ),
    Fault(
        *(20, "hostile page: script, traversal, host", "0 executions, 4xx"),
        cases(
            *("tests/test_viewer.py", "tests/test_viewer_browser.py"),
            only="hostile or our_own or loopback or no_address or policy or another_site"
            " or secret or nothing_that_runs",
        ),
    ),
    Fault(
        *(21, "untrusted recipes, no eval", "typed error, no execution"),
        cases(
            *("tests/test_loading.py", "tests/test_imports.py"),
            only="hostile or alias or unpickles",
        ),
    ),
)
