"""Model registry: the clients of one run, with the engines and gates they share."""

from __future__ import annotations

from collections.abc import Mapping

from fellowship.errors import RecipeError
from fellowship.ledger import Ledger
from fellowship.models.client import Client, Finding
from fellowship.models.config import (
    AutogenModel,
    LlamaCppModel,
    ModelConfig,
    OllamaModel,
    OpenAIModel,
    is_batched,
)
from fellowship.models.limits.busy import BusyClock
from fellowship.models.limits.endpoints import (
    deadlines_of,
    endpoint_limits,
    endpoint_of,
    hosts_of,
    resident_of,
)
from fellowship.models.limits.pool import PoolClient
from fellowship.models.providers.autogen import autogen_client
from fellowship.models.providers.batch import BatchClient
from fellowship.models.providers.batch_book import BatchBook
from fellowship.models.providers.llama_cpp import Engines, LlamaCppClient
from fellowship.models.providers.ollama import OllamaClient
from fellowship.models.providers.openai import OpenAIClient
from fellowship.models.record.call_broker import CallBroker, LedgerCallBroker
from fellowship.models.record.meter import Meter
from fellowship.models.record.prices import price_of
from fellowship.models.record.recorded_client import RecordedClient


class ModelRegistry:
    """The bare clients of a recipe, by the recipe's names. Makes no call by itself."""

    def __init__(self, models: Mapping[str, ModelConfig]) -> None:
        self.configs = dict(models)
        self._engines = Engines()
        self.bare = {name: self._client(name, c) for name, c in models.items()}

    def _client(self, name: str, config: ModelConfig) -> Client:
        if hosts := hosts_of(config):
            field = "host" if isinstance(config, OllamaModel) else "base_url"
            alone = {"hosts": (), "base_urls": ()}
            members = [config.model_copy(update={**alone, field: h}) for h in hosts]
            return PoolClient(name, [self._client(name, one) for one in members])
        if isinstance(config, LlamaCppModel):
            return LlamaCppClient(name, config, self._engines)
        if isinstance(config, OllamaModel):
            return OllamaClient(name, config)
        if isinstance(config, OpenAIModel):
            return (BatchClient if is_batched(config) else OpenAIClient)(name, config)
        assert isinstance(config, AutogenModel)
        return autogen_client(name, config)

    def broker(self, ledger: Ledger, meter: Meter, copies: int = 1) -> LedgerCallBroker:
        """The broker of a run of these models. Call it on the loop that will use it.

        `copies`: processes that ask, each with the embedded engines to itself.
        """
        shared: dict[str, list[ModelConfig]] = {}
        for name, config in self.configs.items():
            if price_of(config) is None and meter.limits.usd is not None:
                raise RecipeError(
                    f"model {name!r} has no known price, so a limit in USD can't be kept:"
                    " give it `price: {prompt: ..., completion: ...}`"
                )
            shared.setdefault(self.endpoint(name), []).append(config)
        self._attach(ledger, meter)
        limits = {
            place: endpoint_limits(place, configs, copies)
            for place, configs in shared.items()
        }
        return LedgerCallBroker(ledger, meter, limits)

    def _attach(self, ledger: Ledger, meter: Meter) -> None:
        clients = [c for c in self.bare.values() if isinstance(c, BatchClient)]
        book = BatchBook(ledger) if clients else None
        for client in clients:
            assert book is not None
            client.attach(book)
            meter.endpoint_notes.append(client.status_note)

    def endpoint(self, name: str) -> str:
        """The endpoint of a model: those that share it share its gate."""
        return endpoint_of(self.configs[name], self.bare[name].identity)

    def recorded_clients(self, broker: CallBroker) -> dict[str, RecordedClient]:
        """Each client behind its recorder."""
        busy = {self.endpoint(name): BusyClock() for name in self.bare}
        for bare in self.bare.values():
            if isinstance(bare, BatchClient):
                _ = bare.book  # or `RecipeError`, before the first row
        return {
            name: RecordedClient(
                bare,
                broker=broker,
                endpoint=self.endpoint(name),
                resident=resident_of(self.configs[name]),
                price=price_of(self.configs[name]),
                deadlines=deadlines_of(self.configs[name]),
                tries=self.configs[name].tries,
                busy=busy[self.endpoint(name)],
                usd_per_hour=self.configs[name].usd_per_hour or 0.0,
            )
            for name, bare in self.bare.items()
        }

    async def check(self) -> list[Finding]:
        """What stands between each model and its first answer."""
        return [f for client in self.bare.values() for f in await client.check()]

    async def close(self) -> None:
        """Let go of every connection and unload every engine."""
        for client in self.bare.values():
            await client.close()
        self._engines.close()
