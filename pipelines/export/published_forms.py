"""Rows of published datasets in TRL's columns: SHP, SafeRLHF, Nectar, WebGPT, Capybara.

Each form is told by columns that no other has. A row of another form comes back as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fellowship.number_format import counted
from fellowship.pipelines.export.compared_sides import Tie, VoteFault, is_score
from fellowship.pipelines.export.read_turns import NoExample, make_turn
from fellowship.pipelines.export.step_forms import math_shepherd, prm800k, stepwise

Row = Mapping[str, Any]


def in_known_columns(row: Row) -> Row:
    """The row with prompt and answers under TRL's names, where its form is a known one.

    `VoteFault` or `NoExample` says what a row of such a form lacks, `Tie` that it is one.
    """
    for columns, read in FORMS.items():
        if all(row.get(name) is not None for name in columns):
            return read(row)
    return row


def pair(prompt: Any, first: Any, second: Any, *, first_is_better: bool) -> Row:
    """A pair of answers to a prompt."""
    good, bad = (first, second) if first_is_better else (second, first)
    return {"prompt": prompt, "chosen": good, "rejected": bad}


def shp(row: Row) -> Row:
    """SHP: `labels` is 1 where `human_ref_A` has more votes."""
    label = zero_or_one(row, "labels", "1 for human_ref_A or 0 for human_ref_B")
    return pair(
        row.get("history"),
        row["human_ref_A"],
        row["human_ref_B"],
        first_is_better=label == 1,
    )


def safe_rlhf(row: Row) -> Row:
    """PKU-SafeRLHF: the more helpful response, or else the safer one."""
    names = ("better_response_id", "safer_response_id")
    name = next((n for n in names if row.get(n) is not None), None)
    if name is None:
        raise VoteFault(f"it holds two responses, and no {' or '.join(names)}")
    better = zero_or_one(row, name, "0 for response_0 or 1 for response_1")
    return pair(
        row.get("prompt"),
        row["response_0"],
        row["response_1"],
        first_is_better=better == 0,
    )


def webgpt(row: Row) -> Row:
    """WebGPT comparisons: the answer with the higher score."""
    scores = [row.get(name) for name in ("score_0", "score_1")]
    for name, score in zip(("score_0", "score_1"), scores, strict=True):
        if not is_score(score):
            raise VoteFault(f"{name} {score!r} is no number")
    first, second = (float(score) for score in scores)  # type: ignore[arg-type]
    if first == second:
        raise Tie(f"both scores are {first:g}")
    question = row.get("question", row.get("prompt"))
    if isinstance(question, Mapping):
        question = question.get("full_text")
    return pair(
        question, row["answer_0"], row["answer_1"], first_is_better=first > second
    )


def summaries(row: Row) -> Row:
    """OpenAI's summarize_from_feedback: `choice` numbers the better of two summaries."""
    found = row["summaries"]
    if not isinstance(found, list):
        return row
    texts = [one.get("text") for one in found if isinstance(one, Mapping)]
    if len(texts) != 2:
        raise VoteFault(
            f"it holds {counted(len(texts), 'summary', 'summaries')}, not 2"
        )
    choice = zero_or_one(row, "choice", "0 for the first summary or 1 for the second")
    info = row.get("info")
    post = info.get("post") if isinstance(info, Mapping) else row.get("post")
    return pair(post, *texts, first_is_better=choice == 0)


def nectar(row: Row) -> Row:
    """Nectar: of several ranked answers the best over the worst; rank 1 is the best."""
    answers = row["answers"]
    if not isinstance(answers, list) or not all(
        isinstance(one, Mapping) and "rank" in one for one in answers
    ):
        return row
    for one in answers:
        if not is_score(one.get("rank")) or not isinstance(one.get("answer"), str):
            raise VoteFault("one of its answers has no text or no rank")
    ranked = sorted(answers, key=lambda one: float(one["rank"]))
    if len(ranked) < 2 or float(ranked[0]["rank"]) == float(ranked[-1]["rank"]):
        raise Tie("no answer is ranked before another")
    best, worst = ranked[0]["answer"], ranked[-1]["answer"]
    return pair(row.get("prompt"), best, worst, first_is_better=True)


def capybara(row: Row) -> Row:
    """Capybara: exchanges of `input` and `output`, the last output being the answer."""
    talk = row["conversation"]
    if not isinstance(talk, list) or not any(
        isinstance(one, Mapping) and {"input", "output"} & one.keys() for one in talk
    ):
        return row
    turns = []
    for number, one in enumerate(talk, 1):
        for role, name in (("user", "input"), ("assistant", "output")):
            text = one.get(name) if isinstance(one, Mapping) else None
            if not isinstance(text, str):
                raise NoExample(f"exchange {number} has no {name}")
            turns.append(make_turn(role, text))
    return {"messages": turns}


def zero_or_one(row: Row, name: str, meaning: str) -> int:
    """0 or 1 of a column; `VoteFault` for anything else."""
    value = row.get(name)
    if isinstance(value, str) and value.strip() in ("0", "1"):
        value = int(value)
    if isinstance(value, bool) or value not in (0, 1):
        raise VoteFault(f"{name} is {value!r}, not {meaning}")
    return int(value)


FORMS: Mapping[tuple[str, ...], Callable[[Row], Row]] = {
    ("human_ref_A", "human_ref_B"): shp,
    ("response_0", "response_1"): safe_rlhf,
    ("answer_0", "answer_1"): webgpt,
    ("summaries",): summaries,
    ("answers",): nectar,
    ("conversation",): capybara,
    ("completions", "labels"): stepwise,
    ("input", "label"): math_shepherd,
    ("question", "label"): prm800k,
}
"""Columns by which a form is told -> its reader."""
