"""Prompts and the context of a server that may cut them: what fits, what was cut.

A reply is an answer to a prompt only where all of the prompt was read. What proves that it
was not is arithmetic on the server's own count; where a count is merely odd, the server is
asked once more with a few words added, and a count that does not grow is of a cut prompt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fellowship.errors import ModelError
from fellowship.models.providers.token_bounds import (
    fewest_tokens,
    is_sparse,
    most_tokens,
)
from fellowship.records import Message

Count = Callable[[Sequence[Message]], Awaitable[int | None]]
"""Asks a server for the tokens it reads of these messages; None where it does not say."""

BLOCK = 256
"""Tokens to which a server rounds its context up, and of which real contexts are made."""

KEPT = 8
"""Tokens at the head of a prompt that a cut in its middle keeps, at the most."""

ADDED = 64
"""Words added to see whether a count grows: a token each in any vocabulary."""


class Room:
    """The room of a model's prompt and reply in tokens, and the words for its lack."""

    def __init__(self, model: str, num_ctx: int, longest: int | None) -> None:
        self.model = model
        self.num_ctx = num_ctx
        self.longest = longest

    @property
    def padded(self) -> int:
        """The context as the server may have rounded it up."""
        return -(-self.num_ctx // BLOCK) * BLOCK

    def cut_error(self, counted: int | None, why: str) -> ModelError:
        """The failure of a reply to a prompt that was cut."""
        read = "an unknown number of" if counted is None else f"{counted:,}"
        return ModelError(
            f"model {self.model!r}: the server cut the prompt ({why}): it read"
            f" {read} tokens, so its reply is no answer to the prompt."
            f" {self._cure(None)}",
            "too-long",
        )

    def refused_error(
        self, messages: Sequence[Message], tokens: int | None, context: int | None
    ) -> ModelError:
        """The failure of a prompt that a server refused, or that can't fit."""
        low, high = fewest_tokens(messages), most_tokens(messages)
        size = f"between {low:,} and {high:,}" if tokens is None else f"{tokens:,}"
        other = ""
        if context is not None and context not in (self.num_ctx, self.padded):
            other = f" (the server has room for {context:,})"
        return ModelError(
            f"model {self.model!r}: the prompt has {size} tokens{self._reserve()}, and"
            f" num_ctx is {self.num_ctx:,}{other}: the prompt is too long."
            f" {self._cure(low if tokens is None else tokens)}",
            "too-long",
        )

    def _reserve(self) -> str:
        return f", the answer may have {self.longest:,} more" if self.longest else ""

    def _cure(self, tokens: int | None) -> str:
        if tokens is None:
            return "Raise num_ctx in the recipe"
        wanted = -(-(tokens + (self.longest or 0)) // 1024) * 1024
        return f"Set num_ctx: {wanted} or more in the recipe"

    def why_cut(self, counted: int, written: int) -> str:
        """Why a prompt was cut for certain, by the counts alone; empty where it is not."""
        if counted in (self.num_ctx, self.padded):
            return f"its count of prompt tokens is num_ctx {self.num_ctx:,} itself"
        if counted > self.padded:
            return f"more prompt tokens than num_ctx {self.num_ctx:,} holds"
        if counted + written > self.padded + 1:
            return (
                f"with {written:,} of the reply it counted more than num_ctx"
                f" {self.num_ctx:,} holds"
            )
        return ""


OLLAMA_MARK = "fp_ollama"
"""The `system_fingerprint` of replies that Ollama's /v1 gives."""


def cut_by_ollama_error(model: str, counted: int | None) -> ModelError:
    """The failure of a reply to a prompt that Ollama's /v1 cut: it takes no num_ctx."""
    read = "an unknown number of" if counted is None else f"{counted:,}"
    return ModelError(
        f"model {model!r}: Ollama cut the prompt: it read {read} tokens, and that count"
        " does not grow with the prompt, so its reply is no answer to the prompt. Its /v1"
        " takes no context length: use provider: ollama with num_ctx, or start the server"
        " with OLLAMA_CONTEXT_LENGTH",
        "too-long",
    )


def is_odd_count(
    counted: int | None, messages: Sequence[Message], num_ctx: int | None
) -> bool:
    """Whether a count may be that of a cut prompt, and is worth a second look.

    It is half a context (a cut in the middle), a whole one (the model's own may be smaller
    than num_ctx, which is None where nobody knows), or small for so long a text.
    """
    fits = num_ctx is not None and most_tokens(messages) <= num_ctx
    if counted is None:
        return num_ctx is not None and not fits
    is_whole = counted >= 2 * BLOCK and counted % BLOCK == 0
    if fits or is_whole:
        return is_whole
    contexts = POWERS if num_ctx is None else (num_ctx,)
    is_half = any(0 <= counted - n // 2 <= KEPT for n in contexts)
    return is_half or is_sparse(counted, messages) or counted < fewest_tokens(messages)


POWERS = tuple(2**n for n in range(11, 19))
"""Contexts that servers choose where nobody names one."""


async def is_cut(
    counted: int | None, messages: Sequence[Message], count: Count
) -> bool:
    """Whether a server cuts these messages: its count does not grow with the text.

    Raises what `count` raises.
    """
    first = await count(with_words(messages, ADDED)) if counted is None else counted
    more = 2 * ADDED if counted is None else ADDED
    second = await count(with_words(messages, more))
    if first is None or second is None:
        return False
    return second - first < ADDED // 2


def with_words(messages: Sequence[Message], number: int) -> tuple[Message, ...]:
    """The messages with words put before the first that is no system turn.

    There they count in any cut: the oldest turns go first, and of a turn its middle.
    """
    place = next((n for n, m in enumerate(messages) if m.role != "system"), 0)
    changed = list(messages)
    content = "word " * number + messages[place].content
    changed[place] = messages[place].model_copy(update={"content": content})
    return tuple(changed)
