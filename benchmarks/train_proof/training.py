"""One training: DPO on a set of pairs, or GRPO with the rule as the reward.

    python -m benchmarks.train_proof.training dpo PAIRS BASE TO --seed 0

A process of its own, so its memory goes when it ends. A checkpoint every few steps: a
kill costs the steps since. TRL's defaults of bf16 and gradient checkpointing are off, as
on a CPU the first isn't exact and the second pays time for memory that nobody lacks.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.train_proof.prompts import prompts_of
from benchmarks.train_proof.rule import TwoSentences

EVERY = 25


@dataclass(frozen=True)
class Settings:
    """What was chosen on the development set: see docs/log.md.

    Every arm of DPO takes as many steps, however many pairs it has.
    """

    rate: float = 1e-5
    beta: float = 0.1
    steps: int = 54
    batch: int = 8
    grpo_steps: int = 200
    grpo_rate: float = 1e-5


def common(settings: Settings, to: Path, seed: int) -> dict[str, Any]:
    """What every trainer is told."""
    return {
        "output_dir": str(to / "checkpoints"),
        "seed": seed,
        "bf16": False,
        "gradient_checkpointing": False,
        "use_cpu": True,
        "report_to": "none",
        "logging_steps": 5,
        "save_steps": EVERY,
        "save_total_limit": 1,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 5,
        "disable_tqdm": not sys.stderr.isatty(),
    }


def dpo(pairs: Path, base: Path, to: Path, seed: int, settings: Settings) -> Any:
    """The trainer of one set of pairs."""
    import datasets
    from transformers import AutoModelForCausalLM
    from trl import DPOConfig, DPOTrainer

    rows = datasets.load_dataset("json", data_files=str(pairs), split="train")
    rows = rows.select_columns(["prompt", "chosen", "rejected"]).shuffle(seed)
    return DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype="float32"),
        args=DPOConfig(
            **common(settings, to, seed),
            learning_rate=settings.rate,
            beta=settings.beta,
            max_steps=settings.steps,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=settings.batch // 2,
            max_length=320,
            precompute_ref_log_probs=True,
        ),
        train_dataset=rows,
        processing_class=tokenizer(base),
    )


def tokenizer(base: Path) -> Any:
    """The base model's tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(base)


def grpo(_: Path, base: Path, to: Path, seed: int, settings: Settings) -> Any:
    """The trainer that asks Fellowship's reward function, the rule in the judge's seat."""
    import datasets
    from transformers import AutoModelForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    import fellowship as fl

    prompts = [[{"role": "user", "content": text}] for text in prompts_of("train")]
    return GRPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(base, dtype="float32"),
        reward_funcs=fl.reward_function(TwoSentences, into=to / "rewards"),
        args=GRPOConfig(
            **common(settings, to, seed),
            learning_rate=settings.grpo_rate,
            max_steps=settings.grpo_steps,
            per_device_train_batch_size=8,
            num_generations=8,
            max_completion_length=120,
            temperature=0.7,
            beta=0.0,
        ),
        train_dataset=datasets.Dataset.from_dict({"prompt": prompts}),
        processing_class=tokenizer(base),
    )


TRAINERS = {"dpo": dpo, "grpo": grpo}


def last_checkpoint(folder: Path) -> str | None:
    """The last checkpoint that is whole: its `trainer_state.json` is written last."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    steps = {int(path.name.partition("-")[2]): path for path in whole}
    return str(steps[max(steps)]) if steps else None


def main() -> None:
    """Train, or go on from the last checkpoint, and save the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=TRAINERS)
    for name in ("pairs", "base", "to"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    given = parser.parse_args()
    changes = {name: float(value) for name, value in (s.split("=") for s in given.set)}
    whole = {
        n: int(v) if v == int(v) and n != "epochs" else v for n, v in changes.items()
    }
    settings = Settings(**whole)
    trainer = TRAINERS[given.how](
        given.pairs, given.base, given.to, given.seed, settings
    )
    checkpoints = given.to / "checkpoints"
    trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    trainer.save_model(str(given.to / "model"))
    trainer.state.save_to_json(str(given.to / "trainer_state.json"))
    (given.to / "DONE").touch()
    shutil.rmtree(checkpoints)  # three times the model: weights and Adam's two moments


if __name__ == "__main__":
    main()
