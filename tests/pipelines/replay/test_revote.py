"""Another rule or reading over the same verdicts is another run, and asks nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.cli.main import run_command as cli
from fellowship.errors import InputError
from fellowship.pipelines.imports.import_verdicts import VerdictColumns, import_verdicts
from fellowship.pipelines.labels.run_labels import latest_labels
from fellowship.pipelines.paper.import_release import import_release
from fellowship.pipelines.replay.revote import revote
from fellowship.pipelines.replay.revoted_rows import Revote, revote_row
from fellowship.records import Outcome, Verdict, Winner
from fellowship.run_outcomes import outcomes
from tests.support.labelled_runs import label, unjudged_run
from tests.support.outcomes import bare_row
from tests.support.paper_release import small

VOTES = "id,p,x,y,who,pick\n" + "".join(
    f"{n},q{n},left {n},right {n},{who},{pick}\n"
    for n, picks in enumerate(("aab", "abt", "bbb", "tta"))
    for who, pick in zip(("ann", "bob", "cat"), picks, strict=True)
).replace(",t\n", ",tie\n")


def votes(folder: Path) -> Path:
    (folder / "v.csv").write_text(VOTES)
    columns = VerdictColumns("who", "pick", None, None, "id", "p", "x", "y")
    import_verdicts(folder / "v.csv", folder / "run", columns)
    return folder / "run"


def decided(run: Path) -> list[str]:
    return [
        c.outcome for o in outcomes(run) if o.ranking for c in o.ranking.comparisons
    ]


def test_a_jury_of_fewer_decides_anew_and_the_pairs_follow(tmp_path: Path) -> None:
    run = votes(tmp_path)
    assert decided(run) == ["first", "tie", "second", "tie"]
    revote(run, tmp_path / "cat", Revote(judges=("cat",)))
    assert decided(tmp_path / "cat") == ["second", "tie", "second", "first"]
    chosen = [p.chosen.text for o in outcomes(tmp_path / "cat") for p in o.pairs]
    assert chosen == ["right 0", "right 2", "left 3"]


def test_weights_and_dawid_skene_are_rules_like_others(tmp_path: Path) -> None:
    run = votes(tmp_path)
    heavy = Revote("weighted", weights={"cat": 5.0})
    revote(run, tmp_path / "heavy", heavy)
    assert decided(tmp_path / "heavy") == ["second", "tie", "second", "first"]
    for _ in range(2):  # doing it again changes nothing
        revote(run, tmp_path / "ds", Revote("dawid-skene"))
        assert decided(tmp_path / "ds")[2] == "second"
    with pytest.raises(InputError, match="--weight"):
        revote(run, tmp_path / "none", Revote("weighted"))
    with pytest.raises(InputError, match="did you mean 'cat'"):
        revote(run, tmp_path / "none", Revote(judges=("catt",)))


def test_dawid_skene_leaves_a_row_without_texts_what_it_was(tmp_path: Path) -> None:
    import_release(small(tmp_path / "release"), tmp_path / "run")
    revote(tmp_path / "run", tmp_path / "ds", Revote("dawid-skene"))
    rejected = [
        [o.number for o in outcomes(tmp_path / name) if o.state == "rejected-input"]
        for name in ("run", "ds")
    ]
    assert rejected[0] == rejected[1] != []


def test_reading_imported_words_again_is_what_the_import_read(tmp_path: Path) -> None:
    import_release(small(tmp_path / "release"), tmp_path / "run")
    revote(tmp_path / "run", tmp_path / "again", Revote(reading="again"))
    pairs = zip(outcomes(tmp_path / "run"), outcomes(tmp_path / "again"), strict=True)
    for one, other in pairs:
        assert (one.state, spoken(one)) == (other.state, spoken(other))
    assert any(spoken(one) for one in outcomes(tmp_path / "run"))


def test_the_stored_reading_is_the_authors_minus_one_and_all(tmp_path: Path) -> None:
    import_release(small(tmp_path / "release"), tmp_path / "run")
    revote(tmp_path / "run", tmp_path / "theirs", Revote(reading="stored"))
    scores = [v.scores for o in outcomes(tmp_path / "theirs") for v in spoken(o)]
    assert any(each is not None and each.first == -1 for each in scores)


def test_labels_come_along(tmp_path: Path) -> None:
    from fellowship.pipelines.labels.run_labels import add_labels

    run = votes(tmp_path)
    key = next(outcomes(run)).item
    add_labels(run, [label(1, "tie", item=key)])
    revote(run, tmp_path / "new", Revote())
    assert latest_labels(tmp_path / "new") == latest_labels(run)


def spoken(outcome: Outcome) -> list[Verdict]:
    made = outcome.ranking.comparisons if outcome.ranking else ()
    return [verdict for comparison in made for verdict in comparison.verdicts]


@settings(deadline=None)
@given(st.lists(st.sampled_from(("first", "second", "tie", "invalid")), max_size=4))
def test_chosen_never_scores_below_rejected_whatever_the_votes(
    said: list[Winner],
) -> None:
    from fellowship.pipelines.imports.imported_rows import jury_comparison
    from fellowship.records import Ranking

    verdicts = [Verdict(winner=w, evaluator=str(n)) for n, w in enumerate(said)]
    ranking = Ranking(
        scores=(None, None), winner=None, comparisons=(jury_comparison(verdicts),)
    )
    for rule in ("majority", "mean"):
        made = revote_row(
            bare_row(1).model_copy(update={"ranking": ranking}), Revote(rule)
        )
        assert all(p.chosen_score > p.rejected_score for p in made.pairs)
        assert (made.state == "pair") == bool(made.pairs)


def test_a_run_without_verdicts_has_no_vote(tmp_path: Path) -> None:
    run = unjudged_run(tmp_path)
    assert cli(["revote", str(run), "--into", str(tmp_path / "x")]) == 2
