"""Prompts used by a row's speakers, with their digests.

A turn names its own prompt; what goes with every prompt of its kind (the system line, a
persona, the repair) follows from its role. Turns of a ledger older than that are read by
their roles' usual names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fellowship.agents.role import NO_PROMPT
from fellowship.records import Record, Turn
from fellowship.speaker_names import speaker_among


class PromptUsed(Record):
    """One prompt file as it was when the run began, and the speakers who were given it.

    `digest` is empty where the run's header does not hold it.
    """

    name: str
    digest: str
    seats: tuple[str, ...]


def prompts_used(
    turns: Iterable[Turn], header: Mapping[str, Any]
) -> tuple[PromptUsed, ...]:
    """The prompts behind these turns, by name."""
    digests = prompt_digests(header)
    return tuple(
        PromptUsed(name=name, digest=digests.get(name, ""), seats=tuple(names))
        for name, names in sorted(speakers_by_prompt(turns, header).items())
    )


def prompt_digests(header: Mapping[str, Any]) -> Mapping[str, str]:
    """Prompt -> its digest, as a run's header has them."""
    return (header.get("identity") or {}).get("prompts") or {}


def speakers_by_prompt(
    turns: Iterable[Turn], header: Mapping[str, Any]
) -> Mapping[str, Iterable[str]]:
    """Prompt -> the speakers of these turns who were given it, in the order they spoke."""
    digests, recipe = prompt_digests(header), header.get("recipe") or {}
    speakers: dict[str, dict[str, None]] = {}
    for turn in turns:
        for name in prompt_names(turn, recipe):
            if turn.prompt or name in digests:
                speakers.setdefault(name, {})[turn.source] = None
    return speakers


def prompt_names(turn: Turn, recipe: Mapping[str, Any]) -> Iterator[str]:
    """The names of the prompt files one turn was told by; none for a model of scores."""
    if turn.prompt == NO_PROMPT:
        return
    if turn.repaired:
        yield "repair"
    if turn.role == "generator":
        # Its first draft is asked for by the conversation alone.
        if turn.round > 1:
            yield turn.prompt or "update"
        return
    evaluate = recipe.get("evaluate") or {}
    yield "system"
    yield turn.prompt or usual_prompt(turn, evaluate)
    personas = {str(one["name"]): one for one in evaluate.get("personas") or ()}
    if (name := speaker_among(turn.source, personas)) is not None:
        yield str(personas[name].get("prompt") or f"persona_{name}")


def usual_prompt(turn: Turn, evaluate: Mapping[str, Any]) -> str:
    """The prompt a role is told by where its turn does not say."""
    if turn.role == "debater":
        return "debate"
    if turn.role != "judge":
        return turn.role
    if evaluate.get("team") == "debate":
        return "debate_vote"
    jurors = [*(evaluate.get("jurors") or ()), evaluate.get("escalate") or {}]
    entries = {str(one.get("name") or one.get("model")): one for one in jurors if one}
    one = entries.get(speaker_among(turn.source, entries) or "", evaluate)
    return str(one.get("prompt") or f"judge_{one.get('strategy') or 'combined'}")
