"""Parameters of a request that a model refuses: learnt from its refusal, left out then.

A refusal names a parameter and says that it can't be used at all; one that finds its value
too large is the recipe's fault, and is not mended here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from fellowship.models.limits.error_bodies import ErrorBody
from fellowship.models.limits.error_words import kind_by_words, letters
from fellowship.models.limits.refusals import TRUSTED

REFUSAL = re.compile(
    r"not support|unsupported|not compatible|incompatible|unrecogni[sz]ed|unknown name"
    r"|unknown[ _](parameter|argument|field)|not allowed|not permitted|not enabled"
    r"|cannot find|unavailable|not (currently )?available|only the default|may only be set"
    r"|extra inputs|unexpected keyword|must be '?json_object|deprecated|instead"
    r"|not configurable|disabled|must (not be set|be omitted)|can(no|')t (be )?set"
    r"|cannot both be|that support the requested|only works in thinking mode"
    r"|roles must alternate|roles are supported|invalid (role|value:? ['\"]system)"
    r"|invalid for this model|not (a |an )?(valid|accepted|applicable|implemented|expected)"
    r"|(does not|doesn't) (accept|take|allow)|can(no|')t be used|no longer|forbidden"
    r"|unexpected (parameter|argument|field|key|property)|not a supported|is fixed"
    r"|(must|should|can only) be (exactly |set to )?1(\.0)?(?! or|\d)\b"
    r"|only ((the|a) )?(value )?[\d.]+ is|(please |must be )removed?\b"
    r"|invalid_request_body",
    re.IGNORECASE,
)
"""Words of a refusal of a parameter as such."""

OUT_OF_RANGE = re.compile(
    r"(above|below)[ _](the )?(max|min)|too (large|high|small|low)|expected a value [<>]"
    r"|(less|greater) than|out of range|between -?\d",
    re.IGNORECASE,
)
"""Words of a refusal of a value, where another would be taken: the recipe's to change."""

WORDS: Mapping[str, str] = {
    "max_tokens": r"max_tokens",
    "max_completion_tokens": r"max_completion_tokens",
    "temperature": r"temperature",
    "top_p": r"top_p",
    "top_logprobs": r"top_logprobs",
    "logprobs": r"logprobs?",
    "seed": r"seed",
    "stop": r"stop(_sequences)?",
    "response_format": r"response_format|response format|json_schema|structured outputs?"
    r"|json (mode|schema|object)|guided_json|guided decoding|grammar\S*",
    "system": r"system (role|message|prompt|instruction)s?|role:? ['\"]?system|'system'"
    r"|developer (role|message|instruction)s?|only user(,| and) assistant"
    r"|conversation roles",
    "reasoning_effort": r"reasoning_effort|reasoning effort|thinking (level|budget|mode)",
    "reasoning": r"reasoning",
    "thinking": r"thinking(\.type\S*)?",
    "output_config": r"output_config",
    "chat_template_kwargs": r"chat_template_kwargs|enable_thinking",
    "thinking_token_budget": r"thinking_token_budget",
    "thinking_budget_tokens": r"thinking_budget_tokens",
}
"""A parameter of ours -> how refusals write it."""

SAMPLERS = ("temperature", "top_p")
"""Two ways to say one thing, of which some models take one alone."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "maxoutputtokens": ("max_tokens", "max_completion_tokens"),
    "topp": ("top_p",),
    "stopsequences": ("stop",),
    "responselogprobs": ("logprobs",),
    "thinkingconfig": ("reasoning_effort", "thinking"),
    "thinkingbudget": ("reasoning_effort", "thinking"),
    "thinkinglevel": ("reasoning_effort", "thinking"),
    "systeminstruction": ("system",),
    **dict.fromkeys(
        ("responseschema", "responsejsonschema", "responsemimetype"),
        ("response_format",),
    ),
}
"""A provider's own name of a parameter, by its letters, -> ours that became it."""

