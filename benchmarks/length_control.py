"""Length-controlled win rates beside a leaderboard's published ones.

    python -m benchmarks.length_control FILE [--json] [--subsets]

FILE has a line for each system: `system`, `published_win_rate`,
`published_length_controlled` (per cent, null where unknown) and `rows`: [prompt,
preference for the system 0 to 1 or null, length of its answer, length of the baseline's].
The rates are those of the function that `winrate` calls; published values are compared
with and enter no fit. `--subsets` fits parts of the file: halves and random small files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fellowship.stats.codes import DataError
from fellowship.stats.length_designs import PairRows
from fellowship.stats.lengths import JudgeEffect, LengthControlled, length_controlled

SMALL = (12, 8, 5, 3, 2)
DRAWN = 100


@dataclass(frozen=True)
class System:
    """One system's comparisons with the baseline, and its published rate in per cent."""

    name: str
    rows: PairRows
    published: float | None


def main(argv: Sequence[str] | None = None) -> int:
    """Print every system's rates and the errors; 2 where the file can't be read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--subsets", action="store_true")
    args = parser.parse_args(argv)
    try:
        systems = read(args.file)
        judge, rates = fitted(systems)
    except (OSError, DataError) as error:
        print(f"{args.file}: {error}", file=sys.stderr)
        return 2
    if args.subsets:
        print_subsets(systems)
    elif args.json:
        print(json.dumps(summary(systems, rates), indent=2))
    else:
        print_table(systems, judge, rates)
    return 0


def read(file: Path) -> list[System]:
    """The systems of a file. DataError names a line that isn't one."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            rows = given["rows"]
            published = given.get("published_length_controlled")
            found.append(
                System(
                    str(given["system"]),
                    PairRows(
                        [np.nan if row[1] is None else float(row[1]) for row in rows],
                        [[float(row[2]), float(row[3])] for row in rows],
                        [str(row[0]) for row in rows],
                    ),
                    None if published is None else float(published),
                )
            )
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise DataError(f"line {number} is not a system: {error!r}") from error
    return found


def fitted(
    systems: Sequence[System],
) -> tuple[JudgeEffect, tuple[LengthControlled, ...]]:
    """The judge's effect and the systems' rates, all fitted together."""
    return length_controlled([system.rows for system in systems])


def errors(
    systems: Sequence[System], rates: Sequence[LengthControlled]
) -> list[tuple[float, str]]:
    """How far each rate is from the published one, in points, and whose it is."""
    return [
        (abs(100 * rate.controlled.value - system.published), system.name)
        for system, rate in zip(systems, rates, strict=True)
        if system.published is not None
    ]


def summary(
    systems: Sequence[System], rates: Sequence[LengthControlled]
) -> dict[str, object]:
    """What `--json` prints; the errors are null where nothing was published."""
    apart = [points for points, _ in errors(systems, rates)]
    return {
        "systems": [
            {
                "system": system.name,
                "raw": 100 * rate.raw,
                "length_controlled": 100 * rate.controlled.value,
                "published": system.published,
            }
            for system, rate in zip(systems, rates, strict=True)
        ],
        "mean_error": float(np.mean(apart)) if apart else None,
        "largest_error": max(apart) if apart else None,
    }


def print_table(
    systems: Sequence[System], judge: JudgeEffect, rates: Sequence[LengthControlled]
) -> None:
    """A line for each system, the judge's effect and the errors."""
    print("system                               raw  controlled            published")
    for system, rate in zip(systems, rates, strict=True):
        one = rate.controlled
        published = "" if system.published is None else f"{system.published:5.1f}"
        print(
            f"{system.name[:34]:34s} {100 * rate.raw:5.1f}  {100 * one.value:5.1f}"
            f" [{100 * one.low:4.1f}, {100 * one.high:4.1f}]  {published:>9s}"
            f"  effect {rate.effect.value:.2f}, {rate.own:3.0%} own"
        )
    print(
        f"judge's effect {judge.value:.2f} [{judge.low:.2f}, {judge.high:.2f}],"
        f" {judge.source}, {judge.pairs} pairs, spread {judge.spread:.2f}"
    )
    if apart := errors(systems, rates):
        mean, (largest, who) = np.mean([points for points, _ in apart]), max(apart)
        print(f"mean error {mean:.2f} points, largest {largest:.2f} ({who})")


def subsets(count: int, size: int) -> Iterator[list[int]]:
    """Random files of some of `count` systems, the same ones each time."""
    rng = np.random.default_rng(size)
    for _ in range(DRAWN):
        yield sorted(rng.choice(count, size, replace=False).tolist())


def print_subsets(systems: Sequence[System]) -> None:
    """Errors in both halves of the file, in small files and of each system alone."""
    count = len(systems)
    parts = {"all": [list(range(count))]}
    parts["even lines"] = [list(range(0, count, 2))]
    parts["odd lines"] = [list(range(1, count, 2))]
    parts |= {
        f"{DRAWN} files of {n}": list(subsets(count, n)) for n in SMALL if n < count
    }
    parts["each alone"] = [[n] for n in range(count)]
    print(
        "files             mean error  worst file's mean  largest error  within .8 and 3"
    )
    for name, files in parts.items():
        means, worst = [], []
        for file in files:
            chosen = [systems[n] for n in file]
            apart = [points for points, _ in errors(chosen, fitted(chosen)[1])]
            if apart:
                means.append(float(np.mean(apart)))
                worst.append(max(apart))
        if means:
            kept = np.mean((np.array(means) <= 0.8) & (np.array(worst) <= 3))
            print(
                f"{name:18s} {np.mean(means):9.2f} {max(means):18.2f} {max(worst):14.2f}"
                f" {kept:16.0%}"
            )


if __name__ == "__main__":
    sys.exit(main())
