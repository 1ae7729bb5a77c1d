"""`fellowship show`: rows, transcripts and calls of a run, from its record alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from fellowship.cli import draft_diffs, provenance_view, transcript
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.row_filters import RowFilter, filter_options
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.errors import InputError
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.number_format import DASH, count, score
from fellowship.pipelines.pairing.row_state import rows_stopped
from fellowship.pipelines.provenance.header_reader import usable_header
from fellowship.pipelines.provenance.provenance import trace
from fellowship.pipelines.replay.recorded_rows import find_row
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, read_header
from fellowship.sanitize import single_line
from fellowship.viewer.row_summary import summarise
from fellowship.viewer.row_texts import models, teams
from fellowship.wording import state_word


@click.command("show", epilog=EPILOG)
@run_argument
@click.argument("row", required=False)
@filter_options
@click.option(
    "--requests", is_flag=True, help="With ROW: the exact request of each message."
)
@click.option(
    "--thinking", is_flag=True, help="With ROW: what each model thought, unfolded."
)
@click.option(
    "--why",
    is_flag=True,
    help="With ROW: what its pair depends on: verdicts, sums, models, prompts, calls.",
)
@click.option(
    "--diff", is_flag=True, help="With ROW: what changed from each draft to the next."
)
@click.option(
    "--call", metavar="KEY", help="One call's exact request and reply, as JSON."
)
@click.option("--pager", is_flag=True, help="Show it in your pager, with colours.")
@as_json
def command(
    run: Path,
    row: str | None,
    requests: bool,
    thinking: bool,
    why: bool,
    diff: bool,
    call: str | None,
    pager: bool,
    as_json: bool,
    **narrowed: Any,
) -> int:
    """Show what became of every row of RUN, or the whole transcript of one ROW.

    ROW is a row's number in the source, or its id. A run can be read while it is
    running. Piped output is plain text without line wrapping.

    \b
    Examples:
      fellowship show runs/demo
      fellowship show runs/demo --state tie --disagreement
      fellowship show runs/demo --search "carbon dioxide"
      fellowship show runs/demo --since 2026-11-29 --json
      fellowship show runs/demo 3 --pager
      fellowship show runs/demo 3 --diff
      fellowship show runs/demo 3 --requests
      fellowship show runs/demo 3 --why
      fellowship show runs/demo --json | jq '.[] | select(.state == "tie")'
    """
    narrowed["disagreement"] = narrowed["disagreement"] or ""
    wanted = RowFilter(**narrowed)
    check_options(row, wanted, why or diff or requests or thinking)
    with LedgerReader(run / LEDGER) as reader, open_output(pager) as out:
        if call is not None:
            print_json(recorded_call(reader, call))
        elif row is None:
            wanted = wanted.with_full_names(outcomes(reader))
            rows: Iterator[Outcome] = chain(outcomes(reader), rows_stopped(run))
            if wanted.since is not None:
                rows = rows_since(reader, wanted.since)
            show_overview(filter(wanted.accepts, rows), wanted, out, as_json)
        elif as_json and not why:
            print_json(find_row(reader, row).model_dump(mode="json"))
        elif why:
            show_provenance(find_row(reader, row), run, out, as_json)
        elif diff:
            draft_diffs.show(find_row(reader, row), out)
        else:
            request_of = (
                (lambda key: recorded_call(reader, key)["request"])
                if requests
                else None
            )
            found = find_row(reader, row)
            provenance = trace(found, usable_header(read_header(run)))
            transcript.show(
                found,
                provenance,
                out,
                transcript.TranscriptOptions(request_of, wanted.search, thinking),
            )
    return Exit.DONE


def check_options(row: str | None, wanted: RowFilter, of_a_row: bool) -> None:
    """Refuse options that speak of one row without it, and of many beside it."""
    if row is None and of_a_row:
        raise click.UsageError(
            "--why, --diff, --requests and --thinking need a row: fellowship show RUN ROW"
        )
    if row is not None and wanted.is_set:
        raise click.UsageError("filters apply to the list of rows: leave ROW out")


@contextmanager
def open_output(wanted: bool) -> Iterator[Console]:
    """Where to print: stdout, or through the user's pager on a terminal."""
    out = console()
    if not wanted or not out.is_terminal:
        yield out
        return
    os.environ.setdefault("LESS", "-FRX")
    with out.pager(styles=True):
        yield out


