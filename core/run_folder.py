"""Run folder: its files, its lock, and files written whole or not at all.

`run.json` holds the recipe, `ledger.db` every call and row, `exports/` the data sets
written from them. All of it is private to the user. One process at a time writes and
holds the lock; the kernel drops it with the process, however that ends, so a lock can't
go stale.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from fellowship import __version__
from fellowship.database import describe_failure, no_run
from fellowship.errors import LedgerError, RecipeError, WrongPath

HEADER = "run.json"
LEDGER = "ledger.db"
EXPORTS = "exports"
QUARANTINE = "rejected.jsonl"
MANIFEST = "sealed.json"
LOCK = "lock"
PART = ".part"


HEADER_FORMAT = 1
"""The version of `run.json`, under `format`."""


OWN_FILES = (HEADER, LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm", "ledger.mark", "lock")
"""Files of a run that nothing which comes of it may replace."""


def require_writable_file(path: Path) -> None:
    """Raise `WrongPath` for a folder, a device or a run's own file."""
    if not path.name or (path.exists() and not path.is_file()):
        raise WrongPath(f"{path} is there and is no file: name a file to write")
    real = path.resolve()
    if real.name in OWN_FILES and real.exists() and real.with_name(LEDGER).is_file():
        raise WrongPath(f"{path} is a run's own file: name another one to write")


def atomic_writer(path: Path) -> AbstractContextManager[IO[str]]:
    """A text file that appears under its name complete, or not at all."""
    return _atomic(path, "w", encoding="utf-8", newline="\n")


def atomic_bytes_writer(path: Path) -> AbstractContextManager[IO[bytes]]:
    """As `atomic_writer`, for a file of bytes."""
    return _atomic(path, "wb")


@contextlib.contextmanager
def _atomic(
    path: Path, mode: str, encoding: str | None = None, newline: str | None = None
) -> Iterator[IO[Any]]:
    """A file opened under another name; it takes `path` once it is on the disk."""
    part: Path | None = None
    try:
        part = half_written(path)
        with part.open(mode, encoding=encoding, newline=newline) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    except BaseException as error:
        if part is not None:
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise LedgerError(describe_failure(path, error)) from error
        raise


