"""A team of the user's own is one class with one method, held to what it promised.

`run(item, seats)` returns candidates, `compare(item, candidates, pair, seats)` what was
said of two of them. What else comes back stops the run with one message, before more is
spent on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from fellowship.custom_code import load_named
from fellowship.errors import RecipeError
from fellowship.records import Candidate, Comparison, Item, Verdict
from fellowship.teams.judge import Pair, Rated, judged
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import CustomEvaluateSettings, CustomSettings

RUN = "async def run(self, item, seats) -> list[Candidate]"
COMPARE = "async def compare(self, item, candidates, pair, seats) -> list[Verdict]"
RATE = "async def rate(self, item, candidates, seats)"


class OwnSystem:
    """A user's class that writes candidates."""

    def __init__(self, settings: CustomSettings) -> None:
        self.settings = settings
        self.inner = made(settings.team, settings.settings)
        require(self.inner, settings.team, "run", 2, RUN)

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """Its candidates, which it may tell apart by `system` as it likes."""
        found = await self.inner.run(item, seats)
        name = self.settings.team
        if not isinstance(found, list | tuple):
            raise wrong(name, "run", found, "a list of Candidate records")
        for one in found:
            if not isinstance(one, Candidate):
                raise wrong(
                    name, "run", one, "Candidate records: candidate_of makes one"
                )
        return found


class OwnEvaluator:
    """A user's class that says which of two candidates is better."""

    def __init__(self, settings: CustomEvaluateSettings) -> None:
        self.settings = settings
        self.inner = made(settings.team, settings.settings)
        if settings.meet == "pointwise":
            require(self.inner, settings.team, "rate", 3, RATE)
        else:
            require(self.inner, settings.team, "compare", 4, COMPARE)

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """What it said of two candidates; verdicts alone are weighed as a judge's are."""
        found = await self.inner.compare(item, candidates, pair, seats)
        name, wanted = self.settings.team, "a Comparison or a list of Verdict records"
        if isinstance(found, Comparison):
            if (found.first, found.second) != pair:
                raise RecipeError(f"team {name!r} compared others than {pair}")
            return found
        said = [found] if isinstance(found, Verdict) else found
        if not isinstance(said, list | tuple) or not said:
            raise wrong(name, "compare", found, wanted)
        for one in said:
            if not isinstance(one, Verdict):
                raise wrong(name, "compare", one, wanted)
        return judged(pair, said)

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> Rated:
        """Every candidate scored alone."""
        found: Any = await self.inner.rate(item, candidates, seats)
        if not callable(found):
            name = self.settings.team
            raise wrong(name, "rate", found, "a function (i, j) -> Comparison")
        rated: Rated = found
        return rated


def made(name: str, settings: dict[str, Any]) -> Any:
    """An object of the class a recipe names."""
    found = load_named(name, "team")
    if not inspect.isclass(found):
        kind = type(found).__name__
        raise RecipeError(f"team {name!r} is a {kind}: a class is expected")
    try:
        return found(**settings)
    except TypeError as error:
        given = f"the settings {', '.join(map(repr, settings))}" if settings else "none"
        raise RecipeError(
            f"team {name!r} can't be made with {given}: {error}"
        ) from error
    except Exception as error:  # a user's constructor may raise anything
        said = f"{type(error).__name__}: {error}"
        raise RecipeError(f"team {name!r} can't be made: {said}") from error


def require(team: Any, name: str, method: str, takes: int, wanted: str) -> None:
    """That a team has a method which can be awaited and takes so many arguments."""
    found = getattr(team, method, None)
    if found is None:
        raise RecipeError(f"team {name!r} has no method {method!r}: give it `{wanted}`")
    if not inspect.iscoroutinefunction(found):
        raise RecipeError(f"team {name!r}: {method!r} must be async: `{wanted}`")
    try:
        inspect.signature(found).bind(*range(takes))
    except TypeError as error:
        raise RecipeError(
            f"team {name!r}: {method!r} takes other arguments ({error}): `{wanted}`"
        ) from error


def wrong(name: str, method: str, found: object, wanted: str) -> RecipeError:
    """A method that returned something else."""
    got = "an empty list" if found in ([], ()) else type(found).__name__
    return RecipeError(
        f"team {name!r}: {method!r} returned {got}, expected is {wanted}"
    )
