"""Rules of pairs: two standard deviations, matching, systems, and answers cut off."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.errors import RecipeError
from fellowship.pipelines.export.confirmation import confirmed_rows
from fellowship.pipelines.pairing.matching import (
    Option,
    RowOptions,
    criterion_means,
    match_rows,
)
from fellowship.pipelines.pairing.pairs import rejectable_candidates
from fellowship.pipelines.pairing.row_state import (
    Match,
    RowEnd,
    RowFacts,
    row_options,
    row_state,
)
from fellowship.pipelines.pairing.sentences import count_sentences
from fellowship.pipelines.pairing.system_pairs import is_sampled, system_answer
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.pair_settings import RATIO, SIZES, Pairs
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.sources.source import read_items
from fellowship.records import (
    Candidate,
    Comparison,
    CriterionScores,
    Item,
    Outcome,
    Ranking,
    State,
    Verdict,
)
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import openai_server
from tests.support.outcomes import asked
from tests.support.recipes import openai_model, recipe
from tests.support.runs import rows_in

ITEM = Item(key="k", number=1, conversation=asked("q"))


def ranked(*scores: float | None) -> Ranking:
    """A ranking by these scores; the first of the highest has won."""
    known = [(score, -i) for i, score in enumerate(scores) if score is not None]
    return Ranking(scores=scores, winner=-max(known)[1] if known else None)


def texts(*sizes: int, finish: str = "stop") -> tuple[Candidate, ...]:
    """Answers of these lengths."""
    made = ("abcdefgh"[n % 8] * size for n, size in enumerate(sizes))
    return tuple(Candidate(text=t, system="s", finish=finish) for t in made)


def end(
    sizes: Sequence[int], scores: Sequence[float | None], match: Match | None = None
) -> RowEnd:
    """What a row of these answers ends in by `length-matched`."""
    facts = RowFacts(ITEM, texts(*sizes), ranked(*scores), match=match)
    return row_state(facts, Pairs(rule="length-matched"))


@pytest.mark.parametrize(
    ("scores", "rejected"),
    [
        # mean 5, deviation 2: aim 1; the worst is the nearest
        ((2, 4, 4, 4, 5, 5, 7, 9), 0),
        # mean 6.9, deviation 2.7: aim 1.5; 1 is nearer than 3
        ((10, 9, 8, 8, 8, 8, 7, 7, 3, 1), 9),
        # mean 7.25, deviation 2.332: aim 2.586; 2 and not the worst, 0
        ((9, 9, 8, 8, 8, 8, 8, 8, 8, 8, 2, 3), 11),
        # an outlier far below: mean 7.2, deviation 2.857, aim 1.486; 0 is nearest
        ((9, 8, 8, 8, 8, 8, 8, 8, 7, 0), 9),
        # 20 answers, two far below: mean 7.3, deviation 2.1, aim 3.1
        ((9, *[8] * 17, 1, 0), 18),
        # mean 5, deviation 2, aim 1: of 0 and 2 the lower one
        ((7, 6, 6, 6, 6, 6, 6, 5, 5, 2, 0), 10),
        # five answers or fewer: always the worst, the earlier of two
        ((5, 1, 3, 1), 1),
        ((3, 1, 1), 1),
        ((None, 5, 4), 2),
    ],
)
def test_mu_minus_two_sigma_rejects_the_nearest_score(
    scores: tuple[float | None, ...], rejected: int
) -> None:
    found = ranked(*scores)
    assert found.winner is not None
    assert rejectable_candidates(found, found.winner, "mu-2sigma") == [rejected]


def test_of_two_that_are_the_worst_the_earlier_is_rejected() -> None:
    assert rejectable_candidates(ranked(9, 5, 3, 3), 0, "best-vs-worst") == [2]


def test_a_row_gives_the_most_equal_pair_of_each_side() -> None:
    facts = RowFacts(ITEM, texts(10, 7, 12, 20), ranked(9, 5, 5, 5))
    more, less = row_options(facts, Pairs(rule="length-matched"))
    assert more == Option(log(11) - log(8), 0, 1)
    assert less == Option(log(11) - log(13), 0, 2)
    level = RowFacts(ITEM, texts(10, 30, 30), ranked(9, 9, 5))  # both are the best
    assert row_options(level, Pairs(rule="length-matched")) == (Option(0, 1, 2),)


def test_pairs_are_matched_in_sentences_where_that_is_said() -> None:
    answers = tuple(
        Candidate(text=text, system="s", finish="stop")
        for text in ("It is so. It was.", "It is so, as it ever was.", "So? Why? Yes!")
    )
    facts = RowFacts(ITEM, answers, ranked(9, 5, 5))
    assert row_options(facts, Pairs(rule="length-matched", match="sentences")) == (
        Option(log(3) - log(2), 0, 1),
        Option(log(3) - log(4), 0, 2),
    )


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", 0),
        ("   ", 0),
        ("Yes", 1),
        ("It melts.", 1),
        ("It melts. Then it boi", 2),
        ("Is it so? It is! He said “yes.”", 3),
        ("Wait... what?", 1),
        ("“Stop!” he said. Then he left.", 2),
        ("**Bold.** Then *more.* `code.` It is so.[1] It ends.) Then", 6),
        ("I like plan B. It works. He said no. She left at 5 p.m. We too.", 5),
        ("No. 5 lives on Mt. Everest, Fig. 3 in the U.S. Army, option c. Red.", 1),
        ("J. R. R. Tolkien, Martin Luther King Jr. and A. Smith Inc. of York.", 1),
        ("Das ist z. B. am 3. Mai gut, d. h. bald. Ja.", 2),
        ("Это т. е. так и т.д. и т.п. Да.", 2),
        ("Er sagte: »Ja.« Dann ging er. « Oui. » Puis rien.", 4),
        ("これは「本です。」と言った。それはペンです！", 2),
        ("هل أنت هنا؟ نعم.", 2),
        ("Τι κάνεις; Καλά.", 2),
        ("Great!🙂 Thanks! 🙂", 2),
        ("Stop! ! ! ...", 1),
        ("...", 1),
        ("Run it:\n```\nx = 1. \ny.\n```\nThen look. Done.", 2),
        ("### **1.** It melts.\n> 2. It boils.\na. It freezes.", 3),
        ("all is small. so it is. ok.", 3),
        ("Dr. J. Lee has 3.5 g, e.g. of salt. She left.", 2),
        ("1. It melts.\n2. It boils.", 2),
        ("It was 42. Then it was 43.", 2),
        ("水は沸く。氷は溶ける。", 2),
        ("See example.com/a.html for it.", 1),
    ],
)
def test_sentences_are_counted_by_form(text: str, sentences: int) -> None:
    assert count_sentences(text) == sentences


@pytest.mark.parametrize("text", ["!" * 9**5 + "x", "." + '"' * 9**5, "\n " * 9**5])
def test_counting_sentences_takes_no_longer_for_looping_texts(text: str) -> None:
    assert count_sentences(text) <= 1


@pytest.mark.parametrize("match", SIZES)
def test_every_size_of_a_text_can_be_matched_whoever_judges(
    tmp_path: Path, match: str
) -> None:
    pairs = {"rule": "length-matched", "match": match}
    path = recipe(tmp_path / "r.yaml", openai_model("http://x/v1"), pairs=pairs)
    assert load_recipe(path).pairs.largest_difference == RATIO


def test_a_matched_row_has_its_pair_or_is_left_out_and_says_so() -> None:
    assert end((10, 7), (9, 5)).state == State.PAIR
    given_pair = Match(Option(log(11 / 8), 0, 1))
    assert end((10, 7), (9, 5), given_pair).state == State.PAIR
    left = end((10, 7), (9, 5), Match(None))
    assert (left.state, left.pairs) == (State.UNMATCHED, ())
    assert left.why == (
        "left out: chosen has more length, and no pair is left in which it has less by as"
        " much, up to the tolerance"
    )
    assert end((10, 7), (5, 5)).state == State.TIE


def test_opposite_pairs_are_matched_by_hand() -> None:
    rows = [
        RowOptions(1, "a", (Option(0.10, 0, 1),)),
        RowOptions(2, "b", (Option(0.90, 0, 1),)),
        RowOptions(3, "c", (Option(2.00, 0, 1),)),
        RowOptions(4, "d", (Option(-0.25, 0, 1),)),
        RowOptions(5, "e", (Option(-1.05, 0, 1),)),
        RowOptions(6, "f", (Option(0.0, 0, 1),)),
        RowOptions(7, "g", ()),
        RowOptions(8, "h", (Option(0.5, 0, 1), Option(-1.9, 0, 2))),
    ]
    # two lack on the side of less, so row 8 gives its pair of less: -1.9 meets 2.0
    assert sorted(match_rows(rows, 0.2)) == [1, 2, 3, 4, 5, 6, 8]
    assert match_rows(rows, 0.2)[8] == Option(-1.9, 0, 2)
    assert sorted(match_rows(rows, 0.12)) == [3, 6, 8]
    by_a_tenth = [2.2, -2.1, -1.2, 0.2]  # 2.2 - 2.1 is a tenth, whatever binary says
    rows = [RowOptions(n, "", (Option(d, 0, 1),)) for n, d in enumerate(by_a_tenth)]
    assert sorted(match_rows(rows, 0.1)) == [0, 1]
    assert sorted(match_rows(rows, 1.0)) == [0, 1, 2, 3]


@pytest.mark.parametrize("marks", [(0.1, 0.2, 0.3), (7.1, 7.3, 7.2), (1 / 3, 2 / 3, 1)])
def test_a_mean_of_marks_is_the_same_in_whatever_order_verdicts_came(
    marks: tuple[float, ...],
) -> None:
    ranking = Ranking(
        scores=(9, 5),
        winner=0,
        comparisons=tuple(
            Comparison(
                first=0,
                second=1,
                outcome="first",
                verdicts=(
                    Verdict(
                        winner="first",
                        evaluator="e",
                        criteria=(CriterionScores(name="c", first=a, second=b),),
                    ),
                ),
            )
            for a, b in zip(marks, marks[::-1], strict=True)
        ),
    )
    one, other = criterion_means(2, ranking, "c")
    assert one == other
    flat = ranking.model_copy(update={"comparisons": ranking.comparisons[:1]})
    assert criterion_means(2, flat, "d") == [None, None]


sides = st.lists(
    st.tuples(
        st.floats(-3, 3).map(lambda d: round(d, 2)),
        st.one_of(st.none(), st.floats(0.01, 3)),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(sides, st.floats(0.01, 1), st.randoms(use_true_random=False))
def test_a_matching_balances_whatever_the_order(
    drawn: list[tuple[float, float | None]], tolerance: float, random: Random
) -> None:
    rows = []
    for number, (one, other) in enumerate(drawn):
        both = () if other is None or one <= 0 else (Option(-other, 0, 2),)
        rows.append(RowOptions(number, f"k{number}", (Option(one, 0, 1), *both)))
    taken = match_rows(rows, tolerance)
    options = {row.number: row.options for row in rows}
    assert all(taken[number] in options[number] for number in taken)
    more = sorted(o.difference for o in taken.values() if o.difference > 0)
    less = sorted(-o.difference for o in taken.values() if o.difference < 0)
    assert len(more) == len(less)
    assert all(
        round(abs(a - b), 9) <= tolerance for a, b in zip(more, less, strict=True)
    )
    random.shuffle(rows)
    assert match_rows(rows, tolerance) == taken


def test_answers_cut_off_are_rejected_on_purpose_and_never_chosen() -> None:
    whole, cut = texts(9)[0], texts(5, finish="length")[0]
    facts = RowFacts(ITEM, (cut, whole), ranked(9, 5))
    wanted = Pairs(cut="rejected")
    assert row_state(facts, wanted).state == State.UNUSABLE_ANSWER
    lost = RowFacts(ITEM, (whole, cut), ranked(9, 5))
    (pair,) = row_state(lost, wanted).pairs
    assert (pair.chosen, pair.rejected) == (whole, cut)
    third = texts(3)[0]
    (pair,) = row_state(
        RowFacts(ITEM, (cut, whole, third), ranked(9, 7, 5)), wanted
    ).pairs
    assert (pair.chosen, pair.rejected) == (whole, third)


def test_a_sample_is_a_share_of_the_rows_and_does_not_move() -> None:
    drawn = [is_sampled(f"row {n}", 7, 0.25) for n in range(2000)]
    assert 440 < sum(drawn) < 560
    assert drawn == [is_sampled(f"row {n}", 7, 0.25) for n in range(2000)]
    assert all(is_sampled(f"row {n}", 7, 1.0) for n in range(50))


def test_a_system_stands_for_its_last_draft_of_its_first_sample() -> None:
    made = [
        Candidate(text=f"{d}{s}", system=name, draft=d, sample=s)
        for name in ("a", "b")
        for d in (1, 2)
        for s in (0, 1)
    ]
    assert system_answer(made, "b") == 6
    assert system_answer(made, "c") is None


SYSTEMS = [
    {"team": "single", "name": name, "generator": model}
    for name, model in (("big", "writer"), ("small", "critic"))
]
BY_SYSTEM = {"rule": "by-system", "stronger": "big", "weaker": "small", "sample": 0.5}


def test_pairs_by_system_are_judged_on_a_sample_and_replay(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            12,
            systems=SYSTEMS,
            pairs=BY_SYSTEM,
        )
        report = run(load_recipe(path), tmp_path / "run")
        asked_before = server.stats()["calls"]
    rows = list(outcomes(tmp_path / "run"))
    judged = [row for row in rows if row.ranking and row.ranking.comparisons]
    paired = [row for row in rows if row.pairs]
    assert 0 < len(judged) < len(paired) <= 12
    assert {(p.chosen.system, p.rejected.system) for r in rows for p in r.pairs} == {
        ("big", "small")
    }
    assert asked_before == 24 + 2 * len(judged)
    assert all(("not-judged" in row.flags) != (row in judged) for row in paired)
    account = report.accounts[0]
    assert account.confirmation is not None
    assert account.confirmation.judged == len(judged)
    assert {row["p_source"] for row in rows_in(account)} == {"sample"}
    assert all(replay(tmp_path / "run", str(r.number)).identical for r in rows[:4])
    counts = plan(
        load_recipe(path), measure_source(read_items(load_recipe(path).source))
    )
    assert [m.calls_max for m in counts.models][2] == 12


def test_the_share_that_the_evaluator_confirms_is_counted_by_hand() -> None:
    pairs = Pairs(rule="by-system", stronger="a", weaker="b")
    both = tuple(Candidate(text=t, system=t) for t in "ab")

    def row(*scores: float | None) -> Outcome:
        met: Any = {"first": 0, "second": 1, "outcome": "first"}
        made = Ranking(scores=scores, winner=0, comparisons=(met,))
        return Outcome(
            number=1, item="i", state=State.PAIR, candidates=both, ranking=made
        )

    found = confirmed_rows(
        [row(9, 5)] * 6 + [row(5, 9), row(5, 5), row(None, None)], pairs
    )
    assert (found.judged, found.confirmed, found.contrary) == (9, 6, 1)
    assert (found.share, found.low, found.high) == (0.6667, 0.3542, 0.8794)
    assert found.chance == pytest.approx((6 + 1 + 1) / 11)


def test_a_length_matched_run_balances_resumes_and_replays(tmp_path: Path) -> None:
    single = {"team": "single", "name": "s", "generator": "writer", "samples": 3}
    with openai_server() as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            10,
            systems=[single],
            evaluate={"team": "judge", "model": "judge", "order": "first"},
            pairs={"rule": "length-matched"},
        )
        half = load_recipe(path, {"source.limit": 5})
        run(half, tmp_path / "run")
        report = run(load_recipe(path), tmp_path / "run")
        once = run(load_recipe(path), tmp_path / "once")
    rows = {row.number: row for row in outcomes(tmp_path / "run")}
    again = {row.number: row for row in outcomes(tmp_path / "once")}
    assert {n: row.pairs for n, row in rows.items()} == {
        n: row.pairs for n, row in again.items()
    }
    longer = [
        len(p.chosen.text) - len(p.rejected.text)
        for r in rows.values()
        for p in r.pairs
    ]
    assert longer
    assert sum(d > 0 for d in longer) == sum(d < 0 for d in longer)
    assert report.balanced
    assert report.states == once.states
    assert report.states.get(State.UNMATCHED, 0) == sum(
        row.state == State.UNMATCHED for row in rows.values()
    )
    assert all(replay(tmp_path / "run", str(n)).identical for n in (1, 2, 9))


@pytest.mark.parametrize(
    ("pairs", "more", "told"),
    [
        ({"stronger": "loop"}, {}, "only rule: by-system heeds it"),
        ({"match": "words"}, {}, "only rule: length-matched heeds it"),
        ({"rule": "by-system", "stronger": "loop"}, {}, "name a system"),
        (
            {**BY_SYSTEM, "weaker": "big"},
            {"systems": SYSTEMS},
            "is the stronger system",
        ),
        ({**BY_SYSTEM, "weaker": "smal"}, {"systems": SYSTEMS}, "'small'"),
        ({**BY_SYSTEM, "margin": 1}, {"systems": SYSTEMS}, "leave it out"),
        ({"rule": "length-matched"}, {"limits": {"accept": 2}}, "needs the whole run"),
        ({"rule": "length-matched", "match": "clarity"}, {}, "no criterion"),
    ],
)
def test_settings_of_pairs_that_do_not_fit_are_refused(
    tmp_path: Path, pairs: dict[str, Any], more: dict[str, Any], told: str
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model("http://x/v1"), pairs=pairs, **more)
    with pytest.raises(RecipeError, match=told):
        load_recipe(path)


@pytest.mark.parametrize("name", ["clarity", "sentences"])
def test_pairs_are_matched_by_a_criterion_of_the_evaluator(name: str) -> None:
    def scored(first: float, second: float) -> Verdict:
        clarity = CriterionScores(name=name, first=first, second=second)
        return Verdict(winner="first", criteria=(clarity,))

    met = Comparison(
        first=0, second=1, outcome="first", verdicts=(scored(8, 3), scored(6, 4))
    )
    made = Ranking(scores=(9, 5), winner=0, comparisons=(met,))
    facts = RowFacts(ITEM, texts(9, 9), made)
    wanted = Pairs(rule="length-matched", match=name)
    assert row_options(facts, wanted) == (Option(3.5, 0, 1),)
    assert Pairs(match="clarity").largest_difference == 1.0
    nobody = Pairs(rule="length-matched", match="depth")
    assert row_state(facts, nobody).state == State.UNMATCHED
