"""Document of sections: one HTML file that can be mailed and printed.

No script, no font, no request. Its policy forbids everything but the one style sheet
inside it, so a text that got past the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from fellowship import __version__

HERE = Path(__file__).parent.parent
STYLES = ("base.css", "report.css")


def document(template: str, **facts: Any) -> str:
    """A template of `templates/` filled in. The same facts give the same bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "".join((HERE / "static" / name).read_text("utf-8") for name in STYLES)
    # A plot is our own SVG, whose texts were escaped when it was drawn.
    environment.filters["plot"] = Markup
    text = environment.get_template(template).render(
        facts, style=Markup(style), policy=policy(style), version=__version__
    )
    return text + "\n"


def policy(style: str) -> str:
    """The page's Content-Security-Policy: nothing, but this style sheet."""
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{sha}'; base-uri 'none';"
        " form-action 'none'"
    )
