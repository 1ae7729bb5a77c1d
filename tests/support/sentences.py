"""Sentences of our own to plant in and to leave alone, and a measure of detectors."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

THINGS = (
    "river garden engine letter market window teacher island mirror basket forest"
    " kitchen signal harbour ladder pocket winter bridge candle village record needle"
    " orchard compass blanket feather hammer lantern meadow pillow saddle tunnel"
)

DEEDS = (
    "carries paints repairs borrows follows answers measures hides opens gathers"
    " remembers crosses lifts polishes counts describes"
)

NOUNS, VERBS = THINGS.split(), DEEDS.split()

LINKS = ["while", "because", "although", "before", "after", "where", "until", "unless"]


def sentence(dice: random.Random, length: int = 40) -> str:
    """A text of our own that is like no other: every word is drawn anew."""
    made = []
    for _ in range(length // 4):
        made += ["the", dice.choice(NOUNS), dice.choice(VERBS), dice.choice(LINKS)]
    return " ".join(made)


def rates(
    found: Callable[[str], Any], planted: Sequence[str], clean: Sequence[str]
) -> tuple[float, float]:
    """Recall on the planted texts, and precision over both."""
    hits = sum(bool(found(text)) for text in planted)
    false = sum(bool(found(text)) for text in clean)
    return hits / len(planted), hits / max(1, hits + false)


def holds(
    found: Callable[[str], Any], planted: Sequence[str], clean: Sequence[str]
) -> None:
    recall, precision = rates(found, planted, clean)
    assert recall >= 0.95, [t for t in planted if not found(t)][:5]
    assert precision >= 0.95, [t for t in clean if found(t)][:5]


CLEAN = [sentence(random.Random(n), 20 + n % 90) for n in range(300)]

FOREIGN = (
    "Der alte Mann ging langsam durch den Garten und zählte die Äpfel an den Bäumen.",
    "Le vieux jardinier comptait les pommes pendant que la pluie tombait doucement.",
    "El viejo jardinero contaba las manzanas mientras llovía despacio en el pueblo.",
    "Il vecchio giardiniere contava le mele mentre la pioggia cadeva lentamente.",
    "Старый садовник считал яблоки, пока дождь медленно падал на деревню.",
    "老园丁在雨中慢慢地数着花园里的苹果,然后回到村子里的家中休息。",
    "年老いた庭師は雨の中でゆっくりとりんごを数えていました。",
    "O velho jardineiro contava as maçãs enquanto a chuva caía devagar na aldeia.",
    "De oude tuinman telde de appels terwijl de regen zachtjes op het dorp viel.",
    "Stary ogrodnik liczył jabłka, podczas gdy deszcz powoli padał na wioskę.",
)

ENGLISH = (
    "The old gardener counted the apples while rain fell slowly on the village.",
    "To bake bread, mix flour with water and salt, then let the dough rest overnight.",
    "A train that leaves at noon will reach the harbour before the shops close.",
    "You could begin with a short walk and see how your knee feels afterwards.",
    "The committee has not decided yet, but most members favour the second plan.",
)
