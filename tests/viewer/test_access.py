"""Who is let in: our own pages, loopback or a token, and no other site."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.labels.run_labels import latest_labels
from fellowship.viewer.access import AccessPolicy, is_loopback
from fellowship.viewer.server import ServerAddress
from tests.support.commands import checked, said
from tests.support.processes import Command
from tests.support.viewer_pages import ask, served
from tests.support.waiting import wait_until


@pytest.mark.fault(number=20)
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
    refusal = AccessPolicy().refusal(method, {"host": "127.0.0.1:9", **headers})
    assert (refusal.status if refusal else None) == status


@pytest.mark.fault(number=20)
@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "example.org", "::"])
def test_beyond_loopback_nothing_is_served_without_a_token(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(InputError, match="--token"):
        ServerAddress(host).check()
    ServerAddress(host, token="x" * 16).check()


def test_a_short_token_is_refused() -> None:
    with pytest.raises(InputError, match="16 characters"):
        ServerAddress(token="123").check()


def test_a_port_that_is_taken_is_named() -> None:
    socket, place = ServerAddress().bind()
    socket.listen()
    with socket, pytest.raises(InputError, match=f":{place.port}"):
        ServerAddress(port=place.port).bind()


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


@pytest.mark.fault(number=20)
def test_no_address_reads_a_file(five: Path) -> None:
    (five / "run.json").write_text(json.dumps({"recipe": {}, "secret": "S3CRET"}))
    with served(five) as place:
        for path in PATHS:
            found = ask(place, path)
            assert found.status == 404, path
            assert "S3CRET" not in found.text
            assert "root:" not in found.text


@pytest.mark.fault(number=20)
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


@pytest.mark.fault(number=20)
def test_another_site_gets_nothing_and_changes_nothing(five: Path) -> None:
    with served(five) as place:
        evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert ask(place, "/", headers=evil).status == 403
        assert ask(place, "/label", "POST", headers=evil).status == 403
        assert ask(place, "/", headers={"Host": "evil.example"}).status == 421
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "BREW"):
            assert 400 <= ask(place, "/", method).status < 500
    assert latest_labels(five) == []


def test_ctrl_c_ends_the_page_and_is_no_failure(five: Path) -> None:
    with Command("view", five, "--no-open", "--json") as work:
        wait_until(lambda: work.out.exists() and "\n" in work.out.read_text())
        port = checked("view", work.out.read_text())["port"]
        assert ask(ServerAddress(port=port), "/").status == 200
        work.signal(signal.SIGINT)
        assert work.ended().code == 0


@pytest.mark.fault(number=20)
def test_a_token_beyond_loopback_is_asked_for_on_the_command_line(
    five: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "view", five, "--host", "0.0.0.0", "--no-open")
    assert (code, "--token" in err) == (2, True)
