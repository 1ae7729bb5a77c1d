"""`fellowship labels`: people's labels of a run, counted or written to a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import count, counted
from fellowship.pipelines.imports.label_exchange import write_labels
from fellowship.pipelines.labels.label_queues import QUEUE_WORDS
from fellowship.pipelines.labels.run_labels import count_by_annotator, latest_labels
from fellowship.sanitize import single_line


@click.command("labels", epilog=EPILOG)
@run_argument
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write them as JSON lines, as `import labels` reads them.",
)
@as_json
def command(run: Path, to: Path | None, as_json: bool) -> int:
    """Count the labels that people gave in RUN, or write them to a file.

    An annotator's latest label of two answers counts; skipped rows are left out.

    \b
    Examples:
      fellowship labels runs/demo
      fellowship labels runs/demo --to labels.jsonl
      fellowship import labels labels.jsonl --into runs/again
    """
    labels = latest_labels(run)
    people = count_by_annotator(labels)
    if to is not None:
        write_labels(run, to)
    queues = Counter(label.queue or "unknown" for label in labels)
    if as_json:
        rows = len({label.number for label in labels})
        counts = {"labels": len(labels), "rows": rows, "annotators": people}
        print_json({**counts, "queues": dict(queues)})
        return Exit.DONE
    out = console()
    if not labels:
        say(out, "no labels yet: fellowship view RUN, or fellowship import labels")
        return Exit.DONE
    table(
        out,
        ("annotator", "labels"),
        [(single_line(n), count(c)) for n, c in people.items()],
    )
    for queue, many in queues.most_common():
        say(out, f"{counted(many, 'label')} {QUEUE_WORDS[queue]}")
    if to is not None:
        say(out, (str(to), "bold"), f"  {counted(len(labels), 'label')}")
    return Exit.DONE
