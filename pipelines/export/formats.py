"""A shape is what one reader wants; what it can't say is not bent until it fits.

Each shape turns an example into a row, and says of an example it has no place for why
(`unfit`): such rows are counted, not mangled. Multi-turn prompts stay turns wherever the
reader takes turns, and labelled text where it takes text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fellowship.errors import RecipeError
from fellowship.pipelines.export.conversation_turns import (
    plain_answer,
    plain_prompt,
    plain_whole,
)
from fellowship.pipelines.export.examples import Example, Talk
from fellowship.pipelines.recipe.export_settings import (
    Export,
    Form,
    columns_of,
    form_of,
)

Row = dict[str, Any]

NAMES = {"user": "human", "assistant": "gpt", "system": "system"}


def shaped(example: Example, kind: str, export: Export) -> Row:
    """The row of one example in the export's shape."""
    row = MAKERS[columns_of(export)](example, kind, export)
    return row if export.shape == "openai" else row | dict(example.facts)


def unfit(example: Example, kind: str, export: Export) -> str:
    """Why a shape has no place for this example; empty where it has one."""
    if columns_of(export) == "trl":
        return ""
    if any(len(answer) != 1 for answer in example.answers):
        if export.shape == "axolotl" and not example.is_pair:
            return ""
        return "the answer has several turns"
    if export.shape == "llama-factory":
        spoken = [m["role"] for m in example.prompt if m["role"] != "system"]
        late = "system" in [m["role"] for m in example.prompt[1:]]
        if late or spoken != ["user", "assistant"] * (len(spoken) // 2) + ["user"]:
            return "its turns don't alternate between user and assistant"
    return ""


def trl(example: Example, kind: str, export: Export) -> Row:
    """TRL's preference, unpaired, language-modelling and prompt-completion types."""
    plain = export.style == "plain"
    prompt: Any = plain_prompt(example.prompt) if plain else example.prompt
    answers = [plain_answer(a) if plain else a for a in example.answers]
    whole = [
        plain_whole(example.prompt, a) if plain else [*example.prompt, *a]
        for a in example.answers
    ]
    if export.prompt == "implicit":
        if example.is_pair:
            return {"chosen": whole[0], "rejected": whole[1]}
        return {"text" if plain else "messages": whole[0]}
    if example.is_pair:
        return {"prompt": prompt, "chosen": answers[0], "rejected": answers[1]}
    row = {"prompt": prompt, "completion": answers[0]}
    return row if example.label is None else row | {"label": example.label}


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


MAKERS: Mapping[str, Callable[[Example, str, Export], Row]] = {
    "trl": trl,
    "llama-factory": llama_factory,
    "axolotl": axolotl,
    "openai": openai,
}


def dataset_info(name: str, file_name: str, kind: str) -> dict[str, Any]:
    """The entry of LLaMA-Factory's dataset_info.json for one file."""
    form: Form = form_of(kind)
    columns = {"messages": "conversations"}
    if form == "pairs":
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    if form == "labels":
        columns |= {"kto_tag": "kto_tag"}
    tags = {"role_tag": "from", "content_tag": "value", "system_tag": "system"}
    tags |= {"user_tag": "human", "assistant_tag": "gpt"}
    entry: dict[str, Any] = {"file_name": file_name, "formatting": "sharegpt"}
    if form == "pairs":
        entry["ranking"] = True
    tags |= {"observation_tag": "observation", "function_tag": "function_call"}
    return {name: entry | {"columns": columns, "tags": tags}}


LINES = (".jsonl", ".ndjson", "")
"""What the name of a file of JSON lines may end in."""
FILES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt")


def refuse_suffix(to: Path, export: Export) -> None:
    """`RecipeError` where a file's name says that something else is in it."""
    end = to.suffix.lower()
    if export.shape == "datasets":
        if end in FILES:
            raise RecipeError(
                f"the shape datasets is a folder, and {to.name!r} is a file's name: give"
                f" {to.stem!r}, or another shape"
            )
    elif export.shape == "parquet":
        if end != ".parquet":
            raise RecipeError(
                f"the shape parquet makes a Parquet file: call it {to.stem + '.parquet'!r},"
                f" not {to.name!r}"
            )
    elif end not in LINES:
        other = ", or give --shape parquet" if end == ".parquet" else ""
        raise RecipeError(
            f"the shape {export.shape} makes JSON lines: call the file"
            f" {to.stem + '.jsonl'!r}, not {to.name!r}{other}"
        )
