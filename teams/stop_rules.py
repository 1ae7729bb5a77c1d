"""Stop rules of the user's own: a function of the drafts and reviews so far.

It is tried on an example when the recipe is read, and whatever goes wrong in it later
stops the run with one message.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.custom_code import error_line, load_function
from fellowship.errors import RecipeError
from fellowship.number_format import counted
from fellowship.records import Review, Turn
from fellowship.teams.settings import FeedbackSettings, reviewer_config, role_config

WANTED = "`def stop(drafts, reviews) -> bool`"


class StopRule:
    """The function that a recipe names as `stop`.

    `RecipeError` where there is none, or it can't be called with drafts and reviews.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._rule = load_function(name, "stop rule", 2, WANTED)

    def stops(self, drafts: Sequence[Turn], reviews: Sequence[Turn]) -> bool:
        """Whether the loop is to stop here.

        `drafts` are the generator's turns, one a round; `reviews` the reviewers', of all
        rounds in the order in which they spoke: `source` is the reviewer's name, `round`
        the draft's number and `value` the `Review`, None where it could not be read.
        Raises `RecipeError` for what the function raises or returns instead of a bool.
        """
        try:
            stops = self._rule(tuple(drafts), tuple(reviews))
        except Exception as error:  # a user's function may raise anything
            detail = error_line(error)
            after = counted(len(drafts), "draft")
            raise RecipeError(
                f"stop rule {self.name!r} raised {detail} after {after} and"
                f" {counted(len(reviews), 'review')}; expected is {WANTED}"
            ) from error
        if not isinstance(stops, bool):
            raise RecipeError(
                f"stop rule {self.name!r} returned {type(stops).__name__}: expected is"
                f" {WANTED}, so wrap what it returns in bool(...)"
            )
        return stops


def try_stop_rule(settings: FeedbackSettings) -> None:
    """Call a loop's stop rule on a draft with a review by each of its reviewers.

    `RecipeError` where there is no such rule, or it fails.
    """
    if settings.stop is None:
        return
    review = Review(critique="Too short.", score=1, scale=settings.scale)
    draft = Turn(
        source="generator",
        role="generator",
        model=role_config(settings.generator).model,
        text="A lake is water.",
        round=1,
    )
    reviews = [
        draft.model_copy(
            update={
                "source": name,
                "role": "reviewer",
                "model": reviewer_config(one).model,
                "text": review.model_dump_json(),
                "value": review,
            }
        )
        for name, one in zip(settings.reviewer_names, settings.reviewers, strict=True)
    ]
    StopRule(settings.stop).stops([draft], reviews)
