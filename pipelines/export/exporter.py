"""Exporter: datasets made of a run's outcomes.

No model is asked, no state is kept. One pass over the outcomes feeds every kind; each
kind's rows then go through its filters on the disk, and are written under their names
when all is complete.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from fellowship.ledger import LedgerReader, read_outcome
from fellowship.number_format import counted
from fellowship.pipelines.export.account import Account, measure_rows
from fellowship.pipelines.export.catalogue import update_catalogue
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.dataset_passes import DatasetPasses
from fellowship.pipelines.export.examples import unpack
from fellowship.pipelines.export.filter_pass import FilterPass
from fellowship.pipelines.export.filters import FILTERS
from fellowship.pipelines.export.formats import FORMATS
from fellowship.pipelines.export.open_run import open_run
from fellowship.pipelines.export.prepared_examples import INDICES, numbered_examples
from fellowship.pipelines.export.row_forms import weight_of, with_weight
from fellowship.pipelines.export.splits import assign_splits, split_of
from fellowship.pipelines.export.tables import (
    require_replaceable,
    save_dataset,
)
from fellowship.pipelines.export.writers import ExportFiles, JsonLines
from fellowship.pipelines.pairing.fault_counts import FaultCount
from fellowship.pipelines.recipe.export_settings import Export, check_format, form_of
from fellowship.records import AS_WRITTEN
from fellowship.run_folder import EXPORTS, LEDGER
from fellowship.run_outcomes import outcomes
from fellowship.scratch_errors import scratch_errors

Watch = Callable[[str, int], None]
"""Told now and then what is being done and how many rows of it are."""


class FirstPass(NamedTuple):
    """What was made of a run's rows as they ended.

    `passes` gives, of the run as it stands, the passes that all of its rows have gone
    through; `unlabelled` says that none of them has brought labels; `faults` are its
    answers that are none, None where they are to be counted.
    """

    passes: Callable[[ExportContext], DatasetPasses]
    unlabelled: bool = False
    faults: tuple[FaultCount, ...] | None = None


@scratch_errors()
def export_run(
    into: Path | str,
    export: Export,
    to: Path | None = None,
    watch: Watch = lambda what, rows: None,
    first: FirstPass | None = None,
) -> list[Account]:
    """Write a run's datasets; an account of each kind. `to` is the path of one kind.

    `first` makes the passes that the run's rows have gone through, if not this one's own.
    Files appear whole or not at all. `RecipeError` where a shape can't hold a kind or a
    filter can't be asked, `InputError` where a library or a file it needs is missing,
    `LedgerError` where the run can't be read or a file can't be written, be it a temporary
    one.
    """
    into = Path(into)
    for kind in export.kinds:
        check_format(kind, export)
        if FORMATS[export.shape].container.saved:
            require_replaceable(to or target_path(into, kind, export))
    labelled = first is None or not first.unlabelled
    with open_run(into, export.labels, labelled) as opened:
        faults = first.faults if first else None
        context = replace(opened, thinking=bool(export.thinking), faults=faults)
        passes = first.passes(context) if first else read_rows(export, context, watch)
        try:
            accounts = [
                write_kind(filter_pass, export, context, to, watch)
                for filter_pass in passes.kinds
            ]
        finally:
            passes.close()
        if to is None and accounts:
            update_catalogue(into, context, accounts, export)
    return accounts


def read_rows(export: Export, context: ExportContext, watch: Watch) -> DatasetPasses:
    """The passes that every row of the run has gone through."""
    passes = DatasetPasses(export, context)
    try:
        for done, outcome in enumerate(outcomes(context.into, AS_WRITTEN), 1):
            passes.add(outcome)
            watch("rows read", done)
    except BaseException:
        passes.close()
        raise
    return passes


def fill_shortcuts(filter_pass: FilterPass, context: ExportContext) -> None:
    """Look at the words of pairs that came into the sample as others left the set."""
    wanted = {*filter_pass.shortcuts.fill_sample()}
    if not wanted:
        return
    kind = filter_pass.kind
    with LedgerReader(context.into / LEDGER) as reader:
        for number in sorted({place // INDICES for place in wanted}):
            row = read_outcome(reader.outcome(number) or "", AS_WRITTEN)
            for place, example in numbered_examples(row, kind, context):
                if place in wanted:
                    filter_pass.shortcuts.add_words(example, place)


def target_path(into: Path, kind: str, export: Export) -> Path:
    """Where a kind goes unless told otherwise."""
    made = FORMATS[export.shape]
    return into / EXPORTS / made.folder / f"{kind}{made.container.suffix}"


def write_kind(
    filter_pass: FilterPass,
    export: Export,
    context: ExportContext,
    to: Path | None,
    watch: Watch,
) -> Account:
    """The second pass: what is left, weighed, divided and in its shape."""
    filter_pass.filter_whole_set()
    fill_shortcuts(filter_pass, context)
    if export.splits:
        assign_splits(filter_pass, export.splits, int(context.recipe.get("seed") or 0))
    target = to or target_path(context.into, filter_pass.kind, export)
    made = FORMATS[export.shape]
    if made.container.saved:
        with tempfile.TemporaryDirectory(prefix="fellowship-") as folder:
            table = Path(folder) / "rows.parquet"
            counts, files = write_splits(filter_pass, export, table, watch)
            save_dataset(files, target)
        paths = [target]
    else:
        counts, files = write_splits(filter_pass, export, target, watch)
        paths = list(files.values())
    account = make_account(filter_pass, export, context, counts, paths)
    made.describe(paths, filter_pass.kind)
    return account


def write_splits(
    filter_pass: FilterPass,
    export: Export,
    target: Path,
    watch: Watch,
) -> tuple[dict[str, int], dict[str, Path]]:
    """Rows and file of each split; one without a name where there are no splits."""
    made, form = FORMATS[export.shape], filter_pass.form
    mean = mean_weight(filter_pass)
    names = list(export.splits) or [""]
    counts = dict.fromkeys(names, 0)
    with ExportFiles(target, made.container.writer) as sink:
        eager = names if made.container.saved or not export.splits else []
        for name in eager:  # a file of no rows is one that `load_dataset` fails on
            sink.open(name)
        for done, (place, prompt, p, record) in enumerate(filter_pass.kept_rows(), 1):
            split = split_of(filter_pass, prompt) if export.splits else ""
            if form.ready:
                for tail, line in form.lines(record, weight_of(p, mean)):
                    writer = sink.open(split, tail)
                    assert isinstance(writer, JsonLines)
                    writer.write_line(line)
            else:
                example = unpack(record)
                filter_pass.shortcuts.add(example, place)
                weighed = with_weight(example, weight_of(p, mean))
                for tail, row in form.rows(weighed):
                    sink.open(split, tail).write(row)
            counts[split] += 1
            watch(f"{filter_pass.kind} rows written", done)
        sink.commit()
    kept = [name for name in names if counts[name] or name in eager]
    return counts, {name: sink.path(name) for name in kept}


def mean_weight(filter_pass: FilterPass) -> float:
    """The mean of 2 p - 1, at least 0, over what is left; 0 where it is nothing."""
    sql = "SELECT avg(max(0.0, 2 * p - 1)) FROM rows WHERE dropped IS NULL"
    ((mean,),) = filter_pass.scratch.rows(sql)
    return float(mean or 0.0)


def make_account(
    filter_pass: FilterPass,
    export: Export,
    context: ExportContext,
    counts: Mapping[str, int],
    paths: Sequence[Path],
) -> Account:
    """The record of what was done."""
    form = form_of(filter_pass.kind)
    known = measure_rows(filter_pass, form)
    if known["weights"] is not None and (source := weight_source(context)):
        known["weights"] = known["weights"].model_copy(update={"source": source})
    dropped = filter_pass.count_dropped()
    return Account(
        kind=filter_pass.kind,
        shape=export.shape,
        form=form,
        style=export.style,
        prompt=export.prompt,
        made=filter_pass.made,
        exported=sum(counts.values()),
        dropped={name: dropped[name] for name in FILTERS if name in dropped},
        splits={name: n for name, n in counts.items() if name},
        files=tuple(map(str, paths)),
        filters=export.filters.model_dump(mode="json", exclude_defaults=True),
        confirmation=context.confirmation,
        shortcuts=filter_pass.shortcuts.report() if form == "pairs" else None,
        levels=filter_pass.shortcuts.levels() if form == "pairs" else None,
        **known,
    )


def weight_source(context: ExportContext) -> str:
    """What the rows' chances were estimated from; empty: their own verdicts."""
    if context.confirmation is not None:
        return f"the sample ({counted(context.confirmation.judged, 'judged row')})"
    return f"labels ({context.labelled:,} rows)" if context.chance is not None else ""
