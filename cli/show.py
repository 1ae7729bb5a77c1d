"""`fellowship show`: read what was said, from the record and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fellowship.cli import transcript, whys
from fellowship.cli.exits import EPILOG, Exit
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, line, print_json, say, table, tame
from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.why import why as why_of
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, read_header


@click.command("show", epilog=EPILOG)
@run_argument
@click.argument("row", required=False)
@click.option(
    "--requests", is_flag=True, help="With ROW: the exact request of each turn."
)
@click.option(
    "--why",
    is_flag=True,
    help="With ROW: where its pair is from: verdicts, sums, models, prompts, calls.",
)
@click.option(
    "--call", metavar="KEY", help="One call's exact request and reply, as JSON."
)
@as_json
def command(
    run: Path,
    row: str | None,
    requests: bool,
    why: bool,
    call: str | None,
    as_json: bool,
) -> int:
    """Show what became of every row of RUN, or the whole transcript of one ROW.

    ROW is a row's number in the source, or its id. A run can be read while it goes on.

    \b
    Examples:
      fellowship show runs/demo
      fellowship show runs/demo 3 | less
      fellowship show runs/demo 3 --requests
      fellowship show runs/demo 3 --why
      fellowship show runs/demo --json | jq '.[] | select(.state == "tie")'
    """
    if why and row is None:
        raise click.UsageError("--why speaks of one row: fellowship show RUN ROW --why")
    with LedgerReader(run / LEDGER) as reader:
        if call is not None:
            print_json(exact(reader, call))
        elif row is None:
            overview(outcomes(reader), as_json)
        else:
            found = find(reader, row)
            if why:
                provenance(found, run, as_json)
            elif as_json:
                print_json(found.model_dump(mode="json"))
            else:
                asked = (
                    (lambda key: exact(reader, key)["request"]) if requests else None
                )
                transcript.show(found, console(), asked)
    return Exit.DONE


def provenance(found: Outcome, run: Path, as_json: bool) -> None:
    """Where a row's pair is from, traced to the ledger's calls."""
    told = why_of(found, read_header(run))
    if as_json:
        print_json(told.model_dump(mode="json"))
    else:
        whys.show(told, console())


def outcomes(reader: LedgerReader) -> Iterator[Outcome]:
    """Every row's outcome, one at a time."""
    return map(Outcome.model_validate_json, reader.outcomes())


def find(reader: LedgerReader, row: str) -> Outcome:
    """The row with this number or id; `InputError` when no finished row has it."""
    if row.isdecimal() and (text := reader.outcome(int(row))) is not None:
        return Outcome.model_validate_json(text)
    for outcome in outcomes(reader):
        if row in (outcome.id, outcome.item):
            return outcome
    raise InputError(f"no finished row {row!r} in this run: list them with show RUN")


def exact(reader: LedgerReader, key: str) -> dict[str, Any]:
    """One call as it went over the wire; `InputError` when there is none."""
    found = reader.call(key)
    if found is None:
        raise InputError(f"no call {key!r} in this run: --requests prints a row's keys")
    value = found._asdict()
    return value | {name: json.loads(value[name]) for name in ("request", "reply")}


def overview(rows: Iterator[Outcome], as_json: bool) -> None:
    """One line a row."""
    summaries = [summary(outcome) for outcome in rows]
    if as_json:
        print_json(summaries)
        return
    heads = ("row", "state", "scores", "margin", "drafts", "tokens", "prompt")
    cells = [
        (
            s["row"],
            s["state"],
            " ".join("-" if x is None else f"{x:g}" for x in s["scores"]),
            "" if s["margin"] is None else f"{s['margin']:g}",
            s["drafts"] or "",
            f"{s['tokens']:,}" if s["tokens"] else "",
            line(s["prompt"] or s["why"], 56),
        )
        for s in summaries
    ]
    table(console(), heads, cells, right="r  rrr")
    if not summaries:
        say(console(), tame("no row has finished yet"))


def summary(outcome: Outcome) -> dict[str, Any]:
    """What the table says of one row."""
    turns = [turn for session in outcome.sessions for turn in session.turns]
    ranking = outcome.ranking
    return {
        "row": outcome.number,
        "id": outcome.id,
        "state": outcome.state,
        "why": outcome.why,
        "scores": list(ranking.scores) if ranking else [],
        "margin": outcome.pairs[0].margin if outcome.pairs else None,
        "drafts": len(outcome.candidates),
        "tokens": sum(turn.prompt_tokens + turn.completion_tokens for turn in turns),
        "prompt": outcome.conversation.question if outcome.conversation else "",
    }
