"""The list of faults, each with the figure that is asked for and how it is struck."""

from __future__ import annotations

from benchmarks.faults import crashes, providers
from benchmarks.faults.account import Cases, Fault


def cases(*files: str, only: str = "") -> Cases:
    """Tests in these files of the suite whose names have one of these words."""
    return Cases(tuple(f"tests/{name}.py" for name in files), tuple(only.split()))


FAULTS = (
    Fault(1, "kill -9 at random instants", "0 lost, same bytes", crashes.kills),
    Fault(
        *(2, "death at each step of a call", "0 lost, counted if sent"),
        cases(
            "core/test_durability",
            only="die_at_any_step",
        ),
    ),
    Fault(
        *(3, "torn log, ledger, export", "says exactly what is lost"),
        cases(
            "core/test_durability", only="cut_anywhere torn_log noise half_an_export"
        ),
    ),
    Fault(
        *(4, "disk full, folder read-only", "stops in 5 s, then resumes"),
        cases(
            "core/test_durability",
            only="full_disk read_only disk_refuses does_not_wait",
        ),
    ),
    Fault(
        *(5, "SIGINT, SIGTERM, twice", "under 10 s, resume line"),
        cases(
            *("core/test_durability", "cli/test_cli"),
            only="signal",
        ),
    ),
    Fault(
        *(6, "two processes on one run", "second refused, no stale lock"),
        cases(
            "core/test_durability",
            "pipelines/running/test_runner",
            only="second_process",
        ),
    ),
    Fault(
        *(7, "recipe, prompt, model changed", "refused or forked"),
        cases(
            "core/test_durability",
            "pipelines/running/test_runner",
            only="changed_prompt another_recipe",
        ),
    ),
    Fault(
        *(8, "older and newer formats", "opens; refused by name"),
        cases(
            "core/test_durability",
            only="older_version newer_version",
        ),
    ),
    Fault(9, "429 storms", "80 % of the rate (long form)", providers.storms),
    Fault(9, "a limit that is named", "80 %, 1 % beyond (long form)", providers.paced),
    Fault(10, "20 % resets, 5xx, drips", "every row ends", providers.mixed),
    Fault(11, "hang for ever", "within 1 s, nothing left", providers.hangs),
    Fault(
        12, "what a retry can't mend", "at most 5 calls, or 1 a row", providers.final
    ),
    Fault(13, "malformed bodies", "0 accepted, bounded memory", providers.malformed),
    Fault(14, "Ollama down, bare, restarted", "named, resumed", providers.ollama),
    Fault(15, "a limit on calls", "1 call a worker, to the cent", providers.budget),
    Fault(15, "cost across crashes", "to the cent", providers.crashed),
    Fault(
        *(16, "hostile rows and files", "reported by number, 0 tracebacks"),
        cases(
            "project/test_hostile_input",
            "pipelines/sources/test_sources",
            "project/test_corpus",
        ),
    ),
    Fault(17, "concurrency 1 and 64; Ray (long form)", "same bytes", crashes.engines),
    Fault(
        *(17, "without AutoGen's runtime", "the same transcripts"),
        cases("teams/test_plain_asyncio"),
    ),
    Fault(
        *(18, "many rows, 1 % faults", "1.2x a row, flat, opens in 5 s"),
        crashes.scaled,
        alone=True,
    ),
    Fault(
        *(19, "canary secrets", "0 hits, private files"), cases("project/test_secrets")
    ),
    Fault(
        *(20, "hostile page: script, traversal, host", "0 executions, 4xx"),
        cases(
            *("viewer/test_viewer", "viewer/test_browser"),
            only="hostile our_own loopback no_address policy another_site secret"
            " nothing_that_runs",
        ),
    ),
    Fault(
        *(21, "untrusted recipes, no eval", "typed error, no execution"),
        cases(
            *("pipelines/recipe/test_loading", "project/test_imports"),
            "project/test_corpus",
            only="is_refused_and_nothing_runs alias_bomb unpickles [recipe] [prompt]",
        ),
    ),
)
