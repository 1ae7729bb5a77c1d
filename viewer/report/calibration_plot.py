"""The calibration plot: every margin's share, and the fit through the best judge's."""

from __future__ import annotations

from fellowship.pipelines.agreement.agreement import AgreementReport
from fellowship.viewer.report.reproduction_plots import margins_plot


def margin_file(found: AgreementReport) -> str:
    """SVG of one judge's margins: the reference's if it gives scores, else the first's."""
    names = [n for n in (found.reference, *found.margins) if n in found.margins]
    chosen = found.margins[str(names[0])]
    curve = chosen.fit.agree.at, chosen.fit.agree.chance
    return margins_plot([chosen.points], curve, inline=False)
