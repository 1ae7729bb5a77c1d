"""`judge` and `score`: one call, a verdict, and a run folder that remembers it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import fellowship as fl
from tests.support.loopback.fixtures import Handle

ASKED = (
    "Why is the sky blue?",
    "Air scatters blue light most.",
    "It reflects the sea.",
)


def at(server: Handle, **more: Any) -> Any:
    return fl.OpenAI(model="gpt-4o", base_url=server.base_url, api_key_env=None, **more)


def requests(server: Handle) -> int:
    return int(server.stats()["answered"])


def test_a_judge_says_who_wins_with_scores_a_reason_and_the_cost(
    server: Handle,
) -> None:
    price = {"prompt": 1, "completion": 1}
    found = fl.judge(*ASKED, model=at(server, price=price))
    (vote,) = found.votes
    assert (vote.juror, vote.winner) == ("judge", found.winner)
    assert len(vote.verdicts) == found.cost.calls == 2
    assert found.scores
    assert found.cost.usd == pytest.approx(
        (found.cost.prompt_tokens + found.cost.completion_tokens) / 1e6
    )
    assert bool(found.why) == (found.winner in ("tie", "invalid"))


def test_the_same_call_into_a_folder_is_answered_from_the_record(
    tmp_path: Path, server: Handle
) -> None:
    first = fl.judge(*ASKED, model=at(server), into=tmp_path / "run")
    asked = requests(server)
    again = fl.judge(*ASKED, model=at(server), into=tmp_path / "run")
    assert (first.recorded, again.recorded) == (False, True)
    assert again.model_copy(update={"recorded": False}) == first
    assert requests(server) == asked
    other = fl.judge("Another?", *ASKED[1:], model=at(server), into=tmp_path / "run")
    assert (first.row, other.row) == (1, 2)
    assert [o.number for o in fl.outcomes(tmp_path / "run")] == [1, 2]


async def test_calls_at_the_same_time_share_a_folder_and_each_gets_its_own(
    tmp_path: Path, server: Handle
) -> None:
    before = requests(server)
    prompts = [f"Question {n}?" for n in range(12)] * 2
    calls = (
        fl.ajudge(p, f"Yes to {p}", f"No to {p}", model=at(server), into=tmp_path / "r")
        for p in prompts
    )
    found = await asyncio.gather(*calls)
    assert sorted({one.row for one in found}) == [*range(1, 13)]
    by_row = {o.number: o for o in fl.outcomes(tmp_path / "r")}
    for prompt, one in zip(prompts, found, strict=True):
        conversation = by_row[one.row].conversation
        assert conversation
        assert conversation.question == prompt
    assert requests(server) == before + 2 * 12
    plain = fl.judge(*ASKED, model=at(server))  # where a loop runs
    assert plain.votes


def test_a_jury_s_votes_carry_the_jurors_names(server: Handle) -> None:
    models = {"ann": at(server), "bob": at(server), "cy": at(server)}
    jury = fl.Jury(
        ["ann", fl.Juror(model="bob", name="robert"), "cy"], early_stop=False
    )
    found = fl.judge(*ASKED, evaluator=jury, models=models)
    assert [vote.juror for vote in found.votes] == ["ann", "robert", "cy"]
    other = at(server).model_copy(update={"temperature": 0.0})
    given = fl.Jury([at(server), other, at(server).model_dump()], early_stop=False)
    as_such = fl.judge(*ASKED, evaluator=given)
    assert [vote.juror for vote in as_such.votes] == ["gpt_4o", "gpt_4o_2", "gpt_4o_3"]
    rated = fl.score(*ASKED[:2], evaluator=jury, models=models)
    scores = [vote.score for vote in rated.votes if vote.score is not None]
    assert len(scores) == 3
    assert rated.score == pytest.approx(sum(scores) / 3)
    assert [vote.reason for vote in rated.votes] == [
        str((turn.value or {})["reason"])
        for session in rated.sessions
        for turn in session.turns
    ]


def test_a_debate_a_role_and_one_judge_are_asked_as_they_are(server: Handle) -> None:
    debate = fl.judge(*ASKED, evaluator=fl.Debate(), model=at(server))
    assert [v.juror for v in debate.votes] == [
        *("general_public", "psychologist", "critic")
    ]
    role = fl.Judge(model="m", criteria="Brevity.", strategy="direct")
    plain = fl.judge(*ASKED, evaluator=role, models={"m": at(server)})
    assert {v.strategy for vote in plain.votes for v in vote.verdicts} == {"direct"}
    once = fl.OneJudge(model="m", order="first")
    assert fl.judge(*ASKED, evaluator=once, models={"m": at(server)}).cost.calls == 1


def test_a_rubric_gives_typed_scores_by_criterion(server: Handle) -> None:
    rubric = (
        fl.Criterion(name="truth", weight=2),
        fl.Criterion(name="filler", weight=-1),
    )
    asking: dict[str, Any] = {
        "evaluator": fl.OneJudge(model="m", criteria=rubric),
        "models": {"m": at(server)},
    }
    found = fl.judge(*ASKED, **asking)
    assert found.scores
    for side in ("a", "b"):
        truth, filler = (getattr(found.criteria[n], side) for n in ("truth", "filler"))
        total = (2 * truth + 11 - filler) / 3
        assert getattr(found.scores, side) == pytest.approx(total)
    assert found.votes[0].criteria == found.criteria
    values = [turn.value for session in found.sessions for turn in session.turns]
    assert all(isinstance(one, fl.Choice) and len(one.criteria) == 2 for one in values)
    rated = fl.score(*ASKED[:2], **asking)
    assert set(rated.criteria) == {"truth", "filler"}
    role = fl.Judge(model="m", criteria="Brevity.", rubric=rubric)
    with pytest.raises(fl.RecipeError, match="give one of them"):
        fl.judge(*ASKED, evaluator=role, models={"m": at(server)})


def test_the_same_text_twice_is_a_tie_that_nobody_is_asked_about(
    server: Handle,
) -> None:
    found = fl.judge("Why?", "Because.", "Because.", model=at(server))
    assert (found.winner, found.cost.calls) == ("tie", 0)
    assert found.why == "all answers are the same text"


def test_an_interrupted_call_is_resumed_by_the_same_call(
    tmp_path: Path, server: Handle
) -> None:
    once, before = fl.Limits(calls=1), requests(server)
    with pytest.raises(fl.BudgetStop):
        fl.judge(*ASKED, model=at(server), into=tmp_path / "r", limits=once)
    found = fl.judge(*ASKED, model=at(server), into=tmp_path / "r")
    assert found.row == 1
    assert requests(server) == before + 2


def test_a_server_that_is_down_is_an_error_and_the_call_can_be_made_again(
    tmp_path: Path, server: Handle
) -> None:
    model = at(server, tries=1)
    server.script(next=["500"] * 2)
    with pytest.raises(fl.RowError):
        fl.judge(*ASKED, model=model, into=tmp_path / "r")
    assert fl.judge(*ASKED, model=model, into=tmp_path / "r").votes


REFUSED: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "nobody judges": (fl.RecipeError, {}),
    "name its provider": (fl.RecipeError, {"model": "llama3.1:8b"}),
    "OPENAI_API_KEY is not set": (fl.RecipeError, {"model": "gpt-4o-mini"}),
    "model.provider is 'olama': .*did you mean 'ollama'": (
        fl.RecipeError,
        {"model": {"provider": "olama"}},
    ),
    "model is 3: give a name such as": (fl.RecipeError, {"model": 3}),
    "evaluator is 'jury': give fl.Jury": (fl.RecipeError, {"evaluator": "jury"}),
    "limits is 5: .*e.g. {usd: 5}": (fl.RecipeError, {"model": "gpt-4o", "limits": 5}),
    "model would do nothing": (
        fl.RecipeError,
        {"model": "gpt-4o", "evaluator": fl.OneJudge(model="m")},
    ),
    "weighs the votes of a whole run": (
        fl.RecipeError,
        {"evaluator": fl.Jury(["ollama:a:1", "ollama:b:1"], rule="dawid-skene")},
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_can_t_be_asked_is_refused_and_leaves_no_folder(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    error, options = REFUSED[why]
    with pytest.raises(error, match=why):
        fl.judge(*ASKED, into=tmp_path / "r", **options)
    assert not (tmp_path / "r").exists()


def test_an_empty_answer_a_debate_s_score_and_another_evaluator_are_refused(
    tmp_path: Path, server: Handle
) -> None:
    into = tmp_path / "r"
    with pytest.raises(fl.InputError, match="'b' is empty"):
        fl.judge("Why?", "Because.", " ", model=at(server), into=into)
    with pytest.raises(fl.RecipeError, match="a debate compares two answers"):
        fl.score("Why?", "So.", evaluator=fl.Debate(), model=at(server), into=into)
    assert not into.exists()
    fl.judge(*ASKED, model=at(server), into=into)
    with pytest.raises(fl.RecipeError, match="a folder for each evaluator"):
        fl.score(*ASKED[:2], model=at(server), into=into)


def test_a_judgement_and_a_rating_show_themselves_and_obey_nothing(
    server: Handle,
) -> None:
    found = fl.judge(*ASKED, model=at(server))
    rated = fl.score(*ASKED[:2], model=at(server))
    for one in (found, rated):
        evil = one.votes[0].model_copy(update={"reason": "<script>x</script>"})
        shown = one.model_copy(update={"votes": (evil,)})._repr_html_()
        assert "<script" not in shown
        assert "judge" in shown
