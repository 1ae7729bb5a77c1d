"""Registry of providers: `PROVIDERS` has one entry for each that a recipe can name.

To add one: its settings in `models.config`, its client in a file of this folder, and an
entry here. An entry that lacks a case, or is not in the settings, is an error at import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

from fellowship.models.addresses import ip_address, is_loopback
from fellowship.models.client import Client, Finding
from fellowship.models.config import (
    AnyModel,
    AutogenModel,
    FunctionModel,
    LlamaCppModel,
    OllamaModel,
    OpenAIModel,
    Price,
    RewardModel,
)
from fellowship.models.providers.capabilities import dialect_of, host_of
from fellowship.models.providers.ollama_facts import runs_in_cloud
from fellowship.models.providers.provider import AddressFields, NeededModule, Provider
from fellowship.models.providers.stock_components import (
    autogen_component,
    llama_cpp_component,
    no_component,
    ollama_component,
    openai_component,
)
from fellowship.models.record.prices import FREE, VENDORS, list_price
from fellowship.registry_check import check_registry

if TYPE_CHECKING:
    from fellowship.models.providers.llama_cpp import Engines

LOCAL_HOSTS = ("localhost", "10.", "192.168.")
"""How the names of machines of one's own begin, mostly."""


def llama_cpp_client(name: str, config: LlamaCppModel, engines: Engines) -> Client:
    """A model on the embedded engine, shared with whoever has the same settings."""
    from fellowship.models.providers.llama_cpp import LlamaCppClient

    return LlamaCppClient(name, config, engines)


def ollama_client(name: str, config: OllamaModel, engines: Engines) -> Client:
    """A model on one Ollama server."""
    from fellowship.models.providers.ollama import OllamaClient

    return OllamaClient(name, config)


def openai_client(name: str, config: OpenAIModel, engines: Engines) -> Client:
    """A model behind one OpenAI-style API, asked live or by batch."""
    if config.batched:
        from fellowship.models.providers.batch import BatchClient

        return BatchClient(name, config)
    from fellowship.models.providers.openai import OpenAIClient

    return OpenAIClient(name, config)


def autogen_client(name: str, config: AutogenModel, engines: Engines) -> Client:
    """An AutoGen client, agent or team of anybody's."""
    from fellowship.models.providers.autogen import autogen_client

    return autogen_client(name, config)


def reward_client(name: str, config: RewardModel, engines: Engines) -> Client:
    """A reward model or classifier on one vLLM server."""
    from fellowship.models.providers.reward import RewardClient

    return RewardClient(name, config)


def function_client(name: str, config: FunctionModel, engines: Engines) -> Client:
    """A function of the user's own."""
    from fellowship.models.providers.function import FunctionClient

    return FunctionClient(name, config)


def is_local_address(config: OpenAIModel | RewardModel) -> bool:
    """By the address alone."""
    url = config.base_url or next(iter(config.base_urls), "")
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or str(ip_address(host) or host).startswith(LOCAL_HOSTS)


def openai_price(config: OpenAIModel) -> Price | None:
    """A vendor's list price at its own address, nothing on this machine, else unknown."""
    urls = config.base_urls or ((config.base_url,) if config.base_url else ())
    if not urls:
        return list_price(config.model)
    if all(is_loopback(urlsplit(url).hostname or "") for url in urls):
        return FREE
    host = host_of(config) or ""
    vendor = dialect_of(host)
    if vendor in VENDORS and not host.endswith("azure.com"):
        return list_price(config.model, vendor)
    return None


def gguf_field(entry: Mapping[str, Any]) -> Iterator[str]:
    """`model`, where it is a file's path and not the packaged model's name."""
    if str(entry.get("model", "")).endswith(".gguf"):
        yield "model"


def engine_findings() -> list[Finding]:
    """Whether the embedded engine loads: installed, it may still lack a system library."""
    if find_spec("xllamacpp") is None:
        return []
    try:
        version = import_module("xllamacpp").__version__
    except ImportError as error:
        cure = "apt-get install libgomp1" if "libgomp" in str(error) else ""
        return [Finding("embedded engine", False, str(error), cure)]
    return [Finding("embedded engine", True, f"xllamacpp {version} loads")]


