"""JSON schemas of what verbs print with `--json`, from the records that are printed.

`OUTPUTS` has each verb's shapes; a verb that takes `--json` and is not there fails a test.
Keys may be added to an output and are never renamed, so the schemas allow others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from fellowship.cli.extras import require_extras

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODE: JsonSchemaMode = "serialization"
PIPELINES = "fellowship.pipelines"
PRINTED = "fellowship.cli.printed_records"


class Shape(NamedTuple):
    """One thing that a verb prints: when, and the types whose keys it has together.

    `types` are `module:name`, imported when asked for; those after the first add keys.
    `listed`: a list of such. `named`: a mapping from names to such. `gaps`: a number that
    isn't defined is null.
    """

    when: str
    types: tuple[str, ...]
    listed: bool = False
    named: bool = False
    gaps: bool = False


RUN_REPORT = (f"{PIPELINES}.running.run_report:RunReport", f"{PRINTED}:RunExtras")
PREVIEW = Shape("with --preview", (f"{PIPELINES}.columns.preview:Preview",))


def printed(name: str, when: str = "", *, listed: bool = False) -> Shape:
    """A shape that no pipeline has a record of."""
    return Shape(when, (f"{PRINTED}:{name}",), listed)


OUTPUTS: Mapping[str, tuple[Shape, ...]] = {
    "run": (Shape("", RUN_REPORT), PREVIEW),
    "plan": (
        Shape("", (f"{PIPELINES}.planning.plan:Plan", f"{PRINTED}:PlanExtras")),
        Shape(
            "with --pilot",
            (f"{PIPELINES}.planning.forecast:Forecast", f"{PRINTED}:PilotExtras"),
        ),
    ),
    "status": (
        Shape("", (f"{PIPELINES}.running.status:Status", f"{PRINTED}:StatusExtras")),
    ),
    "show": (
        printed("RowCells", listed=True),
        Shape("with ROW", ("fellowship.records:Outcome",)),
        Shape(
            "with ROW --why",
            (f"{PIPELINES}.provenance.provenance_records:RowProvenance",),
        ),
        printed("RecordedCall", "with --call"),
    ),
    "export": (
        Shape("", (f"{PIPELINES}.export.account:Account",), named=True),
        printed("HubAddress", "with --push-to-hub, beside the accounts"),
    ),
    "lint": (
        Shape(
            "",
            (f"{PIPELINES}.export.lint:LintReport", f"{PRINTED}:LintExtras"),
            listed=True,
        ),
    ),
    "import": (
        Shape(
            "a new run",
            (f"{PIPELINES}.imports.run_writer:ImportReport", f"{PRINTED}:IntoExtras"),
        ),
        Shape(
            "labels beside a run's rows",
            (
                f"{PIPELINES}.imports.label_exchange:AttachReport",
                f"{PRINTED}:IntoExtras",
            ),
        ),
        PREVIEW,
    ),
    "revote": (
        Shape(
            "",
            (f"{PIPELINES}.imports.run_writer:ImportReport", f"{PRINTED}:IntoExtras"),
        ),
    ),
    "serve": (printed("JuryAddress"),),
    "view": (printed("PageAddress"),),
    "labels": (printed("LabelCounts"),),
    "agree": (
        Shape(
            "",
            (
                f"{PIPELINES}.agreement.agreement:AgreementReport",
                f"{PRINTED}:AgreementExtras",
            ),
            gaps=True,
        ),
    ),
    "winrate": (Shape("", (f"{PIPELINES}.agreement.win_rates:WinRates",), gaps=True),),
    "report": (printed("ReportFigures"),),
    "replay": (printed("ReplayedRow"), Shape("with --edit", RUN_REPORT)),
    "rejudge": (Shape("", (*RUN_REPORT, f"{PRINTED}:DriftExtras"), gaps=True),),
    "drift": (
        printed("DriftChecked"),
        Shape("stopped early", (*RUN_REPORT, f"{PRINTED}:DriftExtras"), gaps=True),
    ),
    "choose": (
        Shape("", (f"{PIPELINES}.choosing.choice_records:Choice",), gaps=True),
        printed("EvaluatorPlans", "a plan of the runs"),
        Shape("stopped early", (*RUN_REPORT, f"{PRINTED}:Chosen"), gaps=True),
    ),
    "align": (
        Shape(
            "",
            (
                f"{PIPELINES}.aligning.align_report:AlignReport",
                f"{PRINTED}:AlignedVerdict",
            ),
            gaps=True,
        ),
        Shape("stopped early", (*RUN_REPORT, f"{PRINTED}:Unaligned")),
    ),
    "inspect": (printed("SampleCounts"),),
    "attack": (Shape("", (*RUN_REPORT, f"{PRINTED}:AttackExtras")),),
    "probe": (Shape("", (*RUN_REPORT, f"{PRINTED}:ProbeExtras")),),
    "reproduce": (printed("ReproducedTables"),),
    "doctor": (Shape("", ("fellowship.models.client:Finding",), listed=True),),
    "prices": (printed("PriceList"),),
    "new": (printed("WrittenFiles"),),
}
"""Verb -> the shapes of what it prints with `--json`, the usual one first."""


def output_schema(verb: str) -> dict[str, Any]:
    """The JSON schema of what `fellowship VERB --json` prints."""
    if verb in ("agree", "winrate", "rejudge", "align", "choose"):
        require_extras("stats")
    defs: dict[str, Any] = {}
    shapes = [shape_schema(shape, defs) for shape in OUTPUTS[verb]]
    whole = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    title = {"$schema": DIALECT, "title": f"fellowship {verb} --json"}
    return {**title, **whole} | ({"$defs": dict(sorted(defs.items()))} if defs else {})


def shape_schema(shape: Shape, defs: dict[str, Any]) -> dict[str, Any]:
    """One shape's schema; what it refers to is put into `defs`."""
    found: dict[str, Any] = {}
    for name in shape.types:
        module, _, attribute = name.partition(":")
        kind = getattr(import_module(module), attribute)
        schema = TypeAdapter(kind).json_schema(mode=MODE)
        defs |= visit(schema.pop("$defs", {}), shape.gaps)
        found = join(found, visit(schema, shape.gaps))
    if shape.when:
        found["description"] = f"{shape.when}: {found.get('description', '')}".strip(
            ": "
        )
    if shape.listed:
        return {"type": "array", "items": found}
    if shape.named:
        return {"type": "object", "additionalProperties": found}
    return found


def join(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two objects' schemas as the schema of one object with the keys of both."""
    if not one:
        return other
    properties = {**one.get("properties", {}), **other.get("properties", {})}
    required = [*one.get("required", ()), *other.get("required", ())]
    return {**one, "properties": properties, "required": sorted({*required})}


def visit(schema: Any, gaps: bool) -> Any:
    """A schema that allows keys it doesn't know, and gaps where there may be some."""
    if isinstance(schema, list):
        return [visit(part, gaps) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: visit(part, gaps) for key, part in schema.items()}
    if kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    if kept.get("default") != kept.get("default"):
        del kept["default"]  # NaN, which JSON doesn't have
    if gaps and kept.get("type") == "number":
        kept["type"] = ["number", "null"]
    return kept
