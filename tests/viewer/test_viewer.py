"""The page of a run, without a browser: what it lists, finds, lets in and keeps."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.errors import InputError, LedgerError
from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels, latest_labels
from fellowship.records import Outcome
from fellowship.run_folder import RunFolder, is_running
from fellowship.viewer import label_queue
from fellowship.viewer.access import Gate, loopback
from fellowship.viewer.filters import Filters, matching
from fellowship.viewer.index import Index
from fellowship.viewer.index_tables import closed_up, spaced
from fellowship.viewer.listing import listing, neighbours
from fellowship.viewer.markdown import rendered
from fellowship.viewer.row_summary import entropy, summarise
from fellowship.viewer.server import Place
from fellowship.viewer.word_diff import difference
from tests.support.viewer_pages import ask, row, served, verdict, written

BOTH = (verdict("first"), verdict("first", "swapped"))
SPLIT = (verdict("first"), verdict("second", "swapped"))


def indexed(run: Path) -> Index:
    index = Index(run)
    list(index.refresh(thorough=True))
    return index


def numbers(index: Index, **asked: str) -> list[int]:
    return [one.row["number"] for one in listing(index, Filters.read(asked)).rows]


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """Five rows that differ in what the filters ask for."""
    jury = (verdict("first", who="ann"), verdict("second", who="bob"))
    return written(
        tmp_path / "five",
        [
            row(1, *BOTH),
            row(2, *SPLIT, state="order-inconsistent", decided="order-inconsistent"),
            row(3, *jury, decided="tie", state="tie", model="model-b"),
            row(4, verdict("invalid"), state="unparsed", decided="invalid"),
            row(
                5, *BOTH, texts=("a rare petrichor", "un café noir"), labels=("second",)
            ),
        ],
    )


# -- list, filters, search --------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"state": "tie"}, [3]),
        ({"team": "two"}, [1, 2, 3, 4, 5]),
        ({"model": "model-b"}, [3]),
        ({"disagree": "orders"}, [2]),
        ({"disagree": "jurors"}, [3]),
        ({"disagree": "any"}, [2, 3]),
        ({"invalid": "1"}, [4]),
        ({"low": "3.5"}, []),
        ({"low": "3", "high": "3"}, [1, 2, 3, 4, 5]),
        ({"label": "against"}, [5]),
        ({"label": "unlabelled"}, [1, 2, 3, 4]),
        ({"q": "petrichor"}, [5]),
        ({"q": "PETRI"}, [5]),
        ({"q": "cafe noir"}, [5]),
        ({"q": '"rare petrichor"'}, [5]),
        ({"q": '"petrichor rare"'}, []),
        ({"q": "question number 3"}, [3]),
        ({"q": "id-4"}, [4]),
        ({"q": "zebra"}, []),
        ({"state": "no such state", "page": "-3", "low": "x"}, [1, 2, 3, 4, 5]),
    ],
)
def test_a_filter_leaves_the_rows_it_names(
    five: Path, asked: dict[str, str], found: list[int]
) -> None:
    assert numbers(indexed(five), **asked) == found


def test_a_search_shows_where_its_words_were_found(five: Path) -> None:
    (one,) = listing(indexed(five), Filters.read({"q": "petrichor"})).rows
    assert one.excerpt == "a rare \x02petrichor\x03"
    assert one.who == "generator"


def test_words_written_without_spaces_are_found_inside_a_sentence(
    tmp_path: Path,
) -> None:
    text = "我们喜欢在湖边散步。"
    run = written(tmp_path / "run", [row(1, *BOTH, texts=(text, "x"))])
    (one,) = listing(indexed(run), Filters.read({"q": "湖边"})).rows
    assert closed_up(one.excerpt).replace("\x02", "").replace("\x03", "") == text
    assert numbers(indexed(run), q="边湖") == []


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_search_is_a_syntax_error(words: str) -> None:
    link = sqlite3.connect(":memory:")
    link.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
    if match := matching(words):
        link.execute("SELECT * FROM t WHERE t MATCH ?", (match,)).fetchall()
    link.close()


@given(st.text(alphabet="ab 湖边がなสวัส.", max_size=30))
def test_spacing_a_text_out_loses_none_of_its_letters(text: str) -> None:
    assert spaced(text).replace(" ", "") == text.replace(" ", "")


def test_sorting_falls_or_rises_and_rows_without_a_value_come_last(
    tmp_path: Path,
) -> None:
    bare = Outcome(number=9, item="x", state="failed", why="no server")
    run = written(tmp_path / "run", [row(1, *SPLIT), row(2, *BOTH), bare])
    index = indexed(run)
    assert numbers(index, sort="agreement") == [1, 2, 9]
    assert numbers(index, sort="agreement", down="1") == [2, 1, 9]
    filters = Filters.read({"sort": "agreement", "down": "1"})
    assert neighbours(index, filters, 1) == (2, 9)


def test_an_address_says_its_filters_and_gives_them_back() -> None:
    filters = Filters.read({"q": "a b", "state": "tie", "low": "2", "sort": "margin"})
    assert filters.query() == "q=a+b&state=tie&low=2&sort=margin"
    assert Filters().query() == ""


# -- the index --------------------------------------------------------------------------


def test_a_row_that_ended_since_is_indexed_and_no_other(five: Path) -> None:
    index = indexed(five)
    written(five, [row(6, *BOTH)])
    assert sum(index.refresh()) == 1
    assert sum(index.refresh()) == 0
    assert numbers(index) == [1, 2, 3, 4, 5, 6]


def test_a_failed_row_that_was_mended_is_indexed_again(tmp_path: Path) -> None:
    run = written(
        tmp_path / "run", [Outcome(number=1, item="item1", state="failed", why="gone")]
    )
    index = indexed(run)
    assert numbers(index, q="gone") == [1]
    written(run, [row(1, *BOTH)])
    assert sum(index.refresh()) == 1
    assert numbers(index, q="gone") == []
    assert numbers(index, state="pair", q="left") == [1]


def test_a_broken_or_older_index_is_made_anew(five: Path) -> None:
    indexed(five).close()
    path = five / "view" / "index.db"
    path.write_bytes(b"no database at all" * 100)
    assert numbers(indexed(five)) == [1, 2, 3, 4, 5]


def test_a_record_that_cant_be_read_is_a_row_that_says_so(five: Path) -> None:
    link = sqlite3.connect(five / "ledger.db")
    link.execute("UPDATE outcomes SET record = '{}' WHERE number = 2")
    link.commit()
    link.close()
    index = indexed(five)
    assert numbers(index) == [1, 2, 3, 4, 5]
    assert numbers(index, q='"record can\'t be read"') == [2]
    with served(five) as place:
        assert "record can&#39;t be read" in ask(place, "/row/2").text


def test_a_run_is_going_on_while_its_lock_is_held(five: Path) -> None:
    assert not is_running(five)
    with RunFolder(five):
        assert is_running(five)
    assert not is_running(five)


def test_the_index_is_private_and_the_ledger_untouched(five: Path) -> None:
    before = (five / "ledger.db").read_bytes()
    indexed(five).close()
    assert (five / "ledger.db").read_bytes() == before
    assert (five / "view").stat().st_mode & 0o777 == 0o700
    assert (five / "view" / "index.db").stat().st_mode & 0o777 == 0o600


def test_what_isnt_a_run_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="the folder of a run"):
        Index(tmp_path)
    assert not list(tmp_path.iterdir())


def test_agreement_counts_final_verdicts_invalid_ones_too() -> None:
    said = (verdict("first"), verdict("invalid", "swapped"))
    made = summarise(row(1, *said))
    assert (made.votes, made.agreed, made.invalid) == (2, 1, 1)


def test_entropy_is_none_for_one_opinion_and_a_bit_for_a_split() -> None:
    assert entropy(["first", "first"]) == 0
    assert entropy(["first", "second"]) == 1
    assert entropy([]) == 0


# -- texts ------------------------------------------------------------------------------


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_difference_gives_both_texts_back(old: str, new: str) -> None:
    from fellowship.sanitize import sanitize

    pieces = difference(old, new)
    assert "".join(p.text for p in pieces if p.kind != "new") == sanitize(old)
    assert "".join(p.text for p in pieces if p.kind != "gone") == sanitize(new)


def test_a_difference_is_of_words() -> None:
    pieces = difference("It is a red house.", "It is a blue house.")
    assert [(p.kind, p.text) for p in pieces if p.kind != "same"] == [
        ("gone", "red"),
        ("new", "blue"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "![a](http://example.org/pixel.png)",
        "<a href='vbscript:x'>y</a>",
        "```\n</code></pre><svg onload=alert(1)>\n```",
    ],
)
def test_markdown_makes_nothing_that_runs_or_fetches(text: str) -> None:
    made = str(rendered(text))
    for bad in ("<script", "<img", "<svg", 'href="java', 'href="data', 'href="vb'):
        assert bad not in made


def test_markdown_keeps_code_tables_and_links() -> None:
    made = str(rendered("# T\n\n`x<y`\n\n|a|\n|-|\n|1|\n\n[l](https://example.org)"))
    assert "<code>x&lt;y</code>" in made
    assert "<td>1</td>" in made
    assert 'href="https://example.org" rel="noopener noreferrer nofollow"' in made


# -- who may ask ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, None),
        ("GET", {"sec-fetch-site": "same-origin"}, None),
        ("GET", {"host": "localhost:9"}, None),
        ("GET", {"host": "[::1]:9"}, None),
        ("GET", {"host": "evil.example"}, 421),
        ("GET", {"host": "127.0.0.1.evil.example"}, 421),
        ("GET", {"host": "10.0.0.7"}, 421),
        ("GET", {"host": ""}, 421),
        ("GET", {"host": "localhost:9@evil.example"}, 421),
        ("GET", {"sec-fetch-site": "cross-site"}, 403),
        ("GET", {"sec-fetch-site": "same-site"}, 403),
        ("GET", {"origin": "null"}, 403),
        ("GET", {"origin": "http://evil.example"}, 403),
        ("POST", {"origin": "http://127.0.0.1:9"}, None),
        ("POST", {}, 403),
        ("POST", {"origin": "null"}, 403),
        ("POST", {"origin": "https://127.0.0.1:9"}, 403),
        ("POST", {"origin": "http://127.0.0.1:10"}, 403),
        ("DELETE", {}, 405),
        ("OPTIONS", {"origin": "http://127.0.0.1:9"}, 405),
        ("TRACE", {}, 405),
    ],
)
def test_a_request_is_answered_only_if_it_is_our_own(
    method: str, headers: dict[str, str], status: int | None
) -> None:
    refusal = Gate().refusal(method, {"host": "127.0.0.1:9", **headers})
    assert (refusal.status if refusal else None) == status


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "example.org", "::"])
def test_beyond_loopback_nothing_is_served_without_a_token(host: str) -> None:
    assert not loopback(host)
    with pytest.raises(InputError, match="--token"):
        Place(host).check()
    Place(host, token="x" * 16).check()


def test_a_short_token_is_refused() -> None:
    with pytest.raises(InputError, match="16 characters"):
        Place(token="123").check()


def test_a_port_that_is_taken_is_named() -> None:
    socket, place = Place().bound()
    socket.listen()
    with socket, pytest.raises(InputError, match=f":{place.port}"):
        Place(port=place.port).bound()


def test_the_token_is_asked_for_once_and_leaves_the_address(five: Path) -> None:
    token = "a-token-of-16-letters"
    with served(five, token) as place:
        assert ask(place, "/").status == 401
        assert ask(place, "/static/base.css").status == 401
        assert ask(place, "/?token=wrong").status == 401
        entry = ask(place, f"/row/1?token={token}&q=a")
        assert (entry.status, entry.headers["location"]) == (303, "/row/1?q=a")
        kept = entry.headers["set-cookie"]
        assert "HttpOnly" in kept
        assert "SameSite=Strict" in kept
        cookie = {"Cookie": kept.split(";")[0]}
        assert ask(place, "/row/1", headers=cookie).status == 200


PATHS = [
    *("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"),
    *("/../run.json", "/..%2f..%2frun.json", "//etc/passwd", "/static//etc/passwd"),
    *("/call/..%2f..%2frun.json", "/row/../../run.json", "/find/x"),
    *(
        "/static/%00",
        "/row/%2e%2e",
        "/row/-1",
        "/row/99999999999999999999",
        "/ledger.db",
    ),
    *("/view/index.db", "/run.json", "/static/base.css%00.html", "/row/1%0d%0aX:y"),
]


def test_no_address_reads_a_file(five: Path) -> None:
    (five / "run.json").write_text(json.dumps({"recipe": {}, "secret": "S3CRET"}))
    with served(five) as place:
        for path in PATHS:
            found = ask(place, path)
            assert found.status == 404, path
            assert "S3CRET" not in found.text
            assert "root:" not in found.text


def test_every_answer_has_the_policy_and_no_page_has_inline_script(five: Path) -> None:
    with served(five) as place:
        for path in ("/", "/row/1", "/live", "/label", "/labels", "/recipe", "/nope"):
            found = ask(place, path)
            policy = found.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'")
            assert "unsafe" not in policy
            assert "<script>" not in found.text
            assert " style=" not in found.text
            assert " onclick" not in found.text


def test_another_site_gets_nothing_and_changes_nothing(five: Path) -> None:
    with served(five) as place:
        evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert ask(place, "/", headers=evil).status == 403
        assert ask(place, "/label", "POST", headers=evil).status == 403
        assert ask(place, "/", headers={"Host": "evil.example"}).status == 421
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "BREW"):
            assert 400 <= ask(place, "/", method).status < 500
    assert latest_labels(five) == []


# -- labels -----------------------------------------------------------------------------


def post(place: Place, path: str, secret: str, who: str = "", **form: str) -> Any:
    headers = {
        "Origin": f"http://127.0.0.1:{place.port}",
        "Cookie": f"fellowship_annotator={who}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode({"form": secret, **form})
    return ask(place, path, "POST", headers=headers, body=body)


def secret_of(place: Place) -> str:
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


def test_the_queue_begins_where_the_verdicts_differ_most(five: Path) -> None:
    index = indexed(five)
    label_queue.take_in(index)
    asked = []
    while (number := label_queue.following(index, "Ada")) is not None:
        asked.append(number)
        said = HumanLabel(
            number=number, item=f"item{number}", annotator="Ada", winner="tie"
        )
        add_labels(five, [said])
        label_queue.take_in(index)
    assert asked == [2, 3, 1, 4, 5]
    assert label_queue.following(index, "Bob") == 2
    assert label_queue.progress(index, "Ada") == label_queue.Progress(
        rows=5, own=5, left=0
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
        label_queue.take_in(index)
        assert label_queue.following(index, "Ada") == 2
        post(place, "/label", secret, "Ada", **form, choice="skip")
        label_queue.take_in(index)
        assert label_queue.following(index, "Ada") == 3
        assert latest_labels(five) == []


def test_who_wrote_and_what_was_decided_are_not_on_the_labelling_page(
    five: Path,
) -> None:
    with served(five) as place:
        cookie = {"Cookie": "fellowship_annotator=Ada"}
        text = ask(place, "/label", headers=cookie).text
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
    again = written(tmp_path / "again", [row(n, *BOTH) for n in (1, 2, 3)])
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
    assert label_queue.take_in(index)
    assert numbers(index, label="against") == [1, 5]
    assert not label_queue.take_in(index)


def test_labels_feed_agreement_and_win_rates_at_once(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(n, *BOTH) for n in range(1, 81)])
    with served(run) as place:
        secret = secret_of(place)
        for n in range(1, 51):
            choice = (
                "left" if label_queue.shown_order("Ada", n) == "forward" else "right"
            )
            form = {"number": str(n), "item": f"item{n}", "choice": choice}
            post(place, "/label", secret, "Ada", **form)
        text = ask(place, "/labels?say=1").text
    assert "against 50 labels on 50 prompts" in text
    assert "prediction-powered" in text
    assert text.count("1.000 <span") >= 2


def test_enough_labels_is_what_agree_calls_enough() -> None:
    from fellowship.stats.intervals import MIN_LABELS

    assert label_queue.ENOUGH == MIN_LABELS


def test_a_run_that_cant_be_written_is_viewed_all_the_same(five: Path) -> None:
    (five / "view").write_text("in the way of the index")
    index = indexed(five)
    assert numbers(index) == [1, 2, 3, 4, 5]
    assert index.path.parent.stat().st_mode & 0o777 == 0o700
    index.close()
    assert not index.path.parent.exists()


def test_ctrl_c_ends_the_page_and_is_no_failure(five: Path) -> None:
    command = [sys.executable, "-m", "fellowship.cli.main", "view", str(five)]
    work = subprocess.Popen(
        [*command, "--no-open", "--json"], stdout=subprocess.PIPE, text=True
    )
    assert work.stdout is not None
    port = json.loads(work.stdout.readline())["port"]
    assert ask(Place(port=port), "/").status == 200
    work.send_signal(signal.SIGINT)
    assert work.wait(30) == 0
    work.stdout.close()


def test_a_token_beyond_loopback_is_asked_for_on_the_command_line(five: Path) -> None:
    command = [sys.executable, "-m", "fellowship.cli.main", "view", str(five)]
    said = subprocess.run(
        [*command, "--host", "0.0.0.0", "--no-open"], capture_output=True, text=True
    )
    assert said.returncode == 2
    assert "--token" in said.stderr
