"""The entry of one provider: everything that differs between those who serve models.

No field has a default, so an entry that lacks a case is an error when it is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from fellowship.models.client import Client, Finding
from fellowship.models.config import ModelBase, Price, ScoreRange

if TYPE_CHECKING:
    from fellowship.models.providers.llama_cpp import Engines

C = TypeVar("C", bound=ModelBase)


class AddressFields(NamedTuple):
    """The fields that say where a model is: on one server, or on a pool of several."""

    one: str
    several: str


class NeededModule(NamedTuple):
    """A module that a provider's models can't run without, and the extra it comes with."""

    module: str
    extra: str


@dataclass(frozen=True)
class Provider(Generic[C]):
    """One provider. Whoever needs to know a difference asks the entry, and no name.

    Functions take the recipe's entry of a model; only `client` may import what serves
    it, so that reading a recipe loads no SDK.
    """

    config: type[C]
    """What a recipe says of its models; its `provider` is the entry's name."""
    client: Callable[[str, C, Engines], Client]
    """The bare client of one model on one server, by the recipe's name for it."""
    stock_component: Callable[[str, C, str | None], dict[str, Any]]
    """AutoGen's stock client as a component; `RecipeError` where there is none."""

    address: AddressFields | None
    """None where a recipe gives no address."""
    in_process: bool
    """Each process of a cluster has engines of its own, so their places add up."""
    is_local: Callable[[C], bool]
    """Whether it runs on hardware of one's own, which may be slow to start."""
    ceiling: Callable[[C], int]
    """Calls in flight that are ever tried where the recipe sets no `concurrency`."""
    resident: Callable[[C], str]
    """What has to be in the server's memory for a call."""

    price: Callable[[C], Price | None]
    """USD a million tokens where the recipe gives none; None where nobody knows."""
    tokens_per_second: float
    """Completion tokens of all calls in flight together: a guess, for plans."""

    key_variable: Callable[[C], str | None]
    """The environment variable that must hold a key; None where none is needed."""
    needs: NeededModule | None
    """What must be installed beside the base package."""
    packages: tuple[str, ...]
    """Distributions of the base package whose versions `doctor` shows."""
    machine_findings: Callable[[], list[Finding]]
    """What `doctor` says of this machine besides, whatever the recipe."""

    scores: Callable[[C], ScoreRange | None]
    """Where its numbers lie, if it answers with scores; None: it answers in words."""
    compares: bool
    """Whether two answers can be put to it at once."""
    gives_logprobs: bool
    """Whether replies come with the chances of their tokens (`expected: true`)."""
    own_schema: bool
    """Whether its client decides if a schema is sent, whatever `structured` says."""
    file_fields: Callable[[Mapping[str, Any]], Iterable[str]]
    """Which of the fields of a model's entry are paths of files it needs."""
    build: Callable[[C], str]
    """The user's function that makes the client; empty where none does."""
