"""Table and plot of the proof, from the answers of each arm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.train_proof.arms import ARMS
from benchmarks.train_proof.figures import (
    Answers,
    Interval,
    compliance,
    differences,
    habits,
    what_pairs_say,
)

WAYS = {"sampled": False, "greedy": True}
AGAINST = [(name, "base") for name in ARMS if name != "base"]
AGAINST += [("matched", other) for other in ("placebo", "by-length", "all")]
NOTE = """Compliance: answers of exactly two sentences, finished, of {prompts} prompts no
arm was trained on; 95 % limits by bootstrap over prompts. Differences in points, with
limits that hold for all of a column at once (max-T). sampled: temperature 0.7, {draws}
answers a prompt; greedy: one."""


def facts(found: Mapping[str, Answers], into: Path) -> dict[str, Any]:
    """Every figure, as it goes into JSON."""
    first = next(iter(found.values()))[0]
    result: dict[str, Any] = {
        "prompts": len({answer.prompt for answer in first}),
        "draws": len({answer.drawn for answer in first}) - 1,
        "arms": {},
        "differences": [],
    }
    for name, answers in found.items():
        file = into / f"pairs-{name}.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        pairs = [json.loads(line) for line in lines]
        result["arms"][name] = {
            "says": ARMS[name].says,
            "seeds": len(answers),
            "pairs": len(pairs),
            "of_pairs": what_pairs_say(pairs) if pairs else None,
            **{
                way: asdict(compliance(answers, greedy)) for way, greedy in WAYS.items()
            },
            **habits(answers),
        }
    for way, greedy in WAYS.items():
        for (one, other), gap in differences(found, AGAINST, greedy).items():
            result["differences"].append(
                {"arm": one, "against": other, "way": way, **asdict(gap)}
            )
    return result


def table(result: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "| arm | pairs | seeds | sampled | greedy | characters | finished | short | long"
        " | repeated |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, arm in result["arms"].items():
        shares = [f"{100 * arm[key]:.0f} %" for key in ("finished", "short", "long")]
        cells = [f"{name}: {arm['says']}", str(arm["pairs"] or ""), str(arm["seeds"])]
        cells += [Interval(**arm[way]).share() for way in WAYS]
        cells += [f"{arm['characters']:.0f}", *shares, f"{100 * arm['repeated']:.1f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| difference | sampled | greedy |", "|---|---|---|"]
    gaps: dict[str, dict[str, str]] = {}
    for gap in result["differences"]:
        shown = Interval(gap["value"], gap["low"], gap["high"]).points()
        gaps.setdefault(f"{gap['arm']} - {gap['against']}", {})[gap["way"]] = shown
    for name, ways in gaps.items():
        lines.append(f"| {name} | {ways['sampled']} | {ways['greedy']} |")
    lines += ["", "| pairs of | chosen keeps the rule | longer | rejected too short |"]
    lines.append("|---|---|---|---|")
    for name, arm in result["arms"].items():
        if said := arm["of_pairs"]:
            shares = (f"{100 * share:.0f} %" for share in said.values())
            lines.append(f"| {name} | {' | '.join(shares)} |")
    return "\n".join([*lines, "", NOTE.format(**result)])


def plot(result: Mapping[str, Any], to: Path) -> None:
    """Differences from the base model and from the placebo, with their limits."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    gaps = [gap for gap in result["differences"] if gap["way"] == "sampled"]
    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(gaps) + 1.2))
    for place, gap in enumerate(reversed(gaps)):
        low, value, high = (100 * gap[key] for key in ("low", "value", "high"))
        axes.plot([low, high], [place, place], color="#4a6fa5", linewidth=2)
        axes.plot([value], [place], "o", color="#4a6fa5")
    names = [f"{gap['arm']} - {gap['against']}" for gap in reversed(gaps)]
    axes.set_yticks(range(len(gaps)), names)
    axes.axvline(0, color="#888888", linewidth=1)
    axes.set_xlabel("difference of compliance, points, 95 % simultaneous limits")
    figure.tight_layout()
    figure.savefig(to)
    pyplot.close(figure)
