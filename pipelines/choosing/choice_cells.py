"""Cells of the tables of a choice, as the terminal, the page and the report print them."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.number_format import (
    counted,
    interval,
    percent,
    percent_interval,
    usd,
)
from fellowship.pipelines.choosing.bench import Unit
from fellowship.pipelines.choosing.choice_records import (
    Choice,
    ConfigurationLine,
    Guarantee,
)

RIGHT = " rrrrr"


def heads(choice: Choice) -> tuple[str, ...]:
    """The heads of the table of configurations."""
    return (
        "configuration",
        f"{UNIT_WORDS[choice.unit]} per label",
        "kappa on these labels [95 %]",
        "on other prompts [95 %]",
        "right of all rows [95 %]",
        "no verdict",
    )


UNIT_WORDS: dict[Unit, str] = {"usd": "USD", "tokens": "tokens", "calls": "calls"}


def cost_text(cost: float, unit: Unit) -> str:
    """`$0.0021`, `1,204`, `2.4`: a cost, its unit being in the head."""
    if unit == "usd":
        return f"${cost:.6f}" if 0 < cost < 0.0001 else usd(cost)
    return f"{cost:,.0f}" if unit == "tokens" else f"{cost:,.2f}".removesuffix(".00")


def cells(choice: Choice, line: ConfigurationLine) -> tuple[str, ...]:
    """One configuration's row."""
    return (
        line.name,
        cost_text(line.cost, choice.unit),
        interval(line.kappa),
        interval(line.corrected),
        percent_interval(line.right),
        percent(line.no_verdict),
    )


def sentences(choice: Choice) -> list[str]:
    """What was chosen, what it is worth, and what can't be told apart."""
    line = choice.line(choice.chosen)
    if line is None:
        return []
    found = [
        f"chosen: {priced_name(choice, line)}, kappa {interval(line.kappa)} on the labels"
        " that chose it"
    ]
    if choice.corrected is not None:
        found.append(
            "choosing so is worth kappa"
            f" {interval(choice.corrected)} where it was not made (nested"
            " cross-validation over prompts)"
        )
    if not choice.beyond_chance:
        found.append(
            "that can't be told from guessing: none of these is worth choosing by these"
            " labels"
        )
    if choice.single is not None and choice.single != choice.corrected:
        found.append(f"choosing among single judges only: {interval(choice.single)}")
    many = counted(choice.configurations, "configuration")
    found.append(
        f"{choice.as_good:,} of {many} can't be told from the best on these labels"
        " (simultaneous 95 %)"
    )
    promised = choice.guarantee and choice.line(choice.guarantee.configuration)
    if choice.guarantee is not None and promised:
        found.append(f"for the guarantee: {priced_name(choice, promised)}")
        found += guarantee_sentences(choice.guarantee)
        if any(line.kind == "team" for line in choice.lines):
            found.append(
                "a debate has no score gap to keep verdicts by: none is a candidate for"
                " the guarantee"
            )
    return found


def priced_name(choice: Choice, line: ConfigurationLine) -> str:
    """A configuration with what a label costs by it."""
    word = "" if choice.unit == "usd" else f" {UNIT_WORDS[choice.unit]}"
    word = word.removesuffix("s") if line.cost == 1 else word
    return f"{line.name}, {cost_text(line.cost, choice.unit)}{word} per label"


def guarantee_sentences(promise: Guarantee) -> Sequence[str]:
    """The threshold with its promise, or why there is none."""
    halves = (
        f"chosen on {counted(promise.chosen_on, 'labelled row')}, tested on"
        f" {promise.confirmed_on:,} others of"
        f" {counted(promise.confirmed_prompts, 'prompt')}"
    )
    if (
        promise.threshold is None
        or promise.coverage is None
        or promise.agreement is None
    ):
        return [f"no guarantee: {promise.why} ({halves})"]
    return [
        f"keep verdicts with a score gap of {promise.threshold:g} or more: they agree"
        f" with people in at least {percent(promise.least)} of such rows, except with"
        f" chance {percent(promise.risk)} over the labels ({halves})",
        f"expected to keep {percent_interval(promise.coverage)} of rows; of those kept"
        f" in the test {percent_interval(promise.agreement)} agree; the others are for"
        " people or a stronger judge",
    ]


def missing_labels(choice: Choice) -> str:
    """How many labels are missing where there are too few."""
    return (
        f"too few labels to choose by: {counted(choice.missing, 'more prompt')} must be"
        " labelled, 50 in all"
    )
