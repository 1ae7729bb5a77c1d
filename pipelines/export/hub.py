"""Upload of an exports folder to the Hugging Face hub.

The folder goes up as it is: files, accounts and card.
"""

from __future__ import annotations

from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.export.catalogue import ACCOUNTS, CARD, read_accounts
from fellowship.pipelines.export.context import require_library
from fellowship.pipelines.export.dataset_info import INFO
from fellowship.run_folder import EXPORTS


def push(run: Path, name: str, *, private: bool = False) -> str:
    """Upload a run's exports as the dataset `OWNER/NAME`; its address.

    Only what an account names goes, in one commit by `huggingface_hub`, which finds the
    token (HF_TOKEN, or `hf auth login`) and the endpoint (HF_ENDPOINT). `InputError`
    with the hub's own words where it refuses.
    """
    client = require_library("huggingface_hub", "data", "--push-to-hub")
    folder = run / EXPORTS
    names = [n for account in read_accounts(folder).values() for n in account.files]
    if not names:
        raise InputError(f"{folder} has no export to upload: export a kind first")
    paths = [folder / ACCOUNTS, folder / CARD]
    paths += [p for n in names for p in list_files(folder / n)]
    paths += [p for n in names for p in companion_files(folder / n)]
    api = client.HfApi()
    try:
        repo = api.create_repo(
            name, repo_type="dataset", private=private, exist_ok=True
        )
        api.create_commit(
            repo.repo_id,
            [
                client.CommitOperationAdd(str(path.relative_to(folder)), str(path))
                for path in dict.fromkeys(paths)
            ],
            commit_message="Upload preference data",
            repo_type="dataset",
        )
    except (OSError, ValueError, client.errors.HfHubHTTPError) as error:
        raise InputError(f"the hub did not take {name!r}: {error}") from error
    return str(repo)


def list_files(path: Path) -> list[Path]:
    """A file, or all files of a folder."""
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    return [path]


def companion_files(path: Path) -> list[Path]:
    """What belongs to a file: LLaMA-Factory's description, OpenAI's facts."""
    facts = path.with_name(f"{path.stem}.facts{path.suffix}")
    return [p for p in (path.parent / INFO, facts) if p.is_file()]
