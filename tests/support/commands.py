"""One command in this process, as a shell would see it."""

from __future__ import annotations

import sys

import pytest

from fellowship.cli.main import run_command

CLI = [sys.executable, "-m", "fellowship.cli.main"]
"""The command line, for a process of its own."""


def said(
    capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    code = run_command([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err
