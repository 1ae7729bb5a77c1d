"""The page of figures has every key that `agree`, `winrate`, `probe` and a pilot print."""

from __future__ import annotations

import dataclasses

import pytest

from fellowship.pipelines.agreement.agreement import AgreementReport
from fellowship.pipelines.agreement.criteria import CriterionFigures
from fellowship.pipelines.agreement.drift_check import FIGURE_KEYS
from fellowship.pipelines.agreement.human_ceiling import HumanCeiling
from fellowship.pipelines.agreement.judge_lines import JudgeAgreement
from fellowship.pipelines.agreement.juries import JuryAnalysis
from fellowship.pipelines.agreement.length_control import JudgeLengthEffect
from fellowship.pipelines.agreement.margins import (
    MarginCalibration,
    PosteriorCalibration,
)
from fellowship.pipelines.agreement.named_figures import JUDGE_KEYS, PAIR_KEYS
from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates
from fellowship.pipelines.aligning.align_report import AlignReport, Training
from fellowship.pipelines.aligning.gains import Gain
from fellowship.pipelines.aligning.policies import Policy
from fellowship.pipelines.aligning.steps import StepResult
from fellowship.pipelines.attacks.named_figures import PROBE_KEYS
from fellowship.pipelines.attacks.probe_records import JudgeProbe
from fellowship.pipelines.choosing.choice_records import (
    Choice,
    ConfigurationLine,
    Guarantee,
)
from fellowship.pipelines.planning.forecast import Forecast, ModelForecast
from fellowship.pipelines.planning.predictive import Estimate
from fellowship.stats.agreement import Agreement
from fellowship.stats.bias import PositionBias, SideBias
from fellowship.stats.intervals import Interval
from fellowship.stats.lengths import JudgeEffect, LengthControlled
from fellowship.stats.paired import Difference
from fellowship.stats.repeat_noise import RepeatTest
from fellowship.stats.selection import Best
from fellowship.stats.winrate import BothOrders, PredictionPowered
from tests.support.paths import ROOT

PRINTED = (
    *(AgreementReport, JudgeAgreement, Agreement, Difference, HumanCeiling),
    *(JuryAnalysis, Best, MarginCalibration, PosteriorCalibration, PositionBias),
    *(SideBias, Interval, WinRates, PairWinRates, BothOrders, PredictionPowered),
    *(LengthControlled, JudgeLengthEffect, JudgeEffect, RepeatTest, CriterionFigures),
)
KEYS = (*FIGURE_KEYS, *JUDGE_KEYS, *PAIR_KEYS, *PROBE_KEYS)
ALIGNED = (AlignReport, Training, StepResult, Gain, Policy)
RECORDS = (
    *ALIGNED,
    Choice,
    ConfigurationLine,
    Guarantee,
    JudgeProbe,
    Forecast,
    ModelForecast,
    Estimate,
)
NAMES = {"name", "judge"}


@pytest.mark.parametrize("kind", [*PRINTED, *RECORDS], ids=lambda kind: kind.__name__)
def test_every_printed_key_is_on_the_page_of_figures(kind: type) -> None:
    page = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    if kind in RECORDS:
        keys = set(vars(kind)["__pydantic_fields__"])
    else:
        keys = {field.name for field in dataclasses.fields(kind)}
    assert [key for key in sorted(keys - NAMES) if f"`{key}`" not in page] == []


def test_every_key_of_a_condition_is_on_the_page_of_figures() -> None:
    page = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert [key for key in KEYS if f"`{key}`" not in page] == []
