"""A model's family is told from its own name."""

from __future__ import annotations

import pytest

from fellowship.models.config import LlamaCppModel, OllamaModel, family_of


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("/home/ann/llama.cpp/models/Qwen3-8B-Q4.gguf", "qwen"),
        ("C:\\llama\\gemma-2.GGUF", "gemma"),
        ("/gemma/mine.gguf", "mine.gguf"),
    ],
)
def test_folders_name_no_family(model: str, family: str) -> None:
    assert family_of(LlamaCppModel(model=model)) == family
    assert family_of(OllamaModel(model="meta/llama3.1:8b")) == "llama"
