"""`fellowship view`: a run in the browser, while it goes on too."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import webbrowser
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.options import as_json, run_argument


@click.command("view", epilog=EPILOG)
@run_argument
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port to listen on; any free port if absent.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "--token",
    default="",
    envvar="FELLOWSHIP_TOKEN",
    help="Require this token of every visitor; needed unless the address is local. May be"
    " given in FELLOWSHIP_TOKEN.",
)
@click.option(
    "--no-open", is_flag=True, help="Print the address without opening a browser."
)
@as_json
def command(
    run: Path, port: int, host: str, token: str, no_open: bool, as_json: bool
) -> int:
    """Read and label RUN in the browser: transcripts, search, verdicts, people's labels.

    The page updates while the run is running, and stays on this machine. Ctrl-C stops
    the server.

    \b
    Examples:
      fellowship view runs/demo
      fellowship view runs/demo --port 8080 --no-open
      FELLOWSHIP_TOKEN="$(openssl rand -hex 16)" fellowship view runs/demo --host 0.0.0.0
    """
    require_extras("view")
    from fellowship.viewer.server import ServerAddress, make_server

    place = ServerAddress(host, port, token)
    place.check()
    socket, place = place.bind()
    with socket:
        server = make_server(run, place)
        if as_json:
            click.echo(json.dumps({"address": place.address, "port": place.port}))
        else:
            click.echo(f"{run} is at {place.address}  (Ctrl-C stops it)")
        if not no_open and has_display():
            webbrowser.open(place.address)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[socket])
    return Exit.DONE


def has_display() -> bool:
    """Whether a browser has somewhere to open: not one that takes over the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
