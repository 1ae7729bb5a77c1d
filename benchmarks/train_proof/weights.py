"""The embedded model's weights as transformers and TRL load them.

A GGUF file is read and its weights made whole numbers of 32 bits again. Two things that
are easily missed: the configuration keeps an entry of the file's quantization, with which
the saved folder can't be loaded, and the chat template must come along.
"""

from __future__ import annotations

from pathlib import Path

from fellowship.models.providers.weights import PACKAGED, find_weights


def base_model(into: Path) -> Path:
    """The folder of the base model, made once."""
    folder = into / "base"
    if (folder / "DONE").exists():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path, _ = find_weights(PACKAGED)
    where = {"gguf_file": path.name}
    tokens = AutoTokenizer.from_pretrained(path.parent, **where)
    read = AutoModelForCausalLM.from_pretrained(
        path.parent, **where, dtype=torch.float32
    )
    config = {k: v for k, v in read.config.to_dict().items() if "quantiz" not in k}
    model = type(read)(type(read.config).from_dict(config))
    model.load_state_dict(read.state_dict())
    model.generation_config.pad_token_id = tokens.pad_token_id
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    (folder / "DONE").touch()
    return folder
