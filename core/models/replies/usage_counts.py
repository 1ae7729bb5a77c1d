"""Token counts of a reply as providers spell them: chat completions, Responses, Gemini.

None where a reply reports no usage that can be read; cached tokens are among the prompt's
and thinking tokens among the completion's, whatever the provider adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.usage import Usage

PROMPT = (
    *("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens"),
    *("promptTokens", "prompt_eval_count", "input_token_count", "prompt_n"),
    *("tokens_evaluated", "tokens_in", "input", "prompt"),
)
COMPLETION = (
    *("completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens"),
    *("completionTokens", "eval_count", "output_token_count", "generated_token_count"),
    *("predicted_n", "tokens_predicted", "tokens_out", "output", "completion"),
)
PLACES = ("usage", "usageMetadata", "usage_metadata", "x_groq", "timings", "meta")
"""Fields of a reply that hold its counts, the surest first."""
INNER = ("usage", "tokens", "billed_units")
"""Objects in them that hold the counts, where they don't themselves."""
TOTAL = ("total_tokens", "totalTokenCount", "totalTokens", "tokens_total", "total")
CACHED = (
    *("cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens"),
    *("cacheReadInputTokens", "cachedContentTokenCount", "cache_n"),
)
CACHE_WRITTEN = (
    *("cache_write_tokens", "cache_creation_input_tokens", "cacheWriteInputTokens"),
)
APART = (
    "cache_n",
    *("cache_read_input_tokens", "cache_creation_input_tokens"),
    *("cacheReadInputTokens", "cacheWriteInputTokens"),
)
"""Counts of Anthropic, Bedrock and llama-server's timings, of tokens that are not among
those of the prompt."""
ANY_APART = frozenset(APART)
NONE: Mapping[str, Any] = {}
THINKING = ("reasoning_tokens", "thinking_tokens", "thoughtsTokenCount")
PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details")


def usage_in(*raw: Mapping[str, Any] | None) -> Usage | None:
    """The counts of a reply, wherever it has them; None where it has none.

    `raw`: the reply, then what stands in it. Whole counts go before those of one side.
    """
    estimated: Usage | None = None
    for held in (part.get(name) for part in raw if part for name in PLACES):
        usage = usage_from(held) if held else None
        if usage is not None and not usage.estimated:
            return usage
        estimated = estimated or usage
    return estimated


def usage_from(usage: Any) -> Usage | None:
    """The counts of a reply's `usage`, None where there are none.

    A total beyond prompt and completion is thinking that the provider left out of the
    completion (Gemini, Grok); what it bills is the whole. One of the two that is left out
    is what the total has beyond the other; without a total it is 0, and `estimated`.
    """
    if isinstance(usage, list):
        usage = next((u for u in reversed(usage) if isinstance(u, Mapping)), None)
    if not isinstance(usage, Mapping):
        return None
    prompt, completion = first_count(PROMPT, usage), first_count(COMPLETION, usage)
    if prompt is None and completion is None:
        inner = (usage_from(usage[name]) for name in INNER if usage.get(name))
        return next(filter(None, inner), None)
    total = first_count(TOTAL, usage)
    if total is not None and (prompt is None) is not (completion is None):
        rest = max(0, total - (prompt or 0) - (completion or 0))
        prompt = rest if prompt is None else prompt
        completion = rest if completion is None else completion
    if not (prompt or completion):
        return None  # no call has a prompt of no token: nobody counted
    if prompt is None or completion is None:
        return Usage(prompt or 0, completion or 0, estimated=True)
    of_prompt = details(usage, PROMPT_DETAILS)
    cached = first_count(CACHED, of_prompt, usage)
    prompt += beside_the_prompt(usage, prompt)
    thinking = first_count(THINKING, details(usage, COMPLETION_DETAILS), usage)
    beyond = (total or 0) - prompt - completion
    if beyond > 0 and thinking in (None, beyond):
        completion, thinking = completion + beyond, beyond
    elif thinking is not None and thinking > completion and total is None:
        completion += thinking  # more than the completion is not a part of it
    if thinking is not None:
        thinking = max(0, min(thinking, completion))
    # Some servers don't count what was cached as part of the prompt.
    cached = min(max(0, cached or 0), max(0, prompt))
    written = first_count(CACHE_WRITTEN, of_prompt, usage) or 0
    written = max(0, min(written, prompt - cached))
    return Usage(prompt, completion, cached, thinking, cache_written=written)


def beside_the_prompt(usage: Mapping[str, Any], prompt: int) -> int:
    """Tokens read from a cache or written to one that a count of the prompt leaves out.

    Anthropic and Bedrock leave them out of `input_tokens`; gateways that rename the field
    may too, which shows where there are more of them than of all.
    """
    if ANY_APART.isdisjoint(usage):  # as nearly always
        return 0
    apart = (whole_number(usage[name]) or 0 for name in APART if name in usage)
    total = sum(n for n in apart if n > 0)
    return total if total > prompt or first_count(PROMPT[:1], usage) is None else 0


def details(usage: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    """The details of a usage; some servers write them flat, beside its counts."""
    for name in names:
        if isinstance(inner := usage.get(name), Mapping):
            return inner
    return NONE


def first_count(names: tuple[str, ...], *places: Mapping[str, Any]) -> int | None:
    """The first of these that is a whole number, also as `20.0` or `"20"`.

    What an earlier place has of a name hides what a later one has.
    """
    for name in names:
        for place in places:
            if name in place:
                if (number := whole_number(place[name])) is not None:
                    return number
                break
    return None


def whole_number(value: Any) -> int | None:
    """A count as a gateway may write it; None for anything else."""
    if type(value) is int:  # as nearly always
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:40])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and type(value) is not bool else None
