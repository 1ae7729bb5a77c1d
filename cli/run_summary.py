"""Summary of a finished run: states, spending, exports, how to go on.

Every prompt ends in one state, and the states add up.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from typing import Any

import click
from rich.console import Console

from fellowship.cli import evaluator_summary, export_accounts
from fellowship.cli.exit_codes import Exit
from fellowship.cli.terminal import say, table
from fellowship.ledger import LedgerReader
from fellowship.number_format import count, counted, money, usd
from fellowship.pipelines.recipe.aligned import alignment_note
from fellowship.pipelines.running.run_report import RunReport
from fellowship.records import State
from fellowship.run_folder import LEDGER, read_header
from fellowship.sanitize import single_line
from fellowship.wording import state_word

BAD: tuple[State, ...] = (State.FAILED, State.REJECTED_INPUT)
"""States whose rows want mending, here or in the source."""

NAMED = 5
"""How many such rows are named; `fellowship show RUN` lists all."""


def exit_of(report: RunReport) -> Exit:
    """What the shell is told of a run. A law that is broken is told before a stop."""
    if not report.balanced:
        return Exit.UNBALANCED
    if (report.stopped or report.pending) and not report.accepted:
        return Exit.STOPPED
    if any(report.states.get(state) for state in BAD):
        return Exit.FAILED
    return Exit.DONE


def report_as_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON."""
    evaluator = report.evaluator.model_dump() if report.evaluator else None
    plain = asdict(replace(report, accounts=(), evaluator=None))
    return plain | {
        "unusable_replies": report.replies.unusable,
        "unusable_usd": report.replies.unusable_usd,
        "repeated_ids": report.repeated_ids._asdict(),
        "answer_faults": [asdict(one) for one in report.answer_faults],
        "alignment": alignment_note(read_header(report.into)),
        "into": str(report.into),
        "balanced": report.balanced,
        "evaluator": evaluator,
        "accounts": [account.model_dump(mode="json") for account in report.accounts],
    }


def show(report: RunReport, resume: str, out: Console) -> None:
    """The table of states, what was spent, what was written, how to go on."""
    ended = {state: report.states.get(state, 0) for state in State}
    rows = [(state_word(s), count(n)) for s, n in ended.items()]
    if report.pending:
        rows.append(("pending", count(report.pending)))
    total = sum(ended.values()) + report.pending
    balance = "=" if report.balanced else "DIFFERS FROM"
    rows.append((f"sum {balance} {counted(report.prompts, 'prompt')}", count(total)))
    table(out, ("what became of the prompts", "rows"), rows, right=" r")
    if report.skipped:
        skipped = counted(report.skipped, "row")
        say(out, f"{skipped} more of the source left out: done in other runs")
    elif not report.prompts:
        say(out, ("the source has no rows", "bold yellow"))
    show_problem_rows(report, out)
    show_first_invalid(report, out)
    if report.repeated_ids.many:
        say(out, (report.repeated_ids.sentence(), "yellow"))
    for fault in report.answer_faults:
        say(out, ("no answer  ", "yellow"), fault.describe())
    if report.evaluator is not None:
        evaluator_summary.show(report.evaluator, out)
    if aligned := alignment_note(read_header(report.into)):
        say(out, ("aligned  ", "bold"), aligned)
    show_account(report, resume, out)
    if not report.balanced:
        say(out, ("the states do not add up: please report this", "bold red"))


def show_account(report: RunReport, resume: str, out: Console) -> None:
    """What was spent, what was written, how to go on."""
    show_spending(report, out)
    if report.accounts:
        export_accounts.show(report.accounts, out)
    if report.untouched:
        say(out, "nothing new: the exports are unchanged")
    if report.accepted:
        say(out, ("done: ", "bold green"), single_line(report.stopped))
    elif report.stopped or report.pending:
        why = single_line(report.stopped) or "some rows have not finished"
        say(out, ("stopped early: ", "bold yellow"), why)
        reason = report.stop_reason
        spent = reason is not None and reason.wants_larger_limit
        say(
            out,
            "resume with a larger limit: " if spent else "resume with: ",
            (with_larger_limit(resume, report), "cyan"),
        )


def with_larger_limit(resume: str, report: RunReport) -> str:
    """The command that resumes, with twice the limit that was reached.

    As it is where the limit was not set by an option and the verb has none for it.
    """
    reason, limit = report.stop_reason, report.stop_limit
    if reason is None or limit is None or not reason.option:
        return resume
    words, kept = shlex.split(resume), list[str]()
    for at, word in enumerate(words):
        value = at > 0 and words[at - 1] == reason.option
        if not value and word.partition("=")[0] != reason.option:
            kept.append(word)
    if len(kept) == len(words) and not takes_option(kept, reason.option):
        return resume
    return shlex.join([*kept, reason.option, f"{2 * limit or 1:.12g}"])


def takes_option(words: list[str], option: str) -> bool:
    """Whether the command that these words call takes an option."""
    running = click.get_current_context(silent=True)
    if running is None:
        return words[1:2] == ["run"]
    return any(option in one.opts for one in running.command.params)


def show_spending(report: RunReport, out: Console) -> None:
    """Calls, tokens, money, and the calls that may have been paid for twice."""
    tokens = report.prompt_tokens + report.completion_tokens
    replayed = (
        f", {counted(report.replayed, 'recorded reply', 'recorded replies')} reused"
        if report.replayed
        else ""
    )
    spent = money(report.usd, report.unpriced)
    cached = f" ({report.cached_tokens:,} cached)" if report.cached_tokens else ""
    say(
        out,
        f"{counted(report.calls, 'call')}, {counted(tokens, 'token')}{cached},"
        f" {spent}{replayed}",
    )
    for sentence in report.replies.sentences():
        say(out, sentence)
    if report.lost_replies:
        lost = f"recorded replies lost from the disk: {report.lost_replies:,}"
        say(out, (f"{lost}; their calls were made again", "bold red"))
    if report.maybe_paid_twice:
        many = (
            f"{counted(report.maybe_paid_twice, 'call')} may have been paid for twice"
        )
        more = f": up to {usd(report.usd_maybe_twice)} more"
        say(out, many + more * bool(report.usd_maybe_twice))


def show_problem_rows(report: RunReport, out: Console) -> None:
    """The first rows that failed or had no usable prompt, by number, with the reason."""
    many = sum(report.states.get(state, 0) for state in BAD)
    if not many:
        return
    sql = (
        "SELECT number, state, json_extract(record, '$.why') FROM outcomes"
        " WHERE state IN (?, ?) ORDER BY number LIMIT ?"
    )
    with LedgerReader(report.into / LEDGER) as reader:
        for number, state, why in reader.rows(sql, (*BAD, NAMED)):
            reason = f"  {state_word(state)}: {single_line(why)}"
            say(out, (f"row {number}", "bold red"), reason)
    if many > NAMED:
        run = shlex.quote(str(report.into))
        say(out, f"and {many - NAMED:,} more: fellowship show {run}")


def show_first_invalid(report: RunReport, out: Console) -> None:
    """Why the first row has no valid verdict: of many rows it is often one fault."""
    many = report.states.get(State.UNPARSED, 0)
    if not many:
        return
    sql = (
        "SELECT number, json_extract(record, '$.why') FROM outcomes"
        " WHERE state = ? ORDER BY number LIMIT 1"
    )
    with LedgerReader(report.into / LEDGER) as reader:
        for number, why in reader.rows(sql, (State.UNPARSED,)):
            told = f"{counted(many, 'invalid row')}, such as row {number}"
            say(out, (told, "yellow"), f"  {single_line(why, 300)}")
