"""Custom teams: a user's class as a system or an evaluator.

It is one class with one method, held to what it promised: `run(item, seats)` returns
candidates, `compare(item, candidates, pair, seats)` verdicts on two of them, `rate(item,
candidates, seats)` a function that has them of any two. A class that only rates compares by
rating the two. Anything else that comes back stops the run with one message, before more
is spent on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Sequence
from typing import Any

from fellowship.custom_code import RowErrors, load_named
from fellowship.errors import RecipeError
from fellowship.records import Candidate, Comparison, Item, Verdict
from fellowship.teams.judge import Pair, PairwiseRatings, comparison_of
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import CustomEvaluateSettings, CustomSettings

RUN = "async def run(self, item, seats) -> list[Candidate]"
COMPARE = "async def compare(self, item, candidates, pair, seats) -> list[Verdict]"
RATE = "async def rate(self, item, candidates, seats)"


class CustomSystem:
    """A user's class that writes candidates."""

    def __init__(self, settings: CustomSettings) -> None:
        self.settings = settings
        self.inner = make_team(settings.team, settings.settings)
        require_method(self.inner, settings.team, "run", 2, RUN)

    async def run(self, item: Item, seats: SessionContext) -> Sequence[Candidate]:
        """Its candidates, which it may tell apart by `system` as it likes."""
        found = await own_result(self.inner.run(item, seats))
        name = self.settings.team
        if not isinstance(found, list | tuple):
            raise wrong_result(name, "run", found, "a list of Candidate records")
        for one in found:
            if not isinstance(one, Candidate):
                raise wrong_result(
                    name, "run", one, "Candidate records: make_candidate makes one"
                )
        return found


class CustomEvaluator:
    """A user's class that judges which of two candidates is better."""

    def __init__(self, settings: CustomEvaluateSettings) -> None:
        self.settings = settings
        self.inner = make_team(settings.team, settings.settings)
        rates = hasattr(self.inner, "rate") and not hasattr(self.inner, "compare")
        self.compares = MEETINGS[settings.meet].pairwise and not rates
        if self.compares:
            require_method(self.inner, settings.team, "compare", 4, COMPARE)
        else:
            require_method(self.inner, settings.team, "rate", 3, RATE)

    async def compare(
        self,
        item: Item,
        candidates: Sequence[Candidate],
        pair: Pair,
        seats: SessionContext,
    ) -> Comparison:
        """Its comparison of two candidates; verdicts alone are decided as a judge's are."""
        if not self.compares:
            two = [candidates[index] for index in pair]
            rated = await self.rate(item, two, seats)
            return rated(0, 1).model_copy(update={"first": pair[0], "second": pair[1]})
        comparing = self.inner.compare(item, candidates, pair, seats)
        return self._comparison(await own_result(comparing), pair, "compare")

    async def rate(
        self, item: Item, candidates: Sequence[Candidate], seats: SessionContext
    ) -> PairwiseRatings:
        """Every candidate scored alone."""
        found = await own_result(self.inner.rate(item, candidates, seats))
        if not callable(found):
            name = self.settings.team
            raise wrong_result(name, "rate", found, "a function (i, j) -> Comparison")

        def rated(i: int, j: int) -> Comparison:
            with RowErrors():
                of_two = found(i, j)
            return self._comparison(of_two, (i, j), "rate")

        return rated

    def _comparison(self, found: Any, pair: Pair, method: str) -> Comparison:
        """What the user's code says of a pair; `RecipeError` where it says nothing."""
        name, wanted = self.settings.team, "a Comparison or a list of Verdict records"
        if isinstance(found, Comparison):
            if (found.first, found.second) != pair:
                raise RecipeError(f"team {name!r} compared others than {pair}")
            return found
        verdicts = [found] if isinstance(found, Verdict) else found
        if not isinstance(verdicts, list | tuple) or not verdicts:
            raise wrong_result(name, method, found, wanted)
        for one in verdicts:
            if not isinstance(one, Verdict):
                raise wrong_result(name, method, one, wanted)
        return comparison_of(pair, verdicts)


async def own_result(work: Awaitable[Any]) -> Any:
    """What a method of the user's returns; what would end the process ends its row."""
    with RowErrors():
        return await work


def make_team(name: str, settings: dict[str, Any]) -> Any:
    """An object of the class a recipe names; `RecipeError` where it can't be made."""
    found = load_named(name, "team")
    if not inspect.isclass(found):
        kind = type(found).__name__
        raise RecipeError(f"team {name!r} is a {kind}: a class is expected")
    try:
        return found(**settings)
    except TypeError as error:
        given = (
            f"the settings {', '.join(map(repr, settings))}"
            if settings
            else "no settings"
        )
        raise RecipeError(
            f"team {name!r} can't be made with {given}: {error}"
        ) from error
    except Exception as error:  # a user's constructor may raise anything
        detail = f"{type(error).__name__}: {error}"
        raise RecipeError(f"team {name!r} can't be made: {detail}") from error


def require_method(team: Any, name: str, method: str, takes: int, wanted: str) -> None:
    """Raise `RecipeError` unless a team has this async method with so many arguments."""
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


def wrong_result(name: str, method: str, found: object, wanted: str) -> RecipeError:
    """The error of a method that returned something else."""
    got = "an empty list" if found in ([], ()) else type(found).__name__
    return RecipeError(
        f"team {name!r}: {method!r} returned {got}, expected is {wanted}"
    )
