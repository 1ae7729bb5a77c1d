"""Cost of an alignment before it is paid: calls and money, at least and at most.

At least is the judge as it is on the training pairs, where no step has anything to try. At
most is every step tried and kept, and the test rows asked of both judges. Examples make
prompts longer than is counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from fellowship.models.record.meter import Limits
from fellowship.number_format import counted, span, usd
from fellowship.pipelines.aligning.align_run import Aligning
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.recorded_judges import asking_recipe
from fellowship.pipelines.aligning.split import FOLDS
from fellowship.pipelines.aligning.steps import StepName
from fellowship.pipelines.planning.plan import Plan, measure_source, plan
from fellowship.records import Record

PASSES: dict[StepName, Fraction] = {
    "criteria": 1 + Fraction(FOLDS - 1, FOLDS),
    "examples": 1 + Fraction(FOLDS - 1, FOLDS),
    "tie-band": Fraction(0),
}
"""How often a step asks about the training pairs at most: each fold, then the others."""


class AlignCost(Record):
    """Calls to judges and to the writer, and US dollars; None where a price is unknown."""

    calls_min: int
    calls_max: int
    writer_calls_max: int
    usd_min: float | None
    usd_max: float | None

    def describe(self) -> str:
        """The cost in a sentence without its full stop."""
        writer = ""
        if self.writer_calls_max:
            writer = f", up to {counted(self.writer_calls_max, 'call')} to the writer"
        money = (
            f"about {usd(self.usd_min)} to {usd(self.usd_max)}"
            if self.usd_min is not None
            else "price unknown: set `price:` in the recipe"
        )
        return (
            f"calls to judges: {span(self.calls_min, self.calls_max)}{writer}; {money}"
        )


def align_cost(wanted: Aligning) -> AlignCost:
    """What an alignment would cost from the start; what is on record is not paid again."""
    train, test = (plan_of(wanted, p) for p in (wanted.split.train, wanted.split.test))
    passes = 1 + sum(PASSES[step] for step in wanted.steps)
    low, high = calls_of(train)
    most = round(high * passes) + 2 * calls_of(test)[1]
    dollars = None
    if train.usd is not None and test.usd is not None:
        dollars = train.usd * float(passes) + 2 * test.usd
    return AlignCost(
        calls_min=low,
        calls_max=most,
        writer_calls_max=2 * FOLDS if "criteria" in wanted.steps else 0,
        usd_min=train.usd,
        usd_max=dollars,
    )


def plan_of(wanted: Aligning, pairs: Sequence[LabelledPair]) -> Plan:
    """The plan of one pass over some pairs."""
    recipe = asking_recipe(wanted.asked, Limits())
    return plan(recipe, measure_source(pair.item for pair in pairs))


def calls_of(found: Plan) -> tuple[int, int]:
    """Calls to all models, at least and at most."""
    return (
        sum(model.calls_min for model in found.models),
        sum(model.calls_max for model in found.models),
    )
