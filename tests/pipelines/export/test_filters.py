"""Every filter finds what was planted and leaves what was not, at .95 or better."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.errors import InputError, RecipeError
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.contamination import Benchmarks
from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.export.language import Languages
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from fellowship.pipelines.export.noise import find_noise
from fellowship.pipelines.export.pii import find_pii
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Outcome, Winner
from tests.support.pairs import answer, asked, exported, judged, rows_in, run_of

THINGS = (
    "river garden engine letter market window teacher island mirror basket forest"
    " kitchen signal harbour ladder pocket winter bridge candle village record needle"
    " orchard compass blanket feather hammer lantern meadow pillow saddle tunnel"
)
DEEDS = (
    "carries paints repairs borrows follows answers measures hides opens gathers"
    " remembers crosses lifts polishes counts describes"
)
NOUNS, VERBS = THINGS.split(), DEEDS.split()
LINKS = ["while", "because", "although", "before", "after", "where", "until", "unless"]


def sentence(dice: random.Random, length: int = 40) -> str:
    """A text of our own that is like no other: every word is drawn anew."""
    made = []
    for _ in range(length // 4):
        made += ["the", dice.choice(NOUNS), dice.choice(VERBS), dice.choice(LINKS)]
    return " ".join(made)


def rates(
    found: Callable[[str], Any], planted: Sequence[str], clean: Sequence[str]
) -> tuple[float, float]:
    """Recall on the planted texts, and precision over both."""
    hits = sum(bool(found(text)) for text in planted)
    false = sum(bool(found(text)) for text in clean)
    return hits / len(planted), hits / max(1, hits + false)


def holds(
    found: Callable[[str], Any], planted: Sequence[str], clean: Sequence[str]
) -> None:
    recall, precision = rates(found, planted, clean)
    assert recall >= 0.95, [t for t in planted if not found(t)][:5]
    assert precision >= 0.95, [t for t in clean if found(t)][:5]


CLEAN = [sentence(random.Random(n), 20 + n % 90) for n in range(300)]


def test_near_duplicates_are_found_and_others_are_not() -> None:
    dice = random.Random(3)
    base = [sentence(dice, 160) for _ in range(200)]
    planted = []
    for text in base:
        words = text.split()
        words[dice.randrange(len(words))] = "otherwise"
        planted.append(" ".join(words).upper() + "!")
    half = [" ".join((*t.split()[:80], *sentence(dice, 80).split())) for t in base]
    with Scratch() as scratch:
        near = NearDuplicates(scratch, 0.8)
        assert not any(near.add([text], n) for n, text in enumerate(base, 1))
        recall = [
            near.add([text], 1000 + n) == [n] for n, text in enumerate(planted, 1)
        ]
        false = [bool(near.add([text], 3000 + n)) for n, text in enumerate(half)]
    assert sum(recall) / len(recall) >= 0.95
    assert sum(recall) / (sum(recall) + sum(false)) >= 0.95


def test_an_exam_is_found_in_a_prompt_or_an_answer(tmp_path: Path) -> None:
    dice = random.Random(5)
    questions = [sentence(dice, 40) for _ in range(100)]
    exam = tmp_path / "exam.jsonl"
    exam.write_text("\n".join(json.dumps({"q": {"text": q}}) for q in questions))
    known = Benchmarks([exam], 13)
    planted = [f"Hello, {q.upper()}, and what then?" for q in questions]
    cut = [" ".join(q.split()[:11]) for q in questions]
    holds(known.shared_gram, planted, [*CLEAN, *cut])


@pytest.mark.parametrize("suffix", [".txt", ".json", ".csv"])
def test_benchmark_files_of_every_kind_are_read(tmp_path: Path, suffix: str) -> None:
    text = sentence(random.Random(1), 40)
    path = tmp_path / f"exam{suffix}"
    wholes = {".json": json.dumps([{"q": text}]), ".csv": f"q\n{text}\n"}
    path.write_text(wholes.get(suffix, text))
    assert Benchmarks([path], 13).shared_gram(f"so {text}")


def test_a_benchmark_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "mmlu.jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"mmlu\.jsonl"):
        Benchmarks([tmp_path / "mmlu.json"], 13)


FOREIGN = (
    "Der alte Mann ging langsam durch den Garten und zählte die Äpfel an den Bäumen.",
    "Le vieux jardinier comptait les pommes pendant que la pluie tombait doucement.",
    "El viejo jardinero contaba las manzanas mientras llovía despacio en el pueblo.",
    "Il vecchio giardiniere contava le mele mentre la pioggia cadeva lentamente.",
    "Старый садовник считал яблоки, пока дождь медленно падал на деревню.",
    "老园丁在雨中慢慢地数着花园里的苹果,然后回到村子里的家中休息。",
    "年老いた庭師は雨の中でゆっくりとりんごを数えていました。",
    "O velho jardineiro contava as maçãs enquanto a chuva caía devagar na aldeia.",
    "De oude tuinman telde de appels terwijl de regen zachtjes op het dorp viel.",
    "Stary ogrodnik liczył jabłka, podczas gdy deszcz powoli padał na wioskę.",
)
ENGLISH = (
    "The old gardener counted the apples while rain fell slowly on the village.",
    "To bake bread, mix flour with water and salt, then let the dough rest overnight.",
    "A train that leaves at noon will reach the harbour before the shops close.",
    "You could begin with a short walk and see how your knee feels afterwards.",
    "The committee has not decided yet, but most members favour the second plan.",
)


def test_other_languages_are_told_and_short_texts_are_nobodys() -> None:
    english = Languages(["en"])
    holds(english.is_foreign, FOREIGN * 2, ENGLISH * 4)
    assert not english.is_foreign("Ja, gern!")
    with pytest.raises(RecipeError, match="'xx'"):
        Languages(["xx"])


PERSONAL = (
    *(f"write to {n}.smith{n}@mail{n}.co.uk today" for n in ("anna", "bob", "cy")),
    "call me at +49 30 901820 tonight",
    "my number is (415) 555-0132, any time",
    "reach us on 415-555-0132 or by post",
    "+1 415 555 0132 is the desk",
    "her card is 4111 1111 1111 1111, I think",
    "pay with 5500005555555559 please",
    "the account is DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432 is the IBAN",
    "SSN 536-22-8754 on the form",
    "he logs in from 81.2.69.142 each night",
    "the server at 203.0.114.7 was down",
    "contact: jane+news@uni-heidelberg.de.",
)
IMPERSONAL = (
    "write to someone@example.com",
    "localhost is 127.0.0.1 and the network 192.168.1.1",
    "it was 1984 and 1985, in rooms 12-14",
    "the ISBN 978-3-16-148410-0 is a book's",
    "pi is 3.14159265358979323846",
    "version 4.11.0.2 of the tool",
    "between 10.000 and 20.000 people, 5-10 %",
    "2024-11-25 at 16:02:11",
    "x = 1234567890123456789012345678901234",
    "add 2 + 2 and 10 - 3 to get 11",
    "order number 1111 1111 1111 1111",
    "call git@github: no such thing",
    "the score was 21-15, 19-21, 15-12",
    "chapter 3.2.1.4 of the manual",
)


def test_personal_data_are_flagged_by_form_and_check_digits() -> None:
    holds(find_pii, PERSONAL, [*IMPERSONAL, *CLEAN])


NOISE = (
    *("", "   \n ", "\ufffd\ufffd text \ufffd", "a" * 40, "?!?!?!?! ... ----- ::::"),
    *("the cat sat on the mat. " * 12, "Yes.\nYes, really.\n" * 1 + "I agree.\n" * 8),
    *("<|im_start|>assistant hello", "[INST] do it [/INST]", "hello</s>"),
    *("Lorem ipsum dolor sit amet", "Dear [insert name here], welcome"),
    *("Here: TODO", "<start_of_turn>model\nhi", "one two three four " * 15),
    *("ok \x00\x01\x02 ok", "=" * 50),
)


def test_noise_is_told_by_its_form_in_any_language() -> None:
    clean = [*CLEAN, *ENGLISH, *FOREIGN, "Yes.", "42", "x = [i for i in range(10)]"]
    holds(find_noise, NOISE, clean)


# -- in an export --------------------------------------------------------------------


def kept(rows: list[dict[str, Any]]) -> list[int]:
    return [row["row"] for row in rows]


def test_each_filter_is_counted_under_its_name_and_the_rows_add_up(
    tmp_path: Path,
) -> None:
    exam = tmp_path / "exam.txt"
    exam.write_text(ask := sentence(random.Random(9), 40))
    near = sentence(random.Random(8), 120)
    planted: dict[str, list[Outcome]] = {
        "": [
            judged(1, CLEAN[1], CLEAN[2], "q one"),
            judged(2, near, CLEAN[4], "q two"),
        ],
        "duplicates": [judged(3, CLEAN[1], CLEAN[2], "q one")],
        "near_duplicates": [judged(4, near + " once", CLEAN[4], "q two")],
        "garbage": [judged(5, CLEAN[10], "lorem ipsum dolor " * 4)],
        "length": [judged(6, CLEAN[11], "short")],
        "language": [judged(7, FOREIGN[0], CLEAN[12])],
        "contamination": [judged(8, CLEAN[13], CLEAN[14], ask)],
        "pii": [judged(9, f"{CLEAN[15]} mail a.b@c.org", CLEAN[16])],
        "same_family": [judged(10, answer(CLEAN[17], model="gpt-z"), CLEAN[18])],
        "margin": [judged(11, CLEAN[19], CLEAN[20], scores=(5, 4.5))],
        "contradictory": [
            judged(12, CLEAN[21], CLEAN[22], "which?"),
            judged(13, CLEAN[22], CLEAN[21], "which?"),
        ],
    }
    account, rows = exported(
        tmp_path,
        [row for made in planted.values() for row in made],
        filters={
            **{"near_duplicates": 0.8, "garbage": True, "length": {"min": 20}},
            **{"languages": ["en"], "contamination": [str(exam)], "pii": True},
            **{"same_family": True, "margin": 1},
        },
    )
    assert kept(rows) == [1, 2]
    assert account.dropped == {
        name: len(made) for name, made in planted.items() if name
    }
    assert account.made == account.exported + sum(account.dropped.values()) == 13


def test_filters_that_are_off_drop_nothing(tmp_path: Path) -> None:
    rows = [
        judged(1, "a", "b", "q"),
        judged(2, "a", "b", "q"),
        judged(3, "b", "a", "q"),
    ]
    off = {"duplicates": False, "contradictory": False}
    account, made = exported(tmp_path, rows, filters=off)
    assert (kept(made), account.dropped) == ([1, 2, 3], {})


def test_contradictory_kto_labels_go_on_both_sides_and_across_rows(
    tmp_path: Path,
) -> None:
    rows = [
        judged(1, "a", "b", "q"),
        judged(2, "c", "a", "q"),
        judged(3, "d", "e", "r"),
    ]
    account, made = exported(tmp_path, rows, "kto")
    assert account.dropped == {"contradictory": 2}
    said = [(r["completion"][0]["content"], r["label"]) for r in made]
    assert said == [("b", False), ("c", True), ("d", True), ("e", False)]


def test_personal_data_and_related_judges_are_flagged_where_they_are_kept(
    tmp_path: Path,
) -> None:
    rows = [
        judged(1, "mail me: a.b@c.org", "no"),
        judged(2, answer("yes", model="gpt-9"), "no"),
    ]
    _, made = exported(tmp_path, rows)
    assert [(r["pii"], r["same_family"]) for r in made] == [
        (True, False),
        (False, True),
    ]


def test_siblings_of_one_prompt_are_no_near_duplicates(tmp_path: Path) -> None:
    long = sentence(random.Random(2), 200)
    one = judged(1, "fine", "poor", long)
    more = one.pairs[0].model_copy(update={"rejected": answer("worse")})
    row = one.model_copy(update={"pairs": (*one.pairs, more)})
    account, _ = exported(tmp_path, [row], filters={"near_duplicates": 0.8})
    assert (account.exported, account.dropped) == (2, {})


def test_a_near_duplicate_that_says_the_opposite_is_a_contradiction(
    tmp_path: Path,
) -> None:
    long = sentence(random.Random(2), 200)
    rows = [judged(1, "fine", "poor", long), judged(2, "poor", "fine", long)]
    account, made = exported(tmp_path, rows, filters={"near_duplicates": 0.8})
    assert (made, account.exported) == ([], 0)
    assert account.dropped == {"near_duplicates": 1, "contradictory": 1}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=40))
def test_balance_leaves_as_many_longer_as_shorter_answers_chosen(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[tuple[int, int]]
) -> None:
    rows = [judged(n, "x" * a, "y" * b) for n, (a, b) in enumerate(sizes, 1)]
    folder = tmp_path_factory.mktemp("balance")
    account, made = exported(folder, rows, filters={"balance": True})
    longer = [
        (len(r["chosen"][0]["content"]) > len(r["rejected"][0]["content"]))
        - (len(r["chosen"][0]["content"]) < len(r["rejected"][0]["content"]))
        for r in made
    ]
    assert sum(longer) == 0
    assert account.balanced


def test_the_mean_length_difference_is_in_the_account(tmp_path: Path) -> None:
    account, _ = exported(
        tmp_path, [judged(1, "x" * 30, "y" * 10), judged(2, "z", "w")]
    )
    assert account.lengths is not None
    assert (account.lengths.difference, account.lengths.longer) == (10.0, 0.75)


# -- chances, weights, splits --------------------------------------------------------


def labelled(n: int, dice: random.Random) -> list[Outcome]:
    """Rows whose people agree with a wide margin nearly always, with a narrow one half."""
    rows = []
    for number in range(1, n + 1):
        wide = number % 2 == 0
        right = dice.random() < (0.95 if wide else 0.5)
        said: Winner = "first" if right else "second"
        scores = (9.0, 2.0) if wide else (6.0, 5.0)
        rows.append(
            judged(number, f"a {number}", f"b {number}", scores=scores, labels=(said,))
        )
    return rows


def test_p_chosen_is_calibrated_where_people_labelled(tmp_path: Path) -> None:
    account, rows = exported(tmp_path, labelled(400, random.Random(4)))
    by_margin = {r["margin"]: r["p_chosen"] for r in rows}
    assert {r["p_source"] for r in rows} == {"labels"}
    assert by_margin[7.0] == pytest.approx(0.95, abs=0.05)
    assert by_margin[1.0] == pytest.approx(0.5, abs=0.1)
    assert account.weights is not None
    assert account.weights.flip_rate == pytest.approx(0.275, abs=0.06)
    assert account.weights.source.startswith("labels")


def test_the_filter_by_probability_needs_labels(tmp_path: Path) -> None:
    rows = labelled(400, random.Random(4))
    account, _ = exported(tmp_path / "a", rows, filters={"probability": 0.8})
    assert account.dropped == {"probability": 200}
    with pytest.raises(RecipeError, match="needs people's labels"):
        exported(tmp_path / "b", [judged(1, "a", "b")], filters={"probability": 0.8})


def test_without_labels_the_chance_is_the_verdicts_own_and_says_so(
    tmp_path: Path,
) -> None:
    _, (row,) = exported(tmp_path, [judged(1, "a", "b")])
    assert (row["p_chosen"], row["p_source"], row["sample_weight"]) == (
        0.75,
        "verdicts",
        1.0,
    )


def test_sample_weights_are_one_on_average(tmp_path: Path) -> None:
    _, rows = exported(tmp_path, labelled(200, random.Random(6)))
    weights = [row["sample_weight"] for row in rows]
    assert sum(weights) / len(weights) == pytest.approx(1, abs=1e-3)
    assert min(weights) >= 0


def test_kto_weights_make_both_classes_weigh_the_same(tmp_path: Path) -> None:
    rows = [judged(n, "same", f"bad {n}", "q") for n in range(1, 5)]
    account, made = exported(tmp_path, rows, "kto")
    assert account.weights is not None
    good = sum(row["label"] for row in made) * (account.weights.desirable or 0)
    bad = sum(not row["label"] for row in made) * (account.weights.undesirable or 0)
    assert (account.good, account.bad, good) == (1, 4, pytest.approx(bad))


SPLITS = {"train": 0.8, "test": 0.2}


def by_split(account: Account) -> dict[str, list[dict[str, Any]]]:
    return {
        name: rows_in(account.model_copy(update={"files": (file,)}))
        for name, file in zip(account.splits, account.files, strict=True)
    }


def test_splits_share_no_prompt_and_near_prompts_stay_together(tmp_path: Path) -> None:
    dice = random.Random(1)
    prompts = [sentence(dice, 60) for _ in range(60)]
    rows = [
        judged(
            3 * n + k, f"a {n} {k}", f"b {n} {k}", text + "!?." * (k > 1) + " now" * k
        )
        for n, text in enumerate(prompts)
        for k in (1, 2, 3)
    ]
    account, _ = exported(tmp_path, rows, splits=SPLITS)
    sides = {
        name: {(r["row"] - 1) // 3 for r in made}
        for name, made in by_split(account).items()
    }
    assert not sides["train"] & sides["test"]
    assert account.splits["test"] == pytest.approx(36, abs=3)
    assert sum(account.splits.values()) == 180


def test_splits_depend_on_the_seed_and_not_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [
        judged(n, "a", "b", f"{sentence(random.Random(n))} {n}") for n in range(1, 41)
    ]

    def sides(name: str, made: list[Outcome], seed: int) -> dict[str, set[int]]:
        run = run_of(tmp_path / name, made, seed=seed)
        export = Export.model_validate({"kinds": ["dpo"], "splits": SPLITS})
        (account,) = export_run(run, export)
        return {n: {r["row"] for r in rs} for n, rs in by_split(account).items()}

    assert sides("a", rows, 7) == sides("b", rows[::-1], 7)
    assert sides("a", rows, 7) != sides("c", rows, 8)


def test_a_prompt_of_no_words_is_split_too(tmp_path: Path) -> None:
    rows = [judged(n, "a", "b", asked("?" * n)) for n in range(1, 11)]
    account, _ = exported(tmp_path, rows, splits=SPLITS)
    assert account.splits == {"train": 8, "test": 2}
