"""Exit codes.

They are part of the interface: scripts go by them, so each has one meaning.
"""

from __future__ import annotations

from enum import IntEnum

from fellowship.errors import (
    BudgetStop,
    EndpointDown,
    FellowshipError,
    InputError,
    LedgerError,
    RecipeError,
    WrongPath,
)


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    STOPPED = 3
    RECORD = 4
    UNBALANCED = 5
    CONDITION = 6


EPILOG = """\b
Exit codes:
  0  done
  1  rows failed or had no usable prompt; doctor found a problem; choose found
     nothing that its labels bear out
  2  the command line, the recipe or the source is wrong
  3  stopped early (limit, endpoint down, interrupted): the same command resumes
  4  the ledger or the disk can't be used
  5  the states of the rows don't add up to the prompts
  6  a condition of --fail-if holds, or its figure is not defined
"""


def code_of(error: FellowshipError) -> Exit:
    """The exit code for an error that reached the command line."""
    if isinstance(error, RecipeError | InputError | WrongPath):
        return Exit.USAGE
    if isinstance(error, BudgetStop | EndpointDown):
        return Exit.STOPPED
    if isinstance(error, LedgerError):
        return Exit.RECORD
    return Exit.FAILED