def half_written(path: Path) -> Path:
    """An empty file beside `path` to write in until it is complete.

    `WrongPath` where `path` can't be a file, `OSError` where nothing can be written.
    """
    require_writable_file(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    remove_stale_parts_of(path)
    handle, name = tempfile.mkstemp(PART, part_prefix(path), path.parent)
    os.close(handle)
    return Path(name)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def part_prefix(path: Path) -> str:
    """How the name of a half written `path` begins: it holds the number of its process."""
    return f".{path.name}.{os.getpid()}."


def remove_stale_parts(folder: Path) -> None:
    """Remove what processes that have ended left half written in this folder."""
    for path in folder.glob(f".*{PART}"):
        remove_if_stale(path)


def remove_if_stale(path: Path) -> None:
    """Remove one half written file or folder if the process that wrote it has ended."""
    pid = path.name.removesuffix(PART).split(".")[-2]
    if pid.isdigit() and not process_exists(int(pid)):
        whole = path.is_dir() and not path.is_symlink()
        shutil.rmtree(path) if whole else path.unlink(missing_ok=True)


STALE_AFTER = 60.0
"""Seconds without a write after which a half written file of another machine's process,
whose number means nothing here, is not taken for one in work."""


def remove_stale_parts_of(path: Path) -> None:
    """Remove what processes that have ended left half written of this one file."""
    since = time.time() - STALE_AFTER
    for each in path.parent.glob(f".{glob.escape(path.name)}.*.*{PART}"):
        if each.lstat().st_mtime < since:
            remove_if_stale(each)


def process_exists(pid: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class RunFolder:
    """The folder of one run, open for writing by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = open(path / LOCK, "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise LedgerError(describe_failure(path / LOCK, error)) from error
        try:
            self._acquire_lock()
            remove_stale_parts(path)
            for folder in (self.exports, *self.exports.glob("*/")):
                remove_stale_parts(folder)
        except OSError as error:
            self._lock.close()
            raise LedgerError(describe_failure(path / LOCK, error)) from error
        except BaseException:
            self._lock.close()
            raise

    def _acquire_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = lock_holder(self.path) or "another process"
            raise LedgerError(
                f"the run {self.path} is in use by {who}: wait for it, or stop it first"
            ) from error
        os.fchmod(self._lock.fileno(), 0o600)
        self._lock.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, self._lock)
        self._lock.flush()

    @property
    def ledger(self) -> Path:
        """Where the ledger is."""
        return self.path / LEDGER

    @property
    def exports(self) -> Path:
        """Where exports go."""
        return self.path / EXPORTS

    def write_or_check_header(
        self,
        header: dict[str, Any],
        identity: str,
        renewed: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        """Write the header of a new run, or refuse to go on with a different one.

        `identity` names the part of the header that must not change between runs;
        `renewed` gives it as this version would write it for an old header.
        """
        path = self.path / HEADER
        if path.exists():
            old = read_header(self.path)
            known = renewed(old) if renewed else old.get(identity)
            changed = differing_paths(known, header[identity])
            if changed:
                raise RecipeError(
                    f"{self.path} was made with another recipe: {', '.join(changed)}"
                    " changed; use a new folder, or --fork to reuse the replies that still"
                    " apply"
                )
            return
        with atomic_writer(path) as out:
            whole = {"format": HEADER_FORMAT, **header}
            # In the recipe's own order, which decides which rows a split gets.
            json.dump(whole, out, indent=2, ensure_ascii=False)
            out.write("\n")

    def close(self) -> None:
        """Let the next process in."""
        self._lock.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_running(run: Path) -> bool:
    """Whether a process holds the run's lock, asked without taking it for a moment.

    Linux lists the locks that are held. Elsewhere the process named in the lock file is
    looked for, which a process that took over its number can feign.
    """
    try:
        found = os.stat(run / LOCK)
        device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
        held = Path("/proc/locks").read_text(encoding="ascii")
        return f" {device}:{found.st_ino} " in held
    except OSError:
        return named_process_exists(run / LOCK)


def named_process_exists(lock: Path) -> bool:
    """Whether the process that a lock file names is there."""
    try:
        return process_exists(int(json.loads(lock.read_text())["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def lock_holder(run: Path) -> str | None:
    """The process that works on a run, as its lock file names it; None if none does."""
    if not is_running(run):
        return None
    try:
        held = json.loads((run / LOCK).read_text(encoding="utf-8"))
        return f"process {held['pid']} on {held['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def require_run(path: Path) -> None:
    """Raise `NoRun` for a folder that has neither a header nor a ledger."""
    if any(os.path.exists(path / name) for name in (HEADER, LEDGER)):
        return
    raise no_run(path)


def read_header(path: Path) -> dict[str, Any]:
    """The header of the run at `path`; `LedgerError` when it isn't one."""
    require_run(path)
    try:
        header = json.loads((path / HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LedgerError(f"{path} is not the folder of a run: {error}") from error
    if not isinstance(header, dict):
        raise LedgerError(f"{path / HEADER} does not hold a run's header")
    found = header.get("format", HEADER_FORMAT)
    if not isinstance(found, int) or found > HEADER_FORMAT:
        raise LedgerError(
            f"{path} was made by a newer Fellowship, {header.get('fellowship')}: its"
            f" header's format is {found}, this is {__version__} and reads"
            f" {HEADER_FORMAT}; upgrade fellowship-llms to open it"
        )
    return header


def differing_paths(old: Any, new: Any, at: str = "") -> list[str]:
    """Dotted paths of what differs between two JSON values."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        found = [
            differing_paths(old.get(k), new.get(k), f"{at}.{k}" if at else k)
            for k in keys
        ]
        return [path for paths in found for path in paths]
    # What an older version hid can't be compared; requests are, reply by reply.
    return [] if old in (new, "***") else [at or "everything"]
