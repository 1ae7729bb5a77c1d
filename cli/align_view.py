"""Report of an alignment on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from fellowship.cli.terminal import say, table
from fellowship.number_format import (
    DASH,
    counted,
    figure,
    limits,
    money,
    percent,
)
from fellowship.sanitize import sanitize, single_line

if TYPE_CHECKING:
    from fellowship.pipelines.aligning.align_report import AlignReport
    from fellowship.pipelines.aligning.align_run import Aligning
    from fellowship.pipelines.aligning.gains import Figure, Gain


def about(wanted: Aligning) -> str:
    """What is about to be done, in a sentence without its full stop."""
    from fellowship.pipelines.aligning.split import describe_split

    steps = ", ".join(step.replace("-", " ") for step in wanted.steps)
    return f"{describe_split(wanted.split, wanted.seed)}; steps: {steps}"


def step_words(name: str) -> str:
    """What is asked now, from the name of its run: `criteria-2-writer`."""
    words = {
        "before": "the judge as it is, on the training pairs",
        "test-before": "the judge as it is, on the test pairs",
        "test-after": "the aligned judge, on the test pairs",
    }
    if name in words:
        return words[name]
    step, fold, *more = name.split("-")
    what = {
        (): "on the pairs of its fold",
        ("writer",): "are being written",
        ("others",): "on the other training pairs",
    }[tuple(more)]
    return f"{step} {fold} of 3 {what}"


def show(report: AlignReport, out: Console) -> None:
    """Steps, before and after on the test pairs, what was learnt, what changed."""
    say(out, report.split)
    training = report.training
    if training.kappa is not None and training.right is not None:
        say(
            out,
            f"the judge as it is, on {counted(training.pairs, 'training pair')}: kappa"
            f" {text(training.kappa)}, right {share(training.right)}",
        )
    rows = [
        (
            one.step.replace("-", " "),
            figure(one.kappa_before),
            figure(one.kappa_after),
            f"{one.right_before} / {one.right_after}" if one.pairs else DASH,
            single_line(one.why),
        )
        for one in report.steps
    ]
    heads = ("step, on held-out folds", "kappa", "with it", "right", "")
    table(out, heads, rows, right=" rrr ")
    if report.gain is not None:
        show_gain(report.gain, out)
    colour = "bold green" if report.gain and report.gain.difference.is_positive else ""
    say(out, (report.verdict, colour or "bold yellow"))
    for sentence in report.learnt:
        say(out, ("learnt: ", "bold"), sentence)
    if report.gain is not None and not report.learnt:
        say(out, "learnt: no policy of ties, length or place that these pairs can show")
    for sentence in report.cautions:
        say(out, (sentence, "yellow"))
    for line in report.diff:
        say(out, (sanitize(line), {"+": "green", "-": "red"}.get(line[:1], "")))
    show_account(report, out)


def show_gain(gain: Gain, out: Console) -> None:
    """Both judges on the test pairs, with the paired difference."""
    rows = [
        ("before", text(gain.kappa_before), share(gain.right_before)),
        ("after", text(gain.kappa_after), share(gain.right_after)),
        ("difference", text(gain.difference, sign=True), ""),
    ]
    many = f"{counted(gain.pairs, 'test pair')} of {counted(gain.prompts, 'prompt')}"
    table(out, (many, "kappa [95 %]", "right [95 %]"), rows, right=" rr")


def show_account(report: AlignReport, out: Console) -> None:
    """What it cost and where it is."""
    tokens = report.prompt_tokens + report.completion_tokens
    written = any(one.step == "criteria" and one.candidates for one in report.steps)
    say(
        out,
        f"{counted(report.calls, 'call')}, {counted(tokens, 'token')},"
        f" {money(report.usd, report.unpriced)}"
        + f"; criteria by {report.writer}"
        * written,
    )
    if report.maybe_paid_twice:
        twice = counted(report.maybe_paid_twice, "call")
        say(out, f"{twice} may have been paid for twice")
    if report.recipe:
        say(out, "the aligned recipe: ", (report.recipe, "cyan"))
    say(out, f"every verdict is in a run under {report.output}/runs")


def text(found: Figure, *, sign: bool = False) -> str:
    """A figure with its limits."""
    ends = limits(found.low, found.high, sign=sign)
    note = f"[no interval: {found.note}]" if found.note else ""
    return f"{figure(found.value, sign=sign)} {ends or note}".rstrip()


def share(found: Figure) -> str:
    """A share with its limits."""
    if found.low is None or found.high is None:
        return percent(found.value) or found.note or DASH
    return f"{percent(found.value)} [{percent(found.low)}, {percent(found.high)}]"
