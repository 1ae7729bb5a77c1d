"""Answers of a model to the prompts of a set: greedy and sampled, a batch a time.

Every batch is written when it is done, so a kill costs one batch: what of it is in the
file goes. A sample's seed is that of its batch: arms are asked alike.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BATCH = 40
TOKENS = 160


@dataclass(frozen=True)
class Answer:
    """One answer: its prompt, how it was drawn, and whether the model ended it itself."""

    prompt: str
    drawn: str
    text: str
    ended: bool
    tokens: int


def answers_of(
    folder: Path, prompts: Sequence[str], to: Path, draws: int
) -> list[Answer]:
    """Each prompt's greedy answer and `draws` samples at 0.7; what the file has is kept."""
    found = read_answers(to, prompts, draws)
    model = None
    for way, start in batches(prompts, draws)[len(found) :]:
        batch = prompts[start : start + BATCH]
        model = model or load(folder)
        print(f"  {to.stem}: {way}, {start} of {len(prompts)}", flush=True)
        seed = 1000 * ways(draws).index(way) + start
        made = ask(*model, batch, way, seed)
        with to.open("a") as file:
            file.write("".join(json.dumps(asdict(one)) + "\n" for one in made))
        found.append(made)
    return [answer for batch in found for answer in batch]


def ways(draws: int) -> list[str]:
    """How each prompt is answered, in order."""
    return ["greedy", *(f"sample {n + 1}" for n in range(draws))]


def batches(prompts: Sequence[str], draws: int) -> list[tuple[str, int]]:
    """The way of each batch and where its prompts begin, in the order they are asked."""
    return [(way, at) for way in ways(draws) for at in range(0, len(prompts), BATCH)]


def read_answers(path: Path, prompts: Sequence[str], draws: int) -> list[list[Answer]]:
    """The file's answers in whole batches; what a killed one has left is cut off.

    More samples than `draws` are left out. `SystemExit` where it holds other answers.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    there = [Answer(**json.loads(line)) for line in lines if line.endswith(b"\n")]
    found: list[list[Answer]] = []
    at = 0
    for way, start in batches(prompts, draws):
        batch = prompts[start : start + BATCH]
        made = there[at : at + len(batch)]
        if [(a.drawn, a.prompt) for a in made] != [
            (way, p) for p in batch[: len(made)]
        ]:
            raise SystemExit(f"{path} has answers to other prompts: delete it")
        at += len(made)
        if len(made) < len(batch):
            path.write_bytes(b"".join(lines[: at - len(made)]))
            break
        found.append(made)
    return found


def load(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, ready to answer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(folder).float().eval(), tokens


def ask(
    model: Any, tokens: Any, prompts: Sequence[str], way: str, seed: int
) -> list[Answer]:
    """One batch of answers."""
    import torch

    torch.manual_seed(seed)
    texts = [
        tokens.apply_chat_template(
            [{"role": "user", "content": prompt}],
            tokenize=False,
            add_generation_prompt=True,
        )
        for prompt in prompts
    ]
    inputs = tokens(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    drawn = (
        {"do_sample": False}
        if way == "greedy"
        else {"do_sample": True, "temperature": 0.7}
    )
    with torch.inference_mode():
        out = model.generate(**inputs, **drawn, max_new_tokens=TOKENS)
    answers = []
    for prompt, ids in zip(
        prompts, out[:, inputs["input_ids"].shape[1] :], strict=True
    ):
        kept = ids[ids != tokens.pad_token_id].tolist()
        ended = tokens.eos_token_id in ids.tolist()
        text = tokens.decode(kept, skip_special_tokens=True).strip()
        answers.append(Answer(prompt, way, text, ended, len(kept)))
    return answers
