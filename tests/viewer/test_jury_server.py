"""An evaluator is asked over HTTP: with the token, from the record, within limits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import structlog

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.status import status_of
from fellowship.viewer.access import AccessPolicy
from fellowship.viewer.jury_app import JuryServer, create_jury_app
from tests.support.commands import CLI, checked, said
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

QUESTION = {"prompt": "What is a lake?", "answer": "Water with land around it."}
PAIR = {"prompt": "What is a lake?", "a": "Water.", "b": "Land with water around it."}


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[httpx.Client, Path, subprocess.Popen[str]]]:
    """A server in a process of its own, a client with its token, and its folder."""
    folder = tmp_path_factory.mktemp("jury")
    with openai_server() as models:
        file = recipe(folder / "r.yaml", openai_model(models.base_url), 1)
        (folder / "prompts.jsonl").unlink()  # its rows come with the requests
        words = ["serve", str(file), "--into", str(folder / "run"), "--max-calls", "8"]
        process = subprocess.Popen(
            [*CLI, *words, "--json"],
            stdout=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "FELLOWSHIP_TOKEN"},
        )
        assert process.stdout is not None
        told = checked("serve", process.stdout.readline())
        head = {"authorization": f"Bearer {told['token']}"}
        with httpx.Client(base_url=told["address"], headers=head, timeout=60) as client:
            yield client, folder / "run", process
        process.kill()
        process.stdout.close()
        process.wait()


Served = tuple[httpx.Client, Path, "subprocess.Popen[str]"]


def test_answers_are_recorded_and_what_the_document_says(served: Served) -> None:
    client, into, _ = served
    document = client.get("/openapi.json").json()
    schemas: dict[str, Any] = {"components": document["components"]}
    score = client.post("/score", json=QUESTION)
    assert score.status_code == 200
    pair = client.post("/compare", json=PAIR)
    for path, answer in (("/score", score), ("/compare", pair)):
        given = document["paths"][path]["post"]["responses"]["200"]["content"]
        schema = given["application/json"]["schema"]
        jsonschema.validate(answer.json(), {**schema, **schemas})
    rows = [QUESTION, {**QUESTION, "answer": "A sea."}]
    batch = client.post("/score/batch", json={"rows": rows}).json()["results"]
    assert batch[0]["score"] == score.json()["score"]
    assert len(batch) == 2
    turns = {**QUESTION, "prompt": [{"role": "user", "content": QUESTION["prompt"]}]}
    empty = {**QUESTION, "answer": " "}
    batch = client.post("/score/batch", json={"rows": [empty, turns]}).json()["results"]
    assert batch[0] == {"error": "'answer' is empty", "reason": None}
    assert (
        batch[1]["row"] == score.json()["row"]
    )  # a text is a conversation of one turn
    assert status_of(into / "score").done == 2
    assert pair.json()["winner"] in ("a", "b", "tie", "invalid")


def test_what_is_no_question_is_refused_in_words(served: Served) -> None:
    client, _, _ = served
    for content, why in (
        ("{}", "the body needs the key 'prompt'"),
        ("[", "the body is no JSON: "),
        ("null", "the body is empty (null): it should hold keys and values"),
        ('{"prompt": [3], "answer": ""}', "prompt[0] is 3: it should hold keys"),
    ):
        refused = client.post("/score", content=content)
        assert (refused.status_code, why in refused.json()["error"]) == (400, True)
    for head in ({"authorization": "Bearer wrong"}, {"authorization": ""}):
        assert client.post("/score", json=QUESTION, headers=head).status_code == 401
    site = {"origin": "http://example.org"}
    assert client.post("/score", json=QUESTION, headers=site).status_code == 403
    host = {"host": "example.org"}
    assert client.get("/openapi.json", headers=host).status_code == 421
    lower = {"authorization": str(client.headers["authorization"]).lower()[:7]}
    lower["authorization"] += client.headers["authorization"][7:]
    assert client.get("/openapi.json", headers=lower).status_code == 200
    for method, path, status in (("GET", "/score", 405), ("POST", "/scores", 404)):
        lost = client.request(method, path)
        assert (lost.status_code, "POST /score" in lost.json()["error"]) == (
            status,
            True,
        )
        assert client.request(method, path, headers={"authorization": ""}).is_error


def test_a_limit_is_told_and_the_end_keeps_all_answers(served: Served) -> None:
    client, into, process = served
    rows = [{**QUESTION, "answer": f"Lake number {n}."} for n in range(12)]
    stopped = client.post("/score/batch", json={"rows": rows})
    assert (stopped.status_code, stopped.json()["reason"]) == (429, "calls")
    more = client.post("/compare", json={**PAIR, "a": "Land."})
    assert (more.status_code, more.json()["reason"]) == (429, "calls")
    assert "counting the runs beside this one" in more.json()["error"]
    assert client.post("/score", json=QUESTION).status_code == 200  # on record
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert sum(status_of(into / kind).calls for kind in ("score", "compare")) == 8


@pytest.mark.timeout(60)
async def test_a_dead_endpoint_is_told_at_once_and_to_whoever_asks_meanwhile(
    tmp_path: Path,
) -> None:
    """One request waits as long as `patience` says, and nobody waits behind it."""
    file = recipe(tmp_path / "r.yaml", openai_model("http://127.0.0.1:9/v1"), 1)
    made = load_recipe(file, own_rows=False)
    app = create_jury_app(JuryServer(made, tmp_path / "run", AccessPolicy("h", "t")))
    head = {"authorization": "Bearer t"}
    over = httpx.ASGITransport(app)
    with structlog.testing.capture_logs() as logs:
        async with httpx.AsyncClient(
            transport=over, base_url="http://h", headers=head
        ) as client:
            first = asyncio.create_task(client.post("/compare", json=PAIR))
            while "paused" not in str(logs):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            second = await client.post("/compare", json={**PAIR, "a": "Sea."})
            assert not first.done()
            first.cancel()
            await asyncio.wait([first])
    assert second.status_code == 503
    for words in ("127.0.0.1:9", "given up in", "ask again later"):
        assert words in second.json()["error"]
    (paused,) = [line for line in logs if line["event"] == "paused"]
    assert paused["log_level"] == "warning"
    assert (paused["given_up_in"], "patience" in paused["shorten_by"]) == (
        "10 min 0 s",
        True,
    )


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("change", "options", "why"),
    [
        ({"api_key_env": "NO_SUCH_KEY"}, (), "NO_SUCH_KEY is not set"),
        (
            {"base_url": "http://models.example/v1", "model": "mine"},
            ("--max-usd", "1"),
            "price",
        ),
        ({}, ("--token", "eight letters of ä"), "ASCII"),
        ({"temperature": 1.5}, ("--into", "RUN"), "another evaluator"),
    ],
)
def test_what_could_answer_nothing_is_not_served(
    served: Served,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    options: tuple[str, ...],
    why: str,
) -> None:
    run = served[1]
    model = {**openai_model("http://127.0.0.1:9/v1"), **change}
    file = recipe(tmp_path / "r.yaml", model, 1)
    words = [str(run) if word == "RUN" else word for word in options]
    into = () if "RUN" in options else ("--into", tmp_path / "new")
    code, out, err = said(capsys, "serve", file, *into, *words)
    assert (code, out, why in err) == (2, "", True), err
