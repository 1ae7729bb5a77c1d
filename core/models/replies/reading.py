"""Reading of a reply: from a message, its finish reason and its usage to a `Reply`.

Every client of ours ends here, so that a text that was cut, withheld or broken off is the
same thing whoever serves the model. An unusable reply raises a `ModelError` that carries
what it cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.errors import ModelError
from fellowship.models.client import Finish, Remark, Reply
from fellowship.models.replies.contents import Contents
from fellowship.models.replies.finish_reasons import Ending, ending_of, is_guess
from fellowship.usage import UNKNOWN_USAGE, Usage

FINISHES: Mapping[Ending, Finish] = {
    Ending.FINISHED: "stop",
    Ending.TRUNCATED: "length",
    Ending.UNKNOWN: "unknown",
}
"""The word of the ledger for a reply that is kept."""

NO_REASON = "none"
"""Stands for the provider's word where it gave none."""


def make_reply(
    model: str,
    said: Contents,
    word: object,
    usage: Usage | None,
    raw: Mapping[str, Any],
) -> Reply:
    """The reply of `model` (its recipe name), or the `ModelError` of an unusable one.

    `word` is the provider's finish reason. A reply that was cut off, even before its first
    word, is a reply: it was paid for, and asking again would cut it again.
    """
    ending = ending_of(word)
    remarks: tuple[Remark, ...] = ("other-parts",) if said.odd else ()
    if said.is_open and ending in (Ending.UNKNOWN, Ending.FINISHED):
        # What stands before thoughts that never end is no whole answer.
        begun = (said.text or "").strip()
        remarks += ("open-thinking",) if begun else ()
        if begun or ending is Ending.UNKNOWN:
            ending = Ending.TRUNCATED
    trouble = _trouble(model, said, word, ending, usage)
    if trouble is not None:
        trouble.usage, trouble.raw = usage or UNKNOWN_USAGE, raw
        raise trouble
    unknown = ending is Ending.UNKNOWN or is_guess(word)
    return Reply(
        text=said.text or "",
        finish=FINISHES[ending],
        usage=usage or UNKNOWN_USAGE,
        raw=raw,
        thinking=said.thinking,
        finish_word=(str(word) if word else NO_REASON) if unknown else "",
        remarks=remarks,
    )


def _trouble(
    model: str, said: Contents, word: object, ending: Ending, usage: Usage | None
) -> ModelError | None:
    """Why a reply can't be used; None where it can."""
    if said.refusal:
        return ModelError(f"model {model!r} refused: {said.refusal[:200]}", "filtered")
    if ending is Ending.REFUSED:
        by = "" if word == "content_filter" else f" ({word})"
        return ModelError(
            f"model {model!r}: reply withheld by a filter{by}", "filtered"
        )
    if ending is Ending.FAULT:
        return unusable(model, f"it was broken off (finish reason {word!r})")
    if ending is Ending.TRUNCATED:
        return None
    if said.odd and not (said.text or "").strip():
        return unusable(model, said.odd)
    thought = said.thinking or (usage is not None and usage.thinking)
    if said.text is None and not thought:
        return unusable(model, "its content is empty (null)")
    return None


def unusable(model: str, why: str) -> ModelError:
    """The error of a reply that can't be read."""
    return ModelError(f"model {model!r} sent no usable reply: {why}", "malformed")
