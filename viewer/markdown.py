"""Markdown of model texts as safe HTML.

Every text is hostile until it is escaped. Two independent guards stand in a row. The
parser knows no raw HTML, and what it makes is cleaned again by an allow-list. Nothing
is fetched: a picture becomes a link to itself.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from fellowship.sanitize import sanitize

LONGEST = 200_000
"""Letters that are rendered as markdown; a longer text is shown as it was written."""

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "h3", "h4", "h5", "h6", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def _image_as_text(
    self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any
) -> str:
    """The picture's words and where it is, as text: no request leaves the page."""
    token = tokens[at]
    words = self.renderInlineAsText(token.children or [], options, env)
    return str(escape(f"[picture: {words} {token.attrGet('src') or ''}]"))


def _lower_headings(state: Any) -> None:
    """A model's own title is a section of a message, not of the page."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"


@functools.cache
def _make_parser() -> MarkdownIt:
    """One parser for all: it keeps nothing between two texts."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("lower_heads", _lower_headings)
    parser.add_render_rule("image", _image_as_text)
    return parser


def render_markdown(text: str) -> Markup:
    """Markdown as HTML that can neither run nor fetch anything."""
    plain = sanitize(text)
    if len(plain) > LONGEST:
        return literal_block(plain)
    html = _make_parser().render(plain)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # cleaned by the allow-list above


def literal_block(text: str) -> Markup:
    """The text letter by letter, in a block that keeps its lines."""
    return Markup('<pre class="wraps">{}</pre>').format(sanitize(text))
