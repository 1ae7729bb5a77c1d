"""Number format of figures, the same on the page, in the report and in tooltips."""

from __future__ import annotations

from collections.abc import Sequence

ROLES = ("generator", "reviewer", "judge", "juror", "debater", "user", "system")
"""Roles with a colour and a shape of their own in `static/base.css`."""


def role_class(role: str) -> str:
    """The CSS class that gives a role its colour and shape; `role-other` for yours."""
    known = "generator" if role == "assistant" else role
    return f"role-{known if known in ROLES else 'other'}"


def score(value: float | None) -> str:
    """`7.5`, or a dash where nothing valid was said."""
    return "–" if value is None else f"{value:.4g}"


def scores(values: Sequence[float | None]) -> str:
    """`4.5 5.5 –`."""
    return " ".join(map(score, values))


def count(value: int | None) -> str:
    """`12,345`, and nothing where there is none."""
    return f"{value:,}" if value else ""


def counted(value: int | None, noun: str, none: str = "0") -> str:
    """`1 row`, `12,345 rows`, and `none` of them where there is none."""
    return f"{count(value) or none} {noun}{'' if value == 1 else 's'}"


def cost(value: float | None, tokens: int | None, unpaid: str) -> str:
    """What was paid; `unpaid` for calls that cost nothing, a dash where none is known."""
    return usd(value) or (unpaid if tokens else "–")


def share(value: float | None) -> str:
    """`83 %`, or nothing where it isn't defined."""
    return "" if value is None else f"{value:.0%}".replace("%", " %")


def usd(value: float | None) -> str:
    """`$0.0042`; nothing where nothing was paid."""
    if not value:
        return ""
    return f"${value:.4f}" if value < 1 else f"${value:,.2f}"


def seconds(value: float) -> str:
    """`0.4 s`, `48 s`, `3 min 20 s`, `5 h 10 min`."""
    if value < 10:
        return f"{max(0.0, value):.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
