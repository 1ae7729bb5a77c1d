"""Finish reasons of all providers in one table, and what each of them means for us.

A column is a family of providers, a row a meaning. Words are compared by their letters
alone (`MAX_TOKENS`, `max-tokens` and `maxTokens` are one word), and a gateway may send
any provider's word, so a word means the same in every column: the import checks that.
A word of several parts means the worst of them. One that stands nowhere is read by what it
holds, else accepted, and counted where the run ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache


class Ending(StrEnum):
    """How a reply ended, as far as we go by it."""

    FINISHED = "finished"
    TRUNCATED = "truncated"
    """At a limit: half a text."""
    REFUSED = "refused"
    """Withheld by a filter, or by the model itself."""
    FAULT = "fault"
    """Broken off: a failed try."""
    UNKNOWN = "unknown"
    """Accepted with a notice: a word we don't know, or none."""


FINISH_REASONS: Mapping[Ending, Mapping[str, tuple[str, ...]]] = {
    Ending.FINISHED: {
        "OpenAI, Azure": ("stop", "completed"),
        "Anthropic, Bedrock": ("end_turn", "stop_sequence"),
        "Gemini, Vertex": ("STOP",),
        "Mistral": ("stop",),
        "DeepSeek": ("stop",),
        "Cohere": ("COMPLETE", "STOP_SEQUENCE"),
        "OpenRouter, LiteLLM": (
            *("stop", "end", "done", "finished", "finish", "stopped", "natural"),
            *("success", "normal", "hit_stop", "eot"),
        ),
        "vLLM, SGLang, TGI": ("stop", "eos", "eos_token"),
        "llama.cpp, LM Studio": ("stop", "eos", "word", "eosFound", "stopStringFound"),
        "Ollama": ("stop",),
    },
    Ending.TRUNCATED: {
        "OpenAI, Azure": ("length", "max_output_tokens", "max_completion_tokens"),
        "Anthropic, Bedrock": (
            *("max_tokens", "model_context_window_exceeded", "pause_turn"),
            "max_thinking_tokens",
        ),
        "Gemini, Vertex": ("MAX_TOKENS",),
        "Mistral": ("length", "model_length"),
        "DeepSeek": ("length",),
        "Cohere": ("MAX_TOKENS", "ERROR_LIMIT"),
        "OpenRouter, LiteLLM": ("length", "max_length", "token_limit", "incomplete"),
        "vLLM, SGLang, TGI": ("length", "context_length", "context_length_exceeded"),
        "llama.cpp, LM Studio": (
            *("limit", "budget", "maxPredictedTokensReached", "contextLengthReached"),
            "truncated",
        ),
        "Ollama": ("length",),
    },
    Ending.REFUSED: {
        "OpenAI, Azure": ("content_filter", "refusal"),
        "Anthropic, Bedrock": ("refusal", "guardrail_intervened", "content_filtered"),
        "Gemini, Vertex": (
            *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
            *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
            "MODEL_ARMOR",
        ),
        "Mistral": ("content_filter",),
        "DeepSeek": ("content_filter",),
        "Cohere": ("ERROR_TOXIC",),
        "OpenRouter, LiteLLM": (
            *("content_filter", "moderation", "flagged", "blocked", "censored"),
        ),
        "GLM, Qwen, Kimi": ("sensitive", "content_risk", "data_inspection_failed"),
    },
    Ending.FAULT: {
        "OpenAI, Azure": ("tool_calls", "function_call", "cancelled", "failed"),
        "Anthropic, Bedrock": (
            *("tool_use", "malformed_model_output", "malformed_tool_use"),
        ),
        "Gemini, Vertex": (
            *("OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"),
            *("TOO_MANY_TOOL_CALLS", "LANGUAGE", "NO_IMAGE", "IMAGE_OTHER"),
            *("MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE"),
        ),
        "Mistral": ("error", "tool_calls"),
        "DeepSeek": ("insufficient_system_resource", "aborted"),
        "Cohere": ("ERROR", "TOOL_CALL", "USER_CANCEL", "TIMEOUT"),
        "OpenRouter, LiteLLM": ("error", "network_error", "server_error", "overloaded"),
        "vLLM, SGLang, TGI": ("abort", "error", "repetition"),
        "llama.cpp, LM Studio": (
            "toolCalls",
            "userStopped",
            "user_interrupt",
            "modelUnloaded",
        ),
        "Ollama": ("load", "unload"),
        "GLM, Qwen, Kimi": ("network_error", "engine_overloaded", "canceled"),
    },
}


