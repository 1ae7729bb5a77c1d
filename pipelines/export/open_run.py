"""Opening of a run for export: its header, its ledger, its labels if there are any."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fellowship.errors import InputError, LedgerError, install_command
from fellowship.ledger import LedgerReader
from fellowship.pipelines.export.confirmation import confirmation
from fellowship.pipelines.export.context import Chance, ExportContext
from fellowship.pipelines.labels.run_labels import latest_labels
from fellowship.run_folder import LEDGER, read_header


@contextmanager
def open_run(
    into: Path, labels: Path | None = None, rows: bool = True
) -> Iterator[ExportContext]:
    """The context of a run's rows while its ledger is open.

    `labels` are people's, for calibration; the run's own are used where it is None.
    Without `rows` the source is known to have brought none.
    `InputError` when labels were asked for and too few of them meet a verdict.
    """
    try:
        header = read_header(into)
    except LedgerError:
        if os.path.exists(into / LEDGER):
            header = {}
        else:
            raise
    with LedgerReader(into / LEDGER) as reader:
        agree, flip, labelled = calibration_curves(into, labels, rows)
        yield ExportContext(
            into=into,
            header=header,
            chance=agree,
            flip=flip,
            labelled=labelled,
            labels=labels,
            confirmation=confirmation(into, header.get("recipe") or {}),
            request=lambda call: request_messages(reader, call),
        )


def request_messages(reader: LedgerReader, call: str) -> list[dict[str, str]] | None:
    """The messages of a recorded call; None where it isn't recorded."""
    row = reader.call(call)
    if row is None:
        return None
    messages: list[dict[str, str]] = json.loads(row.request).get("messages") or []
    return messages or None


def calibration_curves(
    into: Path, labels: Path | None, rows: bool = True
) -> tuple[Chance | None, Chance | None, int]:
    """Margin -> P(people agree), margin -> P(people name the other), labelled rows.

    None, None where the run has no labels and none were given, or too few of its own.
    """
    if labels is None and not has_labels(into, rows):
        return None, None, 0
    try:
        from fellowship.pipelines.export.score_calibration import fit_curves
    except ImportError as error:
        if labels is None:
            return None, None, 0
        raise InputError(
            f"calibration needs {error.name}: {install_command('stats')}"
        ) from error
    return fit_curves(into, labels)


def has_labels(into: Path, rows: bool = True) -> bool:
    """Whether any row of a run has people's labels, from its source or added to it.

    Without `rows` the source is known to have brought none.
    """
    added = bool(latest_labels(into))
    if added or not rows:
        return added
    sql = (
        # A record without either spelling has none, and need not be parsed.
        """SELECT 1 FROM outcomes WHERE (instr(record, '"labels":["') OR"""
        """ instr(record, '"labels": ')) AND json_array_length(record, '$.labels') > 0"""
        " LIMIT 1"
    )
    with LedgerReader(into / LEDGER) as reader:
        return next(reader.rows(sql), None) is not None
