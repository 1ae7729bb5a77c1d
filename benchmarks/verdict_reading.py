"""Judge replies of many styles, and how many of them the reader reads right.

    python -m benchmarks.verdict_reading
    python -m benchmarks.verdict_reading --revision 1 --wrong
    python -m benchmarks.verdict_reading --json

For each style: replies read as a person reads them, replies left unreadable that a person
can read, replies that neither reads, and replies read otherwise than a person does.
"""

from __future__ import annotations

import argparse
import json

from fellowship.agents.parsing.revisions import FIRST, REVISION
from tests.support.verdict_corpus import (
    STATES,
    Attempt,
    attempts,
    corpus_files,
    count_states,
)

HEADS = ("read right", "left unread", "rightly refused", "read WRONG")


def main() -> None:
    """Print the table, or the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--revision", type=int, choices=(FIRST, REVISION), default=REVISION
    )
    parser.add_argument("--wrong", action="store_true", help="list what is read wrong")
    args = parser.parse_args()
    found = {path.stem: list(attempts(path, args.revision)) for path in corpus_files()}
    found["all"] = [each for style in found.values() for each in style]
    if args.json:
        figures = {name: figures_of(style) for name, style in found.items()}
        print(json.dumps({"revision": args.revision, "styles": figures}, indent=2))
        return
    print(f"{'style':14}{'replies':>9}" + "".join(f"{head:>17}" for head in HEADS))
    for name, style in found.items():
        numbers = figures_of(style)
        counts = "".join(f"{numbers[state]:>17}" for state in STATES)
        print(f"{name:14}{numbers['replies']:>9}{counts}")
    for each in found["all"] if args.wrong else ():
        if each.state == "wrong":
            said = f"read {each.read}, a person {each.row['reads']}"
            print(f"\n{each.row['id']} ({each.row['form']}): {said}")
            print(f"  {each.row['reply']!r}")


def figures_of(style: list[Attempt]) -> dict[str, int]:
    """The figures of one style."""
    counts = count_states(style)
    return {"replies": len(style), **{state: counts[state] for state in STATES}}


if __name__ == "__main__":
    main()
