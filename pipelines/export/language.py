"""Language filter, by py3langid.

A short text has no language worth betting on, so it passes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

from fellowship.errors import RecipeError
from fellowship.pipelines.export.context import require_library
from fellowship.pipelines.pairing.text_similarity import words

FEWEST_LETTERS: Final = 24
"""Below so many letters a text is nobody's: kept."""


@functools.cache
def load_identifier() -> Any:
    """py3langid's model, loaded once; `InputError` names the extra if it isn't there."""
    langid = require_library("py3langid.langid", "data", "the filter 'languages'")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)


class Languages:
    """The languages that are welcome, as ISO 639-1 codes."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._model = load_identifier()
        known = set(self._model.nb_classes)
        for code in wanted:
            if code not in known:
                raise RecipeError(
                    f"languages: {code!r} is not a language code: give two letters,"
                    f" such as en, de, zh"
                )
        self.wanted = frozenset(wanted)

    def is_foreign(self, text: str) -> bool:
        """Whether a text is written in another language than those."""
        if sum(map(len, words(text))) < FEWEST_LETTERS:
            return False
        return self._model.classify(text)[0] not in self.wanted
