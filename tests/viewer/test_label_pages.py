"""Labelling pages: blind, in order of doubt, saved before the answer comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from fellowship.pipelines.labels.label_queues import draw_of
from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels, latest_labels
from fellowship.viewer import label_queue
from fellowship.viewer.server import ServerAddress
from tests.support.outcomes import BOTH, row_of
from tests.support.runs import written
from tests.support.viewer_pages import ask, indexed, numbers, served


def post(
    place: ServerAddress, path: str, secret: str, who: str = "", **form: str
) -> Any:
    headers = {
        "Origin": f"http://127.0.0.1:{place.port}",
        "Cookie": f"fellowship_annotator={who}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode({"form": secret, **form})
    return ask(place, path, "POST", headers=headers, body=body)


def secret_of(place: ServerAddress) -> str:
    return ask(place, "/label").text.split('name="form" value="')[1].split('"')[0]


def test_a_label_is_in_the_run_before_the_answer_comes(five: Path) -> None:
    with served(five) as place:
        secret = secret_of(place)
        form = {"number": "2", "item": "item2", "choice": "left"}
        assert post(place, "/label", secret, "Ada", **form).status == 303
        (label,) = latest_labels(five)
    order = label_queue.shown_order("Ada", 2)
    assert (label.annotator, label.number, label.order) == ("Ada", 2, order)
    assert label.winner == ("first" if order == "forward" else "second")


@pytest.mark.fault(number=20)
def test_a_form_without_this_servers_secret_saves_nothing(five: Path) -> None:
    with served(five) as place:
        form = {"number": "2", "item": "item2", "choice": "left"}
        assert post(place, "/label", "guessed", "Ada", **form).status == 403
        secret = secret_of(place)
        assert post(place, "/label", secret, "", **form).status == 400
        assert post(place, "/label", secret, "Ada", choice="worse").status == 400
        wrong = {**form, "item": "another"}
        assert post(place, "/label", secret, "Ada", **wrong).status == 404
        assert (
            post(place, "/label", secret, "Ada", number="9" * 30, choice="tie").status
            == 400
        )
    assert latest_labels(five) == []


def test_the_queue_to_teach_begins_where_the_verdicts_differ_most(five: Path) -> None:
    index = indexed(five)
    label_queue.index_labels(index)
    asked = []
    while (number := label_queue.next_row(index, "Ada", "teach")) is not None:
        asked.append(number)
        said = HumanLabel(
            number=number, item=f"item{number}", annotator="Ada", winner="tie"
        )
        add_labels(five, [said])
        label_queue.index_labels(index)
    assert asked == [2, 3, 1, 4, 5]
    assert label_queue.next_row(index, "Bob", "teach") == 2
    assert label_queue.progress(index, "Ada") == label_queue.Progress(
        rows=4, own=5, left=0
    )


def test_undo_asks_again_and_skip_does_not(five: Path) -> None:
    with served(five) as place:
        secret = secret_of(place)
        form = {"number": "2", "item": "item2"}
        post(place, "/label", secret, "Ada", **form, choice="left")
        back = post(place, "/label", secret, "Ada", choice="undo")
        assert back.headers["location"] == "/label?row=2"
        assert latest_labels(five) == []
        index = indexed(five)
        label_queue.index_labels(index)
        assert label_queue.next_row(index, "Ada", "teach") == 2
        post(place, "/label", secret, "Ada", **form, choice="skip")
        label_queue.index_labels(index)
        assert label_queue.next_row(index, "Ada", "teach") == 3
        assert latest_labels(five) == []


def test_who_wrote_and_what_was_decided_are_not_on_the_labelling_page(
    five: Path,
) -> None:
    with served(five) as place:
        cookie = {"Cookie": "fellowship_annotator=Ada"}
        text = ask(place, "/label?row=2", headers=cookie).text
    assert "the left one" in text
    for word in ("model-a", "model-b", "order-inconsistent", "score", "judge</"):
        assert word not in text


def test_the_order_is_a_fair_coin_that_each_annotator_throws_anew() -> None:
    seen = [label_queue.shown_order("Ada", n) for n in range(1000)]
    assert 450 < seen.count("swapped") < 550
    assert seen == [label_queue.shown_order("Ada", n) for n in range(1000)]
    assert seen != [label_queue.shown_order("Bob", n) for n in range(1000)]


def test_labels_saved_from_the_page_are_taken_in_by_another_run(
    five: Path, tmp_path: Path
) -> None:
    add_labels(
        five, [HumanLabel(number=3, item="item3", annotator="Ada", winner="tie")]
    )
    again = written(tmp_path / "again", [row_of(n, *BOTH) for n in (1, 2, 3)])
    with served(five) as place:
        lines = ask(place, "/labels.jsonl").text
    with served(again) as place:
        secret = secret_of(place)
        assert "1 label added" in post(place, "/labels", secret, lines=lines).text
        assert "0 labels added" in post(place, "/labels", secret, lines=lines).text
        assert "Nothing was imported" in post(place, "/labels", secret, lines="x").text
    (label,) = latest_labels(again)
    assert (label.number, label.annotator, label.winner) == (3, "Ada", "tie")


def test_a_label_moves_the_filter_that_sets_it_against_the_verdict(five: Path) -> None:
    index = indexed(five)
    add_labels(
        five, [HumanLabel(number=1, item="item1", annotator="Ada", winner="second")]
    )
    assert label_queue.index_labels(index)
    assert numbers(index, label="against") == [1, 5]
    assert not label_queue.index_labels(index)


@pytest.mark.slow
def test_labels_feed_agreement_and_win_rates_at_once(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row_of(n, *BOTH) for n in range(1, 81)])
    with served(run) as place:
        secret = secret_of(place)
        for n in sorted(range(1, 81), key=lambda n: draw_of(f"item{n}"))[:50]:
            choice = (
                "left" if label_queue.shown_order("Ada", n) == "forward" else "right"
            )
            form = {"number": str(n), "item": f"item{n}", "choice": choice}
            post(place, "/label", secret, "Ada", **form)
        text = ask(place, "/labels?say=1").text
    assert {x.queue for x in latest_labels(run)} == {"measure"}
    assert "against 50 labels on 50 prompts" in text
    assert "prediction-powered" in text
    assert text.count("1.000 <span") >= 2


def test_enough_labels_is_what_agree_calls_enough() -> None:
    from fellowship.stats.intervals import MIN_LABELS

    assert label_queue.ENOUGH == MIN_LABELS
