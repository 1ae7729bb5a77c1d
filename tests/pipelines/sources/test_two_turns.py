"""Prompts of several turns with an answer to each: pairs that hold the whole talk."""

from __future__ import annotations

from fellowship.pipelines.export.conversation_turns import split_turns
from fellowship.pipelines.pairing.pairs import make_pair
from fellowship.records import Candidate, Conversation, Item, Message, Ranking


def talk(*turns: str) -> Conversation:
    messages = [Message(role="system", content="s")]
    messages += [Message(role="user", content=turn) for turn in turns]
    return Conversation(messages=tuple(messages))


def split(questions: str, one: str, other: str) -> tuple[list[str], list[list[str]]]:
    item = Item(key="k", number=1, conversation=talk(*questions))
    sides = [Candidate(text=t[-1], system="x", turns=tuple(t)) for t in (one, other)]
    pair = make_pair(item, sides, Ranking(scores=(2.0, 1.0), winner=0), 0, 1)
    prompt, answers = split_turns(pair.prompt, (pair.chosen, pair.rejected))
    texts = [[turn["content"] for turn in answer] for answer in answers]
    return [turn["content"] for turn in prompt], texts


def test_a_pair_goes_on_from_the_first_turn_that_differs() -> None:
    assert split("qr", "ab", "cd") == (["s", "q"], [["a", "r", "b"], ["c", "r", "d"]])
    assert split("qr", "ab", "ad") == (["s", "q", "a", "r"], [["b"], ["d"]])
    assert split("qrt", "abc", "axc") == (
        ["s", "q", "a", "r"],
        [["b", "t", "c"], ["x", "t", "c"]],
    )
    assert split("qrt", "abc", "xyz")[1] == [list("arbtc"), list("xrytz")]
