"""SVG of a report's plots, in the page's own colours.

matplotlib draws with stand-in colours; here they become the page's CSS variables, and its
inline styles become attributes, so that the page's policy can forbid inline styles.
"""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from fellowship.sanitize import single_line

INK = "#010203"
"""Stands for the text colour around the plot."""
LIGHT_INK = "#111111"
VARIABLE = re.compile(r"--([\w-]+): (#\w+)")
"""A colour in the style sheet; the first of a name is the light one."""
NAMES = (
    *("accent", "warn", "good", "judge", "user", "bad", "strong-line", "line"),
    *("muted", "surface", "accent-wash"),
)
STANDS_FOR = {f"#010b{n:02x}": name for n, name in enumerate(NAMES)}
"""The colour that stands for a CSS variable of the page while matplotlib draws."""
COLOUR = {name: stand for stand, name in STANDS_FOR.items()}

STYLE = re.compile(r' style="([^"]*)"')
DECLARATION = re.compile(r"([\w-]+): *([^;]+)")
NUMBER = re.compile(r"(?<![#\w.])(-?\d+\.\d{2})\d+")
TAG = re.compile(r"<[^>]*>")
"""What is no text of the plot: coordinates in it are cut, numbers that are read are not."""
IDENTITY = re.compile(r'(\bid="|href="#|url\(#)')
HEAD = re.compile(
    r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL
)
RC: Any = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), INK),
    **{"xtick.color": INK, "ytick.color": INK, "svg.fonttype": "none"},
    **{"svg.hashsalt": "fellowship", "font.size": 10, "text.parse_math": False},
    **{"axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6},
    **{"axes.spines.top": False, "axes.spines.right": False},
}

Draw = Callable[[Any], None]
BROAD, HALF, NARROW = 9.8, 4.7, 3.5
"""Widths in inches: of the page, of half of it, and of a telephone's screen."""


def draw_figure(draw: Draw, size: tuple[float, float], name: str, alt: str) -> str:
    """What `draw` puts on one pair of axes, as SVG for a page.

    `size` in inches; `name` is unlike any other plot's of the page; `alt` says in words
    what is to be seen. The same figures give the same text.
    """
    return apply_theme(render_svg(draw, size), name, alt)


def picture(draw: Draw, size: tuple[float, float]) -> str:
    """The same as a file of its own: in the page's light colours, on white."""
    text = render_svg(draw, size, transparent=False).replace(INK, LIGHT_INK)
    css = (Path(__file__).parent.parent / "static" / "base.css").read_text("utf-8")
    light = dict(reversed(VARIABLE.findall(css)))
    for stand, variable in STANDS_FOR.items():
        text = text.replace(stand, light[variable])
    return text


def render_svg(draw: Draw, size: tuple[float, float], transparent: bool = True) -> str:
    """matplotlib's SVG of one pair of axes, in stand-in colours."""
    from matplotlib import rc_context, rcdefaults
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(), warnings.catch_warnings():
        # A letter that our font lacks is for the reader's fonts to draw.
        warnings.simplefilter("ignore", UserWarning)
        rcdefaults()
        with rc_context(RC):
            figure = Figure(figsize=size, layout="constrained")
            axes = figure.add_subplot()
            draw(axes)
            fit_words(figure, axes)
            if transparent:
                figure.patch.set_facecolor("none")
                axes.patch.set_facecolor("none")
            canvas: Any = FigureCanvasSVG(figure)
            # Not savefig: it draws all twice where there is a layout to be made.
            canvas.print_svg(out := io.StringIO(), metadata={"Date": None})
    return out.getvalue()


def fit_words(figure: Any, axes: Any) -> None:
    """Give a narrow plot's legend above it, and the name below it, the figure's width.

    They are the figure's then: axes would leave a broad legend the room of the plot. Only
    widths are measured, and nothing is laid out.
    """
    if figure.get_figwidth() > NARROW:
        return
    legend, name = axes.get_legend(), axes.get_xlabel()
    if legend and legend.get_bbox_to_anchor().y0 >= axes.bbox.y1 - 1:
        widen_legend(figure, axes)
    if name:
        share = 0.95 * figure.bbox.width / axes.xaxis.label.get_window_extent().width
        lines = textwrap.wrap(name, max(8, int(len(name) * min(1.0, share))))
        axes.set_xlabel("")
        figure.supxlabel("\n".join(lines), fontsize=10)


def widen_legend(figure: Any, axes: Any) -> None:
    """The legend of the axes over the figure's whole width, in columns that have room."""
    handles, labels = axes.get_legend_handles_labels()
    axes.get_legend().remove()
    for columns in range(len(labels), 0, -1):
        made = figure.legend(
            *(handles, labels),
            loc="outside upper left",
            frameon=False,
            fontsize=9,
            ncols=columns,
        )
        if columns == 1 or made.get_window_extent().width <= figure.bbox.width:
            return
        made.remove()


def twice(
    make: Callable[[int], Draw], height: float, name: str, alt: str
) -> tuple[str, str]:
    """The same plot for the page's whole width and for a narrow screen.

    `make` is told how many letters a name beside an axis may have.
    """
    return (
        draw_figure(make(46), (BROAD, height), f"{name}-wide", alt),
        draw_figure(make(20), (NARROW, height), f"{name}-narrow", alt),
    )


def apply_theme(text: str, name: str, alt: str) -> str:
    """matplotlib's SVG as a part of our page: its colours, its own identities, a name."""
    text = HEAD.sub("", text[text.index("<svg") :])
    text = STYLE.sub(lambda found: attributes(found[1]), text)
    text = text.replace("xlink:href=", "href=").replace("\n", " ")
    text = TAG.sub(lambda found: NUMBER.sub(r"\1", found[0]), text)
    text = re.sub(r" +", " ", text).replace("> <", "><")
    text = IDENTITY.sub(rf"\g<1>{name}-", text).replace(INK, "currentColor")
    for stand, variable in STANDS_FOR.items():
        text = text.replace(stand, f"var(--{variable})")
    opened = f'<svg role="img" aria-label="{escape(single_line(alt))}"'
    text = re.sub(r' xmlns(:xlink)?="[^"]*"| version="1.1"', "", text, count=3)
    return text.strip().replace("<svg", opened, 1)


def attributes(style: str) -> str:
    """An inline style as attributes; the font's family is the page's."""
    pairs = (found.groups() for found in DECLARATION.finditer(style))
    return "".join(
        f' {name}="{value.strip()}"' for name, value in pairs if name != "font-family"
    )
