"""Fellowship's command in processes of its own, forked from one that has all imports.

To start Python and import Fellowship takes seconds of CPU; a fork takes none. A process
here is as real as one that a shell starts: it has its own memory, files and signals, and
can be killed. Tests of the start itself use `commands.CLI`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "fellowship.cli.run",
        "fellowship.cli.view",
        "fellowship.pipelines.running.runner",
        "fellowship.models.providers.batch",
        "fellowship.models.providers.ollama",
        "fellowship.models.providers.openai",
    ]
)


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Command:
    """One command line, running until it ends or is killed.

    `group` puts it at the head of a process group of its own. Used as a context manager it
    is killed at the end, if it is still there.
    """

    def __init__(
        self,
        *arguments: object,
        env: Mapping[str, str] | None = None,
        group: bool = False,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fellowship-command-")
        self.out, self.err = (Path(self._folder.name) / n for n in ("out", "err"))
        words = [str(argument) for argument in arguments]
        environment = dict(os.environ if env is None else env)
        where = (os.getcwd(), str(self.out), str(self.err))
        self._process = FORKS.Process(
            target=_command, args=(words, environment, *where, group)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self._process.kill()
        self._process.join()

    def ended(self, seconds: float = 90) -> Ended:
        """Wait until it ends; an AssertionError after so many seconds."""
        self._process.join(seconds)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise AssertionError(f"still running after {seconds} s: {self._texts()}")
        return Ended(code, *self._texts())

    def _texts(self) -> tuple[str, str]:
        out, err = (p.read_text(errors="replace") for p in (self.out, self.err))
        return out, err

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()


def command(*arguments: object, env: Mapping[str, str] | None = None) -> Ended:
    """One command line from beginning to end."""
    with Command(*arguments, env=env) as running:
        return running.ended()


def _command(
    words: list[str],
    environment: dict[str, str],
    folder: str,
    out: str,
    err: str,
    group: bool,
) -> None:
    """The child: what a shell would set up, then Fellowship's own `main`."""
    if group:
        os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for name, number in ((out, 1), (err, 2)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (os.fdopen(os.dup(n), "w") for n in (1, 2))
    sys.argv = ["fellowship", *words]
    from fellowship.cli.main import main

    main()


def start(work: Callable[..., object], *arguments: object) -> multiprocessing.Process:
    """A function in a process of its own; what it is given can be pickled."""
    process = FORKS.Process(target=work, args=arguments)
    process.start()
    return process  # type: ignore[return-value]
