"""Prompt library: prompt templates, which are files with named slots.

Slots are written `$name`; `$$` is a dollar sign. They are filled in one pass, so a `$name`
inside an answer stays what it is: what goes into a slot is never read as a prompt. A slot
nobody fills, or a file with a slot that its role does not offer, is an error before the
first call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

from fellowship.errors import RecipeError
from fellowship.hashing import digest

SLOT = re.compile(r"\$(?:(\$)|([a-z][a-z_]*))")


@dataclass(frozen=True)
class Prompt:
    """A prompt's text and the slots in it."""

    name: str
    text: str

    @cached_property
    def slots(self) -> frozenset[str]:
        """Names of the slots the text has."""
        return frozenset(found[2] for found in SLOT.finditer(self.text) if found[2])

    @property
    def digest(self) -> str:
        """16 hex letters that change with the text."""
        return digest(self.text, 8)

    def fill(self, values: Mapping[str, object]) -> str:
        """The text with every slot filled, in one pass."""
        return SLOT.sub(
            lambda found: "$" if found[1] else str(values[found[2]]), self.text
        )


@lru_cache(maxsize=256)
def filled(prompt: Prompt, **values: str) -> str:
    """The prompt with every slot filled by what is the same for many calls."""
    return prompt.fill(values)


class PromptLibrary:
    """The prompts of a run: a user's folder first, then the built-in ones."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise RecipeError(f"prompts: {str(folder)!r} is not a folder")
        self.folder = folder
        self._prompts: dict[str, Prompt] = {}

    def get(self, name: str, offered: Iterable[str] = ()) -> Prompt:
        """The prompt `name`; `RecipeError` if there is none or it wants another slot."""
        prompt = self._prompts.get(name)
        if prompt is None:
            prompt = self._prompts[name] = Prompt(name, self._text(name))
        if not prompt.slots.issubset(offered):
            unknown = sorted(prompt.slots - set(offered))
            raise RecipeError(
                f"prompt {name!r} has the slot ${unknown[0]}; its role offers"
                f" {', '.join(f'${slot}' for slot in sorted(offered)) or 'none'}"
            )
        return prompt

    def _text(self, name: str) -> str:
        if not re.fullmatch(r"[\w-]+", name):
            raise RecipeError(f"prompt {name!r}: a name is letters, digits, - and _")
        own = self.folder / f"{name}.md" if self.folder else None
        built_in = resources.files("fellowship.prompts") / f"{name}.md"
        try:
            if own is not None and own.is_file():
                return own.read_text(encoding="utf-8").strip()
            return built_in.read_text(encoding="utf-8").strip()
        except FileNotFoundError as error:
            where = f" in {self.folder} or" if self.folder else ""
            raise RecipeError(
                f"prompt {name!r}: no {name}.md{where} among the built-in prompts"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"prompt {name!r}: {error}") from error

    def load(self) -> None:
        """Read every prompt now: from then on no file is looked at."""
        for name in self.names():
            self._prompts.setdefault(name, Prompt(name, self._text(name)))

    def texts(self) -> list[str]:
        """The text of every prompt, its slots unfilled, by name."""
        self.load()
        return [self._prompts[name].text for name in sorted(self._prompts)]

    def digests(self) -> dict[str, str]:
        """Name -> digest of every prompt: what goes into a run's header."""
        return {n: Prompt(n, self._text(n)).digest for n in self.names()}

    def names(self) -> list[str]:
        """The names of all prompts there are, sorted."""
        names = {
            entry.name.removesuffix(".md")
            for entry in resources.files("fellowship.prompts").iterdir()
            if entry.name.endswith(".md")
        }
        if self.folder:
            names |= {path.stem for path in self.folder.glob("*.md")}
        return sorted(names)
