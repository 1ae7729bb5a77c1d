"""Exports are opened by what reads them in the world; a column has one type throughout."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.json as paj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.pipelines.export.columns import FACTS, PROVENANCE, VERDICT, line_row
from fellowship.pipelines.export.examples import json_line
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.run_folder import HEADER
from tests.support.outcomes import judged
from tests.support.paths import ROOT
from tests.support.runs import run_of
from tests.support.sentences import CLEAN

OLD = ROOT / "tests/fixtures/runs-e49447c"
CHUNK = 16 << 10
"""Bytes from which `datasets` guesses a file's types here; its own default is 10 MB."""

LINES = [
    *(("trl", kind) for kind in ("dpo", "kto", "sft", "reward")),
    *(("llama-factory", kind) for kind in ("dpo", "kto", "sft", "reward")),
    *(("axolotl", kind) for kind in ("dpo", "kto", "sft", "reward")),
    *(("openai", kind) for kind in ("dpo", "sft")),
]

TABLES = [("parquet", kind) for kind in ("dpo", "kto", "sft", "reward")]
STYLES: list[tuple[str, str, dict[str, str]]] = [
    ("trl, plain", "dpo", {"style": "plain"}),
    ("trl, implicit", "dpo", {"prompt": "implicit"}),
    ("trl, plain, implicit", "reward", {"style": "plain", "prompt": "implicit"}),
]
"""TRL's other spellings, as the name of a shape here."""
Files = dict[tuple[str, str], Path]


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Files of 60 rows, of which only the last has a flag and what was scored in words."""
    rows = [judged(n, f"{CLEAN[n]} {n}", CLEAN[n + 60]) for n in range(1, 60)]
    rows += [judged(60, CLEAN[0], CLEAN[60], flags=("contested", "tie, broken"))]
    run = run_of(tmp_path_factory.mktemp("late") / "run", rows)
    header = json.loads((run / HEADER).read_text())
    (run / HEADER).write_text(json.dumps(header | {"rules": {"export-columns": 2}}))
    made: Files = {}
    plain = [
        (shape, kind, {}) for shape, kind in (*LINES, *TABLES, ("datasets", "dpo"))
    ]
    for shape, kind, more in [*STYLES, *plain]:
        filters = {"constant": False}
        asked = {"kinds": [kind], "shape": shape.split(",")[0], "filters": filters}
        (account,) = export_run(run, Export.model_validate(asked | more))
        made[shape, kind] = Path(account.files[0])
        if more:
            name = f"{shape.replace(', ', '-')}-{kind}.jsonl"
            made[shape, kind] = made[shape, kind].rename(run.parent / name)
    openai = made["openai", "dpo"]
    made["openai", "facts"] = openai.with_name("dpo.facts.jsonl")
    return made


def by_datasets(path: Path, folder: Path) -> int:
    data = datasets.load_dataset(
        *("json",),
        data_files=str(path),
        split="train",
        cache_dir=str(folder),
        chunksize=CHUNK,
    )
    return int(data.num_rows)


def by_stream(path: Path, folder: Path) -> int:
    data = datasets.load_dataset(
        "json", data_files=str(path), split="train", streaming=True, chunksize=CHUNK
    )
    return sum(1 for _ in data)


def by_pandas(path: Path, folder: Path) -> int:
    return sum(len(part) for part in pd.read_json(path, lines=True, chunksize=10))


def by_polars(path: Path, folder: Path) -> int:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    return int(polars.read_ndjson(path, infer_schema_length=1).height)


def by_duckdb(path: Path, folder: Path) -> int:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    query = f"SELECT * FROM read_json('{path}', sample_size=1)"
    return len(duckdb.sql(query).fetchall())


EVERY_LINES = [*LINES, ("openai", "facts"), *((s, kind) for s, kind, _ in STYLES)]
READERS: dict[str, Callable[[Path, Path], int]] = {
    "datasets": by_datasets,
    "datasets, streaming": by_stream,
    "pandas": by_pandas,
    "polars": by_polars,
    "duckdb": by_duckdb,
}


@pytest.mark.fault(number=113, by="reader")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("shape", EVERY_LINES, ids="-".join)
def test_every_reader_opens_every_file_whose_last_row_is_flagged(
    late: Files, shape: tuple[str, str], reader: str, tmp_path: Path
) -> None:
    path = late[shape]
    lines = path.read_text().count("\n")
    assert path.stat().st_size > CHUNK or shape[0] == "openai"
    assert READERS[reader](path, tmp_path) == lines


@pytest.mark.fault(number=113)
@pytest.mark.parametrize("shape", EVERY_LINES, ids="-".join)
def test_every_row_of_a_file_has_the_arrow_schema_of_its_first(
    late: Files, shape: tuple[str, str]
) -> None:
    schemas = {str(arrow_schema(line)) for line in lines_of(late[shape])}
    assert len(schemas) == 1


TABLE_READERS: dict[str, Callable[[Path, Path], int]] = {
    "datasets": lambda path, folder: int(
        datasets.load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=str(folder)
        ).num_rows
    ),
    "datasets, streaming": lambda path, folder: sum(
        1
        for _ in datasets.load_dataset(
            "parquet", data_files=str(path), split="train", streaming=True
        )
    ),
    "pandas": lambda path, folder: len(pd.read_parquet(path)),
    "polars": lambda path, folder: (
        pytest.importorskip("polars", reason="polars is not installed")
        .read_parquet(path)
        .height
    ),
    "duckdb": lambda path, folder: len(
        pytest.importorskip("duckdb", reason="duckdb is not installed")
        .sql(f"SELECT * FROM '{path}'")
        .fetchall()
    ),
}


@pytest.mark.fault(number=113, by="reader")
@pytest.mark.parametrize("reader", TABLE_READERS)
@pytest.mark.parametrize("shape", TABLES, ids="-".join)
def test_every_reader_of_tables_opens_every_parquet_file(
    late: Files, shape: tuple[str, str], reader: str, tmp_path: Path
) -> None:
    rows = late["trl", shape[1]].read_text().count("\n")
    assert TABLE_READERS[reader](late[shape], tmp_path) == rows


@pytest.mark.fault(number=113)
def test_tables_keep_lists_and_hold_what_the_lines_hold(late: Files) -> None:
    lines = [json.loads(line) for line in lines_of(late["trl", "dpo"])]
    for row in lines:
        row["flags"], row["provenance"] = map(
            json.loads, (row["flags"], row["provenance"])
        )
    tables = [
        pd.read_parquet(late["parquet", "dpo"], dtype_backend="pyarrow").to_dict(
            "records"
        ),
        list(datasets.load_from_disk(str(late["datasets", "dpo"]))["train"]),
    ]
    assert lines[-1]["flags"] == ["contested", "tie, broken"]
    assert tables == [lines, lines]


def lines_of(path: Path) -> list[str]:
    return path.read_text().removesuffix("\n").split("\n")


def arrow_schema(line: str) -> pa.Schema:
    return paj.read_json(io.BytesIO(line.encode())).schema


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
    "whole": st.integers(-(2**40), 2**40),
    "flag": st.booleans(),
    "text": st.sampled_from(("", "a", "true", "7", "[]", "\u2028")),
    "texts": st.lists(TEXTS, max_size=2),
    "verdicts": st.lists(
        st.fixed_dictionaries(
            {name: TEXTS for name in VERDICT if name != "scores"}
            | {"scores": st.lists(st.floats(0, 9), max_size=2)}
        ),
        max_size=2,
    ),
}
VALUES["provenance"] = st.fixed_dictionaries(
    {name: VALUES[kind] for name, kind in PROVENANCE.items()}
)
ANY_ROW = st.fixed_dictionaries(
    {name: VALUES[kind] for kind, name in {v: k for k, v in FACTS.items()}.items()}
)
"""A column of each type."""


@pytest.mark.fault(number=113)
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ANY_ROW, min_size=2, max_size=3))
def test_whatever_the_facts_are_every_row_has_the_first_row_s_schema(
    rows: list[dict[str, Any]],
) -> None:
    lines = [json_line(line_row(dict(sorted(row.items())))) for row in rows]
    assert len({str(arrow_schema(line)) for line in lines}) == 1


TALK = {
    *("prompt", "chosen", "rejected", "completion", "messages", "conversations"),
    *("text", "input", "system"),
}


def test_every_fact_that_any_kind_exports_has_a_type() -> None:
    files = [p for p in OLD.glob("*/expected/*/*.jsonl") if p.parent.name != "openai"]
    assert files
    for path in files:
        for line in lines_of(path):
            row = json.loads(line)
            assert set(row) <= set(FACTS) | TALK, path
            assert set(row["provenance"]) == set(PROVENANCE)


# What trainers ask for, from their documentation: each says what is wrong with a row.


def trl_fault(row: dict[str, Any], kind: str) -> str:
    """TRL's "Dataset formats and types": preference, unpaired, prompt-completion."""
    sides = {"kto": ("completion",), "sft": ("completion",)}
    for name in ("prompt", *sides.get(kind, ("chosen", "rejected"))):
        turns = row.get(name)
        if not isinstance(turns, list) or not turns:
            return f"{name} is no list of messages"
        for turn in turns:
            if set(turn) != {"role", "content"} or not isinstance(turn["content"], str):
                return f"{name} has a turn that is no message"
        if turns[-1]["role"] != ("user" if name == "prompt" else "assistant"):
            return f"{name} ends with the wrong role"
    labelled = isinstance(row.get("label"), bool)
    return "" if labelled is (kind == "kto") else "label"


