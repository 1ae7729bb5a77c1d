"""Catalogue of an exports folder: accounts for programs, a card for people.

`accounts.json` holds the account of every file there; `README.md` is the dataset card,
written from it and from the run, and from nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fellowship.database import describe_failure
from fellowship.errors import LedgerError
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.dataset_info import remove_from_info
from fellowship.pipelines.export.formats import FORMATS
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.run_folder import EXPORTS, atomic_writer

ACCOUNTS = "accounts.json"
CARD = "README.md"


def update_catalogue(
    into: Path, context: ExportContext, accounts: Sequence[Account], export: Export
) -> None:
    """Put new accounts beside the old ones, and write the card again."""
    from fellowship.pipelines.export.card import card

    folder = into / EXPORTS
    known = read_accounts(folder)
    for account in accounts:
        if (old := known.get(account_key(account))) is not None:
            remove_stale_files(old, with_local_files(account, folder), folder)
        known[account_key(account)] = with_local_files(account, folder)
    kept = {
        name: known[name] for name in sorted(known) if files_exist(known[name], folder)
    }
    with atomic_writer(folder / ACCOUNTS) as out:
        value = {name: a.model_dump(mode="json") for name, a in kept.items()}
        json.dump(value, out, indent=2, ensure_ascii=False)
        out.write("\n")
    with atomic_writer(folder / CARD) as out:
        out.write(card(context, list(kept.values()), export))


def remove_stale_files(old: Account, new: Account, folder: Path) -> None:
    """Remove what the last export of a kind wrote and this one didn't write again.

    Whatever the old account says, only a file that an export of this kind would make is
    touched, and none but where this one's files would be.
    """
    if old.shape not in FORMATS:
        return
    place = folder / FORMATS[old.shape].folder
    for name in set(old.files) - set(new.files):
        path = folder / name
        stems = {old.kind, *(f"{old.kind}-{split}" for split in old.splits)}
        if path.parent != place or path.stem not in stems or not path.is_file():
            continue
        try:
            path.unlink()
            path.with_name(f"{path.stem}.facts{path.suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise LedgerError(describe_failure(path, error)) from error
        remove_from_info(path)


def account_key(account: Account) -> str:
    """What an account is filed under: a kind in a shape is there once."""
    folder = FORMATS[account.shape].folder
    return f"{account.kind}.{folder}" if folder else account.kind


def read_accounts(folder: Path) -> dict[str, Account]:
    """The accounts of a folder; none where they can't be read."""
    try:
        found: dict[str, Any] = json.loads((folder / ACCOUNTS).read_text("utf-8"))
        return {name: Account.model_validate(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def with_local_files(account: Account, folder: Path) -> Account:
    """The account with its files' names as the folder has them."""
    files = tuple(
        str(Path(name).relative_to(folder))
        if Path(name).is_relative_to(folder)
        else name
        for name in account.files
    )
    return account.model_copy(update={"files": files})


def files_exist(account: Account, folder: Path) -> bool:
    """Whether all files of an account are still in the folder."""
    return all((folder / name).exists() for name in account.files)
