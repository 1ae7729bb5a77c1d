"""Benchmark of `fellowship choose`: guarantees kept and corrected values, by simulation.

    python -m benchmarks.choose [--runs 1000] [--data ../shared/data/paper]

Simulated judges, whose truth is known: how often a threshold with a guarantee of 80 % or
90 % at risk .1 is broken, and what nested cross-validation says beside the naive value and
the truth. Then PandaLM's verdicts (6 judges, 57 juries, a debate), where they are: half of
the prompts chooses and the other half confirms, and labels are shuffled.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fellowship.pipelines.choosing.bench import Bench
from fellowship.pipelines.choosing.bench_reader import read_bench
from fellowship.pipelines.choosing.choice import (
    ChoiceOptions,
    Measured,
    choose_evaluator,
    measure,
)
from fellowship.pipelines.choosing.guarantees import (
    Gated,
    confirm,
    guarantee,
    plan_tests,
)
from fellowship.pipelines.paper.import_release import import_release
from fellowship.stats.best_set import as_good_as_best, resampled_kappas
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.intervals import Resampling, bootstrap
from fellowship.stats.nested_choice import (
    Folding,
    Rule,
    choice_kappas,
    choose,
    corrected_interval,
    nested_choices,
    prompt_folds,
)
from fellowship.stats.selective import Promise, is_kept
from fellowship.stats.whole_kappa import as_tables, whole_cells, whole_kappa

POPULATION = 100_000
NOISE = (0.5, 0.6, 0.7, 0.8, 1.0, 1.3)
"""Standard deviations of the judges' errors: the first is the best."""


def draw(
    prompts: int, rows: int, rng: np.random.Generator, judges: Sequence[float] = NOISE
) -> tuple[Codes, Floats, NDArray[np.intp]]:
    """Labels (n,), score gaps (n, m) and prompts (n,): a twentieth of gaps is unreadable.

    Rows of one prompt are alike in how far apart their answers are, and judges share half
    of their errors there.
    """
    at = np.repeat(np.arange(prompts), rows)
    n = len(at)
    shared = rng.normal(0, 0.5, prompts)[at]
    better = rng.normal(0, 1, n) * rng.gamma(2, 0.5, prompts)[at]
    people = better + rng.normal(0, 0.3, n)
    labels = np.select([people > 0.1, people < -0.1], [1, -1], 0).astype(np.int8)
    errors = (rng.normal(0, 1, (n, len(judges))) + shared[:, None]) * np.array(judges)
    gaps = np.clip(np.round(3 * (better[:, None] + errors)), -9, 9)
    gaps[rng.random(gaps.shape) < 0.05] = np.nan
    return labels, gaps, at


def gated_of(labels: Codes, gaps: Floats) -> list[Gated]:
    """Every judge and every two of them by their mean gap, as `choose` gates them."""
    m = gaps.shape[1]
    sets = [(i,) for i in range(m)] + [(i, j) for j in range(m) for i in range(j)]
    found = []
    for seats in sets:
        known = ~np.isnan(gaps[:, seats])
        total = np.where(known, gaps[:, seats], 0.0).sum(axis=1)
        gap = total / np.maximum(known.sum(axis=1), 1)
        sure = np.where(known.any(axis=1) & (gap != 0), np.abs(gap), np.nan)
        right = (np.sign(gap) == labels) & known.any(axis=1)
        found.append(Gated(str(seats), sure, right.astype(float), float(len(seats))))
    return found


def simulated_guarantee(prompts: int, rows: int, least: float, runs: int) -> str:
    """How often a promise is broken in the population that the labels are drawn from."""
    labels, gaps, _ = draw(POPULATION, 1, np.random.default_rng(1))
    truth = {one.name: one for one in gated_of(labels, gaps)}
    broken, coverages = 0, []
    for run in range(runs):
        labels, gaps, at = draw(prompts, rows, np.random.default_rng((2, run)))
        made = guarantee(gated_of(labels, gaps), at, Promise(least))
        if made.threshold is None:
            continue
        one = truth[made.configuration]
        kept = is_kept(one.confidence, made.threshold)
        broken += bool(one.right[kept].mean() < least)
        coverages.append(float(kept.mean()))
    found = len(coverages)
    cover = f"{np.mean(coverages):.0%}" if coverages else "-"
    return (
        f"| {prompts} prompts of {rows} | {least:.0%} | {runs:,} | {found / runs:.1%} |"
        f" {broken / runs:.1%} ± {error(broken / runs, runs):.1%} | {cover} |"
    )


