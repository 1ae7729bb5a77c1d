"""Attacks on a judge, read from a file, and the trials they make.

An attack is a response that must lose; a judge that lets it win can be fooled. Its
opponent is an honest answer to the same prompt: the row's own first response, its
reference answer, or what the recipe's first system writes. What is wrapped around an
attack is the first half of that answer, so the whole of it is the better one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, PositiveInt, ValidationError

from fellowship.errors import InputError
from fellowship.pipelines.attacks.trials import Kind, Trials, Two
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import Candidate, Item, Record
from fellowship.suggestions import select_name

OWN_ATTACKS = "attacks.yaml"


class Attack(Record):
    """One way to fool a judge."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    about: str
    how: Literal["replace", "append", "prepend", "echo"]
    text: str
    repeat: PositiveInt = 1


def read_attacks(path: Path | None = None) -> tuple[Attack, ...]:
    """The attacks of a file, or ours. `InputError` where it is no such file."""
    name = str(path) if path else OWN_ATTACKS
    try:
        if path is None:
            text = (resources.files("fellowship.prompts") / OWN_ATTACKS).read_text(
                "utf-8"
            )
        else:
            text = path.read_text(encoding="utf-8")
        found = tuple(Attack.model_validate(one) for one in yaml.safe_load(text) or ())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"attacks {name!r} can't be read: {error}") from error
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise InputError(
            f"attacks {name!r} is no attack set: {error}; each entry has a name, about,"
            " how (replace, append, prepend or echo) and text"
        ) from error
    names = [one.name for one in found]
    if not found or len(set(names)) < len(names):
        raise InputError(f"attacks {name!r} is empty or names one twice")
    return found


def select_attacks(
    attacks: Sequence[Attack], names: Sequence[str]
) -> tuple[Attack, ...]:
    """Those that are asked for by name; all if none is. `InputError` for an unknown."""
    known = [one.name for one in attacks]
    wanted = {select_name(name, known, "attack") for name in names}
    return tuple(one for one in attacks if not wanted or one.name in wanted)


def attack_trials(recipe: Recipe, attacks: Sequence[Attack], rows: int) -> Trials:
    """The recipe's evaluator against every attack, on so many rows.

    Every juror is asked about every attack, also where the vote is settled.
    `RecipeError` where the recipe could not be run.
    """
    check_recipe(recipe)
    check_new_run(recipe, None)
    changed = {"early_stop": False} if hasattr(recipe.evaluate, "early_stop") else {}
    evaluate = recipe.evaluate.model_copy(update=changed)
    recipe = recipe.model_copy(update={"evaluate": evaluate})
    kinds = tuple(
        Kind(one.name, partial(attack_candidates, one), settings=one.model_dump())
        for one in attacks
    )
    return Trials(recipe, kinds, rows)


def attack_candidates(
    attack: Attack, item: Item, given: Sequence[Candidate]
) -> Two | str:
    """An honest answer, and what the attack makes of it."""
    if not given:
        return "there is no honest answer: all answers were empty or cut off"
    honest = given[0]
    text = attack_text(attack, item.conversation.question, honest.text)
    turns = (*honest.turns[:-1], text) if honest.turns else ()
    return honest, Candidate(text=text, system="attack", turns=turns)


def attack_text(attack: Attack, question: str, honest: str) -> str:
    """The attack's own text."""
    payload = attack.text * attack.repeat
    if attack.how == "replace":
        return payload
    if attack.how == "echo":
        return question
    parts = [first_half(honest), payload]
    return "\n\n".join(parts if attack.how == "append" else reversed(parts))


def first_half(text: str) -> str:
    """The first half of a text, by its words; at least one."""
    words = text.split(" ")
    return " ".join(words[: max(1, len(words) // 2)])
