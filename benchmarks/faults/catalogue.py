"""List of faults, each with the figure that is asked for and how it is struck."""

from __future__ import annotations

from benchmarks.faults import crashes, providers
from benchmarks.faults.account import Cases, Fault

FAULTS = (
    Fault(1, "kill -9 at random instants", "0 lost, same bytes", crashes.random_kills),
    Fault(
        *(2, "death at each step of a call", "0 lost, counted if sent"),
        Cases(),
    ),
    Fault(
        *(3, "torn log, ledger, export", "says exactly what is lost"),
        Cases(),
    ),
    Fault(
        *(4, "disk full, folder read-only", "stops at once, then resumes"),
        Cases(),
    ),
    Fault(
        *(5, "SIGINT, SIGTERM, twice", "under 10 s, resume line"),
        Cases(),
    ),
    Fault(
        *(6, "two processes on one run", "second refused, no stale lock"),
        Cases(),
    ),
    Fault(
        *(7, "recipe, prompt, model changed", "refused or forked"),
        Cases(),
    ),
    Fault(
        *(8, "older and newer formats", "opens; refused by name"),
        Cases(),
    ),
    Fault(
        9, "429 storms", "80 % of the rate (long form)", providers.unknown_rate_limits
    ),
    Fault(
        9,
        "a limit that is named",
        "80 %, 1 % beyond (long form)",
        providers.known_rate_limit,
    ),
    Fault(10, "20 % resets, 5xx, drips", "every row ends", providers.mixed_failures),
    Fault(11, "hang for ever", "within 1 s, nothing left", providers.hanging_calls),
    Fault(
        12,
        "what a retry can't mend",
        "at most 5 calls, or 1 a row",
        providers.permanent_failures,
    ),
    Fault(
        13, "malformed bodies", "0 accepted, bounded memory", providers.malformed_bodies
    ),
    Fault(
        14, "Ollama down, bare, restarted", "named, resumed", providers.ollama_faults
    ),
    Fault(
        15, "a limit on calls", "1 call a worker, to the cent", providers.budget_limits
    ),
    Fault(15, "cost across crashes", "to the cent", providers.cost_of_killed_runs),
    Fault(
        *(16, "hostile rows and files", "reported by number, 0 tracebacks"),
        Cases(),
    ),
    Fault(
        17,
        "concurrency 1 and 64; Ray (long form)",
        "same bytes",
        crashes.same_bytes_by_engine,
    ),
    Fault(
        *(17, "without AutoGen's runtime", "the same transcripts"),
        Cases(),
    ),
    Fault(
        *(18, "many rows, 1 % faults", "1.2x a row, flat, opens in 1 s"),
        crashes.many_rows,
        alone=True,
    ),
    Fault(*(19, "canary secrets", "0 hits, private files"), Cases()),
    Fault(
        *(20, "hostile page: script, traversal, host", "0 executions, 4xx"),
        Cases(),
    ),
    Fault(
        *(21, "untrusted recipes, no eval", "typed error, no execution"),
        Cases(),
    ),
    Fault(101, "reported: addresses", "goes to the host that is written", Cases()),
    Fault(102, "reported: unusable replies", "what is paid is counted", Cases()),
    Fault(103, "reported: finish reasons", "half a text is never a whole one", Cases()),
    Fault(104, "reported: cut judges", "read only where complete", Cases()),
    Fault(105, "reported: hopeless refusals", "left out, or stopped at once", Cases()),
    Fault(106, "reported: errors in other words", "kind, wait, what was seen", Cases()),
    Fault(107, "reported: thoughts", "in no answer and no verdict", Cases()),
    Fault(108, "reported: words that are no verdict", "0 read otherwise", Cases()),
    Fault(109, "reported: spellings of verdicts", "95 in 100 are read", Cases()),
    Fault(110, "reported: scales taken for sides", "used, or refused unpaid", Cases()),
    Fault(111, "reported: lists in strings", "used, or refused unpaid", Cases()),
    Fault(112, "reported: second turns", "used, or refused unpaid", Cases()),
    Fault(113, "reported: exports that don't load", "every reader opens it", Cases()),
    Fault(114, "reported: half the prompt unread", "input is part of it", Cases()),
    Fault(115, "reported: prompts within answers", "not laid to answers", Cases()),
    Fault(116, "reported: forms and reasons", "read, or the right reason", Cases()),
)
