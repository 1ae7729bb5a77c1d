"""Words for a value that can't stand where it stands in a recipe: what it is, what may be.

They are for people who write recipes: no word of the library that checked the value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from fellowship.custom_code import FUNCTION_NAME, NAME
from fellowship.name_patterns import CRITERION_NAME, PROMPT_NAME, SPEAKER_NAME
from fellowship.number_format import counted
from fellowship.records import Record
from fellowship.spellings import names_of
from fellowship.suggestions import quoted_list

SHOWN = 60
NO_RECORD = ("model_type", "dict_type", "model_attributes_type")
NO_LIST = ("tuple_type", "list_type", "set_type", "frozen_set_type")
RUBRIC_EXAMPLE = "[{name: accuracy, weight: 2}]"
MODEL_EXAMPLE = "{provider: openai, model: gpt-4o}"
EXAMPLES = {
    "models": f"{{judge: {MODEL_EXAMPLE}}}",
    "source": "{path: prompts.jsonl}",
    "export": "{kinds: [dpo]}",
    "limits": "{usd: 5}",
    "splits": "{train: 0.9, test: 0.1}",
    "price": "{prompt: 1, completion: 2}",
}
"""What a key that holds keys may hold, by its name."""
TEXT_LISTS = ("reviewers", "answers")
"""Lists whose entries may be text as well as keys and values."""
NAME_WORDS = {
    CRITERION_NAME: "at most 40 letters, digits, spaces, - and _, a letter or digit first",
    SPEAKER_NAME: "letters, digits and _, a letter first",
    PROMPT_NAME: "the name of a prompt file without .md: letters, digits, - and _",
    FUNCTION_NAME: "package.module:function",
    NAME: "package.module:Name, or the name of an entry point",
    f"^$|{NAME}": "package.module:Name, or the name of an entry point",
}
"""What a name may be, in words, by its pattern."""
WORDS = {
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "int_parsing_size": "give a smaller number",
    "int_from_float": "give a whole number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "finite_number": "give a number that is not infinite",
    "bool_type": "give true or false",
    "bool_parsing": "give true or false",
    "path_type": "give the path of a file or folder, in quotes",
    "greater_than": "it should be greater than {gt}",
    "greater_than_equal": "it should be at least {ge}",
    "less_than": "it should be less than {lt}",
    "less_than_equal": "it should be at most {le}",
    "too_long": "give at most {max_length} entries",
    "string_too_short": "give at least {least}",
    "string_too_long": "give at most {max_length} characters",
}
"""What should stand there, by the kind of the fault."""

EXPECTED = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "string_type": "text",
}
"""What may stand there, where a value may be of several types."""
BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
"""Faults of a value that is of the right type."""


def show_value(value: object) -> str:
    """A value as a message may show it: short, escaped, and as YAML has it."""
    if value is None:
        return "empty (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, FunctionType | MethodType | BuiltinFunctionType):
        return f"the function {value.__name__}"
    return "a mapping" if isinstance(value, Mapping) else with_article(value)


def with_article(value: object) -> str:
    """`a date`, `an object`."""
    kind = type(value).__name__
    return f"an {kind}" if kind[0].lower() in "aeiou" else f"a {kind}"


def is_type_fault(error: Mapping[str, Any]) -> bool:
    """Whether it says that text, a number, a list or a mapping was expected."""
    return str(error["type"]).endswith("_type")


def expected_value(error: Mapping[str, Any]) -> str:
    """What may stand there by this error; nothing where it takes more words."""
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"])
    return EXPECTED.get(str(error["type"]), "")


def expected_values(errors: Sequence[Mapping[str, Any]]) -> str:
    """What may stand where a value is of none of several types; else nothing."""
    wanted = list(dict.fromkeys(map(expected_value, errors)))
    if len(wanted) < 2 or not all(wanted):
        return ""
    comma = "," if any(" or " in one for one in wanted) else ""
    return f"{', '.join(wanted[:-1])}{comma} or {wanted[-1]}"


def type_fault(
    error: Mapping[str, Any], place: Sequence[str | int], below: Sequence[type[Record]]
) -> str:
    """What a value is and what should stand there.

    `below` are the records that it, or an entry of it, could be.
    """
    kind, given = error["type"], error["input"]
    within, key = ("", "", *place)[-2:]
    is_, context = f"is {show_value(given)}", _whole_bounds(error.get("ctx", {}))
    if key == "criteria" and kind in NO_LIST:
        return f"{is_}: give a text, or a list such as {RUBRIC_EXAMPLE}"
    if within == "criteria" and kind in NO_RECORD:
        return f"{is_}: give entries such as {RUBRIC_EXAMPLE[1:-1]}"
    if kind in NO_RECORD:
        example = MODEL_EXAMPLE if within == "models" else EXAMPLES.get(str(key), "")
        example = example or entry_example(given, below)
        return f"{is_}: it should hold keys and values{example and f', e.g. {example}'}"
    if kind in NO_LIST:
        return f"{is_}: it should be a list{_list_example(given, key, below)}"
    if kind == "too_short":
        count = counted(len(given), "entry", "entries")
        return f"has {count}: give at least {context['min_length']}"
    if kind == "string_pattern_mismatch" and (
        words := NAME_WORDS.get(context["pattern"])
    ):
        return f"{is_}: give {words}"
    if kind == "string_type":
        return f"{is_}: it should be text{_text_example(given)}"
    if kind == "string_too_short":
        context["least"] = counted(context["min_length"], "character")
    if kind in WORDS:
        return f"{is_}: {WORDS[kind].format(**context)}"
    return f"{is_}: {bare_message(error)}"


def bare_message(error: Mapping[str, Any]) -> str:
    """What a check of ours says, without the words of the library that called it."""
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message.replace("Input should", "it should")
    return f"{message[:1].lower()}{message[1:]}"


def entry_example(given: object, below: Sequence[type[Record]]) -> str:
    """A mapping that could stand for a text: `{model: judge}`."""
    if len(below) != 1:
        return ""
    fields = below[0].model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    if not needed:
        return f"{{{next(iter(fields))}: ...}}" if fields else ""
    told = given if isinstance(given, str) and given.isidentifier() else "..."
    rest = "".join(f", {name}: ..." for name in needed[1:])
    return f"{{{needed[0]}: {told}{rest}}}"


def _whole_bounds(context: Mapping[str, Any]) -> dict[str, Any]:
    """The bounds of a value, 5 for 5.0."""
    return {
        name: int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        for name, bound in context.items()
    }


def keys_of(records: Sequence[type[Record]]) -> str:
    """The keys of records, for a message."""
    return quoted_list(both[0] for one in records for both in names_of(one))


def _list_example(given: object, key: str | int, below: Sequence[type[Record]]) -> str:
    if not isinstance(given, str):
        return ": [one, another], or each entry on its own line after '- '"
    entry = "" if key in TEXT_LISTS else entry_example(given, below)
    return f", e.g. [{entry or show_value(given)}]"


def _text_example(given: object) -> str:
    if isinstance(given, list | tuple):
        return f", e.g. {given[0]!r}" if given and isinstance(given[0], str) else ""
    return "" if given is None or isinstance(given, Mapping) else "; put it in quotes"
