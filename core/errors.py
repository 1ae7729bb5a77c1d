"""Errors, named by the boundary they crossed and by whether a retry helps.

FellowshipError
├── RecipeError        the request is wrong: fix the file, never retried
│   └── SettingsError  settings made in code are wrong; a ValueError, too
├── InputError         one row or file of input is wrong: reported by number
├── LedgerError        the record can't be trusted, or can't be written: stop
│   └── WrongPath      what a path names is no run, or no file: name another
│       └── NoRun      the folder named is no run
├── BudgetStop         a limit of the recipe was reached: the row may run later
├── EndpointDown       nothing will come of a model until somebody mends it: stop
└── RowError           this row failed: record it, the run goes on
    ├── ModelError     the provider refused, timed out or sent nothing usable
    └── VerdictError   the judge spoke but gave no verdict that was offered
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from fellowship.registry_check import check_registry
from fellowship.stop_reasons import StopReason
from fellowship.usage import Usage
from fellowship.wording import FAILURES, LEDGER_FAILURES

Failure = Literal[
    "auth",
    "quota",
    "missing",
    "rejected",
    "filtered",
    "too-long",
    "rate",
    "server",
    "unavailable",
    "down",
    "network",
    "deadline",
    "malformed",
    "truncated",
]
"""Why a model call failed, in one word: what retry, breaker and report go by."""

MAY_PASS: Mapping[Failure, bool] = {
    "auth": False,
    "quota": False,
    "missing": False,
    "rejected": False,
    "filtered": False,
    "too-long": False,
    "rate": True,
    "server": True,
    "unavailable": True,
    "down": True,
    "network": True,
    "deadline": True,
    "malformed": True,
    "truncated": False,
}
"""Whether asking again can mend a failure."""
check_registry("failure", get_args(Failure), MAY_PASS)
check_registry("word for a failure", (*get_args(Failure), *LEDGER_FAILURES), FAILURES)


class FellowshipError(Exception):
    """Every error this package raises on purpose."""


class RecipeError(FellowshipError):
    """The request is wrong: the message says where and how to mend it."""


class SettingsError(RecipeError, ValueError):
    """Settings made in code are wrong, `fl.Limits(usd="x")`: a line for each fault."""


class InputError(FellowshipError):
    """A source can't be read at all, or one of its rows is not a prompt."""


class LedgerError(FellowshipError):
    """The record can't be read, written or trusted: nothing goes on without it."""


class WrongPath(LedgerError):
    """A path was named that can't be meant: nothing was read or written."""


class NoRun(WrongPath):
    """A folder was named that holds no run: there is no record to distrust."""


class BudgetStop(FellowshipError):
    """A limit on calls, tokens or money was reached before this call was sent.

    `reason` names the limit.
    """

    def __init__(self, message: str, reason: StopReason = StopReason.LIMIT) -> None:
        super().__init__(message)
        self.reason = reason


class EndpointDown(FellowshipError):
    """A model failed several times running in a way that asking again can't mend."""


class RowError(FellowshipError):
    """This row failed; others go on."""


class ModelError(RowError):
    """A provider refused, timed out or sent nothing usable.

    `kind` is one of `Failure`; `retry_after` is the provider's own wait in seconds.
    `may_retry`: another try may help; `uses_a_try`: this one used up one of the call's
    tries, which it does not where the endpoint was at fault. `usage` and `raw`: what an
    unusable reply cost, and the reply; `usd` is filled in by whoever knows the price.
    """

    def __init__(
        self, message: str, kind: Failure, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind: Failure = kind
        self.retry_after = retry_after
        self.may_retry = False
        self.uses_a_try = True
        self.usage: Usage | None = None
        self.usd: float | None = None
        self.raw: Mapping[str, Any] | None = None

    @property
    def is_transient(self) -> bool:
        """Whether asking again can help."""
        return MAY_PASS[self.kind]


class VerdictError(RowError):
    """An evaluator or reviewer spoke but gave no verdict that was offered."""


def install_command(*extras: str) -> str:
    """The command that installs these optional parts: Fellowship is on no index."""
    return f"pip install '.[{','.join(extras)}]' in the clone of Fellowship"
