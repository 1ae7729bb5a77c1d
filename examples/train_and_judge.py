"""Train a model on pairs by DPO, and have a jury compare it with its base.

    python examples/train_and_judge.py --model Qwen/Qwen3-0.6B --pairs pairs.jsonl \\
        --prompts held-out.jsonl --jury recipes/jury-of-six.yaml --into runs/trained

`--model` is a name, a folder, or a GGUF file (`embedded`: Fellowship's own). `--pairs` is
an export in TRL's shape (`fellowship export RUN --as dpo`). `--prompts` has a `prompt` a
line, a text or turns, and none of the training prompts. `--jury` is a recipe: its models
and `evaluate` are taken. Needs `pip install "fellowship-llms[data,stats,train]" gguf`, and
peft for `--lora`.
What is there already is not made again: the same command goes on where it was stopped,
and one with other settings or files is refused.
See docs/training.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import fellowship as fl
from fellowship.cli.main import run_command

FILES = ("pairs", "prompts")
ENDS = tuple(".!?…。！？\"'”)`*|")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Another name for what is made: it takes `path` when all of it is there."""
    part = path.with_name(f"{path.name}.part")
    yield part
    part.rename(path)


def refuse_changes(given: argparse.Namespace) -> None:
    """`SystemExit` where `--into` was begun with other settings or other files."""
    now = {k: str(v) for k, v in vars(given).items() if k not in ("into", "jury")}
    now |= {k: sha256(Path(now[k]).read_bytes()).hexdigest() for k in FILES}
    note = given.into / "settings.json"
    if not note.exists():
        with whole(note) as part:
            part.write_text(json.dumps(now, indent=1))
    before = json.loads(note.read_text())
    if changed := [name for name in now if before.get(name) != now[name]]:
        raise SystemExit(
            f"{given.into} was begun with another {', another '.join(changed)}:"
            " give another --into"
        )


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]


def turns_of(prompt: str | list[dict[str, str]]) -> list[dict[str, str]]:
    """A prompt as turns."""
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def held_out(given: argparse.Namespace) -> list[Any]:
    """The prompts to be judged on, each once; `SystemExit` where one was trained on."""
    trained = {asked(row["prompt"]) for row in rows_of(given.pairs)}
    prompts = {asked(row["prompt"]): row["prompt"] for row in rows_of(given.prompts)}
    if seen := sorted(trained & prompts.keys()):
        raise SystemExit(
            f"{len(seen)} of the {len(prompts)} prompts of {given.prompts} are in"
            f" {given.pairs} too, the first {seen[0][:80]!r}: leave them out of one"
        )
    if not prompts:
        raise SystemExit(f"{given.prompts} has no prompt")
    return list(prompts.values())


def asked(prompt: str | list[dict[str, str]]) -> str:
    """What the user says in a prompt, by which prompts are told apart."""
    said = [turn["content"] for turn in turns_of(prompt) if turn["role"] == "user"]
    return " ".join(" ".join(said).casefold().split())


def base_model(model: str, into: Path) -> str:
    """What transformers can load: the name itself, or the folder of a GGUF made whole."""
    if model != "embedded" and not model.endswith(".gguf"):
        return model
    from fellowship.models.providers.weights import PACKAGED, find_weights

    return gguf_to_transformers(
        find_weights(PACKAGED)[0] if model == "embedded" else Path(model), into / "base"
    )


def gguf_to_transformers(path: Path, folder: Path) -> str:
    """A GGUF file's weights as 32-bit numbers, with its tokenizer and chat template."""
    if not folder.exists():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        where = {"gguf_file": path.name}
        tokens = AutoTokenizer.from_pretrained(path.parent, **where)
        read = AutoModelForCausalLM.from_pretrained(
            path.parent, dtype=torch.float32, **where
        )
        # With the file's quantization in its configuration a model can't be saved.
        known = read.config.to_dict()
        plain = {k: v for k, v in known.items() if "quantiz" not in k}
        model = type(read)(type(read.config).from_dict(plain))
        model.load_state_dict(read.state_dict())
        with whole(folder) as part:
            tokens.save_pretrained(part)
            model.save_pretrained(part)
    return str(folder)