def llama_factory_fault(row: dict[str, Any], kind: str, info: dict[str, Any]) -> str:
    """LLaMA-Factory's data/README: sharegpt, told by dataset_info.json."""
    columns, tags = info["columns"], info["tags"]
    turns = list(row[columns["messages"]])
    if turns and turns[0][tags["role_tag"]] == tags["system_tag"]:
        turns = turns[1:]
    if info.get("ranking"):
        turns = [*turns, row[columns["chosen"]]]
        if row[columns["rejected"]][tags["role_tag"]] != tags["assistant_tag"]:
            return "rejected is not the assistant's"
    if "kto_tag" in columns and not isinstance(row[columns["kto_tag"]], bool):
        return "kto_tag"
    wanted = [tags["user_tag"], tags["assistant_tag"]] * (len(turns) // 2)
    said = [turn[tags["role_tag"]] for turn in turns]
    return "" if said == wanted and turns else "roles don't alternate"


def axolotl_fault(row: dict[str, Any], kind: str) -> str:
    """Axolotl's docs: chat_template.default (DPO), argilla_chat (KTO), bradley_terry."""
    if kind == "kto":
        ok = isinstance(row["label"], bool) and row["completion"][0]["content"]
        return "" if ok and row["completion"][-1]["role"] == "assistant" else "kto"
    if kind == "reward":
        texts = ("system", "input", "chosen", "rejected")
        return "" if all(isinstance(row[n], str) for n in texts) else "a side"
    last = row["messages"][-1]["role"]
    if kind == "sft":
        return "" if last == "assistant" else "messages"
    if last != "user":
        return "messages"
    sides = [row["chosen"], row["rejected"]]
    return "" if all(s["role"] == "assistant" for s in sides) else "a side"


def openai_fault(row: dict[str, Any], kind: str) -> str:
    """OpenAI's guide to preference tuning: one message of the assistant on each side."""
    if kind == "sft":
        keys, last = set(row) - {"messages"}, row["messages"][-1]
        return str(keys or "") or ("" if last["role"] == "assistant" else "no answer")
    if set(row) != {"input", "preferred_output", "non_preferred_output"}:
        return "keys"
    if row["input"]["messages"][-1]["role"] != "user":
        return "input"
    sides = (row["preferred_output"], row["non_preferred_output"])
    good = all(len(s) == 1 and s[0]["role"] == "assistant" for s in sides)
    return "" if good else "a side"


@pytest.mark.fault(number=113, by="shape")
@pytest.mark.parametrize("shape", LINES, ids="-".join)
def test_every_row_has_the_schema_that_its_trainer_documents(
    late: Files, shape: tuple[str, str]
) -> None:
    name, kind = shape
    path = late[shape]
    faults: dict[str, Callable[[dict[str, Any]], str]] = {
        "trl": lambda row: trl_fault(row, kind),
        "axolotl": lambda row: axolotl_fault(row, kind),
        "openai": lambda row: openai_fault(row, kind),
    }
    if name == "llama-factory":
        known = json.loads(path.with_name("dataset_info.json").read_text())
        (info,) = [i for i in known.values() if i["file_name"] == path.name]
        faults[name] = lambda row: llama_factory_fault(row, kind, info)
    for line in lines_of(path):
        assert faults[name](json.loads(line)) == ""
