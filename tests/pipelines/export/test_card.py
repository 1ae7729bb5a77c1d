"""The dataset card: read by the hub's library, and safe from hostile names."""

from __future__ import annotations

import re
from pathlib import Path

import huggingface_hub
import yaml
from markdown_it import MarkdownIt

from fellowship.pipelines.export.card_markdown import code_span, markdown_table
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from tests.support.outcomes import judged, row
from tests.support.runs import run_of, written

EVIL = 'x`<img src=y>` [a](http://b)\n---\n# h | "q": \'.jsonl'


def test_a_card_shows_a_hostile_name_as_the_text_it_is(tmp_path: Path) -> None:
    known = {
        "source": {"path": "/a/" + EVIL.replace("/", "")},
        "models": {EVIL: {"model": EVIL}},
    }
    known |= {"export": {"licence": EVIL}, "evaluate": {"instruction": f"```\n{EVIL}"}}
    run = written(tmp_path / "run", [row(1)], recipe=known, identity=known)
    export_run(run, Export(kinds=("dpo",), licence=EVIL))
    card = (run / "exports" / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["pretty_name"].startswith(
        "Preference data from x`<img"
    )
    page = MarkdownIt("commonmark").enable("table").render(body)
    assert not re.search("<img|<a |<h1>h", page)
    assert page.count("<h1>") == 1


def test_the_card_is_one_the_hubs_own_library_reads(tmp_path: Path) -> None:
    rows = [judged(n, f"a {n}", "b", f"question {n} of many") for n in range(1, 21)]
    run = run_of(tmp_path / "run", rows)
    splits = {"train": 0.8, "test": 0.2}
    export = Export.model_validate(
        {"kinds": ["dpo"], "splits": splits, "licence": "mit"}
    )
    export_run(run, export)
    text = (run / "exports" / "README.md").read_text(encoding="utf-8")
    card = huggingface_hub.DatasetCard(text)
    assert card.data.license == "mit"
    assert yaml.safe_load(text.split("---")[1])["configs"][0]["data_files"] == [
        {"split": "train", "path": "dpo-train.jsonl"},
        {"split": "test", "path": "dpo-test.jsonl"},
    ]
    assert "| pair | 20 |" in text
    assert "| dpo | trl | 20 | 20 |" in text
    assert "gpt-y" in text
    assert "0123456789abcdef" in text
    assert "fellowship run recipe.yaml" in text


def test_a_card_shows_the_judges_against_people_where_there_are_labels(
    tmp_path: Path,
) -> None:
    rows = [
        judged(n, f"a {n}", "b", labels=("first" if n % 10 else "second",))
        for n in range(1, 81)
    ]
    run = run_of(tmp_path / "run", rows)
    export_run(run, Export(kinds=("dpo",)))
    text = (run / "exports" / "README.md").read_text(encoding="utf-8")
    assert "## Judges against people" in text
    assert "80 labels of 80 prompts" in text
    assert "90.0%" in text


def test_a_name_in_a_card_s_table_is_text() -> None:
    name = "<img src=x onerror=alert(1)>|\x1b]0;title\x07"
    made = markdown_table(("name", "file"), [(name, code_span("a<b>.jsonl"))])
    assert "<img" not in made
    assert "\x1b" not in made
    assert "&lt;img" in made
    assert "`a<b>.jsonl`" in made
