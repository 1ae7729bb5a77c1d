"""Personal data (PII) detection by form and check digits.

E-mail and IP addresses, telephone, card, account (IBAN) and US social-security numbers.
Addresses that stand for nobody (example.com, documentation networks) are no finding.
"""

from __future__ import annotations

import ipaddress
import re
import string
from functools import lru_cache

EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@((?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24})(?![\w-])"
)
RESERVED_DOMAIN = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost)$", re.I
)
DIGIT = re.compile(r"\d")
SOCIAL = re.compile(
    r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])"
)
CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){12,18}\d(?![\d.-])")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
PHONE = re.compile(
    r"(?<![\w+.-])(?:"
    r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}"
    r"|\d{3}[.-]\d{3}[.-]\d{4}"
    r")(?![\w-])"
)


OF_CARD, OF_DOTS = 13, 2
"""Digits that a card has at least, and how often digits stand on both sides of a dot in an
address, counted without overlaps."""
FEWEST_DIGITS = 7
"""Digits that a telephone number has at least, a social-security number and a card too."""
FORM = bytes.maketrans(
    string.digits.encode() + string.ascii_uppercase.encode(), b"0" * 10 + b"A" * 26
)
"""Every digit as 0 and every capital as A."""
ACCOUNT, DOTTED = b"AA00", b"0.0"


@lru_cache(maxsize=16)
def find_pii(text: str) -> str:
    """What kind of personal data a text seems to hold; empty where none.

    The last texts are kept in mind: each is in several rows of several datasets.
    """
    if "@" in text and any(not RESERVED_DOMAIN.search(d) for d in EMAIL.findall(text)):
        return "e-mail address"
    found = Shape(text)
    if found.is_plain:
        return ""
    if found.may_be_social and SOCIAL.search(text):
        return "social-security number"
    if found.may_be_card and any(map(passes_luhn, CARD.findall(text))):
        return "card number"
    if found.may_be_account and any(map(passes_mod97, IBAN.findall(text))):
        return "account number"
    if found.may_be_address and any(map(is_public_address, ADDRESS.findall(text))):
        return "IP address"
    if found.may_be_phone and any(map(is_phone, PHONE.findall(text))):
        return "telephone number"
    return ""


class Shape:
    """What the digits of a text stand in, so that most texts need no closer look.

    Each of its answers is no only where the expression of that name finds nothing. Where
    digits are others than ASCII's, nothing is said.
    """

    def __init__(self, text: str) -> None:
        plain = text.encode("ascii", "replace").translate(FORM)
        self._digits = plain.count(b"0")
        self._known = text.isascii() or self._digits == len(DIGIT.findall(text))
        self._plain = plain if self._digits or not self._known else b""

    @property
    def is_plain(self) -> bool:
        """Whether too few digits stand there, and not as in an account or an address."""
        if not self._known or self._digits >= FEWEST_DIGITS:
            return False
        return ACCOUNT not in self._plain and self._plain.count(DOTTED) < OF_DOTS

    def _may(self, *forms: bytes) -> bool:
        return not self._known or any(form in self._plain for form in forms)

    @property
    def may_be_social(self) -> bool:
        """Whether three, two and four digits stand between hyphens."""
        return self._may(b"000-00-0000")

    @property
    def may_be_card(self) -> bool:
        """Whether thirteen digits stand together, but for spaces and hyphens."""
        return not self._known or (
            self._digits >= OF_CARD
            and b"0" * OF_CARD in self._plain.translate(None, b" -")
        )

    @property
    def may_be_account(self) -> bool:
        """Whether two digits follow two capitals."""
        return self._may(ACCOUNT)

    @property
    def may_be_address(self) -> bool:
        """Whether digits stand between dots often enough."""
        return not self._known or self._plain.count(DOTTED) >= OF_DOTS

    @property
    def may_be_phone(self) -> bool:
        """Whether digits stand as one of the forms begins."""
        return self._may(b"+0", b"(000)", b"000-000", b"000.000")


def is_phone(text: str) -> bool:
    """Whether a number of telephone may have as many digits."""
    return 7 <= count_digits(text) <= 15


def count_digits(text: str) -> int:
    """How many digits a text has."""
    return sum(c.isdigit() for c in text)


def passes_luhn(text: str) -> bool:
    """ISO/IEC 7812's check digit; one digit over and over is no card."""
    found = [int(c) for c in text if c.isdigit()]
    if (
        not 13 <= len(found) <= 19
        or len(set(found)) < 2
        or found[0] not in (2, 3, 4, 5, 6)
    ):
        return False
    doubled = [d * 2 - 9 * (d > 4) for d in found[-2::-2]]
    return (sum(doubled) + sum(found[-1::-2])) % 10 == 0


def passes_mod97(text: str) -> bool:
    """ISO 13616's check digits."""
    flat = text.replace(" ", "")
    if not 15 <= len(flat) <= 34:
        return False
    rotated = flat[4:] + flat[:4]
    return int("".join(str(int(c, 36)) for c in rotated)) % 97 == 1


def is_public_address(text: str) -> bool:
    """Whether a dotted quad is an address somebody can have, and no version's number."""
    if sum(len(part) > 1 for part in text.split(".")) < 2:
        return False
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False