def error(rate: float, runs: int) -> float:
    """The simulation's own standard error."""
    return float(np.sqrt(max(rate * (1 - rate), 1e-4) / runs))


def simulated_values(prompts: int, runs: int) -> str:
    """Naive and corrected kappa of the best of 40 judges beside the truth of who won."""
    judges = tuple(np.linspace(0.7, 0.9, 40))
    labels, gaps, _ = draw(20_000, 1, np.random.default_rng(1), judges)
    truth = kappas(labels, codes(gaps))
    naive, corrected, actual, held = [], [], [], 0
    for run in range(runs):
        labels, gaps, at = draw(prompts, 1, np.random.default_rng((3, run)), judges)
        votes, costs = codes(gaps), np.ones(len(judges))
        rule = [Rule(within=0.0)]
        (pick,) = choose(whole_cells(labels, votes), costs, at, rule)
        found = nested_choices(labels, votes, None, costs, at, rule)
        cells = whole_cells(labels, votes[:, [pick]]).toarray()
        alone = bootstrap(cells, one_kappa, at, Resampling(300))
        values = choice_kappas(labels, found)[:, 0]
        limits = corrected_interval(values[0], values[1:], alone)
        naive.append(kappas(labels, votes)[pick])
        corrected.append(limits.value)
        actual.append(truth[pick])
        held += bool(limits.low <= truth[pick] <= limits.high)
    return (
        f"| {prompts} | {np.mean(naive):.3f} | {np.mean(corrected):.3f} |"
        f" {np.mean(actual):.3f} | {held / runs:.1%} ± {error(held / runs, runs):.1%} |"
    )


def codes(gaps: Floats) -> Codes:
    """Score gaps as codes; NaN is INVALID."""
    return np.where(np.isnan(gaps), INVALID, np.sign(np.nan_to_num(gaps))).astype(
        np.int8
    )


def kappas(labels: Codes, votes: Codes) -> Floats:
    """Kappas (k,) of all rows."""
    return whole_kappa(as_tables(np.asarray(whole_cells(labels, votes).sum(axis=0))))


def one_kappa(sums: Floats) -> Floats:
    """Kappas (b,) of sums (b, 12)."""
    return whole_kappa(as_tables(sums)[:, 0])


def pandalm_bench(data: Path) -> Bench:
    """The bench of PandaLM's verdicts."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        into = Path(folder) / "run"
        import_release(data, into, "pandalm-eval")
        return read_bench([into])


def pandalm_gated(found: Measured) -> list[Gated]:
    """The configurations of PandaLM that a threshold can be set for."""
    labels, costs = found.bench.labels, found.costs
    return [
        Gated(
            one.name(found.bench), made.confidence, (made.verdicts == labels) * 1.0, c
        )
        for one, made, c in zip(found.configurations, found.decided, costs, strict=True)
        if made.confidence is not None
    ]


def halves(found: Measured, least: float, runs: int) -> str:
    """Half of PandaLM's prompts chooses, and labels drawn of the other half test.

    The truth is the other half itself, from which prompts are drawn with replacement. The
    last two figures have all of the choice, among the six judges, made on one half: how
    often the other half, with its own noise, agrees less than was promised.
    """
    prompts, promise = found.bench.prompts, Promise(least)
    gated = pandalm_gated(found)
    broken = passed = apart = apart_passed = 0
    for run in range(runs):
        half = prompt_folds(prompts, Folding(2, seed=run), 0)
        planned = plan_tests(gated, prompts, half == 0, promise)
        other = half == 1
        rows, numbers = draw_prompts(prompts, other, np.random.default_rng((4, run)))
        one = part(planned.gated, rows)
        everything = np.ones(len(rows), dtype=bool)
        threshold, _ = confirm(
            replace(planned, gated=one), numbers, everything, promise
        )
        if threshold is not None:
            passed += 1
            broken += share_right(planned.gated, other, threshold) < least
        mine = [part(each, np.flatnonzero(half == 0)) for each in gated[:6]]
        made = guarantee(
            mine, np.unique(prompts[half == 0], return_inverse=True)[1], promise
        )
        if made.threshold is not None:
            apart_passed += 1
            whole = next(each for each in gated if each.name == made.configuration)
            apart += share_right(whole, other, made.threshold) < least
    return (
        f"| {least:.0%} | {runs:,} | {passed / runs:.1%} |"
        f" {broken / runs:.1%} ± {error(broken / runs, runs):.1%} |"
        f" {apart_passed / runs:.1%} | {apart / runs:.1%} |"
    )


def draw_prompts(
    prompts: NDArray[np.intp], rows: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of as many prompts drawn with replacement, and numbers of the draws."""
    names = np.unique(prompts[rows])
    taken = rng.choice(names, len(names))
    each = [np.flatnonzero(prompts == name) for name in taken]
    numbers = np.repeat(np.arange(len(each)), [len(one) for one in each])
    return np.concatenate(each), numbers


