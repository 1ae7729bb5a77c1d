"""Personal data (PII) detection by form and check digits.

E-mail and IP addresses, telephone, card, account (IBAN) and US social-security numbers.
Addresses that stand for nobody (example.com, documentation networks) are no finding.
"""

from __future__ import annotations

import ipaddress
import re
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


OF_SOCIAL, OF_CARD, OF_ADDRESS = 9, 13, 6
"""Digits that each has at least: a number of telephone has more than an address."""


@lru_cache(maxsize=16)
def find_pii(text: str) -> str:
    """What kind of personal data a text seems to hold; empty where none.

    The last texts are kept in mind: each is in several rows of several datasets.
    """
    if "@" in text and any(not RESERVED_DOMAIN.search(d) for d in EMAIL.findall(text)):
        return "e-mail address"
    digits = len(DIGIT.findall(text))
    if not digits:
        return ""
    if digits >= OF_SOCIAL and SOCIAL.search(text):
        return "social-security number"
    if digits >= OF_CARD and any(passes_luhn(found) for found in CARD.findall(text)):
        return "card number"
    if any(passes_mod97(found) for found in IBAN.findall(text)):
        return "account number"
    if digits < OF_ADDRESS:
        return ""
    if any(is_public_address(found) for found in ADDRESS.findall(text)):
        return "IP address"
    if any(7 <= count_digits(found) <= 15 for found in PHONE.findall(text)):
        return "telephone number"
    return ""


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
