"""Choice of an evaluator by people's labels: every configuration, the frontier, the chosen.

Everything is a pure function of a bench. What was chosen on some labels is valued on
others: the value beside it that was not corrected is called naive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.choosing.bench import UNITS, Bench, Unit
from fellowship.pipelines.choosing.choice_records import (
    Choice,
    ConfigurationLine,
    Figure,
    Guarantee,
)
from fellowship.pipelines.choosing.configurations import Configuration, configurations
from fellowship.pipelines.choosing.decisions import Decided, Decider, can_weigh_rows
from fellowship.pipelines.choosing.guarantees import Gated, guarantee
from fellowship.stats.best_set import as_good_as_best, resampled_kappas
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_LABELS,
    Interval,
    Resampling,
    interval_of,
)
from fellowship.stats.kappa_intervals import one_class
from fellowship.stats.nested_choice import (
    FIVE_BY_FIVE,
    Folding,
    Learned,
    Rows,
    Rule,
    choice_kappas,
    choose,
    corrected_interval,
    nested_choices,
    prompt_folds,
)
from fellowship.stats.rates import rate_interval
from fellowship.stats.selective import Promise
from fellowship.stats.whole_kappa import (
    as_tables,
    guarded_interval,
    whole_cells,
    whole_kappa,
)

MOST_POINTS = 12
"""Points of the frontier that are valued again on other prompts."""


@dataclass(frozen=True)
class ChoiceOptions:
    """What is asked for: the most a label may cost, how near the best is near enough, and
    a promise where one is wanted."""

    max_cost: float | None = None
    within: float = 1.0
    unit: Unit | None = None
    promise: Promise | None = None
    plan: Resampling = DEFAULT
    folding: Folding = FIVE_BY_FIVE


@dataclass(frozen=True)
class Measured:
    """Every configuration of a bench with its verdicts (n, k), fixed ones first."""

    bench: Bench
    decider: Decider
    configurations: tuple[Configuration, ...]
    decided: tuple[Decided, ...]
    unit: Unit
    note: str = ""
    folding: Folding = FIVE_BY_FIVE

    @property
    def fixed(self) -> int:
        """How many learn nothing from labels."""
        return sum(not one.learns for one in self.configurations)

    @property
    def costs(self) -> Floats:
        """The cost (k,) of one label."""
        at = UNITS.index(self.unit)
        return np.array([one.costs[:, at].mean() for one in self.decided])

    @property
    def fixed_verdicts(self) -> Codes:
        """The verdicts (n, fixed) of those that learn nothing."""
        each = [one.verdicts for one in self.decided[: self.fixed]]
        return np.stack(each, axis=1)

    def learn(self, rows: Rows) -> Codes:
        """The verdicts (n, k - fixed) of those that learn, from the labels of some rows."""
        learning = self.configurations[self.fixed :]
        return self.decider.learned(learning, rows)

    @property
    def learns(self) -> bool:
        """Whether there is any that learns."""
        return self.fixed < len(self.configurations)

    def verdicts(self) -> Codes:
        """All verdicts (n, k); what learns, on rows it did not learn from."""
        if not self.learns:
            return self.fixed_verdicts
        fold = prompt_folds(self.bench.prompts, self.folding, 0)
        learned = Learned(self.learn, fold).across()
        return np.hstack([self.fixed_verdicts, learned])


def measure(bench: Bench, options: ChoiceOptions) -> Measured:
    """Every configuration that the bench can decide, decided."""
    found, note = configurations(bench)
    decider = Decider(bench)
    able = [one for one in found if can_weigh_rows(bench, one, decider)]
    able.sort(key=lambda one: one.learns)
    decided = tuple(decider.decide(one) for one in able)
    unit = unit_of(bench, options)
    return Measured(bench, decider, tuple(able), decided, unit, note, options.folding)


def unit_of(bench: Bench, options: ChoiceOptions) -> Unit:
    """The unit asked for, else the bench's. `InputError` for one that isn't known of every
    call, by which those that are not would seem to be free."""
    wanted = options.unit
    if wanted is None:
        return bench.unit
    untold = not bench.has_tokens and wanted != "calls"
    if untold:
        raise InputError(
            f"--cost {wanted}: the record has no tokens of its calls, as of imported"
            " verdicts: give --cost calls"
        )
    if wanted == "usd" and bench.unpriced:
        raise InputError(
            "--cost usd: some call has no known price, and would seem to be free: give its"
            " model a `price:` in the recipe before it is asked, or --cost tokens"
        )
    return wanted


def choose_evaluator(bench: Bench, options: ChoiceOptions | None = None) -> Choice:
    """The choice. Under 50 labelled prompts nothing is claimed: `enough` is false.

    `InputError` where people name one class only, so that nothing tells judges apart, or
    nothing costs as little as `max_cost`.
    """
    options = options or ChoiceOptions()
    prompts = bench.prompt_count
    known = {
        "labels": len(bench.labels),
        "prompts": prompts,
        "matched": bench.matched,
        "notes": bench.notes,
    }
    if prompts < MIN_LABELS:
        return Choice(enough=False, missing=MIN_LABELS - prompts, **known)
    require_classes(bench.labels)
    found = measure(bench, options)
    if found.note:
        known["notes"] = (*bench.notes, found.note)
    return chosen(found, found.verdicts(), options, Choice(enough=True, **known))


def require_classes(labels: Codes) -> None:
    """`InputError` where people name one class on every row."""
    if why := one_class(labels, "people name"):
        raise InputError(f"{why}: nothing tells one judge from another there")


def chosen(
    found: Measured, votes: Codes, options: ChoiceOptions, start: Choice
) -> Choice:
    """The choice, from the verdicts (n, k) of all configurations."""
    bench, costs = found.bench, found.costs
    cells = whole_cells(bench.labels, votes)
    budget = np.inf if options.max_cost is None else options.max_cost
    if not (costs <= budget).any():
        raise InputError(
            f"no configuration costs {budget:g} {found.unit} or less per label: the"
            f" cheapest costs {costs.min():.4g}"
        )
    value = whole_kappa(as_tables(cells.sum(axis=0)))
    front = frontier(value, costs)
    judges = [k for k, one in enumerate(found.configurations) if one.kind == "judge"]
    rules = [
        Rule(budget, options.within),
        Rule(budget, options.within, tuple(judges)),
        *(Rule(costs[k], 0.0) for k in front),
    ]
    picks = choose(cells, costs, bench.prompts, rules)
    bag = resampled_kappas(cells, bench.prompts, options.plan)
    good = as_good_as_best(value, bag, options.plan.level)
    limits = [
        guarded_interval(
            interval_of(float(v), bag[:, k], None, bench.prompt_count, options.plan),
            bench.labels,
            votes[:, k],
            bench.prompts,
            options.plan,
        )
        for k, v in enumerate(value)
    ]
    corrected = corrected_kappas(found, rules, [limits[k] for k in picks], options)
    figures = [Figure.of(one) for one in limits]
    lines = describe(found, figures, good, dict(zip(front, corrected[2:], strict=True)))
    kept = guaranteed(found, budget, options)
    name = found.configurations[picks[0]].name(bench)
    return start.model_copy(
        update={
            "unit": found.unit,
            "configurations": len(lines),
            "as_good": int(good.sum()),
            "chosen": name,
            "naive": figures[picks[0]],
            "corrected": corrected[0],
            "beyond_chance": corrected[0].low > 0,
            "single": corrected[1] if picks[1] >= 0 else None,
            "lines": tuple(lines),
            "guarantee": kept,
        }
    )


def guaranteed(
    found: Measured, budget: float, options: ChoiceOptions
) -> Guarantee | None:
    """The threshold that keeps the promise asked for; None where none was asked."""
    if options.promise is None:
        return None
    bench, costs = found.bench, found.costs
    gated = [
        Gated(
            one.name(bench),
            made.confidence,
            (made.verdicts == bench.labels).astype(float),
            float(costs[k]),
        )
        for k, (one, made) in enumerate(
            zip(found.configurations, found.decided, strict=True)
        )
        if made.confidence is not None and costs[k] <= budget
    ]
    if not gated:
        raise InputError(
            "no configuration within the cost has a score gap to set a threshold on:"
            " leave --max-cost out"
        )
    return guarantee(
        gated, bench.prompts, options.promise, options.plan, options.folding
    )


def frontier(value: Floats, costs: Floats) -> list[int]:
    """Those that agree more than all that cost no more, cheapest first."""
    found: list[int] = []
    best = -np.inf
    for k in np.lexsort((-np.nan_to_num(value, nan=-np.inf), costs)):
        if value[k] > best + 1e-12:
            found.append(int(k))
            best = value[k]
    return found


def corrected_kappas(
    found: Measured,
    rules: list[Rule],
    naive: list[Interval],
    options: ChoiceOptions,
) -> list[Figure]:
    """What each rule's choice is worth where it was not made; `naive` of those chosen."""
    bench = found.bench
    choices = nested_choices(
        bench.labels,
        found.fixed_verdicts,
        found.learn if found.learns else None,
        found.costs,
        bench.prompts,
        rules,
        options.folding,
    )
    values = choice_kappas(bench.labels, choices)
    return [
        Figure.of(corrected_interval(float(values[0, at]), values[1:, at], one))
        for at, one in enumerate(naive)
    ]


