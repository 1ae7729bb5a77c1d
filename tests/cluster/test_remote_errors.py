"""Errors that cross between processes: the same class, words and cost on the other side."""

from __future__ import annotations

import pytest

from fellowship.cluster.messages import RemoteError
from fellowship.errors import BudgetStop, FellowshipError, ModelError, VerdictError
from fellowship.stop_reasons import StopReason
from fellowship.usage import Usage


@pytest.mark.parametrize(
    "error", [BudgetStop("enough", StopReason.CALLS), VerdictError("no verdict")]
)
def test_an_error_is_the_same_on_the_other_side(error: FellowshipError) -> None:
    crossed = RemoteError.from_error(error).to_error()
    assert (type(crossed), str(crossed)) == (type(error), str(error))


def test_what_an_unusable_reply_cost_crosses_with_its_error() -> None:
    error = ModelError("withheld", "filtered", 2.0)
    error.usage, error.usd, error.raw = Usage(40, 20, 8), 0.06, {"id": "x"}
    crossed = RemoteError.from_error(error).to_error()
    assert isinstance(crossed, ModelError)
    assert (crossed.kind, crossed.retry_after) == ("filtered", 2.0)
    assert (crossed.usage, crossed.usd) == (Usage(40, 20, 8), 0.06)
    assert crossed.raw == {"id": "x"}
    plain = RemoteError.from_error(ModelError("slow", "rate")).to_error()
    assert isinstance(plain, ModelError)
    assert plain.usage is None
