"""Settings of a recipe's models that are not sent to them, in sentences.

They are said before a run, by `plan` and by `doctor`; what they ask for is part of the
ledger's key of a call all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fellowship.models.config import AnyModel, OpenAIModel
from fellowship.models.providers.capabilities import (
    AS_OF,
    IGNORED,
    capabilities_of,
    dialect_of,
    host_of,
    refused_by_name,
)
from fellowship.models.providers.reasoning import effort_of, nearest_effort


def unsent_settings(name: str, config: AnyModel) -> Iterator[str]:
    """What a model's recipe entry says that is not sent to it, in sentences."""
    if not isinstance(config, OpenAIModel):
        return
    refused = refused_by_name(config.model, config.reasoning)
    given = {"temperature": config.temperature, "top_p": config.top_p}
    unsent = [
        f"{key} {value:g}"
        for key, value in given.items()
        if value is not None and key in refused
    ]
    if unsent:
        yield (
            f"model {name!r}: {' and '.join(unsent)} not sent: {config.model} refuses it"
            f" (table of {AS_OF})"
        )
    if said := unsent_effort(name, config):
        yield said
    if config.structured and "response_format" in IGNORED.get(
        dialect_of(host_of(config)), ()
    ):
        yield (
            f"model {name!r}: JSON is asked for in words: its endpoint ignores"
            " response_format"
        )


def unsent_effort(name: str, config: OpenAIModel) -> str:
    """What is not sent of an effort that the model lacks, as a sentence; '' for nothing."""
    if config.reasoning is None:
        return ""
    effort, model = effort_of(config.reasoning), config.model
    known = capabilities_of(model)
    if known.never_thinks and effort != "none":
        return (
            f"model {name!r}: reasoning {config.reasoning} not sent: {model} does not"
            f" think (table of {AS_OF})"
        )
    nearest = nearest_effort(model, effort)
    if nearest == effort or type(config.reasoning) is int:
        return ""
    efforts = ", ".join(known.efforts)
    return (
        f"model {name!r}: reasoning {config.reasoning} is sent as {nearest}: {model} has"
        f" {efforts} (table of {AS_OF})"
    )


def unsent_of(models: Mapping[str, AnyModel]) -> list[str]:
    """What a recipe says of its models that is not sent to them, in sentences."""
    return [
        said
        for name, config in models.items()
        for said in unsent_settings(name, config)
    ]
