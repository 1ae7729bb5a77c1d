"""LLaMA-Factory's `dataset_info.json`, which describes the files beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fellowship.pipelines.recipe.export_settings import Form, form_of
from fellowship.run_folder import atomic_writer

INFO = "dataset_info.json"


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


def write_dataset_info(files: Sequence[Path], kind: str) -> None:
    """Enter LLaMA-Factory files of a kind in the dataset_info.json beside them."""
    for path in files:
        info = path.parent / INFO
        try:
            known = json.loads(info.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        entry = dataset_info(path.stem.replace("-", "_"), path.name, kind)
        with atomic_writer(info) as out:
            json.dump(known | entry, out, indent=2, ensure_ascii=False)
            out.write("\n")


def remove_from_info(path: Path) -> None:
    """Take a file that is gone out of the `dataset_info.json` beside it."""
    info = path.parent / INFO
    try:
        known = json.loads(info.read_text(encoding="utf-8"))
        kept = {k: v for k, v in known.items() if v.get("file_name") != path.name}
    except (OSError, ValueError, AttributeError):
        return
    with atomic_writer(info) as out:
        json.dump(kept, out, indent=2, ensure_ascii=False)
        out.write("\n")
