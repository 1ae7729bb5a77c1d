"""Row filters of `show`: state, judges, text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from fellowship.records import Outcome
from fellowship.sanitize import single_line
from fellowship.suggestions import did_you_mean, quoted_list, select_name
from fellowship.viewer.row_summary import summarise
from fellowship.viewer.row_texts import models, teams, texts
from fellowship.wording import STATES, hyphened, state_of


def moment(_: click.Context, param: click.Parameter, typed: str | None) -> float | None:
    """Unix seconds of a date or time, UTC where no zone is named, or of a file's writing.

    A file is what `find -newer` makes of it: an export, or a mark that was touched.
    """
    if typed is None:
        return None
    try:
        told = datetime.fromisoformat(typed)
    except ValueError:
        try:
            return Path(typed).stat().st_mtime
        except OSError as error:
            raise click.BadParameter(
                f"{typed!r} is no date (2026-11-29, 2026-11-29T22:00) and no file"
            ) from error
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


F = TypeVar("F", bound=Callable[..., Any])
AROUND = 30
"""Letters shown on either side of what was searched for."""


@dataclass(frozen=True)
class RowFilter:
    """What the list is narrowed to; empty fields narrow nothing."""

    states: tuple[str, ...] = ()
    team: str = ""
    model: str = ""
    disagreement: str = ""
    invalid: bool = False
    search: str = ""
    since: float | None = None
    """Unix seconds: only rows that ended then or later."""

    @property
    def is_set(self) -> bool:
        """Whether anything but a search is asked for."""
        return self != RowFilter(search=self.search)

    def with_full_names(self, rows: Iterable[Outcome]) -> RowFilter:
        """The filter with the team and the model by the names that the rows have.

        `InputError` where several names, or none, hold what was typed.
        """
        if not (self.team or self.model):
            return self
        names: tuple[set[str], set[str]] = (set(), set())
        for outcome in rows:
            names[0].update(teams(outcome))
            names[1].update(models(outcome))
        return replace(
            self,
            team=self.team and select_name(self.team, names[0], "team"),
            model=self.model and select_name(self.model, names[1], "model"),
        )

    def accepts(self, outcome: Outcome) -> bool:
        """Whether a row is one of those asked for."""
        if self.states and outcome.state not in self.states:
            return False
        if self.team and self.team not in teams(outcome):
            return False
        if self.model and self.model not in models(outcome):
            return False
        if self.search and self.find_text(outcome) is None:
            return False
        if self.disagreement or self.invalid:
            return self._accepts_verdicts(outcome)
        return True

    def _accepts_verdicts(self, outcome: Outcome) -> bool:
        summary = summarise(outcome)
        differ = {
            "jurors": summary.jurors_differ,
            "orders": summary.orders_differ,
            "any": summary.jurors_differ or summary.orders_differ,
        }
        if self.disagreement and not differ[self.disagreement]:
            return False
        return summary.invalid > 0 or not self.invalid

    def find_text(self, outcome: Outcome) -> str | None:
        """Who said what was searched for, with the words around it; None if nobody."""
        for text in texts(outcome):
            at = text.text.lower().find(self.search.lower())
            if at >= 0:
                start, end = max(0, at - AROUND), at + len(self.search) + AROUND
                before = "…" if start else ""
                after = "…" if end < len(text.text) else ""
                return single_line(f"{text.who}: {before}{text.text[start:end]}{after}")
        return None


SHOWN_STATES = tuple(map(hyphened, STATES.values()))
"""The states as they are shown, each as one word of a command line."""


def stored_states(
    _: click.Context, param: click.Parameter, typed: tuple[str, ...]
) -> tuple[str, ...]:
    """The ledger's spelling of the states that were typed in either spelling."""
    found = []
    for word in typed:
        state = state_of(word)
        if state is None:
            hint = did_you_mean(word, [*SHOWN_STATES, *STATES])
            raise click.BadParameter(
                f"{word!r} is no state: give one of {quoted_list(SHOWN_STATES)}{hint}"
            )
        found.append(state)
    return tuple(found)


def complete_state(
    _: click.Context, param: click.Parameter, incomplete: str
) -> list[str]:
    """The states that begin with what is typed so far."""
    return [name for name in SHOWN_STATES if name.startswith(incomplete)]


def filter_options(command: F) -> F:
    """The options of a command that lists rows."""
    options = (
        click.option(
            "--state",
            "states",
            multiple=True,
            metavar=f"[{'|'.join(SHOWN_STATES)}]",
            callback=stored_states,
            shell_complete=complete_state,
            help="Only rows in this state; may be given several times.",
        ),
        click.option(
            "--team",
            default="",
            metavar="NAME",
            help="Only rows that this team worked on.",
        ),
        click.option(
            "--model",
            default="",
            metavar="NAME",
            help="Only rows in which this model wrote or judged.",
        ),
        click.option(
            "--disagreement",
            type=click.Choice(["jurors", "orders", "any"]),
            is_flag=False,
            flag_value="any",
            default=None,
            help="Only rows whose jurors disagree, or whose judge changes its verdict"
            " with the order of the answers.",
        ),
        click.option(
            "--invalid", is_flag=True, help="Only rows with invalid verdicts."
        ),
        click.option(
            "--since",
            metavar="DATE|FILE",
            default=None,
            callback=moment,
            help="Only rows that ended on or after this date or time (UTC), or after this"
            " file was written.",
        ),
        click.option(
            "--search",
            default="",
            metavar="TEXT",
            help="Only rows with this text in a message; with ROW, mark it.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
