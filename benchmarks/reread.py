"""Parsing of the paper's released verdicts again, from their texts, and a comparison.

    python benchmarks/reread.py ../shared/data/paper

For each file: how many verdicts are read just as the release stored them, how many it
stored as -1 and the text does answer (recovered), how many texts hold no single answer
(invalid), and how many answer something else (differing). The last three are listed,
with the end of the text; `--quiet` leaves the recovered ones out of the list.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from fellowship.agents.parsing.strict import read_choice, read_score, read_scores
from fellowship.errors import VerdictError

UNREAD = -1.0
PICKS = {"model_a": "first", "model_b": "second", "tie": "tie"}
Value = tuple[float, ...] | str | None
Row = dict[str, Any]


class ReparsedVerdict(NamedTuple):
    """One verdict of the release: what it stored, what its text says."""

    file: Path
    row: int
    field: str
    stored: Value
    read: Value
    text: str
    why: str

    @property
    def state(self) -> str:
        """same, recovered, invalid or differing."""
        if self.read is None:
            return "invalid"
        if isinstance(self.stored, tuple) and isinstance(self.read, tuple):
            pairs = list(zip(self.stored, self.read, strict=True))
            if all(abs(a - b) < 1e-9 for a, b in pairs):
                return "same"
            if all(a in (b, UNREAD) for a, b in pairs):
                return "recovered"
        return "same" if self.stored == self.read else "differing"

    @property
    def reason(self) -> str:
        """Why it isn't read as it was stored."""
        last = self.text.strip().rpartition("\n")[2]
        if self.state == "recovered":
            return "the text gives the score in a form the release did not look for"
        if self.state == "differing":
            return f"the text ends in {last[-60:]!r}, which is a verdict of its own"
        return self.why or "it is read as it was stored"


def verdict_files(root: Path) -> list[Path]:
    """The files of a release that hold verdicts and what was stored of them."""
    picks = root.glob("generators/*/feedback/*_picks.json")
    return sorted(root.glob("evaluators/*/*/*.json")) + sorted(picks)


def reparse_file(path: Path) -> Iterator[ReparsedVerdict]:
    """Every verdict of one file, read again."""
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    high = 10.0
    if path.parent.name.startswith("multi-rater"):
        high = float(path.parent.name.removeprefix("multi-rater"))
    for number, row in enumerate(rows):
        for field, stored, text, read in _verdicts(path.parent.name, row, high):
            try:
                value, why = read(), ""
            except VerdictError as error:
                value, why = None, str(error)
            yield ReparsedVerdict(path, number, field, stored, value, text, why)


def _verdicts(
    kind: str, row: Row, high: float
) -> Iterator[tuple[str, Value, str, Callable[[], Value]]]:
    """The verdicts of one row: field, stored value, text and a reader."""
    if kind == "judge":
        text = row["response"]
        yield "pick", PICKS[row["pick"]], text, lambda: read_choice(text, last=True)
    elif kind == "debate":
        texts = [row[f"response_{i}"] for i in (1, 2, 3)]
        stored = (row["score_1"], row["score_2"])
        yield "scores", stored, "\n\n".join(texts), lambda: _read_mean(texts, high)
    elif "response" in row:
        stored = (row["score_1"], row["score_2"])
        yield (
            "scores",
            stored,
            row["response"],
            partial(_read_two, row["response"], high),
        )
    else:
        for i in (1, 2):
            one = kind.startswith("rater")
            names = [f"score_{i}"] if one else [f"score_{i}_1", f"score_{i}_2"]
            text = row.get(f"response_{i}", "")
            stored_i = tuple(row.get(name, UNREAD) for name in names)
            yield (
                f"score_{i}",
                stored_i,
                text,
                partial(_read_one if one else _read_two, text, high),
            )


def _read_one(text: str, high: float) -> Value:
    return (read_score(text, low=0, high=high, last=True),)


def _read_two(text: str, high: float) -> Value:
    scores = read_scores(text, low=0, high=high, last=True)
    return scores.first, scores.second


def _read_mean(texts: list[str], high: float) -> Value:
    """The mean of the debaters' scores; one that gave none makes it invalid."""
    scores = [read_scores(text, low=0, high=high, last=True) for text in texts]
    return fmean(s.first for s in scores), fmean(s.second for s in scores)


def main() -> None:
    """Print the table, then every verdict that isn't read as it was stored."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("release", type=Path, help="folder with evaluators/ in it")
    parser.add_argument("--quiet", action="store_true", help="don't list recovered")
    args = parser.parse_args()
    states = ("same", "recovered", "invalid", "differing")
    heads = ("read", *states[1:])
    print("".join(f"{head:>10}" for head in heads), " file")
    total: Counter[str] = Counter()
    listed: list[ReparsedVerdict] = []
    for path in verdict_files(args.release):
        found = list(reparse_file(path))
        counts = Counter(each.state for each in found)
        total += counts
        name = path.relative_to(args.release)
        print("".join(f"{counts[state]:>10}" for state in states), f" {name}")
        quiet = {"same", "recovered"} if args.quiet else {"same"}
        listed += [each for each in found if each.state not in quiet]
    print("".join(f"{total[state]:>10}" for state in states), " all")
    for each in listed:
        name = each.file.relative_to(args.release)
        print(f"\n{each.state}: {name} row {each.row} {each.field}")
        print(f"  stored {each.stored}, read {each.read}: {each.reason}")
        print(f"  ...{each.text[-160:]!r}")


if __name__ == "__main__":
    main()
