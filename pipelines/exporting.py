"""Datasets read off a run's outcomes: no model is asked, no state is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from fellowship.ledger import LedgerReader
from fellowship.pipelines.exports import export_dpo, export_kto
from fellowship.pipelines.labels import kto_examples
from fellowship.records import LabelledExample, Outcome, PreferencePair
from fellowship.run_folder import EXPORTS, LEDGER

Kind = Literal["dpo", "kto"]
Style = Literal["conversational", "plain"]


def outcomes(into: Path | str) -> Iterator[Outcome]:
    """What became of each row of a run, in the source's order, one at a time."""
    with LedgerReader(Path(into) / LEDGER) as reader:
        for text in reader.outcomes():
            yield Outcome.model_validate_json(text)


def pairs(into: Path | str) -> Iterator[PreferencePair]:
    """The preference pairs of a run."""
    return (pair for outcome in outcomes(into) for pair in outcome.pairs)


def examples(into: Path | str) -> Iterator[LabelledExample]:
    """The unpaired, labelled completions of a run."""
    return (one for outcome in outcomes(into) for one in kto_examples(outcome))


def export_run(
    into: Path, kinds: Sequence[Kind], style: Style, to: Path | None = None
) -> dict[str, int]:
    """Write the datasets; path -> number of rows. `to` replaces the path of one kind."""
    written: dict[str, int] = {}
    for kind in kinds:
        path = to or into / EXPORTS / f"{kind}.jsonl"
        if kind == "dpo":
            written[str(path)] = export_dpo(pairs(into), path, style)
        else:
            written[str(path)] = export_kto(examples(into), path, style)
    return written