def show_provenance(found: Outcome, run: Path, out: Console, as_json: bool) -> None:
    """Where a row's pair is from, traced to the ledger's calls."""
    traced = trace(found, usable_header(read_header(run)))
    if as_json:
        print_json(traced.model_dump(mode="json"))
    else:
        provenance_view.show(traced, out)


def outcomes(reader: LedgerReader) -> Iterator[Outcome]:
    """Every row's outcome, one at a time."""
    return map(read_outcome, reader.outcomes())


def rows_since(reader: LedgerReader, moment: float) -> Iterator[Outcome]:
    """The rows that ended then or later, in the source's order.

    A row of an older version's ledger ended with its last call; without a call its time
    is not known, and it is left out.
    """
    ends = reader.row_ends()
    for outcome in outcomes(reader):
        ended = ends.get(outcome.number)
        if ended is None:
            keys = [
                turn.call for s in outcome.sessions for turn in s.turns if turn.call
            ]
            calls = [call for key in keys if (call := reader.call(key)) is not None]
            ended = max((call.started + call.seconds for call in calls), default=None)
        if ended is not None and ended >= moment:
            yield outcome


def recorded_call(reader: LedgerReader, key: str) -> dict[str, Any]:
    """One call as it went over the wire; `InputError` when there is none."""
    found = reader.call(key)
    if found is None:
        raise InputError(f"no call {key!r} in this run: --requests prints a row's keys")
    value = found._asdict()
    return value | {name: json.loads(value[name]) for name in ("request", "reply")}


def show_overview(
    rows: Iterator[Outcome], wanted: RowFilter, out: Console, as_json: bool
) -> None:
    """One line a row; beside a search, who said it and the words around it."""
    summaries = [row_cells(outcome, wanted) for outcome in rows]
    if as_json:
        print_json(summaries)
        return
    last = "found" if wanted.search else "prompt"
    heads = ("row", "state", "scores", "score gap", "answers", "tokens", last)
    cells = [
        (
            s["row"],
            state_word(s["state"]),
            " ".join(map(score, s["scores"])),
            "" if s["margin"] is None else score(s["margin"]),
            s["drafts"] or "",
            count(s["tokens"], DASH),
            s["found"] if wanted.search else single_line(s["prompt"] or s["why"], 56),
        )
        for s in summaries
    ]
    table(out, heads, cells, right="r  rrr")
    if not summaries:
        narrowed = wanted.is_set or wanted.search
        say(out, "no row matches" if narrowed else "no row has finished yet")


def row_cells(outcome: Outcome, wanted: RowFilter) -> dict[str, Any]:
    """What the table says of one row, and what a script may ask of it."""
    summarised = summarise(outcome)
    return {
        "row": outcome.number,
        "id": outcome.id,
        "state": outcome.state.value,
        "why": outcome.why,
        "scores": list(outcome.ranking.scores) if outcome.ranking else [],
        "margin": outcome.pairs[0].margin if outcome.pairs else None,
        "drafts": len(outcome.candidates),
        "tokens": summarised.tokens,
        "usd": summarised.usd,
        "seconds": summarised.seconds,
        "agreement": summarised.agreement,
        "jurors_differ": summarised.jurors_differ,
        "orders_differ": summarised.orders_differ,
        "invalid": summarised.invalid,
        "teams": sorted(teams(outcome)),
        "models": sorted(models(outcome)),
        "flags": list(outcome.flags),
        "prompt": outcome.conversation.question if outcome.conversation else "",
        "found": wanted.find_text(outcome) if wanted.search else None,
    }