def part(gated: Gated, rows: NDArray[np.intp]) -> Gated:
    """A configuration on some rows."""
    return replace(gated, confidence=gated.confidence[rows], right=gated.right[rows])


def share_right(gated: Gated, rows: NDArray[np.bool_], threshold: float) -> float:
    """The share right of the rows kept, of some."""
    kept = is_kept(gated.confidence[rows], threshold)
    return float(gated.right[rows][kept].mean()) if kept.any() else 1.0


def shuffled(found: Measured, runs: int) -> str:
    """What PandaLM's configurations are worth where labels are shuffled over the rows."""
    bench = found.bench
    votes, costs = found.fixed_verdicts, found.costs[: found.fixed]
    naive, corrected, told = [], [], 0
    for run in range(runs):
        labels = np.random.default_rng((5, run)).permutation(bench.labels)
        cells = whole_cells(labels, votes)
        value = whole_kappa(as_tables(np.asarray(cells.sum(axis=0))))
        bag = resampled_kappas(cells, bench.prompts, Resampling(300, seed=run))
        told += not as_good_as_best(value, bag).all()
        rules = [Rule(within=0.0)]
        made = nested_choices(
            labels,
            votes,
            None,
            costs,
            bench.prompts,
            rules,
            Folding(repeats=1, seed=run),
        )
        naive.append(value.max())
        corrected.append(choice_kappas(labels, made)[0, 0])
    return (
        f"| {runs} | {np.mean(naive):+.3f} | {np.mean(corrected):+.3f} ±"
        f" {np.std(corrected) / np.sqrt(runs):.3f} | {told / runs:.1%} ±"
        f" {error(told / runs, runs):.1%} |"
    )


def main() -> None:
    """Print the tables; PandaLM's only where its verdicts are."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--runs", type=int, default=1000)
    words.add_argument("--data", type=Path, default=Path("../shared/data/paper"))
    chosen = words.parse_args()
    runs = chosen.runs
    print("| simulated labels | at least | runs | found | broken | rows kept |")
    print("|---|---|---|---|---|---|", flush=True)
    for prompts, rows in ((100, 1), (400, 1), (100, 4)):
        for least in (0.8, 0.9) if prompts == 400 else (0.8,):
            print(simulated_guarantee(prompts, rows, least, runs), flush=True)
    print("\n| labels | naive kappa | corrected | truth | limits hold it |")
    print("|---|---|---|---|---|")
    for prompts in (60, 200):
        print(simulated_values(prompts, max(20, runs // 10)), flush=True)
    if not (chosen.data / "evaluators" / "pandalm-eval").is_dir():
        print(f"\nPandaLM left out: its verdicts are not in {chosen.data}")
        return
    began = time.perf_counter()
    bench = pandalm_bench(chosen.data)
    read = time.perf_counter() - began
    choice = choose_evaluator(bench)
    took = time.perf_counter() - began - read
    print(f"\nPandaLM: {choice.configurations} configurations on {choice.labels} rows")
    print(f"imported and read in {read:.1f} s, chosen in {took:.1f} s")
    found = measure(bench, ChoiceOptions())
    print("\n| at least | runs | found | broken | found on a half | other half below |")
    print("|---|---|---|---|---|---|")
    print(halves(found, 0.8, runs), flush=True)
    print(
        "\n| shuffled | best, naive | best, corrected | something told from the best |"
    )
    print("|---|---|---|---|")
    print(shuffled(found, max(20, runs // 10)), flush=True)


if __name__ == "__main__":
    main()
