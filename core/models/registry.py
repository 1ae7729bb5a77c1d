"""Model registry: the clients of one run, with the engines and gates they share."""

from __future__ import annotations

from collections.abc import Mapping

from fellowship.errors import RecipeError
from fellowship.ledger import Ledger
from fellowship.models.client import Client, Finding
from fellowship.models.config import ModelConfig
from fellowship.models.limits.busy_clock import BusyClock
from fellowship.models.limits.pool import PoolClient
from fellowship.models.limits.wait_note import NotesWaits
from fellowship.models.providers.batch_ledger import BatchLedger, NeedsLedger
from fellowship.models.providers.endpoints import (
    deadlines_of,
    endpoint_limits,
    endpoint_of,
    hosts_of,
    on_host,
    resident_of,
)
from fellowship.models.providers.llama_cpp import Engines
from fellowship.models.providers.pricing import price_of
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.call_broker import CallBroker, LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.models.record.reply_notes import reply_notes

LAST_REPLY = "SELECT reply FROM calls WHERE model = ? ORDER BY id DESC LIMIT 1"


def check_prices(models: Mapping[str, ModelConfig], limits: Limits) -> None:
    """`RecipeError` where a limit in US dollars can't be kept."""
    for name, config in models.items():
        if price_of(config) is None and limits.any_usd is not None:
            raise RecipeError(
                f"model {name!r} has no known price, so a limit in USD can't be kept:"
                " give it `price: {prompt: ..., completion: ...}`, in USD for a"
                " million tokens (`fellowship prices` shows those that are known), or"
                " limit the calls or tokens instead"
            )


class ModelRegistry:
    """The bare clients of a recipe, by the recipe's names. Makes no call by itself."""

    def __init__(self, models: Mapping[str, ModelConfig]) -> None:
        self.configs = dict(models)
        self._engines = Engines()
        self.bare = {name: self._client(name, c) for name, c in models.items()}

    def _client(self, name: str, config: ModelConfig) -> Client:
        if hosts := hosts_of(config):
            members = [self._client(name, on_host(config, host)) for host in hosts]
            return PoolClient(name, members)
        return provider_of(config).client(name, config, self._engines)

    def broker(self, ledger: Ledger, meter: Meter, copies: int = 1) -> LedgerCallBroker:
        """The broker of a run of these models. Call it on the loop that will use it.

        `copies`: processes that ask, each with the embedded engines to itself.
        """
        check_prices(self.configs, meter.limits)
        shared: dict[str, list[ModelConfig]] = {}
        for name, config in self.configs.items():
            shared.setdefault(self.endpoint(name), []).append(config)
        self._attach(ledger, meter)
        self._recall(ledger)
        limits = {
            place: endpoint_limits(place, configs, copies)
            for place, configs in shared.items()
        }
        return LedgerCallBroker(ledger, meter, limits)

    def _attach(self, ledger: Ledger, meter: Meter) -> None:
        clients = [c for c in self.bare.values() if isinstance(c, NeedsLedger)]
        batches = BatchLedger(ledger) if clients else None
        for client in clients:
            assert batches is not None
            client.attach(batches)
        meter.endpoint_notes += [
            client.status_note
            for client in self.bare.values()
            if isinstance(client, NotesWaits)
        ]

    def _recall(self, ledger: Ledger) -> None:
        """Tell each client what the run's last reply of its model was asked without."""
        for name, client in self.bare.items():
            for (reply,) in ledger.rows(LAST_REPLY, (name,)):
                client.recall(reply_notes(reply).get("left_out", ()))

    def endpoint(self, name: str) -> str:
        """The endpoint of a model: those that share it share its gate."""
        return endpoint_of(self.configs[name], self.bare[name].identity)

    def recorded_clients(self, broker: CallBroker) -> dict[str, RecordedClient]:
        """Each client behind its recorder."""
        busy = {self.endpoint(name): BusyClock() for name in self.bare}
        for bare in self.bare.values():
            if isinstance(bare, NeedsLedger):
                _ = bare.ledger  # or `RecipeError`, before the first row
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
