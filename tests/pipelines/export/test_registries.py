"""Registries of export formats, kinds and filters: complete at import, and asked."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from fellowship.pipelines.export.exporter import target_path
from fellowship.pipelines.export.filter_pass import OWN_FILTERS
from fellowship.pipelines.export.filters import FILTERS
from fellowship.pipelines.export.formats import FORMATS, Format
from fellowship.pipelines.export.kinds import KINDS
from fellowship.pipelines.recipe.export_settings import (
    FORMS,
    SHAPES,
    Export,
    Filters,
    Kind,
    Shape,
)
from fellowship.registry_check import IncompleteRegistry, check_registry
from tests.support.paths import ROOT

GrownShape = Literal[
    "trl", "datasets", "parquet", "llama-factory", "axolotl", "openai", "verl"
]


class GrownFilters(Filters):
    """The filters' settings with one that nobody entered."""

    toxicity: bool = False


@pytest.mark.parametrize("registry", [SHAPES, FORMATS], ids=["settings", "formats"])
def test_a_format_in_the_settings_that_nobody_entered_fails_at_import(
    registry: Any,
) -> None:
    with pytest.raises(IncompleteRegistry, match="export format 'verl' has no entry"):
        check_registry("export format", get_args(GrownShape), registry)


@pytest.mark.parametrize("registry", [FORMS, KINDS], ids=["settings", "kinds"])
def test_a_kind_that_nobody_entered_fails_at_import(registry: Any) -> None:
    with pytest.raises(IncompleteRegistry, match="kind 'ipo' has no entry"):
        check_registry("kind", (*get_args(Kind), "ipo"), registry)


def test_a_filter_in_the_settings_that_nobody_asks_fails_at_import() -> None:
    asked = [field for entry in FILTERS.values() for field in entry.fields]
    with pytest.raises(IncompleteRegistry, match="filter 'toxicity' has no entry"):
        check_registry("filter", GrownFilters.model_fields, asked)


def test_a_filter_of_the_whole_set_is_asked_by_the_pass() -> None:
    folder = ROOT / "pipelines" / "export"
    after = (folder / "filter_pass.py").read_text().partition("class FilterPass")[2]
    after += (folder / "prepared_examples.py").read_text()
    assert all(f'"{name}"' in after or f"'{name}'" in after for name in OWN_FILTERS)


@pytest.mark.parametrize("case", [field.name for field in fields(Format)])
def test_an_entry_that_lacks_a_case_fails_at_import(case: str) -> None:
    given = {f.name: getattr(FORMATS["trl"], f.name) for f in fields(Format)}
    del given[case]
    with pytest.raises(TypeError, match=case):
        Format(**given)


@pytest.mark.parametrize(
    ("shape", "place"),
    [
        ("trl", "exports/dpo.jsonl"),
        ("datasets", "exports/datasets/dpo"),
        ("parquet", "exports/parquet/dpo.parquet"),
        ("llama-factory", "exports/llama-factory/dpo.jsonl"),
        ("axolotl", "exports/axolotl/dpo.jsonl"),
        ("openai", "exports/openai/dpo.jsonl"),
    ],
)
def test_every_format_goes_to_a_place_of_its_own(shape: Shape, place: str) -> None:
    assert target_path(Path("run"), "dpo", Export(shape=shape)) == Path("run") / place


def test_nobody_compares_the_name_of_a_format_or_a_kind_outside_its_own_rows() -> None:
    names = {*get_args(Shape), *get_args(Kind)}
    for path in sorted((ROOT / "pipelines" / "export").glob("*.py")):
        if path.name == "format_rows.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                left = ast.unparse(node.left)
                if left.endswith(("shape", "kind")):
                    said = ast.unparse(node)
                    assert not any(repr(name) in said for name in names), said