ORDER = (
    Ending.REFUSED,
    Ending.FAULT,
    Ending.TRUNCATED,
    Ending.UNKNOWN,
    Ending.FINISHED,
)
"""Of a word of several parts (`stop:length`) the first of these goes."""

STEMS: Mapping[Ending, tuple[str, ...]] = {
    Ending.REFUSED: (
        *("filter", "safety", "moderat", "prohibit", "policy", "guardrail", "refus"),
        *("blocklist", "sensitive", "censor"),
    ),
    Ending.FAULT: (
        *("error", "fail", "abort", "cancel", "interrupt", "disconnect", "malformed"),
        *("tool", "function", "crash", "killed", "preempt", "repetit", "ratelimit"),
        *("overload", "unavailable", "evict", "shutdown", "timeout", "gateway"),
        *("memory", "quota", "insufficient", "internal", "loop", "degenerat"),
    ),
    Ending.FINISHED: ("endof", "stopseq", "stoptoken", "stopword", "stopstring"),
    Ending.TRUNCATED: (
        *("length", "limit", "budget", "truncat", "exceed", "token", "context"),
        *("max", "deadline", "cutoff"),
    ),
}
"""Parts of words that tell what a word means that stands nowhere in the table."""


@lru_cache
def letters(word: str) -> str:
    """A word by its letters and digits: case, underscores and an enum's name aside."""
    kept = re.sub(r"[\W_]+", "", word.rpartition(".")[2]).lower()
    return re.sub(r"^(finish|stop|done)reason(?=.)", "", kept)


def _words() -> Iterator[tuple[str, Ending]]:
    for ending, columns in FINISH_REASONS.items():
        for words in columns.values():
            for word in words:
                yield letters(word), ending


ENDINGS: Mapping[str, Ending] = dict(_words())
for _word, _ending in _words():
    if ENDINGS[_word] is not _ending:
        raise ImportError(f"the finish reason {_word!r} has two meanings")


def ending_of(word: object) -> Ending:
    """What a provider's finish reason means; `UNKNOWN` for none, and for a new one."""
    if isinstance(word, Mapping):
        word = ":".join(v for v in word.values() if isinstance(v, str))
    if isinstance(word, list):
        word = ":".join(v for v in word if isinstance(v, str))
    return ending_of_text(word) if isinstance(word, str) else Ending.UNKNOWN


@lru_cache
def ending_of_text(word: str) -> Ending:
    """What a finish reason of one text means; a provider has few of them."""
    parts = {part_ending(part) for part in re.split(r"[:;,|/\s()\[\]]+", word) if part}
    found = {part_ending(word), *parts} if len(parts) > 1 else parts
    return next((ending for ending in ORDER if ending in found), Ending.UNKNOWN)


def part_ending(word: str) -> Ending:
    """What one word means: by the table, else by a part of it that tells."""
    bare = letters(word)
    stems = (e for e, some in STEMS.items() if any(stem in bare for stem in some))
    return ENDINGS.get(bare) or next(stems, Ending.UNKNOWN)


def is_guess(word: object) -> bool:
    """Whether a word stands nowhere in the table, so its meaning is a guess or none."""
    return not isinstance(word, str) or letters(word) not in ENDINGS
