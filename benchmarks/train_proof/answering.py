"""Answers of a model to the prompts of a set: greedy and sampled, a batch a time.

Every batch is written when it is done, so a kill costs one batch. A sample's seed is that
of its batch: arms are asked alike.
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
    ways = ["greedy", *(f"sample {n + 1}" for n in range(draws))]
    wanted = [(way, start) for way in ways for start in range(0, len(prompts), BATCH)]
    found = read_answers(to)
    finished = len(found)
    model = None
    for way, start in wanted:
        batch = prompts[start : start + BATCH]
        if finished >= len(batch):
            finished -= len(batch)
            continue
        model = model or load(folder)
        print(f"  {to.stem}: {way}, {start} of {len(prompts)}", flush=True)
        made = ask(*model, batch, way, seed=1000 * ways.index(way) + start)
        with to.open("a") as file:
            file.write("".join(json.dumps(asdict(one)) + "\n" for one in made))
        found += made
    return found


def read_answers(path: Path) -> list[Answer]:
    """The answers of a file in whole batches; a torn last batch is cut off."""
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(b"\n")]
    if len(whole) < len(lines):
        path.write_bytes(b"".join(whole))
    return [Answer(**json.loads(line)) for line in whole]


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
