"""`fellowship view`: read a run in the browser, while it goes on too."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import click

from fellowship.cli.exits import EPILOG, Exit
from fellowship.cli.extras import need_view
from fellowship.cli.options import as_json, run_argument


@click.command("view", epilog=EPILOG)
@run_argument
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Any if absent.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--token", default="", help="Ask everybody for it; needed beyond loopback."
)
@click.option("--no-open", is_flag=True, help="Print the address; open no browser.")
@as_json
def command(
    run: Path, port: int, host: str, token: str, no_open: bool, as_json: bool
) -> int:
    """Read and label RUN in the browser: transcripts, search, verdicts, people's labels.

    The page is live while the run goes on, and stays on this machine. Ctrl-C ends it.

    \b
    Examples:
      fellowship view runs/demo
      fellowship view runs/demo --port 8080 --no-open
      fellowship view runs/demo --host 0.0.0.0 --token "$(openssl rand -hex 16)"
    """
    need_view()
    from fellowship.viewer.server import Place, server

    place = Place(host, port, token)
    place.check()
    socket, place = place.bound()
    with socket:
        made = server(run, place)
        if as_json:
            click.echo(json.dumps({"address": place.address, "port": place.port}))
        else:
            click.echo(f"{run} is at {place.address}  (Ctrl-C ends it)")
        if not no_open:
            webbrowser.open(place.address)
        made.run(sockets=[socket])
    return Exit.DONE
