"""Lint reads every form it names: a clean row, a faulty one, and what it says of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fellowship.pipelines.export.lint import LintReport, lint
from fellowship.pipelines.export.preference_reader import read_preferences

ASKED, GOOD, POOR = "How is a teapot cleaned?", "Rinse it, then dry it.", "Leave it."
PLANTED = "Score: 7/10\nIt is fine."

Row = dict[str, Any]


def turn(role: str, text: Any, **more: Any) -> Row:
    return {"role": role, "content": text} | more


def said_by(speaker: str, text: Any) -> Row:
    return {"from": speaker, "value": text}


def hh(answer: str, asked: str = ASKED) -> str:
    return f"\n\nHuman: {asked}\n\nAssistant: {answer}"


CALL = [{"id": "1", "type": "function", "function": {"name": "w", "arguments": "{}"}}]
USER = [turn("user", ASKED)]
PAIRS: dict[str, Any] = {
    "DPO plain": lambda a, b: {"prompt": ASKED, "chosen": a, "rejected": b},
    "DPO turns": lambda a, b: {
        "prompt": USER,
        "chosen": [turn("assistant", a)],
        "rejected": [turn("assistant", b)],
    },
    "DPO implicit turns": lambda a, b: {
        "chosen": [*USER, turn("assistant", a)],
        "rejected": [*USER, turn("assistant", b)],
    },
    "HH strings": lambda a, b: {"chosen": hh(a), "rejected": hh(b)},
    "HH with a prompt": lambda a, b: {
        "prompt": f"\n\nHuman: {ASKED}\n\nAssistant:",
        "chosen": a,
        "rejected": b,
    },
    "our implicit text": lambda a, b: {
        "chosen": f"User:\n{ASKED}\n\nAssistant:\n{a}",
        "rejected": f"User:\n{ASKED}\n\nAssistant:\n{b}",
    },
    "capitals": lambda a, b: {
        "chosen": [turn("Human", ASKED), turn("Assistant", a)],
        "rejected": [turn("Human", ASKED), turn("Assistant", b)],
    },
    "text parts": lambda a, b: {
        "prompt": [turn("user", [{"type": "text", "text": ASKED}])],
        "chosen": [turn("assistant", [{"type": "output_text", "text": a}])],
        "rejected": [turn("assistant", [{"type": "text", "text": b}])],
    },
    "developer": lambda a, b: {
        "prompt": [turn("developer", "Be brief."), *USER],
        "chosen": [turn("assistant", a)],
        "rejected": [turn("assistant", b)],
    },
    "tool calls": lambda a, b: {
        "messages": [
            *USER,
            turn("assistant", None, tool_calls=CALL),
            turn("tool", "rain", tool_call_id="1"),
        ],
        "chosen": turn("assistant", a),
        "rejected": turn("assistant", b),
    },
    "nulls for keys": lambda a, b: {
        "prompt": [turn("user", ASKED) | {"from": None, "value": None, "name": None}],
        "chosen": [said_by("gpt", a) | {"role": None, "content": None}],
        "rejected": [turn("assistant", b, tool_calls=None)],
    },
    "Alpaca": lambda a, b: {
        "instruction": "Translate.",
        "input": ASKED,
        "chosen": a,
        "rejected": b,
    },
    "Alpaca, ranked outputs": lambda a, b: {
        "instruction": ASKED,
        "input": "",
        "output": [a, b],
    },
    "Alpaca with history": lambda a, b: {
        "system": "",
        "history": [["Hi", "Hello"]],
        "instruction": ASKED,
        "chosen": a,
        "rejected": b,
    },
    "LLaMA-Factory": lambda a, b: {
        "conversations": [said_by("human", ASKED)],
        "chosen": said_by("gpt", a),
        "rejected": said_by("gpt", b),
    },
    "axolotl chat_template": lambda a, b: {
        "messages": USER,
        "chosen": turn("assistant", a),
        "rejected": turn("assistant", b),
    },
    "axolotl argilla": lambda a, b: {
        "instruction": ASKED,
        "chosen_response": a,
        "rejected_response": b,
    },
    "axolotl intel": lambda a, b: {
        "system": "Be brief.",
        "question": ASKED,
        "chosen": a,
        "rejected": b,
    },
    "OpenAI": lambda a, b: {
        "input": {"messages": USER, "tools": [], "parallel_tool_calls": True},
        "preferred_output": [turn("assistant", a)],
        "non_preferred_output": [turn("assistant", b)],
    },
    "UltraFeedback binarized": lambda a, b: {
        "prompt": ASKED,
        "chosen": [*USER, turn("assistant", a)],
        "rejected": [*USER, turn("assistant", b)],
        "messages": [*USER, turn("assistant", a)],
        "score_chosen": 8.0,
    },
    "UltraFeedback raw": lambda a, b: {
        "instruction": ASKED,
        "completions": [
            {"response": b, "overall_score": 2.0},
            {"response": a, "overall_score": "7.5"},
        ],
    },
    "ORPO with a system": lambda a, b: {
        "prompt": ASKED,
        "chosen": [turn("system", "Be brief."), *USER, turn("assistant", a)],
        "rejected": [turn("system", "Be brief."), *USER, turn("assistant", b)],
    },
    "arena": lambda a, b: {
        "prompt": ASKED,
        "response_a": b,
        "response_b": a,
        **{"winner_model_a": 0, "winner_model_b": 1, "winner_tie": 0},
    },
    "arena, lists in strings": lambda a, b: {
        "prompt": json.dumps([ASKED]),
        "response_a": json.dumps([b]),
        "response_b": json.dumps([a]),
        **{"winner_model_a": 0, "winner_model_b": 1, "winner_tie": 0},
    },
    "arena conversations": lambda a, b: {
        "conversation_a": [*USER, turn("assistant", a)],
        "conversation_b": [*USER, turn("assistant", b)],
        "winner": "model_a",
    },
    "HelpSteer2": lambda a, b: {
        "prompt": ASKED,
        "response_1": b,
        "response_2": a,
        "preference_strength": 2,
    },
    "HelpSteer3": lambda a, b: {
        "context": USER,
        "response1": a,
        "response2": b,
        "overall_preference": -1,
    },
    "AlpacaEval": lambda a, b: {
        "instruction": ASKED,
        "output_1": b,
        "output_2": a,
        "preference": 1.9,
    },
    "SHP": lambda a, b: {
        "history": ASKED,
        "human_ref_A": b,
        "human_ref_B": a,
        "labels": 0,
        **{"score_A": 3, "score_B": 9},
    },
    "PKU-SafeRLHF": lambda a, b: {
        "prompt": ASKED,
        "response_0": a,
        "response_1": b,
        **{"better_response_id": 0, "safer_response_id": 1},
    },
    "PKU-SafeRLHF, safer": lambda a, b: {
        "prompt": ASKED,
        "response_0": b,
        "response_1": a,
        "safer_response_id": 1,
    },
    "Nectar": lambda a, b: {
        "prompt": f"\n\nHuman: {ASKED}\n\nAssistant: ",
        "answers": [
            {"answer": b, "model": "x", "rank": 7.0},
            {"answer": a, "model": "y", "rank": 1.0},
        ],
        "turns": 1,
    },
    "WebGPT comparisons": lambda a, b: {
        "question": {"dataset": "eli5", "id": "1", "full_text": ASKED},
        "answer_0": b,
        "answer_1": a,
        **{"score_0": -0.5, "score_1": 0.5},
        **{"quotes_0": {"title": []}, "quotes_1": {"title": []}},
    },
    "summarize_from_feedback": lambda a, b: {
        "info": {"post": ASKED},
        "summaries": [{"text": a, "policy": "x"}, {"text": b, "policy": "y"}],
        "choice": 0,
    },
}
SINGLES: dict[str, Any] = {
    "KTO": lambda a: {"prompt": ASKED, "completion": a, "label": True},
    "KTO turns": lambda a: {
        "prompt": USER,
        "completion": [turn("assistant", a)],
        "label": True,
    },
    "axolotl KTO": lambda a: {
        "completion": [*USER, turn("assistant", a)],
        "label": True,
    },
    "ShareGPT KTO": lambda a: {
        "conversations": [said_by("human", ASKED), said_by("gpt", a)],
        "kto_tag": True,
    },
    "ShareGPT": lambda a: {
        "conversations": [said_by("human", ASKED), said_by("gpt", a)]
    },
    "messages": lambda a: {"messages": [*USER, turn("assistant", a)]},
    "Alpaca answer": lambda a: {"instruction": "Do.", "input": ASKED, "output": a},
    "HelpSteer": lambda a: {"prompt": ASKED, "response": a, "helpfulness": 3},
    "labelled text": lambda a: {"text": hh(a)},
    "Capybara": lambda a: {
        "source": "x",
        "conversation": [
            {"input": "Hi", "output": "Hello"},
            {"input": ASKED, "output": a},
        ],
    },
    "stepwise": lambda a: {"prompt": ASKED, "completions": [a], "labels": [True]},
    "PRM800K": lambda a: {
        "question": {"problem": ASKED, "ground_truth_answer": "dry"},
        "label": {
            "steps": [
                {"completions": [{"text": a, "rating": 1}], "chosen_completion": None}
            ]
        },
    },
}


def linted(folder: Path, *rows: Row) -> LintReport:
    path = folder / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return lint(path, near=None)


def told(report: LintReport) -> list[tuple[str, str]]:
    return [(finding.name, finding.reason) for finding in report.findings]


@pytest.mark.fault(number=116, by="form")
@pytest.mark.parametrize("form", PAIRS)
def test_a_pair_in_any_form_has_its_prompt_sides_and_faults(
    tmp_path: Path, form: str
) -> None:
    made = PAIRS[form]
    report = linted(tmp_path, made(GOOD, POOR))
    assert (report.pairs, report.clean) == (1, True), report.findings
    (read,) = read_preferences(tmp_path / "x.jsonl")
    assert read.example is not None
    assert read.example.texts == [GOOD, POOR]
    assert ASKED in read.example.prompt_text
    assert [name for name, _ in told(linted(tmp_path, made(PLANTED, POOR)))] == [
        "judge text"
    ]
    assert told(linted(tmp_path, made("", POOR))) == [("bad row", "an answer is empty")]
    assert told(linted(tmp_path, made(GOOD, GOOD)))[0][0] == "equal answers"


@pytest.mark.fault(number=116, by="form")
@pytest.mark.parametrize("form", SINGLES)
def test_a_single_answer_in_any_form_has_its_prompt_and_faults(
    tmp_path: Path, form: str
) -> None:
    made = SINGLES[form]
    report = linted(tmp_path, made(GOOD))
    assert (report.labels, report.clean) == (1, True), report.findings
    (read,) = read_preferences(tmp_path / "x.jsonl")
    assert read.example is not None
    assert read.example.texts == [GOOD]
    assert ASKED in read.example.prompt_text
    assert told(linted(tmp_path, made(PLANTED)))[0][0] == "judge text"
    assert told(linted(tmp_path, made(""))) == [("bad row", "an answer is empty")]


@pytest.mark.fault(number=115)
@pytest.mark.parametrize(
    "form", ["HH strings", "our implicit text", "DPO implicit turns"]
)
def test_what_an_implicit_prompt_says_is_not_laid_to_the_answers(
    tmp_path: Path, form: str
) -> None:
    row = json.loads(json.dumps(PAIRS[form](GOOD, POOR)).replace(ASKED, "Score: 7/10"))
    assert linted(tmp_path, row).clean


def test_turns_in_lists_in_strings_are_turns(tmp_path: Path) -> None:
    row = PAIRS["arena, lists in strings"](GOOD, POOR) | {
        "prompt": repr(["Hi", ASKED]),
        "response_a": json.dumps(["Hello", POOR]),
        "response_b": repr(["Hello", GOOD]),
    }
    assert linted(tmp_path, row).clean
    (read,) = read_preferences(tmp_path / "x.jsonl")
    assert read.example is not None
    assert read.example.prompt_text == "Hi"
    chosen, _ = read.example.answers
    assert [each["content"] for each in chosen] == ["Hello", ASKED, GOOD]


@pytest.mark.fault(number=114)
def test_an_input_is_part_of_the_prompt(tmp_path: Path) -> None:
    rows = [
        {
            "instruction": "Translate.",
            "input": "Yes",
            "chosen": "Oui",
            "rejected": "Non",
        },
        {
            "instruction": "Translate.",
            "input": "No",
            "chosen": "Non",
            "rejected": "Oui",
        },
        {
            "instruction": "Translate.",
            "query": "Nay",
            "chosen": "Non",
            "rejected": "Oui",
        },
    ]
    assert linted(tmp_path, *rows).clean


FAULTY: list[tuple[Row, str]] = [
    ({"prompt": ASKED, "chosen": GOOD, "rejected": None}, "one side of a pair"),
    (
        {"prompt": [turn("Narrator", ASKED)], "completion": GOOD},
        "role 'Narrator' is none",
    ),
    ({"prompt": [{"content": ASKED}], "completion": GOOD}, "role null is none"),
    ({"prompt": [turn("user", None)], "completion": GOOD}, "content is null"),
    ({"prompt": [turn("user", 5)], "completion": GOOD}, "is the number 5, not a text"),
    (
        {"prompt": [turn("user", [{"type": "image_url"}])], "completion": GOOD},
        "a part of type 'image_url'",
    ),
    ({"prompt": ["a", "b"], "completion": GOOD}, "a turn is 'a', not an object"),
    ({"prompt": ASKED, "completion": GOOD, "label": 1}, "its label is 1"),
    ({"prompt": ASKED, "completion": GOOD, "label": "True"}, "its label is 'True'"),
    ({"messages": [*USER]}, "no answer in it"),
    ({"messages": [*USER, turn("tool", "x")]}, "no answer in it"),
    ({"prompt": " ", "completion": GOOD}, "the prompt is empty"),
    ({"prompt": ASKED, "completion": "x \ud800"}, "half a character"),
    ({"prompt": ASKED, "chosen": USER, "rejected": POOR}, "not the assistant's"),
    ({"history": [["Hi"]], "instruction": ASKED, "output": GOOD}, "its history is no"),
    ({"prompt": ASKED, "response_a": GOOD, "response_b": POOR}, "no column says"),
    (
        {"prompt": ASKED, "response_a": GOOD, "response_b": POOR, "winner": "me"},
        "winner 'me' names neither",
    ),
    ({"instruction": ASKED, "completions": [{}, {}]}, "no response or no score"),
    ({**PAIRS["SHP"](GOOD, POOR), "labels": 2}, "labels is 2, not 1 for human_ref_A"),
    (
        {**PAIRS["PKU-SafeRLHF"](GOOD, POOR), "better_response_id": -1},
        "better_response_id is -1, not 0 for response_0",
    ),
    (
        {"prompt": ASKED, "response_0": GOOD, "response_1": POOR},
        "no better_response_id or safer_response_id",
    ),
    (
        {"prompt": ASKED, "answers": [{"rank": 1, "answer": GOOD}, {"rank": None}]},
        "no text or no rank",
    ),
    (
        {**PAIRS["WebGPT comparisons"](GOOD, POOR), "score_1": None},
        "score_1 None is no number",
    ),
    (
        {**PAIRS["summarize_from_feedback"](GOOD, POOR), "choice": None},
        "choice is None, not 0 for the first summary",
    ),
    ({"conversation": [{"input": ASKED}]}, "exchange 1 has no output"),
    (
        {
            "chosen": hh(GOOD).replace(ASKED, ""),
            "rejected": hh(POOR).replace(ASKED, ""),
        },
        "the prompt is empty",
    ),
    (
        {**PAIRS["Nectar"](GOOD, POOR), "prompt": "\n\nHuman: \n\nAssistant: "},
        "the prompt is empty",
    ),
    (
        {
            **PAIRS["developer"](GOOD, POOR),
            "prompt": [turn("system", "x"), turn("user", "")],
        },
        "the prompt is empty",
    ),
    (
        {
            "messages": [
                turn("user", " "),
                turn("assistant", "x"),
                *USER,
                turn("gpt", GOOD),
            ]
        },
        "a user's turn in the prompt is empty",
    ),
    (
        {"prompt": ASKED, "completions": [GOOD, POOR], "labels": [True]},
        "its 2 steps have 1 label",
    ),
    (
        {"prompt": ASKED, "completions": [GOOD, " "], "labels": [True, False]},
        "step 2 is empty",
    ),
    (
        {"prompt": ASKED, "completions": [GOOD], "labels": [1]},
        "the label of step 1 is 1, not true or false",
    ),
    (
        {"input": f"{ASKED} Step 1: Rinse. ки", "label": f"{ASKED} Step 1: Rinse."},
        "its label does not mark each of 1 step with + or -",
    ),
    (
        {"question": {"problem": ASKED}, "label": {"steps": [{"completions": []}]}},
        "step 1 has no text",
    ),
]


@pytest.mark.fault(number=116)
def test_marks_of_steps_are_no_part_of_the_answer(tmp_path: Path) -> None:
    text = f"{ASKED} Step 1: Rinse it. ки\nStep 2: Dry it. ки"
    label = text.replace("ки", "+", 1).replace("ки", "-")
    assert linted(tmp_path, {"input": text, "label": label, "task": "x"}).clean
    (read,) = read_preferences(tmp_path / "x.jsonl")
    assert read.example is not None
    assert read.example.texts == ["Step 1: Rinse it. \nStep 2: Dry it. "]


@pytest.mark.fault(number=116)
@pytest.mark.parametrize(("row", "why"), FAULTY, ids=lambda v: str(v)[:40])
def test_a_row_that_is_none_says_what_it_lacks(
    tmp_path: Path, row: Row, why: str
) -> None:
    ((name, said),) = told(linted(tmp_path, row))
    assert name == "bad row"
    assert why in said


@pytest.mark.fault(number=116)
def test_a_tie_is_told_and_is_no_fault(tmp_path: Path) -> None:
    report = linted(
        tmp_path,
        {"prompt": "q", "response_a": GOOD, "response_b": POOR, "winner": "tie"},
        {"prompt": "r", "response1": GOOD, "response2": POOR, "overall_preference": 0},
    )
    assert report.clean
    assert [(flag.name, flag.numbers) for flag in report.flags] == [("tie", (1, 2))]


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


CONTAINERS: dict[str, Any] = {
    "x.jsonl": lambda p, rows: p.write_text("\n".join(map(json.dumps, rows))),
    "x.ndjson": lambda p, rows: p.write_text("\n".join(map(json.dumps, rows))),
    "lines.json": lambda p, rows: p.write_text("\n".join(map(json.dumps, rows))),
    "x.json": lambda p, rows: p.write_text(json.dumps(rows, indent=1)),
    "x.csv": write_csv,
    "x.parquet": lambda p, rows: pq.write_table(pa.Table.from_pylist(rows), p),
    "saved": lambda p, rows: datasets.Dataset.from_list(rows).save_to_disk(str(p)),
}


@pytest.mark.fault(number=116, by="name")
@pytest.mark.parametrize("name", CONTAINERS)
def test_every_kind_of_file_is_read(tmp_path: Path, name: str) -> None:
    rows = [
        {"prompt": ASKED, "completion": GOOD, "label": True},
        {"prompt": ASKED, "completion": POOR, "label": False},
    ]
    CONTAINERS[name](tmp_path / name, rows)
    report = lint(tmp_path / name, near=None)
    assert (report.labels, report.clean) == (2, True), report.findings


@pytest.mark.fault(number=116)
@pytest.mark.parametrize("name", ["x.parquet", "saved", "x.json"])
def test_turns_of_mixed_forms_are_read_through_a_table_s_nulls(
    tmp_path: Path, name: str
) -> None:
    rows = [{"messages": [turn("user", ASKED), turn("assistant", GOOD)]}]
    rows += [{"messages": [said_by("human", ASKED), said_by("gpt", POOR)]}]
    CONTAINERS[name](tmp_path / name, rows)
    assert lint(tmp_path / name, near=None).labels == 2
