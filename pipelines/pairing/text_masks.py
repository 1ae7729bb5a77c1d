"""Masks: the hashes of many texts as the bits of one number each.

What a group's texts have in common, and how near each is to it, are then a few
operations on whole numbers: the same as counting hashes one by one, at a tenth of the time.
Hashes that one text alone has are left out, as no group of three has them in common.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from fellowship.pipelines.pairing.near_texts import (
    KEPT,
    NEAR,
    Centre,
    centre_of,
    jaccard,
)

FEWEST: Final = 3
"""Texts of which half are two, so that what one alone has is not common to them."""
ONE: Final = ord("1")


class Mask(NamedTuple):
    """A text's hashes: those that several have as bits in their order, and all of them.

    `end` is the greatest where no more are kept, else None.
    """

    bits: int
    size: int
    end: int | None
    hashes: Sequence[int]


class TextMasks:
    """The masks of some texts, by their places."""

    def __init__(
        self, texts: Mapping[int, Sequence[int]], counts: Mapping[int, int]
    ) -> None:
        """`counts`: hash -> how many of the texts have it."""
        self._shared = sorted(each for each, many in counts.items() if many > 1)
        last = len(self._shared) - 1
        self._places = {each: last - n for n, each in enumerate(self._shared)}
        self._texts = texts
        self._masks: dict[int, Mask] = {}
        self._centres: list[Mask] = []

    def at(self, place: int) -> Mask:
        """The mask of the text at this place."""
        if (known := self._masks.get(place)) is None:
            known = self._masks[place] = self.of(self._texts[place])
        return known

    def of(self, hashes: Sequence[int]) -> Mask:
        """The mask of hashes in their order."""
        many = len(self._shared)
        digits = bytearray(b"0") * (many + 1)
        for place in map(self._places.get, hashes, repeat(many)):
            digits[place] = ONE
        end = hashes[-1] if len(hashes) >= KEPT else None
        return Mask(int(digits[:many] or b"0", 2), len(hashes), end, hashes)

    def common(self, places: Iterable[int]) -> Mask:
        """The hashes that at least half of these texts have, the least of them.

        There must be FEWEST texts or more.
        """
        bits = in_half([self.at(place).bits for place in places])
        if (size := bits.bit_count()) > KEPT:
            bits, size = lowest(bits, KEPT), KEPT
        end = self._shared[bits.bit_length() - 1] if size >= KEPT else None
        return Mask(bits, size, end, ())

    def is_near(self, place: int, centre: Mask) -> bool:
        """Whether the text of this place is of a group that has this in common."""
        return self._near(self.at(place), centre)

    def first_near(self, centres: Sequence[Centre], centre: Mask) -> int | None:
        """The place of the first of other groups that is near, of those before too."""
        for known in centres[len(self._centres) :]:
            self._centres.append(self.of(known.grams))
        near = (n for n, known in enumerate(self._centres) if self._near(known, centre))
        return next(near, None)

    def centre(self, mask: Mask) -> Centre:
        """The hashes that a group has in common, apart from other groups' texts."""
        digits = bin(mask.bits)[:1:-1]
        return centre_of(
            each for each, one in zip(self._shared, digits, strict=False) if one == "1"
        )

    def _near(self, text: Mask, centre: Mask) -> bool:
        """As `near_texts.is_near` has it."""
        both, few, many = text.bits & centre.bits, text.size, centre.size
        if text.end is not None or centre.end is not None:
            end = min(one.end for one in (text, centre) if one.end is not None)
            below = (1 << bisect_right(self._shared, end)) - 1
            both &= below
            few = bisect_right(text.hashes, end)
            many = (centre.bits & below).bit_count()
        return jaccard(both.bit_count(), few, many) >= NEAR


def in_half(masks: Sequence[int]) -> int:
    """The bits that at least half of some masks have, three or more.

    They are added up as binary numbers, a plane of bits for each of their digits, and
    compared with half digit by digit.
    """
    planes: list[int] = []
    for carry in masks:
        for n, plane in enumerate(planes):
            planes[n], carry = plane ^ carry, plane & carry
            if not carry:
                break
        else:
            planes.append(carry)
    least = (len(masks) + 1) // 2
    more, equal = 0, -1
    for n in reversed(range(max(len(planes), least.bit_length()))):
        plane = planes[n] if n < len(planes) else 0
        if least >> n & 1:
            equal &= plane
        else:
            more |= equal & plane
            equal &= ~plane
    return more | equal


def lowest(bits: int, many: int) -> int:
    """The lowest so many bits that are set."""
    digits, at = bin(bits)[:1:-1], -1
    for _ in range(many):
        at = digits.index("1", at + 1)
    return bits & ((1 << (at + 1)) - 1)
