"""Shapes and styles of exported rows, read back by `datasets`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fellowship.errors import RecipeError
from fellowship.pipelines.export.examples import Example, unpack
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.export.formats import format_row
from fellowship.pipelines.export.writers import ExportFiles, JsonLines
from fellowship.pipelines.recipe.export_settings import Export, Shape, Style
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import read_items
from fellowship.records import Item
from tests.support.outcomes import answer, asked, judged, talk
from tests.support.runs import export_rows, run_of

TEXT = "plain\u2028line\u2029sep\u0085nel\r\n\x00nul \x1b[31m \u202e \U0001f600 <$slot>"

STYLES: list[Style] = ["conversational", "plain"]

SHAPES: list[Shape] = [
    "trl",
    "datasets",
    "parquet",
    "llama-factory",
    "axolotl",
    "openai",
]

QUIET = [HealthCheck.function_scoped_fixture]


def opened(path: Path, cache: Path) -> list[dict[str, Any]]:
    data = datasets.load_dataset(
        "json", data_files=str(path), cache_dir=str(cache), split="train"
    )
    return [dict(row) for row in data]


@pytest.mark.parametrize("style", STYLES)
def test_datasets_opens_an_export_with_one_schema(tmp_path: Path, style: Style) -> None:
    several = asked("one", "two")
    rows = [
        judged(1, TEXT, "b"),
        judged(2, answer("x", "w", "x"), answer("z", "y", "z"), several, (9.25, 9)),
    ]
    account, made = export_rows(tmp_path, rows, style=style)
    assert (account.made, account.exported, account.balanced) == (2, 2, True)
    assert opened(Path(account.files[0]), tmp_path / "cache") == made
    assert {type(row["margin"]) for row in made} == {float}


def test_a_dpo_row_has_trls_conversational_shape(tmp_path: Path) -> None:
    rows = [judged(1, answer("good", draft=3), answer("bad"), asked("q"))]
    _, (row,) = export_rows(tmp_path, rows)
    assert row["prompt"] == [{"role": "user", "content": "q"}]
    assert row["chosen"] == [{"role": "assistant", "content": "good"}]
    assert (row["chosen_score"], row["rejected_score"], row["margin"]) == (8, 6.5, 1.5)
    assert (row["chosen_draft"], row["rejected_draft"], row["row"]) == (3, 1, 1)


def test_a_row_carries_both_orders_verdicts_jurors_rule_and_cost(
    tmp_path: Path,
) -> None:
    _, (row,) = export_rows(tmp_path, [judged(1, "good", "bad")])
    told = row["provenance"]
    assert [(v["order"], v["winner"]) for v in told["verdicts"]] == [
        ("forward", "chosen"),
        ("swapped", "chosen"),
    ]
    assert (told["jurors"], told["rule"]) == (["judge"], "mean of both orders")
    assert {"sessions", "models", "prompts", "calls", "usd"} <= told.keys()


def test_several_open_turns_are_woven_after_the_first(tmp_path: Path) -> None:
    one = judged(1, answer("x", "w", "x"), answer("z", "y", "z"), asked("1", "2"))
    _, (row,) = export_rows(tmp_path / "a", [one])
    assert [m["content"] for m in row["prompt"]] == ["1"]
    assert [(m["role"], m["content"]) for m in row["chosen"]] == [
        ("assistant", "w"),
        ("user", "2"),
        ("assistant", "x"),
    ]
    _, (plain,) = export_rows(tmp_path / "b", [one], style="plain")
    assert (plain["prompt"], plain["chosen"]) == (
        "1",
        "w\n\nUser:\n2\n\nAssistant:\nx",
    )


LONG = talk(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"))


def test_a_long_plain_prompt_is_labelled_by_role(tmp_path: Path) -> None:
    _, (row,) = export_rows(tmp_path, [judged(1, "good", "bad", LONG)], style="plain")
    assert row["prompt"] == (
        "System:\ns\n\nUser:\na\n\nAssistant:\nb\n\nUser:\nc\n\nAssistant:\n"
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["dpo", "kto", "sft", "reward"])
def test_every_turn_of_a_long_prompt_survives_in_every_shape(
    shape: Shape, kind: str
) -> None:
    turns = [{"role": m.role, "content": m.content} for m in LONG.messages]
    sides = ([{"role": "assistant", "content": "good"}],)
    sides *= 2 if kind in ("dpo", "reward") else 1
    example = Example(turns, sides, True if kind == "kto" else None)
    if shape == "openai" and kind in ("kto", "reward"):
        pytest.skip("OpenAI's format has no such rows")
    text = json.dumps(format_row(example, kind, Export(shape=shape)))
    places = [text.find(json.dumps(w)[1:-1]) for w in ('"s"', '"a"', '"b"', '"c"')]
    if (shape, kind) != ("axolotl", "reward"):
        text = text.replace('\\"', '"')
        places = [text.find(f'"{w}"') for w in "sabc"]
        assert -1 not in places
        assert places == sorted(places)
    else:
        assert "User:\\na\\n\\nAssistant:\\nb\\n\\nUser:\\nc" in text
        assert '"system": "s"' in text


def test_a_multi_turn_row_comes_back_from_its_own_export(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": TEXT.replace("\0", "")},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    (tmp_path / "in.jsonl").write_text(json.dumps({"prompt": turns}))
    (item,) = read_items(Source(path=tmp_path / "in.jsonl"))
    assert isinstance(item, Item)
    account, _ = export_rows(tmp_path, [judged(1, "x", "y", item.conversation)])
    source = Source(path=Path(account.files[0]), candidates=("chosen", "rejected"))
    (again,) = read_items(source)
    assert isinstance(again, Item)
    assert again.conversation == item.conversation
    assert [c.text for c in again.candidates] == ["x", "y"]


def test_only_line_feeds_end_a_line_and_the_same_pairs_give_the_same_bytes(
    tmp_path: Path,
) -> None:
    rows = [judged(n, TEXT, "half") for n in (1, 2, 3)]
    made = [export_rows(tmp_path / name, rows)[0] for name in "ab"]
    contents = [Path(account.files[0]).read_bytes() for account in made]
    assert contents[0] == contents[1]
    assert len(contents[0].decode().splitlines()) == 3


def test_half_a_character_is_replaced_and_not_fatal(tmp_path: Path) -> None:
    with ExportFiles(tmp_path / "out.jsonl", JsonLines) as sink:
        sink.open("").write({"text": "half \ud800"})
        sink.commit()
    assert json.loads((tmp_path / "out.jsonl").read_text())["text"] == "half \ufffd"


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_text_comes_back_from_every_file_that_holds_it(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = [judged(1, text, "b", asked(text))]
    _, (row,) = export_rows(folder, rows)
    assert row["prompt"][0]["content"] == text == row["chosen"][0]["content"]
    example = Example([{"role": "user", "content": text}], ([],), facts={"n": 1})
    assert unpack(example.pack()).prompt_text == text


def test_sft_is_the_chosen_answer_once(tmp_path: Path) -> None:
    one = judged(1, "best", "b")
    more = one.model_copy(update={"pairs": (*one.pairs, *one.pairs)})
    _, rows = export_rows(tmp_path, [more], "sft")
    assert [r["completion"][0]["content"] for r in rows] == ["best"]


def test_reward_rows_hold_the_margin(tmp_path: Path) -> None:
    _, (row,) = export_rows(
        tmp_path, [judged(1, "a", "b")], "reward", prompt="implicit"
    )
    assert row["margin"] == 1.5
    assert [m["content"] for m in row["chosen"]] == ["question 1", "a"]
    assert "prompt" not in row


def test_what_a_shape_cannot_hold_is_refused_with_the_cure() -> None:
    run = Path("nowhere")
    for kind, more, told in (
        ("kto", {"shape": "openai"}, "no place for 'kto'"),
        ("kto", {"prompt": "implicit"}, "needs? one"),
        ("dpo", {"shape": "axolotl", "style": "plain"}, "--style"),
    ):
        export = Export.model_validate({"kinds": [kind], **more})
        with pytest.raises(RecipeError, match=told):
            export_run(run, export)


def test_a_row_that_fits_no_shape_is_counted_under_shape(tmp_path: Path) -> None:
    woven = judged(1, answer("x", "w", "x"), answer("z", "y", "z"), asked("1", "2"))
    for shape in ("llama-factory", "openai", "axolotl"):
        account, rows = export_rows(
            tmp_path / shape, [woven, judged(2, "a", "b")], shape=shape
        )
        assert account.dropped == {"shape": 1}
        assert (len(rows), account.balanced) == (1, True)


def test_facts_of_openai_rows_lie_beside_them(tmp_path: Path) -> None:
    account, (row,) = export_rows(tmp_path, [judged(1, "a", "b")], shape="openai")
    assert set(row) == {"input", "preferred_output", "non_preferred_output"}
    path = Path(account.files[0])
    facts = json.loads(path.with_name("dpo.facts.jsonl").read_text())
    assert facts["row"] == 1
    assert facts["provenance"]["jurors"] == ["judge"]


@pytest.mark.parametrize("kind", ["dpo", "kto", "sft", "reward"])
def test_a_saved_dataset_and_parquet_hold_the_same_rows(
    tmp_path: Path, kind: str
) -> None:
    made = [judged(n, f"a {n}", "b") for n in range(1, 5)]
    _, rows = export_rows(tmp_path / "json", made, kind)
    run = run_of(tmp_path / "run", made)
    (disk,) = export_run(run, Export(kinds=(kind,), shape="datasets"))  # type: ignore[arg-type]
    (table,) = export_run(run, Export(kinds=(kind,), shape="parquet"))  # type: ignore[arg-type]
    assert list(datasets.load_from_disk(disk.files[0])["train"]) == rows
    cache = str(tmp_path / "cache")
    assert list(datasets.Dataset.from_parquet(table.files[0], cache_dir=cache)) == rows
