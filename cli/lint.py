"""`fellowship lint`: faults of preference files."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from fellowship.cli.exit_codes import Exit
from fellowship.cli.options import as_json
from fellowship.cli.terminal import console, print_json, say
from fellowship.number_format import counted, percent
from fellowship.pipelines.export.lint import Finding, LintReport, lint, report_as_json
from fellowship.pipelines.export.shortcut_report import ShortcutReport
from fellowship.sanitize import single_line

CODES = """\b
Exit codes:
  0  nothing was found
  1  something was found (flags alone don't count)
  2  the command line or a file is wrong
"""


@click.command("lint", epilog=CODES)
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A benchmark's file: rows that share a 13-word n-gram with it are reported.",
)
@click.option(
    "--near",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Similarity from which rows count as near duplicates; 0 turns the check off.",
)
@as_json
def command(
    files: tuple[Path, ...], against: tuple[Path, ...], near: float, as_json: bool
) -> int:
    """Check preference FILES, made by Fellowship or not, by row number: length bias,
    shortcuts (what the pairs would teach besides), one text chosen for many prompts,
    duplicates, contradictory labels, judges' text or a model's thinking in answers,
    noise, no language, contamination, bad rows.

    Reads .jsonl, .json, .csv, .parquet and folders saved by datasets, in the columns of
    TRL, ShareGPT, Alpaca, LLaMA-Factory, Axolotl, OpenAI, HH, UltraFeedback, HelpSteer
    and arenas.

    \b
    Examples:
      fellowship lint runs/demo/exports/dpo.jsonl
      fellowship lint train.parquet --against mmlu.jsonl --against gsm8k.jsonl
      fellowship lint *.jsonl --json | jq '.[] | select(.clean | not) | .path'
    """
    reports = [lint(path, against, near or None) for path in files]
    if as_json:
        print_json([report_as_json(report) for report in reports])
    else:
        for report in reports:
            show(report, console())
    return Exit.DONE if all(report.clean for report in reports) else Exit.FAILED


def show(report: LintReport, out: Console) -> None:
    """One file's findings, most rows first."""
    kinds = (
        f"{counted(report.pairs, 'pair')}, {counted(report.labels, 'single answer')}"
    )
    say(out, (report.path, "bold"), f"  {counted(report.rows, 'row')}, {kinds}")
    for finding in report.findings:
        show_finding(finding, "red", out)
    for finding in report.flags:
        show_finding(finding, "yellow", out)
    if (length := report.length) is not None:
        lengths = (
            f"the longer answer is chosen in {percent(length.longer)}"
            f" [{percent(length.low)}, {percent(length.high)}] of"
            f" {counted(length.pairs, 'pair')};"
            f" mean {length.chosen:,.0f} against {length.rejected:,.0f} characters"
        )
        style = "red" if length.biased else "dim"
        say(out, ("  length bias  " if length.biased else "  length  ", style), lengths)
    if report.shortcuts is not None:
        show_shortcuts(report.shortcuts, out)
    elif report.labels:
        say(out, ("  shortcuts were not looked for: they are measured in pairs", "dim"))
    if not report.rows:
        say(out, ("  no rows: nothing to check", "yellow"))
    elif report.clean:
        say(out, ("  nothing found", "green"))


def show_shortcuts(report: ShortcutReport, out: Console) -> None:
    """What the pairs would teach besides, clearest first, and what was checked."""
    for one in report.found:
        say(out, (f"  shortcut: {one.name}  ", "red"), f"{one.sentence()}: {one.cure}")
    say(out, (f"  {report.summary()}", "dim"))


def show_finding(finding: Finding, style: str, out: Console) -> None:
    """A finding with its first rows."""
    numbers = ", ".join(map(str, finding.numbers))
    more = ", ..." if finding.rows > len(finding.numbers) else ""
    reason = f": {single_line(finding.reason, 140)}" if finding.reason else ""
    where = f"{counted(finding.rows, 'row')}{reason}; row {numbers}{more}"
    say(out, (f"  {finding.name}  ", style), where)
