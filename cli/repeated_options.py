"""Options that are given twice: one value for each, under whatever spelling.

An option that takes one value and is given two is refused, and no other one wins silently.
The same value twice is one value; an option that takes several keeps all.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import click


def refuse_repeated(
    parent: click.Context, command: click.Command, name: str, words: Sequence[str]
) -> None:
    """A `UsageError` where an option of one value has two different ones in `words`."""
    settings = command.context_settings
    context = click.Context(command, parent=parent, info_name=name, **settings)
    listing, single = listing_command(command)
    try:
        found, rest, _ = listing.make_parser(context).parse_args(list(words))
    except click.UsageError:
        return  # said by the command itself, with its own usage line
    for option in single:
        values = list(dict.fromkeys(found.get(str(option.name)) or ()))
        if len(values) > 1:
            spelled = " or ".join(option.opts)
            given = " and ".join(repr(value) for value in values)
            raise click.UsageError(
                f"{spelled} takes one value, and was given {given}: leave one out",
                context,
            )
    if isinstance(command, click.Group) and rest:
        inner = command.get_command(context, rest[0])
        if inner is not None:
            refuse_repeated(context, inner, rest[0], rest[1:])


def listing_command(
    command: click.Command,
) -> tuple[click.Command, list[click.Option]]:
    """The command with options that keep every value, and those that take one."""
    single = [
        option
        for option in command.params
        if isinstance(option, click.Option)
        and not (option.is_flag or option.multiple or option.count)
    ]
    kept = {id(option): copy.copy(option) for option in single}
    for option in kept.values():
        option.multiple = True
    listing = copy.copy(command)
    listing.params = [kept.get(id(p), p) for p in command.params]
    return listing, single
