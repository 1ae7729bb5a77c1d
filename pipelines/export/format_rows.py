"""Rows of datasets as each reader wants them, and which examples have no place there.

What a format can't say is not bent until it fits: such rows are counted, not mangled.
Multi-turn prompts stay turns wherever the reader takes turns, and labelled text where it
takes text alone.
"""

from __future__ import annotations

from typing import Any

from fellowship.pipelines.export.conversation_turns import (
    plain_answer,
    plain_prompt,
    plain_whole,
)
from fellowship.pipelines.export.examples import Example, Talk
from fellowship.pipelines.recipe.export_settings import Export

Row = dict[str, Any]

NAMES = {"user": "human", "assistant": "gpt", "system": "system"}


def never_unfit(example: Example) -> str:
    """Every example has a place."""
    return ""


def unfit_for_single_turns(example: Example) -> str:
    """Why a format of answers of one turn has no place for it; empty where it has."""
    if any(len(answer) != 1 for answer in example.answers):
        return "the answer has several turns"
    return ""


def unfit_for_axolotl(example: Example) -> str:
    """Single answers may have several turns, the sides of a pair not."""
    return unfit_for_single_turns(example) if example.is_pair else ""


def unfit_for_llama_factory(example: Example) -> str:
    """User and assistant have to alternate, after one system turn at the most."""
    if fault := unfit_for_single_turns(example):
        return fault
    spoken = [m["role"] for m in example.prompt if m["role"] != "system"]
    late = "system" in [m["role"] for m in example.prompt[1:]]
    if late or spoken != ["user", "assistant"] * (len(spoken) // 2) + ["user"]:
        return "its turns don't alternate between user and assistant"
    return ""


def trl(example: Example, kind: str, export: Export) -> Row:
    """TRL's preference, unpaired, language-modelling and prompt-completion types."""
    plain = export.style == "plain"
    prompt: Any = plain_prompt(example.prompt) if plain else example.prompt
    turns = with_thinking(example, export.thinking_key)
    answers = [plain_answer(a) if plain else a for a in turns]
    whole = [
        plain_whole(example.prompt, a) if plain else [*example.prompt, *a]
        for a in turns
    ]
    if export.prompt == "implicit":
        if example.is_pair:
            return {"chosen": whole[0], "rejected": whole[1]}
        return {"text" if plain else "messages": whole[0]}
    if example.is_pair:
        return {"prompt": prompt, "chosen": answers[0], "rejected": answers[1]}
    row = {"prompt": prompt, "completion": answers[0]}
    return row if example.label is None else row | {"label": example.label}


def with_thinking(example: Example, key: str) -> tuple[Talk, ...]:
    """The answers; the last turn of each has what was thought before it under `key`.

    One that was answered at once has an empty text there: a column has one type.
    """
    if not key:
        return example.answers
    thoughts = example.thinking or ("",) * len(example.answers)
    return tuple(
        [*answer[:-1], {**answer[-1], key: thought}]
        for answer, thought in zip(example.answers, thoughts, strict=True)
    )


def llama_factory(example: Example, kind: str, export: Export) -> Row:
    """LLaMA-Factory's sharegpt: pairs are ranked, KTO's label is `kto_tag`."""
    answers = [_sharegpt(a) for a in example.answers]
    prompt = _sharegpt(example.prompt)
    if example.is_pair:
        return {
            "conversations": prompt,
            "chosen": answers[0][0],
            "rejected": answers[1][0],
        }
    row: Row = {"conversations": [*prompt, *answers[0]]}
    return row if example.label is None else row | {"kto_tag": example.label}


def _sharegpt(talk: Talk) -> list[dict[str, str]]:
    return [{"from": NAMES[m["role"]], "value": m["content"]} for m in talk]


def axolotl(example: Example, kind: str, export: Export) -> Row:
    """Axolotl's chat_template (DPO, SFT), chatml.argilla_chat (KTO), bradley_terry."""
    if kind == "reward":
        system = [m["content"] for m in example.prompt[:1] if m["role"] == "system"]
        return {
            "system": "".join(system),
            "input": plain_prompt(example.prompt[len(system) :]),
            "chosen": example.answers[0][0]["content"],
            "rejected": example.answers[1][0]["content"],
        }
    if example.is_pair:
        return {
            "messages": example.prompt,
            "chosen": example.answers[0][0],
            "rejected": example.answers[1][0],
        }
    talk = [*example.prompt, *example.answers[0]]
    if example.label is None:
        return {"messages": talk}
    return {"completion": talk, "label": example.label}


def openai(example: Example, kind: str, export: Export) -> Row:
    """OpenAI's preference format, or its chat format for chosen answers alone."""
    if not example.is_pair:
        return {"messages": [*example.prompt, *example.answers[0]]}
    return {
        "input": {"messages": example.prompt},
        "preferred_output": example.answers[0],
        "non_preferred_output": example.answers[1],
    }
