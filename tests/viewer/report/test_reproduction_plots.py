"""Plots of a reproduction."""

from __future__ import annotations

import pytest

from fellowship.pipelines.paper.reproduction import Line
from fellowship.viewer.report.reproduction_plots import figures_plot

pytestmark = pytest.mark.fault(number=16)


def test_names_that_look_like_formulas_are_drawn_as_they_are() -> None:
    names = ("a$x_{$", "_hidden", "\x1b[31m$", "$\\frac{")
    lines = [Line(name, corrected=0.5, low=0.4, high=0.6) for name in names]
    for drawn in figures_plot(lines, "kappa", "hostile"):
        assert "_hidden" in drawn
        assert "a$x_{$" in drawn
