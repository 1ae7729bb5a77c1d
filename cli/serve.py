"""`fellowship serve`: a recipe's evaluator as a server that trainers ask."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    load_with_options,
    max_calls,
    max_usd,
    max_usd_per_day,
    recipe_argument,
)


@click.command("serve", epilog=EPILOG)
@recipe_argument
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Keeps every answer: two runs, INTO/compare and INTO/score.",
)
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port to listen on; any free port if absent.",
)
@click.option(
    "--token",
    default="",
    envvar="FELLOWSHIP_TOKEN",
    help="The token of every request, 16 characters or more; made and printed if absent."
    " May be given in FELLOWSHIP_TOKEN.",
)
@max_usd
@max_usd_per_day
@max_calls
@as_json
def command(
    recipe: Path,
    into: Path,
    port: int,
    token: str,
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    as_json: bool,
) -> int:
    """Serve the evaluator of RECIPE to programs on this machine: scores, comparisons.

    POST /score, /compare, /score/batch, /compare/batch; GET /openapi.json describes them.
    Requests carry `Authorization: Bearer TOKEN`. The same question is answered from the
    record. A limit holds for comparisons and scores together, over all goes. Ctrl-C stops
    the server; what was answered is recorded.

    \b
    Examples:
      fellowship serve recipes/paper-best.yaml --into runs/jury --port 8700 --max-usd 5
      curl -H "Authorization: Bearer $TOKEN" localhost:8700/score \\
          -d '{"prompt": "What is a lake?", "answer": "Water with land around it."}'
    """
    require_extras("view")
    from fellowship.viewer.access import AccessPolicy
    from fellowship.viewer.jury_app import JuryServer, create_jury_app
    from fellowship.viewer.server import ServerAddress, server_of

    place = ServerAddress(port=port, token=token or secrets.token_urlsafe(24))
    place.check()
    wanted = load_with_options(
        recipe,
        max_usd=max_usd,
        max_usd_per_day=max_usd_per_day,
        max_calls=max_calls,
        own_rows=False,
    )
    access = AccessPolicy(place.host, place.token)
    app = create_jury_app(JuryServer(wanted, into, access))
    logs_to_stderr(waits=True)
    socket, place = place.bind()
    with socket:
        address = f"http://{place.host}:{place.port}"
        if as_json:
            found = {"address": address, "port": place.port, "token": place.token}
            click.echo(json.dumps(found))
        else:
            click.echo(f"{recipe.stem} is served at {address}  (Ctrl-C stops it)")
            click.echo("token: " + ("the one given" if token else place.token))
        with contextlib.suppress(KeyboardInterrupt):
            server_of(app).run(sockets=[socket])
    return Exit.DONE
