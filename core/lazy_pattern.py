"""Regular expressions that are compiled when they are first used.

Those that read replies take a tenth of a second to compile, and most commands read none.
"""

from __future__ import annotations

import re
from typing import Any, cast

METHODS = (
    "search",
    "match",
    "fullmatch",
    "finditer",
    "findall",
    "split",
    "sub",
    "subn",
)


class LazyPattern:
    """A `re.Pattern` to be; its methods are the compiled one's own from the first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """What the compiled pattern has; asked once for each method."""
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        for method in METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A module's pattern, compiled at need; a wrong one raises `re.error` at first use."""
    return cast("re.Pattern[str]", LazyPattern(pattern, flags))