def train(base: str, given: argparse.Namespace) -> str:
    """The folder of the model after DPO on the pairs."""
    folder, saved = given.into / "model", given.into / "checkpoints"
    if folder.exists():
        return str(folder)
    import datasets
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    gpu = torch.cuda.is_available()
    rows = datasets.load_dataset("json", data_files=str(given.pairs), split="train")
    kind = "bfloat16" if gpu else "float32"
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype=kind),
        args=DPOConfig(
            output_dir=str(saved),
            save_steps=25,
            save_total_limit=1,
            bf16=gpu,  # both are TRL's defaults, and wrong on a CPU
            gradient_checkpointing=gpu,
            use_cpu=not gpu,
            learning_rate=given.rate,
            beta=given.beta,
            max_steps=given.steps,
            num_train_epochs=given.epochs,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=4,
            max_length=given.max_length,
            seed=given.seed,
            logging_steps=10,
            report_to="none",
        ),
        train_dataset=rows.select_columns(["prompt", "chosen", "rejected"]),
        processing_class=AutoTokenizer.from_pretrained(base),
        peft_config=lora() if given.lora else None,
    )
    trainer.train(resume_from_checkpoint=last_checkpoint(saved))
    model = trainer.model.merge_and_unload() if given.lora else trainer.model
    with whole(folder) as part:
        trainer.processing_class.save_pretrained(part)
        model.save_pretrained(part)
    shutil.rmtree(saved)  # three times the model
    return str(folder)


def last_checkpoint(folder: Path) -> str | None:
    """The last checkpoint that is whole: its `trainer_state.json` is written last."""
    there = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    steps = {int(path.name.partition("-")[2]): path for path in there}
    return str(steps[max(steps)]) if steps else None


def lora() -> Any:
    """Adapters on every linear layer."""
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=32, target_modules="all-linear")


def answers(model: str, prompts: list[Any], given: argparse.Namespace) -> list[str]:
    """One answer a prompt, decoded greedily or at a temperature."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gpu = torch.cuda.is_available()
    tokens = AutoTokenizer.from_pretrained(model, padding_side="left")
    tokens.pad_token = tokens.pad_token or tokens.eos_token
    asked = AutoModelForCausalLM.from_pretrained(
        model, dtype="bfloat16" if gpu else "float32"
    ).to("cuda" if gpu else "cpu")
    torch.manual_seed(given.seed)
    warm = {"do_sample": True, "temperature": given.temperature, "top_k": 0}
    made = []
    for at in range(0, len(prompts), 16):
        talks = [turns_of(prompt) for prompt in prompts[at : at + 16]]
        inputs = tokens.apply_chat_template(
            talks,
            add_generation_prompt=True,
            padding=True,
            return_tensors="pt",
            return_dict=True,
        ).to(asked.device)
        written = asked.generate(
            **inputs,
            max_new_tokens=given.max_tokens,
            pad_token_id=tokens.pad_token_id,
            **(warm if given.temperature else {"do_sample": False}),
        )[:, inputs["input_ids"].shape[1] :]
        made += tokens.batch_decode(written, skip_special_tokens=True)
        print(
            f"{len(made)} of {len(prompts)} answers by {Path(model).name}", flush=True
        )
    return made


def write_answers(base: str, trained: str, given: argparse.Namespace) -> Path:
    """Both models' answers to the held-out prompts, a row a prompt."""
    path: Path = given.into / "answers.jsonl"
    if path.exists():
        return path
    prompts = held_out(given)
    both = {
        name: answers(model, prompts, given)
        for name, model in (("trained", trained), ("base", base))
    }
    for name, texts in both.items():
        ended = sum(text.rstrip().endswith(ENDS) for text in texts)
        long = sum(map(len, texts)) / len(texts)
        empty = sum(not text.strip() for text in texts)
        print(
            f"{name}: {ended} of {len(texts)} answers finished, {long:.0f} characters,"
            f" {empty} empty, on which no jury is asked"
        )
    rows = zip(prompts, *both.values(), strict=True)
    named = [dict(zip(("prompt", *both), row, strict=True)) for row in rows]
    with whole(path) as part:
        part.write_text("".join(json.dumps(row) + "\n" for row in named))
    return path


def main() -> None:
    """Train, answer, judge, and print the win rate with its intervals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="embedded")
    for name in ("pairs", "prompts", "jury", "into"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--lora", action="store_true", help="adapters, not all weights")
    numbers = {"rate": 1e-5, "beta": 0.1, "epochs": 1.0, "temperature": 0.0}
    counts = {"steps": -1, "max-length": 1024, "max-tokens": 256, "seed": 0}
    for name, value in (numbers | counts).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    recipe = fl.load_recipe(given.jury)  # what is wrong is told before the training
    held_out(given)
    refuse_changes(given)
    base = base_model(given.model, given.into)
    path = write_answers(base, train(base, given), given)
    source = fl.Source(path=path, candidates=("trained", "base"))
    judged = recipe.model_copy(update={"systems": (), "source": source})
    print(fl.run(judged, given.into / "judged").states)
    run_command(["winrate", str(given.into / "judged")])


if __name__ == "__main__":
    main()