def describe(
    found: Measured,
    figures: list[Figure],
    good: np.ndarray[tuple[int], np.dtype[np.bool_]],
    corrected: dict[int, Figure],
) -> list[ConfigurationLine]:
    """The lines of all configurations, cheapest first; of equal cost the better first."""
    bench, costs = found.bench, found.costs
    lines = []
    for k, (one, made) in enumerate(
        zip(found.configurations, found.decided, strict=True)
    ):
        right = (made.verdicts == bench.labels).astype(float)
        seats = bench.seats
        weights = found.decider.weights(one) if one.learns else ()
        lines.append(
            ConfigurationLine(
                name=one.name(bench),
                kind=one.kind,
                judges=tuple(seats[at].name for at in one.seats),
                rule=one.rule,
                strong=None if one.strong is None else seats[one.strong].name,
                sure_from=one.sure_from,
                order=one.variant.order if one.seats else "",
                samples=one.variant.samples,
                weights=tuple(round(float(w), 3) for w in weights),
                cost=float(costs[k]),
                kappa=figures[k],
                right=Figure.of(rate_interval(right, bench.prompts)),
                no_verdict=float((made.verdicts == INVALID).mean()),
                as_good=bool(good[k]),
                frontier=k in corrected,
                corrected=corrected.get(k),
            )
        )
    lines.sort(key=lambda line: (line.cost, -line.kappa.value))
    return lines
