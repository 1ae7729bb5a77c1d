"""TRL trains on what we export: a few steps, a tiny model built here, nothing to say."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import datasets
import pytest

import fellowship as fl
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from tests.support.loopback.fixtures import openai_server
from tests.support.outcomes import answer, asked, judged, talk
from tests.support.runs import run_of

NEEDS = "needs the extra train (torch, trl): make train-check"
torch = pytest.importorskip("torch", reason=NEEDS)
trl = pytest.importorskip("trl", reason=NEEDS)

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ("<pad>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
STEPS = 3
FORMATS = [
    ("dpo", {"style": style, "prompt": prompt})
    for style in ("conversational", "plain")
    for prompt in ("explicit", "implicit")
]
FORMATS += [("kto", {"style": style}) for style in ("conversational", "plain")]
FORMATS += [("sft", {}), ("sft", {"prompt": "implicit"}), ("reward", {})]


def tokenizer() -> Any:
    """A byte-level tokenizer with a chat template: every text has tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: n for n, token in enumerate([*SPECIAL, *letters])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<|end|>"
    )
    fast.chat_template = TEMPLATE
    return fast


def model(tokens: Any, folder: Path, *, reward: bool = False) -> Any:
    """A Llama of two thin layers, its weights at random, saved and loaded.

    DPO and KTO load their reference model from where the model is from.
    """
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        LlamaForSequenceClassification,
    )

    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=1024,
        pad_token_id=tokens.pad_token_id,
        eos_token_id=tokens.eos_token_id,
        bos_token_id=None,
        num_labels=1,
    )
    torch.manual_seed(0)
    kind = LlamaForSequenceClassification if reward else LlamaForCausalLM
    kind(config).save_pretrained(folder / "model")
    tokens.save_pretrained(folder / "model")
    return kind.from_pretrained(folder / "model")


def run(folder: Path) -> Path:
    """A run with single-turn, multi-turn and system prompts, and text of many scripts."""
    long = talk(
        ("system", "Be brief."), ("user", "a?"), ("assistant", "b"), ("user", "c")
    )
    prompts = [
        asked("What is a lake?"),
        long,
        asked("数?"),
        asked("emoji \U0001f600 ?"),
    ]
    rows = [
        judged(n, answer(f"A lake is water, {n}."), answer(f"no {n}"), prompts[n % 4])
        for n in range(1, 13)
    ]
    return run_of(folder / "run", rows)


def trainer(kind: str, folder: Path, data: Any, tokens: Any) -> Any:
    """TRL's trainer for a kind, as its documentation builds one."""
    reward = kind == "reward"
    name = {"dpo": "DPO", "kto": "KTO", "sft": "SFT", "reward": "Reward"}[kind]
    common = {
        "output_dir": str(folder / "out"),
        "max_steps": STEPS,
        "per_device_train_batch_size": 4,
        "report_to": [],
        "use_cpu": True,
        "bf16": False,
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_steps": 1,
    }
    settings = getattr(trl, f"{name}Config")(**common)
    return getattr(trl, f"{name}Trainer")(
        model=model(tokens, folder, reward=reward),
        args=settings,
        train_dataset=data,
        processing_class=tokens,
    )


@pytest.mark.parametrize(("kind", "more"), FORMATS, ids=str)
def test_trl_trains_on_every_kind_and_says_nothing_of_its_format(
    tmp_path: Path, kind: str, more: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    export = Export.model_validate({"kinds": [kind], **more})
    (account,) = export_run(run(tmp_path), export)
    data = datasets.load_dataset(
        "json",
        data_files=account.files[0],
        cache_dir=str(tmp_path / "c"),
        split="train",
    )
    for name in ("trl", "transformers"):
        logging.getLogger(name).propagate = True
    with warnings.catch_warnings(record=True) as said, caplog.at_level(logging.WARNING):
        warnings.simplefilter("always")
        result = trainer(kind, tmp_path, data, tokenizer()).train()
    assert result.global_step == STEPS
    assert result.training_loss > 0
    told = [f"{w.category.__name__}: {w.message}" for w in said]
    told += [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "\n".join(t for t in told if about_format(t)) == ""


HARMLESS = (
    "pin_memory",
    "use_reentrant",
    "gradient_checkpointing",
    "DeprecationWarning",
)


def about_format(message: str) -> bool:
    """Whether a warning may speak of the data: everything but what is known not to."""
    return not any(word in message for word in HARMLESS)


@pytest.mark.filterwarnings(
    "ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"
)
def test_grpo_trains_on_an_evaluator_s_scores(tmp_path: Path) -> None:
    tokens = tokenizer()
    settings = trl.GRPOConfig(
        output_dir=str(tmp_path / "out"),
        max_steps=STEPS,
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=8,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        disable_tqdm=True,
        logging_steps=1,
    )
    prompts = {"prompt": ["What is a lake?", "Why is the sky blue?"] * 4}
    with openai_server() as server:
        judge = fl.OpenAI(model="m", base_url=server.base_url, api_key_env=None)
        reward = fl.reward_function(model=judge, into=tmp_path / "rewards")
        trained = trl.GRPOTrainer(
            model=model(tokens, tmp_path),
            reward_funcs=reward,
            args=settings,
            train_dataset=datasets.Dataset.from_dict(prompts),
            processing_class=tokens,
        )
        trained.train()
    steps = [log for log in trained.state.log_history if "reward" in log]
    assert len(steps) == STEPS
    assert len([*fl.outcomes(tmp_path / "rewards")]) >= STEPS
