"""Number formats: one spelling of each kind of figure for terminal, page and report.

A dash stands for what is not known, the minus is a minus sign, zero has none, a
percentage has a space before its sign, an interval is `0.612 [0.540, 0.684]`. JSON output
holds plain numbers and does not pass through here; neither do dataset cards, whose bytes
don't change.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

DASH: Final = "–"
MINUS: Final = "−"
DIGITS: Final = 3
"""Decimal places of a coefficient or a rate."""


class Limits(Protocol):
    """An estimate and the ends of its interval, as `stats.intervals.Interval` has them."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def count(value: int | None, none: str = "0") -> str:
    """`12,345`, and `none` where there is none."""
    return f"{value:,}" if value else none


def counted(value: int | None, noun: str, plural: str = "", *, none: str = "0") -> str:
    """`1 row`, `12,345 rows`, `2 replies` (`plural`), and `none` of them for none."""
    return f"{count(value, none)} {noun if value == 1 else plural or noun + 's'}"


def span(low: int, high: int) -> str:
    """A count that lies in a range: `12`, `12 to 40`."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def score(value: float | None) -> str:
    """`7.5`: a score or a margin, to four digits as they are needed."""
    return DASH if value is None else minus(f"{value:z.4g}")


def points(value: float) -> str:
    """`1 point`, `2.5 points`: a score gap with its unit."""
    return f"{score(value)} {'point' if value == 1 else 'points'}"


def difference(one: float, other: float) -> str:
    """`9 − 3 = 6`, `1 − (−1) = 2`."""
    taken = f"({score(other)})" if other < 0 else score(other)
    return f"{score(one)} {MINUS} {taken} = {score(one - other)}"


def scores(first: float | None, second: float | None) -> str:
    """`7.5 : 4`."""
    return f"{score(first)} : {score(second)}"


def figure(value: float | None, digits: int = DIGITS, *, sign: bool = False) -> str:
    """`0.612`, `−0.050`, with `sign` `+0.050`; a dash where it is not defined."""
    if value is None or math.isnan(value):
        return DASH
    return minus(f"{value:{'+' if sign else ''}z.{digits}f}")


def limits(
    low: float | None, high: float | None, digits: int = DIGITS, *, sign: bool = False
) -> str:
    """`[0.540, 0.684]`; nothing where there is no interval."""
    if low is None or high is None or math.isnan(low):
        return ""
    ends = (figure(end, digits, sign=sign) for end in (low, high))
    return f"[{', '.join(ends)}]"


def interval(
    found: Limits | None, digits: int = DIGITS, *, none: str = "", sign: bool = False
) -> str:
    """`0.612 [0.540, 0.684]`, or `0.612 [no interval: 9 of 10 prompts needed]`.

    `none` where there is no estimate; where its value is not defined, why.
    """
    if found is None:
        return none
    note = getattr(found, "note", "")
    if math.isnan(found.value):
        return note or DASH
    ends = limits(found.low, found.high, digits, sign=sign)
    value = figure(found.value, digits, sign=sign)
    return f"{value} {ends or f'[no interval: {note}]' * bool(note)}".rstrip()


def rating(value: float, low: float, high: float) -> tuple[str, str]:
    """`1012` and `[960, 1065]`; `above 1323` and nothing where nobody bounds it."""
    if math.isinf(value):
        end = low if value > 0 else high
        return f"{'above' if value > 0 else 'below'} {figure(end, 0)}", ""
    return figure(value, 0), "" if math.isnan(value) else limits(low, high, 0)


def percent_interval(found: Limits, *, sign: bool = False) -> str:
    """`12.3 % [9.1 %, 15.7 %]`, or why there are no limits."""
    note = getattr(found, "note", "")
    if math.isnan(found.value):
        return note or DASH
    ends = ", ".join(percent(end, sign=sign) for end in (found.low, found.high))
    if math.isnan(found.low):
        ends = f"no interval: {note}"
    return f"{percent(found.value, sign=sign)} [{ends}]"


def percent(share: float | None, digits: int = 1, *, sign: bool = False) -> str:
    """A share from 0 to 1 as `12.3 %`; nothing where it is not known."""
    if share is None or math.isnan(share):
        return ""
    return minus(f"{100 * share:{'+' if sign else ''}z.{digits}f} %")


def p_value(value: float | None) -> str:
    """A p-value to four places; `< 0.0001` below that, for no chance is nought."""
    return "< 0.0001" if value is not None and value < 1e-4 else figure(value, 4)


def part(some: float, whole: float) -> str:
    """`some` of `whole` as `12.3 %`; nothing of nothing is nothing."""
    return percent(some / whole) if whole else ""


def usd(value: float | None) -> str:
    """`$0.0042`, `$12.30`, `$0.00`; `unknown` where no price is known."""
    if value is None:
        return "unknown"
    return f"${value:.4f}" if 0 < value < 1 else f"${value:,.2f}"


def money(spent: float, unpriced: int = 0) -> str:
    """Money spent; calls whose cost nobody knows are named, not counted as free."""
    calls = f" and {counted(unpriced, 'call')} of unknown cost" if unpriced else ""
    return usd(spent) + calls


def duration(seconds: float) -> str:
    """`0.4 s`, `48 s`, `3 min 20 s`, `5 h 10 min`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def brief(value: float) -> str:
    """Three digits of a large count: `12.3 k`, `3.4 M`, `1.2 G`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:g}"


def kilobytes(size: int) -> str:
    """The size of a file, from bytes: `1,234 kB`."""
    return f"{size / 1000:,.0f} kB"


def minus(text: str) -> str:
    """A formatted number with a minus sign for its hyphen."""
    return text.replace("-", MINUS)
