"""Addresses: a request goes to the host that was written, whatever else was."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from fellowship.cli.doctor import check_models
from fellowship.errors import RecipeError, SettingsError
from fellowship.models.addresses import below, calls_url
from fellowship.models.config import OllamaModel, OpenAIModel
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.prices import FREE
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
HOST = st.one_of(
    st.lists(LABEL, min_size=1, max_size=3)
    .map(".".join)
    .filter(lambda h: not h[-1].isdigit()),
    st.sampled_from(
        ["127.0.0.1", "[::1]", "localhost", "LOCALHOST", "xn--bcher-kva.example"]
    ),
)
PORT = st.one_of(st.just(""), st.integers(1, 65535).map(lambda n: f":{n}"))
PIECE = st.text("abAB09-._~%2F:@!$&'()*+,;=/", max_size=12)
PATH = st.one_of(
    st.just(""),
    st.just("/"),
    st.just("/v1"),
    st.just("/v1/chat/completions"),
    PIECE.map(lambda p: f"/{p}"),
)
QUERY = st.one_of(st.just(""), st.text("ab=&%20@/:", max_size=8).map(lambda q: f"?{q}"))


def written(base_url: str) -> str:
    return OpenAIModel(provider="openai", model="m", base_url=base_url).base_url or ""


@settings(deadline=None)
@given(st.sampled_from(["http", "https", "HTTP"]), HOST, PORT, PATH, QUERY)
@pytest.mark.fault(number=101, on="openai")
def test_a_call_goes_to_the_host_that_was_written(
    scheme: str, host: str, port: str, path: str, query: str
) -> None:
    base = written(f"{scheme}://{host}{port}{path}{query}")
    for to in (calls_url(base), below(base, "/v1/models")):
        assert to.raw_host == host.lower().strip("[]")
        assert to.port == URL(f"{scheme}://{host}{port}").port
        assert to.scheme == scheme.lower()
    assert calls_url(base).raw_path.endswith("/chat/completions")
    assert not calls_url(base).raw_path.endswith("/chat/completions/chat/completions")


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=30), st.sampled_from(["", "http://", "https://a.b"])
)
@pytest.mark.fault(number=101, on="openai")
def test_whatever_is_written_goes_there_or_is_refused(text: str, before: str) -> None:
    try:
        base = written(before + text)
    except SettingsError:
        return
    to, meant = calls_url(base), urlsplit(before + text)
    assert meant.hostname in {to.host, to.raw_host, (to.host or "").lower()}
    assert to.user is None
    assert to.fragment == ""


@pytest.mark.parametrize(
    ("base", "call"),
    [
        ("http://localhost", "http://localhost/chat/completions"),
        ("http://localhost/", "http://localhost/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v1/chat/completions/", "http://h/v1/chat/completions"),
        (
            "https://h/a%2Fb?api-version=1",
            "https://h/a%2Fb/chat/completions?api-version=1",
        ),
    ],
)
@pytest.mark.fault(number=101, on="openai")
def test_a_path_is_only_added_to_the_path(base: str, call: str) -> None:
    assert str(calls_url(base)) == call


@pytest.mark.parametrize(
    "host", ["::ffff:127.0.0.1", "::FFFF:7F00:1", "0:0:0:0:0:0:0:1"]
)
@pytest.mark.fault(number=101, on="openai")
def test_every_way_to_write_an_ip_address_is_one(host: str) -> None:
    config = OpenAIModel(
        provider="openai", model="m", base_url=f"http://[{host}]:8000/v1"
    )
    assert calls_url(config.base_url or "").port == 8000
    assert provider_of(config).is_local(config)
    assert provider_of(config).price(config) == FREE
    remote = OllamaModel(provider="ollama", model="m", host="http://[::ffff:1.2.3.4]:1")
    assert remote.host == "http://[::ffff:1.2.3.4]:1"


@pytest.mark.parametrize("path", ["", "/api"])
@pytest.mark.fault(number=101, on="doctor")
async def test_doctor_names_the_v1_that_a_base_url_lacks(path: str) -> None:
    with openai_server() as server:
        config = OpenAIModel.model_validate(openai_model(f"{server.url}{path}"))
        (finding,) = await check_models({"m": config})
    assert not finding.good
    assert ("base_url: " in finding.cure) is (path == "")
    assert f"{server.url}{path}/{'v1' * (not path)}".rstrip("/") in finding.cure


@pytest.mark.fault(number=101, on="doctor")
async def test_doctor_says_where_calls_go() -> None:
    with openai_server(models=["gpt-4o"]) as server:
        config = OpenAIModel.model_validate(openai_model(f"{server.base_url}/"))
        (finding,) = await check_models({"m": config})
    assert finding.good
    assert f"{server.base_url}/chat/completions" in finding.message


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("ftp://h/v1", "http:// or https://"),
        ("localhost:8000", "http:// or https://"),
        ("", "http:// or https://"),
        ("http://", "names no host"),
        ("http:///v1", "names no host"),
        ("http://h:port/v1", "no address"),
        ("http://h:99999", "no address"),
        ("http://h:0", "can't be told"),
        ("http://[v1.x]/v1", "can't be told"),
        ("http://\u212aey.example/v1", "can't be told"),
        ("http://me:s3cret@h/v1", "user or a password"),
        ("http://h/v1#s3cret", "never sent"),
        ("http://good.example\\@bad.example/v1?k=s3cret", "backslash"),
        ("http://h /v1", "space"),
        ("http://h/\u200b", "invisible"),
    ],
)
@pytest.mark.fault(number=101, on="recipes")
def test_an_address_that_cannot_be_meant_is_refused_as_the_recipe_is_read(
    tmp_path: Path, base: str, why: str
) -> None:
    with pytest.raises(RecipeError, match=r"models\.\w+\.base_url") as caught:
        load_recipe(recipe(tmp_path / "r.yaml", openai_model(base)))
    assert why in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.fault(number=101, on="ollama")
def test_a_host_of_ollamas_may_do_without_its_scheme() -> None:
    for host in ("gpu1", "gpu1:11434", "http://[::1]:11434"):
        assert OllamaModel(provider="ollama", model="m", host=host).host == host
    with pytest.raises(SettingsError):
        OllamaModel(provider="ollama", model="m", host="gpu1:port")
