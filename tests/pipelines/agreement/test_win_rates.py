"""Win rates of systems: from verdicts, from both orders, and from few labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fellowship.cli.main import run_command as cli
from fellowship.pipelines.agreement.agreement_cells import both_orders_text
from fellowship.pipelines.agreement.matches import Match, are_asked_twice, matches
from fellowship.pipelines.agreement.win_rates import rate_matches, win_rates
from fellowship.pipelines.imports.run_writer import ImportReport, write_import
from fellowship.pipelines.paper.import_release import import_release
from fellowship.records import Candidate, Comparison, Outcome, Ranking, Verdict, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.intervals import Resampling
from tests.support.paper_release import combined, put
from tests.support.verdict_runs import verdicts

QUICK = Resampling(200)


def said_as_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert cli([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def loop(root: Path, rows: int = 60) -> Path:
    """One single model against two others, texts known of one of them."""
    none = root / "generators/p/none"
    wins = ["agent", "agent", "gpt"] * (rows // 3)
    scores = {"agent": (9, 4), "gpt": (4, 9), "tie": (5, 5)}
    for name, told in (("small_picks", wins), ("small_llama_picks", wins[::-1])):
        texts = [combined(*scores[w])["response"] for w in told]
        rows_of = [
            {"response": t, "winner": w} for t, w in zip(texts, told, strict=True)
        ]
        put(none / f"{name}.json", rows_of)
    for name in ("small", "gpt-4o"):
        said = [
            [
                {"role": "user", "content": f"Q{n}"},
                {"role": "assistant", "content": name * (1 + n % 7)},
            ]
            for n in range(rows)
        ]
        put(none / f"{name}.json", said)
    return root


def test_every_rule_of_a_win_rate(tmp_path: Path) -> None:
    import_release(loop(tmp_path / "r"), tmp_path / "run")
    found = win_rates(tmp_path / "run", plan=QUICK)
    one = next(p for p in found.pairs if p.second == "gpt-4o")
    assert one.strict.value == pytest.approx(2 / 3)
    assert one.half_tie.value == pytest.approx(2 / 3)
    assert one.controlled is not None
    assert one.both_orders is None
    assert found.ratings[0][0] == "small"
    assert len(found.ratings) == 3


def met(first: str, second: str, order: str, winner: str, n: int) -> Outcome:
    """One row whose judge read two systems in one order only."""
    names = [Candidate(text="t" * (n + 1), system=s) for s in (first, second)]
    verdict = Verdict.model_validate({"winner": winner, "order": order})
    one = Comparison.model_validate(
        {"first": 0, "second": 1, "outcome": winner, "verdicts": [verdict]}
    )
    return Outcome(
        number=n,
        item=f"i{n}",
        state="tie",
        candidates=tuple(names),
        ranking=Ranking(scores=(None, None), winner=None, comparisons=(one,)),
    )


def test_who_is_named_first_changes_no_win_rate(tmp_path: Path) -> None:
    rows = [met("a", "b", "forward", "first", n) for n in range(1, 5)]
    rows += [met("b", "a", "forward", "second", n) for n in range(5, 9)]
    write_import(rows, tmp_path / "run", "rows", [], tmp_path)
    [pair] = win_rates(tmp_path / "run", plan=QUICK).pairs
    assert (pair.first, pair.rows, pair.strict.value) == ("a", 8, 1.0)


def test_people_are_estimated_from_few_labels_and_all_verdicts(tmp_path: Path) -> None:
    rows = []
    for n in range(1, 401):
        row = met("a", "b", "forward", "first" if n % 4 else "second", n)
        label = ("first",) if n % 2 else ("second",)
        rows.append(row.model_copy(update={"labels": label if n <= 100 else ()}))
    write_import(rows, tmp_path / "run", "rows", [], tmp_path)
    [pair] = win_rates(tmp_path / "run", plan=QUICK).pairs
    assert pair.people is not None
    assert pair.people.low < 0.5 < pair.people.high < pair.strict.value


def test_a_run_without_two_systems_has_no_win_rate(tmp_path: Path) -> None:
    run, _ = verdicts(tmp_path)
    assert cli(["winrate", str(run)]) == 2


def test_the_papers_win_rates_from_a_run(
    paper_run: tuple[Path, ImportReport], capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = paper_run
    printed = said_as_json(["winrate", str(run), "--resamples", "50"], capsys)
    ours = "gemma-2-9b-it+gemma-2-9b-it"
    wins = [p["strict"]["value"] * 500 for p in printed["pairs"] if p["first"] == ours]
    assert sorted(wins) == pytest.approx([207, 263, 324])
    rows = [o for o in outcomes(run) if str(o.id).startswith("argilla-capybara")]
    met = [match for row in rows for match in matches(row)]
    assert len(rate_matches(met, Resampling(2)).ratings) == 6


def by_margin(rng: np.random.Generator, rows: int, adaptive: bool) -> list[Match]:
    """A judge that gives the first place a point: the second order where it is close."""
    found = []
    for n in range(rows):
        gap = round(float(rng.normal(1.5, 3)))
        forward, swapped = np.sign([gap + 1, gap - 1])
        twice = not adaptive or abs(gap + 1) <= 1
        named = {1.0: "first", 0.0: "tie", -1.0: "second"}
        mean = np.sign(gap) if twice else forward
        if twice and forward * swapped < 0:
            mean = 0.0
        found.append(
            Match(
                prompt=str(n),
                first="a",
                second="b",
                outcome=named[float(mean)],  # type: ignore[arg-type]
                forward=named[float(forward)],  # type: ignore[arg-type]
                swapped=named[float(swapped)] if twice else "invalid",  # type: ignore[arg-type]
                lengths=(1, 1),
                label="invalid",
                both_asked=twice,
            )
        )
    return found


def test_a_second_order_asked_where_it_is_close_does_not_make_the_rate() -> None:
    """Before: the rate of the close rows was printed as the pair's, .468 for .652."""
    whole, close = (
        rate_matches(by_margin(np.random.default_rng(4), 3000, adaptive), QUICK)
        .pairs[0]
        .both_orders
        for adaptive in (False, True)
    )
    assert whole is not None
    assert close is not None
    assert not whole.is_conditional
    assert whole.rate == whole.rate_asked
    assert np.isnan(close.rate)
    assert close.rate_asked < whole.rate - 0.1
    assert close.invalid == 0
    text = both_orders_text(close)
    assert f": only of the {close.asked:,} of 3,000 asked in both orders" in text


