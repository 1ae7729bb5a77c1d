"""Client for a Python function that scores answers, called as if it were a model.

Its results are on record like any reply, so that a resumed run calls it no more than it
must and a replay not at all. What it raises fails the row that it was called for.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from fellowship.custom_code import load_named, source_digest
from fellowship.errors import ModelError, RecipeError
from fellowship.models.client import Client, Finding, Reply, Request
from fellowship.models.config import FunctionModel, ScoreForm
from fellowship.registry_check import check_registry
from fellowship.usage import Usage

SIDES = ("first", "second", "tie")

CURES: Mapping[ScoreForm, tuple[str, str]] = {
    "score": (
        "one score",
        "take (messages, answer) and return a number; for a function that compares give"
        " strategy: combined (two scores) or direct (a side)",
    ),
    "scores": (
        "two scores",
        "take (messages, first, second) and return two numbers; for a function that scores"
        " one answer give strategy: independent, for one that names a side direct",
    ),
    "side": (
        "a side",
        "take (messages, first, second) and return 'first', 'second' or 'tie'; for a"
        " function that scores one answer give strategy: independent, for one that gives"
        " two scores combined",
    ),
}
"""What each form asks of a function, and how a recipe with another is mended."""
check_registry("form of a score", get_args(ScoreForm), CURES)


class FunctionClient(Client):
    """One function: `f(messages, answer)`, or `f(messages, first, second)`."""

    structured = False

    def __init__(self, name: str, config: FunctionModel) -> None:
        found = load_named(config.function, "function")
        if not callable(found):
            raise RecipeError(f"model {name!r}: {config.function!r} is no function")
        self.function = found
        self.name = name
        self.model = config.model or name
        self.sampling = config.sampling
        self.family = config.family
        self.scores = config.range
        self.compares = takes(found, 3) and not takes(found, 2)
        self.identity = {
            "provider": "function",
            "endpoint": "function",
            "model": config.function,
            "code": source_digest(found),
        }

    async def complete(self, request: Request) -> Reply:
        """One call of the function, in a thread unless it is async."""
        talk = [{"role": m.role, "content": m.content} for m in request.messages]
        answers: list[str] = []
        while talk and talk[-1]["role"] == "assistant":
            answers.insert(0, talk.pop()["content"])
        if not takes(self.function, 1 + len(answers)):
            parameters = "answer" if len(answers) == 1 else "first, second"
            taken = f"it can't be called with (messages, {parameters})"
            raise wrong_form(self.name, taken, request.form)
        try:
            if inspect.iscoroutinefunction(self.function):
                result = await self.function(talk, *answers)
            else:
                result = await asyncio.to_thread(guarded, self.function, talk, *answers)
            if inspect.isawaitable(result):
                result = await result
        except (Exception, SystemExit) as error:  # a user's function may raise anything
            why = " ".join(f"{type(error).__name__}: {error}".split())
            raise ModelError(
                f"model {self.name!r}: the function {self.identity['model']!r} raised"
                f" {why}",
                "rejected",
            ) from error
        text = result_text(self.name, result)
        if request.form not in (None, form_of(text)):
            raise wrong_form(self.name, f"it returned {result!r:.60}", request.form)
        return Reply(text, "stop", Usage(), {})

    async def check(self) -> list[Finding]:
        """Whether it can be called with a conversation and one answer, or two."""
        subject = f"{self.name} ({self.identity['model']})"
        if not (self.compares or takes(self.function, 2)):
            message = (
                "it takes neither (messages, answer) nor (messages, first, second)"
            )
            return [Finding(subject, False, message, "change its parameters")]
        what = "compares two answers" if self.compares else "scores one answer"
        return [Finding(subject, True, f"the function loads, and {what}")]


def guarded(function: Callable[..., Any], *given: Any) -> Any:
    """The function's result; what would end a thread's future or the run is an error.

    asyncio never ends a future whose thread raised StopIteration, and takes a
    CancelledError for the run's own.
    """
    try:
        return function(*given)
    except (StopIteration, SystemExit, asyncio.CancelledError) as error:
        raise RuntimeError(f"{type(error).__name__}({error})") from error


def takes(function: Callable[..., Any], arguments: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * arguments)
    except (TypeError, ValueError):
        return False
    return True


def result_text(name: str, result: Any) -> str:
    """A score, two scores or a side as text; `ModelError` for anything else.

    It is not asked again: the same call would say the same.
    """
    if hasattr(result, "tolist"):  # an array or a scalar of NumPy's or torch's
        result = result.tolist()
    if isinstance(result, str):
        if result in SIDES:
            return result
        raise no_score(name, f"{result!r:.60} is none of {', '.join(SIDES)}")
    given = list(result) if isinstance(result, tuple | list) else [result]
    numbers = [number_of(one) for one in given]
    if len(numbers) not in (1, 2) or None in numbers:
        raise no_score(name, f"{result!r:.60} is no finite score, nor two")
    return " ".join(map(repr, numbers))


def form_of(text: str) -> ScoreForm:
    """Which form a result's text has."""
    if text in SIDES:
        return "side"
    return "scores" if " " in text else "score"


def wrong_form(name: str, why: str, form: ScoreForm | None) -> ModelError:
    """The error of a function of another form than its seat asks for, with the cure."""
    wanted, cure = CURES[form] if form else ("a score", "change its parameters")
    return no_score(name, f"{why}, where its seat asks for {wanted}: {cure}")


def no_score(name: str, why: str) -> ModelError:
    """The error of a function that gave no score."""
    return ModelError(f"model {name!r} sent no usable reply: {why}", "rejected")


def number_of(value: Any) -> float | None:
    """A finite number, also one of NumPy's or torch's; None for anything else."""
    if isinstance(value, str | bytes | bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
