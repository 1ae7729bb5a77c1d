"""A registry that lacks a case, or has one too many, is an error."""

from __future__ import annotations

from typing import Literal, get_args

import pytest

from fellowship.pipelines.pairing.pairs import PARTNERS
from fellowship.pipelines.recipe.pair_settings import PairRule
from fellowship.registry_check import IncompleteRegistry, check_registry

Grown = Literal["best-vs-worst", "best-vs-first", "all", "best-vs-median"]


def test_a_rule_that_nobody_registered_is_named() -> None:
    with pytest.raises(IncompleteRegistry, match="pair rule 'best-vs-median' has no"):
        check_registry("pair rule", get_args(Grown), PARTNERS)


def test_an_entry_that_no_settings_offer_is_named() -> None:
    with pytest.raises(IncompleteRegistry, match="pair rule 'all' is in no settings"):
        check_registry("pair rule", get_args(PairRule)[:2], PARTNERS)
