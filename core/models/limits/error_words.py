"""Wordings of providers' errors in one table: a meaning a row, a provider a column.

A status alone does not tell a refused prompt from a wrong key (both 403), or an empty
account from a pace (both 429). Words are codes, types and phrases of messages, compared
by their letters and digits; a gateway may send any provider's, so a word means the same
in every column, and the import checks that. Where an error has words of several rows, the
first row goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fellowship.errors import Failure

ERROR_WORDS: Mapping[Failure, Mapping[str, tuple[str, ...]]] = {
    "quota": {
        "OpenAI": (
            *("insufficient_quota", "billing_hard_limit_reached"),
            "billing_not_active",
        ),
        "Azure": ("out of call volume quota", "quota has been exhausted"),
        "OpenRouter": (
            *("requires more credits", "insufficient credits"),
            "never purchased credits",
        ),
        "LiteLLM": ("budget_exceeded", "Budget has been exceeded", "ExceededBudget"),
        "Gemini": ("check your plan and billing", "prepayment credits are depleted"),
        "Anthropic": (
            *("credit balance is too low", "billing_error"),
            "specified API usage limits",
        ),
        "DeepSeek": ("Insufficient Balance",),
        "Mistral": ("payment required", "monthly limit"),
        "Ollama": ("weekly usage limit", "upgrade for higher limits"),
        "others": ("account balance", "out of credits", "spending limit", "arrearage"),
    },
    "filtered": {
        "OpenAI": ("was flagged as potentially violating", "content_policy_violation"),
        "Azure": (
            *("content_filter", "ResponsibleAIPolicyViolation"),
            "content management policy",
        ),
        "OpenRouter": (
            *("input was flagged", "requires moderation"),
            "blocked by guardrail",
        ),
        "LiteLLM": ("ContentPolicyViolationError",),
        "Gemini": ("PROHIBITED_CONTENT", "blocked due to safety", "prompt was blocked"),
        "Anthropic": ("blocked by content filtering", "violates our usage policy"),
        "DeepSeek": ("Content Exists Risk",),
        "Mistral": ("moderation_error",),
        "others": (
            *("data_inspection_failed", "inappropriate content"),
            "sensitive content",
        ),
    },
    "too-long": {
        "OpenAI": (
            *("context_length_exceeded", "string_above_max_length"),
            "maximum context length",
        ),
        "Azure": ("too many tokens in the prompt",),
        "OpenRouter": ("context-length",),
        "LiteLLM": ("ContextWindowExceededError",),
        "Gemini": ("input token count exceeds", "exceeds the maximum number of tokens"),
        "Anthropic": (
            *("prompt is too long", "exceed context limit"),
            "request_too_large",
        ),
        "DeepSeek": ("maximum context length",),
        "vLLM": (
            *("longer than the maximum model length", "max_model_len"),
            "maximum model length",
        ),
        "llama-server": (
            *("exceed_context_size_error", "exceeds the available context size"),
        ),
        "Ollama": ("input length exceeds", "prompt is longer than the context"),
        "LM Studio": ("greater than the context length", "context overflow"),
        "Mistral": ("too large for model with", "prompt contains too many tokens"),
        "others": ("request too large", "payload too large", "input is too long"),
    },
    "auth": {
        "OpenAI": ("invalid_api_key", "incorrect API key", "account_deactivated"),
        "Azure": ("invalid subscription key", "PermissionDenied"),
        "OpenRouter": ("no auth credentials", "user not found"),
        "LiteLLM": ("token_not_found_in_db", "invalid proxy server token"),
        "Gemini": ("API key not valid", "API_KEY_INVALID", "API key expired"),
        "Anthropic": ("authentication_error", "invalid x-api-key"),
        "DeepSeek": ("authentication fails", "api key is invalid"),
        "llama-server": ("invalid api key",),
        "Mistral": ("unauthorized",),
        "others": ("unsupported_country_region_territory", "missing api key"),
    },
    "missing": {
        "OpenAI": (
            *("model_not_found", "does not exist or you do not have access"),
            "has been deprecated",
        ),
        "Azure": ("DeploymentNotFound", "unknown_model"),
        "OpenRouter": ("not a valid model id", "no endpoints found"),
        "LiteLLM": ("invalid model name passed in", "no healthy deployment"),
        "Gemini": ("not found for api version", "unexpected model name format"),
        "DeepSeek": ("model not exist",),
        "vLLM": ("the model does not exist",),
        "Ollama": ("try pulling it first", "does not support chat"),
        "LM Studio": ("no models loaded", "model not loaded"),
        "Mistral": ("invalid_model", "invalid model"),
    },
    "rate": {
        "OpenAI": ("rate_limit_exceeded", "rate limit reached", "slow_down"),
        "Azure": ("exceeded token rate limit", "exceeded call rate limit"),
        "OpenRouter": ("temporarily rate-limited", "openrouter_in_flight_budget"),
        "LiteLLM": ("RateLimitError",),
        "Gemini": ("RESOURCE_EXHAUSTED",),
        "Anthropic": ("rate_limit_error",),
        "Mistral": ("requests rate limit", "service tier capacity exceeded"),
        "others": ("too many requests", "throttlingexception"),
    },
    "unavailable": {
        "OpenAI": ("engine_overloaded", "currently overloaded"),
        "Anthropic": ("overloaded_error",),
        "Gemini": ("model is overloaded",),
        "OpenRouter": ("no instances available", "provider is down"),
        "llama-server": ("unavailable_error", "loading model"),
        "Ollama": ("maximum pending requests exceeded",),
        "others": ("service unavailable", "server is busy"),
    },
}


def letters(words: str) -> str:
    """Words by their letters and digits alone."""
    return re.sub(r"[\W_]+", "", words).lower()


def _entries() -> Iterator[tuple[str, Failure]]:
    for kind, columns in ERROR_WORDS.items():
        for words in columns.values():
            for word in words:
                yield letters(word), kind


KINDS: Mapping[str, Failure] = dict(_entries())
for _word, _kind in _entries():
    if KINDS[_word] != _kind:
        raise ImportError(f"the wording {_word!r} of an error has two meanings")


def kind_by_words(words: str) -> Failure | None:
    """What an error's codes and message mean; None where no word of the table is in it."""
    unquoted = re.sub(
        r"[`'\"][^`'\"]{1,120}[`'\"]", " ", words
    )  # a quoted name says nothing
    both = letters(words), letters(unquoted)
    return next((k for word, k in KINDS.items() if any(word in b for b in both)), None)
