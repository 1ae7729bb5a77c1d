"""Report page of a run: its sections, and what stands above and below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fellowship.number_format import brief, count, counted, duration, part, usd
from fellowship.pipelines.choosing.choice_records import Choice
from fellowship.pipelines.report.figures import Figures
from fellowship.pipelines.report.warnings import warnings
from fellowship.records import State
from fellowship.sanitize import sanitize, single_line
from fellowship.viewer.report import drift, judges, rows, run
from fellowship.viewer.report.choice import evaluators
from fellowship.viewer.report.criteria import criteria
from fellowship.viewer.report.document import document
from fellowship.viewer.report.flow import states_of
from fellowship.viewer.report.parts import Section
from fellowship.wording import state_word


@dataclass(frozen=True)
class Cover:
    """What its author wants to stand at the head of a report; empty: the run's name."""

    title: str = ""
    note: str = ""


def page(
    found: Figures, choice: Choice | None = None, cover: Cover | None = None
) -> str:
    """The whole report as HTML. The same figures give the same bytes.

    `choice` is the choice of an evaluator that is kept in the run's folder.
    """
    facts = page_facts(found) | {"note": sanitize(cover.note).strip() if cover else ""}
    if cover and (title := single_line(cover.title)):
        facts |= {"title": title, "heading": title}
    return document("report.html", sections=sections(found, choice), **facts)


def sections(found: Figures, choice: Choice | None = None) -> list[Section]:
    """All sections in the order of the questions a referee asks."""
    return [
        rows.accounting(found),
        rows.scores(found),
        rows.drafts(found),
        judges.agreement(found),
        *criteria(found),
        judges.bias(found),
        judges.calibration(found),
        *evaluators(choice),
        judges.winrates(found),
        *([drift.drift(found)] if found.drift else ()),
        run.cost(found),
        rows.unusual(found),
        rows.examples(found),
        run.ingredients(found),
    ]


def page_facts(found: Figures) -> dict[str, Any]:
    """What stands above and below the sections."""
    return {
        "title": f"{found.run} · {found.only}" if found.only else found.run,
        "heading": found.run,
        "only": found.only,
        "summary": summary(found),
        "tiles": tiles(found),
        "warnings": warnings(found),
        "when": run.call_times(found),
        "recipe": run.recipe_text(found),
        "commands": run.commands(found),
        "fingerprint": run.fingerprint(found),
        "made_from": "ledger.db",
    }


def summary(found: Figures) -> str:
    """The run in one sentence."""
    flow, kind = found.flow, (found.header.get("identity") or {}).get("import")
    if not flow.rows:
        return "No prompt has an outcome yet."
    states = [(state, n) for state, n in states_of(found) if state != State.PAIR]
    states.sort(key=lambda each: -each[1])
    rest = ", ".join(f"{state_word(state)} {count(n)}" for state, n in states[:4])
    begun = f"{counted(flow.rows, 'imported row' if kind else 'prompt')} gave"
    sentence = f"{begun} {counted(flow.pairs, 'preference pair')}"
    return f"{sentence}; the others: {rest}." if rest else f"{sentence}."


def prompts_note(found: Figures) -> str:
    """The small print of the prompts: all have ended, or how many were not reached."""
    left = found.unreached
    return f"{count(left)} more were not reached" if left else "all accounted for"


def tiles(found: Figures) -> list[tuple[str, str, str]]:
    """The figures to remember: value, name, small print."""
    flow, whole = found.flow, found.spending.whole
    made = [
        (count(flow.rows), "prompts", prompts_note(found)),
        (
            count(flow.pairs),
            "pairs",
            f"{part(flow.paired, flow.rows)} of the prompts",
        ),
    ]
    if whole.calls:
        cached = f"{part(whole.cached, whole.prompt)} of prompt tokens cached"
        money = usd(None if whole.unpriced == whole.calls else whole.usd)
        per = (
            f"{usd(whole.usd / flow.pairs)} per pair"
            if flow.pairs and whole.usd
            else ""
        )
        made += [
            (count(whole.calls), "calls", retry_share(whole.retries)),
            (brief(whole.tokens), "tokens", cached if whole.cached else ""),
            (money, "cost", per),
            (duration(whole.seconds), "model time", calls_at_once(found)),
        ]
    else:
        verdicts = sum(judge.verdicts for judge in found.bench.judges)
        judges_ = counted(len(found.bench.judges), "judge")
        made.append((count(verdicts), "verdicts", judges_))
    if found.labels:
        made.append((count(found.labels), "labelled rows", "by people"))
    return made


def retry_share(calls: int) -> str:
    """How many calls needed more than one try."""
    return f"{count(calls)} of them retried" if calls else "none retried"


def calls_at_once(found: Figures) -> str:
    """How many calls ran at once on average."""
    spent = found.spending
    if not spent.began or not spent.ended or spent.ended <= spent.began:
        return ""
    at_once = spent.busy / (spent.ended - spent.began)
    return f"{at_once:.1f} calls at once" if at_once >= 0.1 else "with long pauses"
