"""The state of a row: one function, one module, every state it can come to."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

import pytest

from fellowship.errors import ModelError, RowError
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.records import (
    Candidate,
    Comparison,
    Conversation,
    Decision,
    Item,
    Message,
    Outcome,
    Ranking,
    State,
    Verdict,
)
from tests.support.paths import ROOT
from tests.support.sources import called, sources

HOME = ROOT / "pipelines" / "pairing" / "row_state.py"
ASKED = Conversation(messages=(Message(role="user", content="What is a lake?"),))
ITEM = Item(key="k", number=1, conversation=ASKED)
TWO = (Candidate(text="Water.", system="a"), Candidate(text="Land.", system="b"))


def ranking(
    first: float | None,
    second: float | None,
    outcome: Decision = "first",
    winner: int | None = 0,
) -> Ranking:
    """Two candidates with these scores, by one comparison."""
    said = (
        Verdict(winner="invalid", note="no verdict") if outcome == "invalid" else None
    )
    made = Comparison(
        first=0, second=1, outcome=outcome, verdicts=(said,) if said else ()
    )
    return Ranking(scores=(first, second), winner=winner, comparisons=(made,))


def facts(ranked: Ranking, **more: object) -> RowFacts:
    """A judged row of two candidates."""
    return RowFacts(ITEM, TWO, ranked, **more)  # type: ignore[arg-type]


CUT = tuple(c.model_copy(update={"finish": "length"}) for c in TWO)
BLANK = tuple(c.model_copy(update={"text": " "}) for c in TWO)
SAME = (TWO[0], TWO[0].model_copy(update={"system": "b"}))
AGAIN = ITEM, SAME, ranking(9, 5)


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (facts(ranking(9, 5)), State.PAIR),
        (facts(ranking(7, 7, "tie")), State.TIE),
        (facts(ranking(None, None, "tie", None)), State.TIE),
        (facts(ranking(9, 5, "order-inconsistent")), State.ORDER_INCONSISTENT),
        (facts(ranking(None, None, "invalid", None)), State.UNPARSED),
        (facts(ranking(9, 8.5)), State.BELOW_MARGIN),
        (
            facts(ranking(9, 5), unfit={0: "it is empty", 1: "it too"}),
            State.UNUSABLE_ANSWER,
        ),
        (RowFacts(ITEM, CUT), State.TRUNCATED),
        (RowFacts(ITEM, BLANK), State.FAILED),
        (RowFacts(ITEM, SAME), State.TIE),
        (RowFacts(*AGAIN, repeated_texts=True), State.TIE),
        (RowFacts(*AGAIN), State.PAIR),
        (RowFacts(rejected=""), State.REJECTED_INPUT),
        (RowFacts(error=ModelError("no", "filtered")), State.REFUSED),
        (RowFacts(error=ModelError("no", "server")), State.FAILED),
        (RowFacts(error=RowError("no")), State.FAILED),
        (RowFacts(error=ZeroDivisionError()), State.FAILED),
        (RowFacts(untried="no typo fits"), State.TIE),
    ],
)
def test_what_is_known_of_a_row_decides_its_state(
    known: RowFacts, state: State
) -> None:
    end = row_state(known, Pairs(margin=1))
    assert end.state == state
    assert bool(end.pairs) == (state == State.PAIR)


def test_a_text_is_never_rejected_in_favour_of_itself() -> None:
    three = (*TWO, Candidate(text="Water. ", system="c"))
    ranked = Ranking(scores=(9, 5, 4), winner=0)
    end = row_state(
        RowFacts(ITEM, three, ranked, repeated_texts=True), Pairs(rule="all")
    )
    assert [pair.rejected.text for pair in end.pairs] == ["Land."]


def test_every_state_is_given_in_one_place() -> None:
    text = HOME.read_text()
    assert {s for s in State if f"State.{s.name}" not in text} == set()


def names_a_state(node: ast.AST) -> bool:
    """Whether an expression is a state that is written out."""
    if isinstance(node, ast.Constant):
        return node.value in set(State)
    return ast.unparse(node).startswith("State.")


def deciders(tree: ast.AST) -> Iterator[str]:
    """Calls that end a row, or give it a state that is written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [k.value for k in node.keywords if k.arg == "state"]
            if called(node) == "RowEnd" or any(map(names_a_state, given)):
                yield ast.unparse(node)


def test_no_other_module_gives_a_row_its_state() -> None:
    others = {p: tree for p, tree in sources().items() if ROOT / p != HOME}
    assert [f"{p}: {what}" for p, t in others.items() for what in deciders(t)] == []


@pytest.mark.parametrize("state", State)
def test_a_state_is_stored_and_read_as_its_plain_word(state: State) -> None:
    made = Outcome(number=1, item="i", state=state)
    stored = made.model_dump_json()
    assert json.loads(stored)["state"] == str(state) == state.value
    assert Outcome.model_validate_json(stored).state is state
    assert json.dumps({state: [state]}) == f'{{"{state}": ["{state}"]}}'