LLAMA_CPP = Provider(
    config=LlamaCppModel,
    client=llama_cpp_client,
    stock_component=llama_cpp_component,
    address=None,
    in_process=True,
    is_local=lambda config: True,
    ceiling=lambda config: 2 * config.slots,  # half of them wait in the engine's queue
    resident=lambda config: config.model,
    price=lambda config: FREE,
    # 9 to 21 were measured on two busy cores (`benchmarks.utilisation`).
    tokens_per_second=20.0,
    key_variable=lambda config: None,
    needs=NeededModule("xllamacpp", "embedded"),
    packages=(),
    machine_findings=engine_findings,
    scores=lambda config: None,
    compares=True,
    gives_logprobs=True,
    own_schema=False,
    file_fields=gguf_field,
    build=lambda config: "",
)

OLLAMA = Provider(
    config=OllamaModel,
    client=ollama_client,
    stock_component=ollama_component,
    address=AddressFields("host", "hosts"),
    in_process=False,
    is_local=lambda config: not runs_in_cloud(config),
    ceiling=lambda config: 64,
    # The same model with another context is loaded again.
    resident=lambda config: f"{config.model} ({config.num_ctx:,})",
    price=lambda config: None if runs_in_cloud(config) else FREE,
    tokens_per_second=40.0,
    key_variable=lambda config: None,
    needs=None,
    packages=("ollama",),
    machine_findings=list,
    scores=lambda config: None,
    compares=True,
    gives_logprobs=True,
    own_schema=False,
    file_fields=lambda entry: (),
    build=lambda config: "",
)

OPENAI = Provider(
    config=OpenAIModel,
    client=openai_client,
    stock_component=openai_component,
    address=AddressFields("base_url", "base_urls"),
    in_process=False,
    is_local=is_local_address,
    ceiling=lambda config: 512,
    resident=lambda config: config.model,
    price=openai_price,
    tokens_per_second=400.0,
    key_variable=lambda config: config.api_key_env,
    needs=None,
    packages=("openai",),
    machine_findings=list,
    scores=lambda config: None,
    compares=True,
    gives_logprobs=True,
    own_schema=False,
    file_fields=lambda entry: (),
    build=lambda config: "",
)

AUTOGEN = Provider(
    config=AutogenModel,
    client=autogen_client,
    stock_component=autogen_component,
    address=None,
    in_process=False,
    is_local=lambda config: False,
    ceiling=lambda config: 64,
    resident=lambda config: config.model,
    price=lambda config: None,
    tokens_per_second=40.0,
    key_variable=lambda config: None,
    needs=None,
    packages=("autogen-agentchat", "autogen-core", "autogen-ext"),
    machine_findings=list,
    scores=lambda config: None,
    compares=True,
    gives_logprobs=False,
    own_schema=True,
    file_fields=lambda entry: ("component_file",),
    build=lambda config: config.build,
)


REWARD = Provider(
    config=RewardModel,
    client=reward_client,
    stock_component=no_component,
    address=AddressFields("base_url", "base_urls"),
    in_process=False,
    is_local=is_local_address,
    ceiling=lambda config: 512,
    resident=lambda config: config.model,
    price=lambda config: FREE if is_local_address(config) else None,
    tokens_per_second=400.0,
    key_variable=lambda config: config.api_key_env,
    needs=None,
    packages=("openai",),
    machine_findings=list,
    scores=lambda config: config.range,
    compares=False,
    gives_logprobs=False,
    own_schema=True,
    file_fields=lambda entry: (),
    build=lambda config: "",
)

FUNCTION = Provider(
    config=FunctionModel,
    client=function_client,
    stock_component=no_component,
    address=None,
    in_process=True,
    is_local=lambda config: True,
    ceiling=lambda config: 8,
    resident=lambda config: config.function,
    price=lambda config: FREE,
    tokens_per_second=400.0,
    key_variable=lambda config: None,
    needs=None,
    packages=(),
    machine_findings=list,
    scores=lambda config: config.range,
    compares=True,
    gives_logprobs=False,
    own_schema=True,
    file_fields=lambda entry: (),
    build=lambda config: config.function,
)


def name_in_settings(config: type[AnyModel]) -> str:
    """The one value that `provider` has in the settings of a provider's models."""
    name: str
    (name,) = get_args(config.model_fields["provider"].annotation)
    return name


PROVIDERS: Mapping[str, Provider[Any]] = {
    name_in_settings(entry.config): entry
    for entry in (LLAMA_CPP, OLLAMA, OPENAI, AUTOGEN, REWARD, FUNCTION)
}
check_registry("provider", map(name_in_settings, get_args(AnyModel)), PROVIDERS)


def provider_of(config: AnyModel) -> Provider[Any]:
    """The entry of a model's provider."""
    return PROVIDERS[config.provider]
