"""CSS classes of roles: their colour and shape on the pages."""

from __future__ import annotations

ROLES = ("generator", "reviewer", "judge", "juror", "debater", "user", "system")
"""Roles with a colour and a shape of their own in `static/base.css`."""


def role_class(role: str) -> str:
    """The CSS class that gives a role its colour and shape; `role-other` for yours."""
    known = "generator" if role == "assistant" else role
    return f"role-{known if known in ROLES else 'other'}"
