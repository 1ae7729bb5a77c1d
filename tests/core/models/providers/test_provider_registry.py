"""The registry of providers: complete at import, and alone in telling them apart."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args

import httpx2
import openai
import pytest

from fellowship.models.config import AnyModel, OllamaModel, OpenAIModel
from fellowship.models.providers.endpoints import hosts_of, max_in_flight, on_host
from fellowship.models.providers.openai_headers import call_headers
from fellowship.models.providers.provider import Provider
from fellowship.models.providers.registry import (
    OLLAMA,
    PROVIDERS,
    name_in_settings,
    provider_of,
)
from fellowship.registry_check import IncompleteRegistry, check_registry
from tests.support.paths import ROOT

HOME = ROOT / "core" / "models" / "providers"
CLASSES = {model.__name__ for model in get_args(AnyModel)}

Grown = Literal["llama_cpp", "ollama", "openai", "autogen", "anthropic"]


def test_a_provider_in_the_settings_that_nobody_entered_fails_at_import() -> None:
    with pytest.raises(IncompleteRegistry, match="provider 'anthropic' has no entry"):
        check_registry("provider", get_args(Grown), PROVIDERS)


def test_an_entry_that_no_settings_name_fails_at_import() -> None:
    names = [name_in_settings(model) for model in get_args(AnyModel)]
    with pytest.raises(IncompleteRegistry, match="provider 'other' is in no settings"):
        check_registry("provider", names, {**PROVIDERS, "other": OLLAMA})


@pytest.mark.parametrize("case", [field.name for field in fields(Provider)])
def test_an_entry_that_lacks_a_case_fails_at_import(case: str) -> None:
    given: dict[str, Any] = {f.name: getattr(OLLAMA, f.name) for f in fields(Provider)}
    del given[case]
    with pytest.raises(TypeError, match=case):
        Provider(**given)


def test_what_a_recipe_says_goes_before_what_a_provider_is_tried_with() -> None:
    model = OllamaModel(provider="ollama", model="m")
    assert max_in_flight(model) == 64
    assert max_in_flight(model.model_copy(update={"concurrency": 3})) == 3


def test_a_pool_is_split_by_the_fields_its_provider_names() -> None:
    ollama = OllamaModel(provider="ollama", model="m", hosts=("a", "b"))
    openai = OpenAIModel(provider="openai", model="m", base_urls=("http://a",))
    assert hosts_of(ollama) == ("a", "b")
    assert on_host(ollama, "b") == OllamaModel(provider="ollama", model="m", host="b")
    one = OpenAIModel(provider="openai", model="m", base_url="http://a")
    assert on_host(openai, "http://a") == one
    assert provider_of(one).address == ("base_url", "base_urls")


@pytest.mark.parametrize("folder", ["core", "teams", "pipelines", "cluster", "viewer"])
def test_no_code_but_the_registry_branches_by_provider(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if HOME in path.parents:
            continue
        for node in ast.walk(ast.parse(Path(path).read_text())):
            if isinstance(node, ast.Call | ast.Compare):
                text = ast.unparse(node)
                assert not text.startswith("isinstance(") or not any(
                    name in text for name in CLASSES
                ), f"{path}: {text}"
                assert "provider ==" not in text, f"{path}: {text}"


VARIABLES = {
    "OPENAI_ORG_ID": "org-1",
    "OPENAI_PROJECT_ID": "proj-1",
    "OPENAI_CUSTOM_HEADERS": "X-Team: a: b\nno header\n OpenAI-Project : other ",
}


@pytest.mark.parametrize("wanted", [(), *((name,) for name in VARIABLES), VARIABLES])
def test_calls_bear_the_headers_that_the_sdk_would_send(
    wanted: Iterable[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in wanted:
        monkeypatch.setenv(name, VARIABLES[name])
    api = openai.OpenAI(api_key="k", http_client=httpx2.Client())
    sdk = {**api.default_headers, **api.auth_headers}
    own = call_headers("k")
    left_out = {h for h, v in sdk.items() if v != own.get(h) and isinstance(v, str)}
    assert all(h.startswith("X-Stainless") or h == "User-Agent" for h in left_out)
    assert own.keys() <= {h for h, v in sdk.items() if isinstance(v, str)}