@pytest.mark.parametrize(
    ("orders", "twice"),
    [
        ({"ann": "fs", "bob": "fs"}, True),
        ({"ann": "fs", "bob": "f"}, False),
        ({"ann": "f", "bob": "s"}, False),
        ({}, False),
    ],
)
def test_both_orders_are_asked_only_where_every_juror_was_asked_both(
    orders: dict[str, str], twice: bool
) -> None:
    named = {"f": "forward", "s": "swapped"}
    made = [
        Verdict.model_validate(
            {"winner": "tie", "evaluator": who, "order": named[order]}
        )
        for who, asked in orders.items()
        for order in asked
    ]
    assert are_asked_twice(made) == twice


def test_a_strict_rate_of_equals_shows_who_loses_too() -> None:
    """A quarter ties, a quarter unreadable: 25 % is no defeat where the other has 25 %."""
    outcomes: tuple[Winner, ...] = ("first", "second", "tie", "invalid")
    met = [
        Match(
            str(n), "a", "b", outcomes[n % 4], "invalid", "invalid", (1, 1), "invalid"
        )
        for n in range(400)
    ]
    pair = rate_matches(met, QUICK).pairs[0]
    assert pair.strict_second is not None
    assert pair.strict.value == pair.strict_second.value == 0.25
    assert (pair.ties, pair.invalid) == (100, 100)
