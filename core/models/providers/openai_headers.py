"""Headers of a call to an OpenAI-style server, without the SDK that would name them.

They are those of the SDK, its environment variables included, so that what works with the
SDK works here; importing the SDK for them would cost a command a third of its start.
"""

from __future__ import annotations

import os

from fellowship import __version__

FROM_ENVIRONMENT = {
    "OpenAI-Organization": "OPENAI_ORG_ID",
    "OpenAI-Project": "OPENAI_PROJECT_ID",
}
"""Header -> the variable it is read from, where that is set."""


def call_headers(key: str) -> dict[str, str]:
    """Header -> value. `OPENAI_CUSTOM_HEADERS`, a line each, go before all but the key."""
    named = {h: os.environ.get(variable) for h, variable in FROM_ENVIRONMENT.items()}
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"fellowship/{__version__}",
        **{header: value for header, value in named.items() if value is not None},
        **custom_headers(os.environ.get("OPENAI_CUSTOM_HEADERS", "")),
        "Authorization": f"Bearer {key}",
    }


def custom_headers(text: str) -> dict[str, str]:
    """The headers of lines `name: value`; a line without a colon is none."""
    parts = (line.partition(":") for line in text.split("\n"))
    return {name.strip(): value.strip() for name, colon, value in parts if colon}
