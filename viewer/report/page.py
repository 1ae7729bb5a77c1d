"""Report page: one HTML file that can be mailed and printed.

No script, no font, no request. Its policy forbids everything but the one style sheet
inside it, so a text that got past the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from fellowship import __version__
from fellowship.pipelines.report.figures import Figures
from fellowship.pipelines.report.warnings import warnings
from fellowship.records import State
from fellowship.viewer import number_format as shown
from fellowship.viewer.report import judges, rows, run
from fellowship.viewer.report.flow import UNREACHED
from fellowship.viewer.report.parts import Section, percent
from fellowship.wording import state_word

HERE = Path(__file__).parent.parent
STYLES = ("base.css", "report.css")


def page(found: Figures) -> str:
    """The whole report as HTML. The same figures give the same bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "".join((HERE / "static" / name).read_text("utf-8") for name in STYLES)
    # A plot is our own SVG, whose texts were escaped when it was drawn.
    environment.filters["plot"] = Markup
    text = environment.get_template("report.html").render(
        page_facts(found),
        style=Markup(style),
        policy=policy(style),
        sections=sections(found),
        version=__version__,
    )
    return text + "\n"


def policy(style: str) -> str:
    """The page's Content-Security-Policy: nothing, but this style sheet."""
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{sha}'; base-uri 'none';"
        " form-action 'none'"
    )


def sections(found: Figures) -> list[Section]:
    """All sections in the order of the questions a referee asks."""
    return [
        rows.conservation(found),
        rows.scores(found),
        rows.drafts(found),
        judges.agreement(found),
        judges.bias(found),
        judges.calibration(found),
        judges.winrates(found),
        run.cost(found),
        rows.unusual(found),
        run.ingredients(found),
    ]


def page_facts(found: Figures) -> dict[str, Any]:
    """What stands above and below the sections."""
    return {
        "run": found.run,
        "only": found.only,
        "summary": summary(found),
        "tiles": tiles(found),
        "warnings": warnings(found),
        "when": run.call_times(found),
        "recipe": run.recipe_text(found),
        "commands": run.commands(found),
        "fingerprint": run.fingerprint(found),
    }


def summary(found: Figures) -> str:
    """The run in one sentence."""
    flow, kind = found.flow, (found.header.get("identity") or {}).get("import")
    if not flow.rows:
        return "No prompt has an outcome yet."
    states = [
        (state, n) for state, n in flow.states.most_common() if state != State.PAIR
    ]
    states += [(UNREACHED, found.pending)] if found.pending else []
    rest = ", ".join(f"{n:,} {state_word(state)}" for state, n in states[:4])
    begun = f"{shown.counted(flow.rows, 'imported row' if kind else 'prompt')} gave"
    told = f"{begun} {shown.counted(flow.pairs, 'preference pair')}"
    return f"{told}; the others: {rest}." if rest else f"{told}."


def prompts_note(found: Figures) -> str:
    """The small print of the prompts: all have ended, or how many were not reached."""
    left = found.pending
    return f"{left:,} more were not reached" if left else "all accounted for"


def tiles(found: Figures) -> list[tuple[str, str, str]]:
    """The figures to remember: value, name, small print."""
    flow, whole = found.flow, found.spending.whole
    made = [
        (f"{flow.rows:,}", "prompts", prompts_note(found)),
        (
            f"{flow.pairs:,}",
            "pairs",
            f"{percent(flow.paired, flow.rows)} of the prompts",
        ),
    ]
    if whole.calls:
        cached = f"{percent(whole.cached, whole.prompt)} of prompt tokens cached"
        money = "not known" if whole.unpriced == whole.calls else f"${whole.usd:,.2f}"
        per = (
            f"${whole.usd / flow.pairs:.4f} per pair"
            if flow.pairs and whole.usd
            else ""
        )
        made += [
            (f"{whole.calls:,}", "calls", retry_share(whole.retries)),
            (short_count(whole.tokens), "tokens", cached if whole.cached else ""),
            (money, "cost", per),
            (shown.seconds(whole.seconds), "model time", calls_at_once(found)),
        ]
    else:
        verdicts = sum(judge.verdicts for judge in found.bench.judges)
        made.append((f"{verdicts:,}", "verdicts", f"{len(found.bench.judges)} judges"))
    if found.labels:
        made.append((f"{found.labels:,}", "labelled rows", "by people"))
    return made


def retry_share(calls: int) -> str:
    """How many calls needed more than one try."""
    return f"{calls:,} of them retried" if calls else "none retried"


def calls_at_once(found: Figures) -> str:
    """How many calls ran at once on average."""
    spent = found.spending
    if not spent.began or not spent.ended or spent.ended <= spent.began:
        return ""
    at_once = spent.busy / (spent.ended - spent.began)
    return f"{at_once:.1f} calls at once" if at_once >= 0.1 else "with long pauses"


def short_count(value: int) -> str:
    """12,345 as it is, and millions as such."""
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value:,}"
