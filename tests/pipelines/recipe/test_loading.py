"""A recipe loads whole or is refused with every fault, its line and its cure."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe, recipe_schema
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.settings import CustomSettings

GOOD = """\
models:
  small: {provider: llama_cpp}
  judge: {provider: openai, model: gpt-4o}
source:
  path: prompts.jsonl
systems:
  - team: feedback
    generator: small
    reviewers: [small]
evaluate: {team: judge, model: judge}
"""


def write(folder: Path, text: str = GOOD) -> Path:
    (folder / "prompts.jsonl").write_text('{"prompt": "Why?"}\n')
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, overrides: dict[str, Any] | None = None) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write(folder, text), overrides)
    return str(caught.value)


def test_paths_are_relative_to_the_recipes_folder(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path))
    assert recipe.source.path == (tmp_path / "prompts.jsonl").resolve()


def test_a_misspelt_key_is_told_with_its_line_and_the_right_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD.replace("reviewers", "reviwers"))
    assert (
        "recipe.yaml, line 9: unknown key 'reviwers' under systems[0];"
        " did you mean 'reviewers'?" in said
    )
    assert "line 7: systems[0] needs the key 'reviewers'" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("llama_cpp", "llamacpp", "line 2: models.small.provider is 'llamacpp'"),
        ("llama_cpp", "llamacpp", "did you mean 'llama_cpp'?"),
        ("team: feedback", "team: feedbak", "did you mean 'feedback'?"),
        ("generator: small", "generator: smal", "did you mean 'small'?"),
        ("[small]", "[tiny]", "line 9: systems[0].reviewers[0]: no model 'tiny'"),
        ("[small]", "small", "it should be a list, e.g. ['small']"),
        ("[small]", "[]", "reviewers has 0 entries: give at least 1"),
        ("model: judge", "model: judge, prompt: a b", "a prompt file without .md"),
        ("prompts.jsonl", "promts.jsonl", "did you mean 'prompts.jsonl'?"),
        ("prompts.jsonl", "prompts.txt", "give a '.jsonl', '.csv', '.parquet' file"),
        ("path: prompts.jsonl", "split: train", "exactly one of 'path' and 'dataset'"),
        ("model: gpt-4o", "model: 4.1", "put it in quotes"),
        ("evaluate", "seed: 1.5\nevaluate", "line 10: seed is 1.5"),
        ("evaluate", "concurrency: 0\nevaluate", "it should be greater than 0"),
        ("evaluate", "prompts: nowhere\nevaluate", "there is no folder"),
        ("evaluate", "export: {kinds: [dppo]}\nevaluate", "did you mean 'dpo'?"),
        ("evaluate", "limits: {usd: .inf}\nevaluate", "null is no limit"),
        ("evaluate", "seed: 010\nevaluate", "'010' would be 8: write that, or put"),
        ("evaluate", "row_deadline: 1:30\nevaluate", "'1:30' would be 90: write that"),
        ("gpt-4o", "012", "line 3: '012' would be 10: write that, or put"),
        ("evaluate", 'export: {licence: "\\uD800"}\nevaluate', "half a character"),
        (
            "gpt-4o",
            "m, reasoning: hihg",
            "'max', or a whole number; did you mean 'high'",
        ),
        ("gpt-4o", "m, reasoning: -3", "reasoning is -3: it should be greater than 0"),
        ("evaluate", "source: {}\nevaluate", "'source' is on line 4 already"),
        ("evaluate", "yes: 1\nevaluate", "'yes' is not a text key"),
        (
            "path: prompts.jsonl",
            "path: prompts.jsonl\n  answers: [{a: b}]",
            "[0] is a mapping: it should be text",
        ),
        (
            "model: judge}",
            "judge: judge}",
            "unknown key 'judge' under evaluate; the keys here are 'model', 'strategy'",
        ),
        (
            "provider: openai, model: gpt-4o",
            "provider: function, function: 'm:f', range: 1",
            "'range' under models.judge; the keys here are 'temperature', 'top_p'",
        ),
        ("evaluate", "\tevaluate", "indent with spaces"),
        (
            "{provider: llama_cpp}",
            "",
            "models.small is empty (null): it should hold keys",
        ),
        (
            "{provider: llama_cpp}",
            "{model: x}",
            "'provider': 'llama_cpp', 'ollama', 'op",
        ),
        (
            "provider: openai",
            "provider: [openai]",
            "judge.provider is a list: give one of",
        ),
        (
            "gpt-4o",
            "gpt-4o, max_tokens: many",
            "max_tokens is 'many': give a whole number",
        ),
        (
            "gpt-4o",
            "gpt-4o, temperature: 9",
            "temperature is 9: it should be at most 5",
        ),
        ("gpt-4o", "[gpt-4o]", "model is a list: it should be text, e.g. 'gpt-4o'"),
        (
            "gpt-4o",
            "no",
            "judge.model is false: it should be text; put it in quotes",
        ),
        (
            "\n  path:",
            "",
            "'prompts.jsonl': it should hold keys and values, e.g. {path: p",
        ),
        ("prompts.jsonl", "{file: x}", "path is a mapping: give the path of a file or"),
        ("prompts.jsonl", "prompts.jsonl\n  answers: a", "be a list, e.g. ['a']"),
        ("- team: feedback\n   ", "- feedback:\n     ", "write {team: feedback, ...}"),
        (
            "  - team",
            "    team",
            "a mapping: it should be a list: [one, another]",
        ),
        (
            "{team: judge, model: judge}",
            "judge",
            "'judge': it should hold keys and values",
        ),
        ("team: judge", "team: 3", "evaluate.team is 3: give one of 'judge', 'jury'"),
        (
            "team: judge, model",
            "team: jury, jurors",
            "be a list, e.g. [{model: judge}]",
        ),
        ("[small]", "[small]]", "line 9: this doesn't go on what stands above"),
        ("[small]", "[small", "line 9: a bracket opened here isn't closed"),
        ("prompts.jsonl", '"prompts.jsonl', "line 5: a quote opened here isn't closed"),
        ("[small]", "*small", "line 9: found undefined alias 'small': put a text that"),
        ("evaluate:", "evaluate", "line 10: a ':' where none can stand"),
        ("gpt-4o", "{{name}}", "line 3: a text that begins with { or [ needs quotes"),
    ],
)
def test_each_fault_names_its_cure(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in refusal(tmp_path, GOOD.replace(old, new))


def test_the_keys_of_an_unknown_key_s_place_are_named_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD.replace("model: judge}", "judge: judge}"))
    keys = said.rpartition("the keys here are ")[2].split(", ")
    assert len(keys) == len(set(keys))
    assert "'jurors'" not in keys


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    said = refusal(tmp_path, "bogus: 1\n" + GOOD.replace("model: judge", "modl: 3"))
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "recipe.yaml, line 1",
        "recipe.yaml, line 11",
        "recipe.yaml, line 11",
    ]


def test_a_list_is_not_too_short_for_faults_of_its_entries(tmp_path: Path) -> None:
    debate = "{team: debate, model: judge, personas: [{model: judge}, {model: judge}]}"
    said = refusal(tmp_path, GOOD.replace("{team: judge, model: judge}", debate))
    assert [line.partition(": ")[2] for line in said.splitlines()] == [
        f"evaluate.personas[{n}] needs the key 'name'" for n in (0, 1)
    ]


def test_a_value_that_may_be_of_two_types_is_told_of_the_one_it_is(
    tmp_path: Path,
) -> None:
    near = "\nexport: {filters: {near_duplicates: {against: 3}}}\n"
    said = refusal(tmp_path, GOOD.replace("prompts.jsonl", "[a.jsonl, 3]") + near)
    assert [
        line.partition(": ")[2].partition(" is")[0] for line in said.splitlines()
    ] == [
        "source.path[1]",
        "export.filters.near_duplicates.against",
    ]


def test_a_team_of_ones_own_is_taken_by_its_import_path(tmp_path: Path) -> None:
    custom = GOOD.replace("team: feedback", "team: tests.support.custom_teams:Pair")
    assert "unknown key 'generator' under systems[0]" in refusal(tmp_path, custom)
    head, _, tail = custom.partition("    generator")
    recipe = load_recipe(write(tmp_path, head + tail.partition("]\n")[2]))
    assert isinstance(recipe.systems[0], CustomSettings)


def test_systems_of_one_name_are_refused(tmp_path: Path) -> None:
    single = "  - {team: single, name: feedback, generator: small}\nevaluate"
    assert "'feedback' is taken" in refusal(tmp_path, GOOD.replace("evaluate", single))


def test_a_recipe_without_two_answers_is_refused(tmp_path: Path) -> None:
    assert "nothing to compare" in refusal(tmp_path, GOOD, {"systems": []})
    one = [{"team": "single", "generator": "small"}]
    assert "set samples: 2" in refusal(tmp_path, GOOD, {"systems": one})


def test_overrides_go_over_the_file_and_are_named_when_wrong(tmp_path: Path) -> None:
    path = write(tmp_path)
    changes = {"source.limit": 3, "systems.0.drafts": 2, "limits.calls": 9}
    recipe = load_recipe(path, changes)
    assert (recipe.source.limit, recipe.limits.calls) == (3, 9)
    assert "override source.limit: " in refusal(tmp_path, GOOD, {"source.limit": "x"})
    assert "there is nothing" in refusal(tmp_path, GOOD, {"systems.7.drafts": 2})


def test_an_override_of_one_model_leaves_its_alias_alone(tmp_path: Path) -> None:
    text = GOOD.replace("small: {", "small: &s {").replace(
        "  judge: {", "  twin: *s\n  judge: {"
    )
    recipe = load_recipe(write(tmp_path, text), {"models.twin.max_tokens": 7})
    assert recipe.models["small"].max_tokens == 1024


@pytest.mark.fault(number=21)
@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [touch owned]",
        "a: !!python/name:os.system",
        "a: !mine 3",
        "a: !!binary aGk=",
        "a: &a [*a]",
        "a: &a {<<: *a}",
        "[" * 100_000,
        "{a: " * 5_000,
        "a: " + "[x]," * 300_000,
        "- 1",
        "",
        "a: 1\n---\nb: 2",
        "a: \x00",
        "a: 'open",
    ],
)
def test_a_hostile_file_is_refused_and_nothing_runs(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "recipe.yaml" in refusal(tmp_path, text)
    assert not (tmp_path / "owned").exists()


@pytest.mark.fault(number=21)
@pytest.mark.timeout(60)
def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    bomb = ["a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 40)
    ]
    assert "aliases repeat" in refusal(tmp_path, "\n".join(bomb))


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"a: \xe9"])
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(path)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.yaml"):
        load_recipe(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", ["~0", "~nobody-here/a.jsonl", "~\0", "\0", "~"])
@pytest.mark.parametrize(
    "key", ["source.path", "source.dataset", "prompts", "export.labels"]
)
def test_a_home_that_nobody_has_is_a_name(tmp_path: Path, key: str, path: str) -> None:
    with contextlib.suppress(RecipeError):
        load_recipe(write(tmp_path), {key: path})


JARGON = ("valid ", "input should", "tuple", "validation", "pathlib", "discriminator")
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = ["models", "models.small", "source", "source.path", "systems", "systems.0"]


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from([*PLACES, "evaluate", "export.kinds"]), value=values)
def test_any_value_anywhere_loads_or_is_a_recipe_error(
    tmp_path: Path, name: str, value: object
) -> None:
    try:
        assert isinstance(load_recipe(write(tmp_path), {name: value}), Recipe)
    except RecipeError as error:
        said = str(error).lower()
        assert said
        assert not [word for word in JARGON if word in said]


def test_the_schema_for_editors_knows_every_section() -> None:
    assert set(recipe_schema()["properties"]) == set(Recipe.model_fields)
