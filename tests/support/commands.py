"""One command in this process, as a shell would see it."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import jsonschema
import pytest

from fellowship.cli.json_schemas import output_schema
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


def checked(verb: str, value: str | Any) -> Any:
    """What a verb printed as JSON, once its schema has been held against it."""
    found = json.loads(value) if isinstance(value, str) else value
    output_validator(verb).validate(found)
    return found


@cache
def output_validator(verb: str) -> Any:
    """What holds a verb's JSON against its schema."""
    schema = output_schema(verb)
    made = jsonschema.validators.validator_for(schema)
    made.check_schema(schema)
    return made(schema)