KEYS: Mapping[str, str] = {
    "temperature": "temperature: null",
    "top_p": "top_p: null",
    "max_tokens": "extra_body: {max_tokens: null, max_completion_tokens: ...}",
    "response_format": "structured: false",
    "system": "system_role: false",
    "logprobs": "expected: false under evaluate",
    "top_logprobs": "expected: false under evaluate",
    "stop": "stop: []",
    **dict.fromkeys(
        ("reasoning", "reasoning_effort", "thinking", "chat_template_kwargs"),
        "reasoning: another value, or none at all",
    ),
}
"""A parameter -> the line of a recipe that leaves it out or changes it."""


def named_parameter(error: ErrorBody, sent: Collection[str]) -> str:
    """The parameter among those sent that an error names first; '' if it names none."""
    for part in (error.param, *reversed(re.split(r"[./\[\]#]+", error.param))):
        for name in (part, *ALIASES.get(letters(part), ())):
            if name in sent:
                return name
    # Some write names as their own code does: `reasoningEffort`.
    said = f"{error.message} {re.sub('(?<=[a-z])(?=[A-Z])', '_', error.message)}"
    found = []
    for name in sent:
        pattern = WORDS.get(name, re.escape(name))
        if at := re.search(rf"(?<![\w]){'(?:' + pattern + ')'}(?![\w])", said, re.I):
            found.append((at.start(), name))
    return min(found)[1] if found else ""


def refused_parameter(error: ErrorBody, sent: Collection[str]) -> str:
    """The parameter that an error refuses as such; '' where it refuses none."""
    words = f"{error.codes} {error.message}"
    name = named_parameter(error, sent)
    if not name or kind_by_words(words) in TRUSTED:
        return ""  # what is withheld or too long may quote anything
    if "both" in words and {"temperature", "top_p"} <= set(sent) and name in SAMPLERS:
        return "top_p"  # either will do, and one says more
    if OUT_OF_RANGE.search(words):
        # A seed is ours, and any other is as good or as bad.
        return name if name == "seed" else ""
    return name if REFUSAL.search(words) else ""


def recipe_cure(message: str) -> str:
    """The recipe's key that may help against a refusal, as an end of a sentence."""
    name = named_parameter(ErrorBody(message), tuple(KEYS))
    return f"; in the recipe, `{KEYS[name]}` under the model may help" if name else ""


def parameters_in(body: Mapping[str, Any]) -> set[str]:
    """The parameters of a request that can be left out of it."""
    roles = {m.get("role") for m in body.get("messages", ())}
    return {name for name in WORDS if name in body} | {"system"} & {
        "system" for role in roles if role == "system"
    }


def leave_out(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A request without these parameters. What they asked for is asked in words instead.

    The limit of tokens moves to its other name; a system turn to the head of the first
    user turn; a schema to the end of the last.
    """
    made = {key: value for key, value in body.items() if key not in names}
    if "max_tokens" in names and "max_tokens" in body:
        made["max_completion_tokens"] = body["max_tokens"]
    if "max_completion_tokens" in names and "max_completion_tokens" in body:
        made["max_tokens"] = body["max_completion_tokens"]
    if "logprobs" in names:
        made.pop("top_logprobs", None)
    if "system" in names:
        made["messages"] = without_system(made["messages"])
    if "response_format" in names and "response_format" in body:
        schema = body["response_format"]["json_schema"]["schema"]
        made["messages"] = with_schema_in_words(made["messages"], schema)
    return made


def without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Messages whose system turns stand at the head of the first user turn."""
    said = [m["content"] for m in messages if m["role"] == "system"]
    rest = [dict(m) for m in messages if m["role"] != "system"]
    if not said:
        return messages
    if not rest or rest[0]["role"] != "user":
        return [{"role": "user", "content": "\n\n".join(said)}, *rest]
    rest[0]["content"] = "\n\n".join((*said, rest[0]["content"]))
    return rest


def with_schema_in_words(
    messages: list[dict[str, str]], schema: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Messages whose last one asks for JSON of a schema."""
    asked = (
        "Answer with one JSON object and nothing else. Its JSON schema:\n"
        f"{json.dumps(schema, ensure_ascii=False)}"
    )
    last = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{asked}"}
    return [*messages[:-1], last]
