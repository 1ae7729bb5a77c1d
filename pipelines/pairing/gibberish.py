"""Gibberish: whole answers that are no language, told by their form.

Random letters, encoded bytes, one thing repeated, text in a wrong encoding, marks without a
word. The rules are meant to be sure, not complete: code, tables, formulas, lists, verse and
any script must pass, so a salad of real words does, too. What the prompt asks for passes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise

from fellowship.pipelines.pairing.letter_pairs import rare_share
from fellowship.pipelines.pairing.text_similarity import parts_of

ASKED = re.compile(
    r"emoji|emoticon|symbol|punctuat|\bsigns?\b|operator|\bmarks?\b|ascii|unicode|"
    r"pattern|regex|\bdraw|\bart\b|morse|braille|"
    r"base ?64|\bhex|hash|\bsha|md5|encod|decod|encrypt|decrypt|cipher|caesar|rot ?13|"
    r"checksum|digest|signature|certificate|\bkeys?\b|token|password|passphrase|uuid|"
    r"guid|\bids?\b|identifier|commit|address|wallet|serial|licen[cs]e|binary|bytes|"
    r"\bdna\b|\brna\b|protein|genom|sequence|smiles|inchi|chess|fen\b|"
    r"random|gibberish|nonsense|mojibake|scrambl|shuffl|anagram|revers|backward|"
    r"palindrom|repeat|\btimes\b|characters?\b|letters?\b|string|"
    r"表情|符号|符號|絵文字|記号|繰り返|重复|重複|эмодзи|символ|повтор|رموز|رمز|इमोजी|อีโมจิ",
    re.IGNORECASE,
)
"""Words of a prompt that asks for what would else be no language."""

ENCODED_LEAST = 24
ENCODED = re.compile(rf"[A-Za-z0-9+/_-]{{{ENCODED_LEAST},}}={{0,2}}")
CHANGES = re.compile(
    r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
)
ALPHANUMERIC = re.compile(r"[^\W_]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffd]")
STACKED = re.compile(r"[\u0300-\u036f]{4,}")
NUMBER = re.compile(r"[+-]?[1-9][\d,. ]*")
PLAIN = frozenset(".,:;!?'\"-–—()[]…")
"""Marks that any prompt may have, so that they say nothing of what it asks for."""


def find_gibberish(text: str, prompt: str = "") -> str:
    """Why a whole text is no language; empty where it may be one, or was asked for.

    An empty text is none of this: it is empty.
    """
    stripped = text.strip()
    if not stripped:
        return ""
    found = next((why for rule, why in RULES if rule(stripped)), "")
    if found and (ASKED.search(prompt) or _shares_symbols(stripped, prompt)):
        return ""
    return found


def has_no_word(text: str) -> bool:
    """Whether there is no letter and no digit of any script."""
    return ALPHANUMERIC.search(text) is None


def is_mojibake(text: str) -> bool:
    """Whether UTF-8 was read as Windows-1252, or bytes as no text at all."""
    broken = len(CONTROL.findall(text))
    if text.isascii():
        return broken * 10 >= len(text)
    unknown = (c for c in set(text) if unicodedata.category(c) in ("Co", "Cn"))
    broken += sum(map(text.count, unknown))
    if broken * 10 >= len(text) or len(STACKED.findall(text)) >= 3:
        return True
    wide = len(text) - len(text.encode("ascii", "ignore"))
    if wide < 4 or wide * 5 < len("".join(text.split())):
        return False
    try:
        return len(b"".join(map(_one_byte, text)).decode("utf-8")) < len(text)
    except ValueError:
        return False


def is_one_thing_repeated(text: str) -> bool:
    """Whether a text is one character, or one short thing ten times or more."""
    letters = "".join(parts_of(text))
    if len(letters) >= 20 and (most := most_of(letters)):
        return most == len(letters) or not NUMBER.fullmatch(text)
    return _is_periodic(letters) and any(c.isalpha() for c in letters)


def is_encoded(text: str) -> bool:
    """Whether most of a text is base64, hexadecimal digits or the like."""
    parts = parts_of(text)
    if "://" in text or max(map(len, parts), default=0) < ENCODED_LEAST:
        return False
    whole = len("".join(parts))
    held = sum(len(t) for t in ENCODED.findall(text) if _is_bytes(t))
    return held * 5 >= whole * 4


def is_random_letters(text: str) -> bool:
    """Whether its Latin words have letters side by side that no language puts there.

    A text that opens with a line of plain words is not so as a whole.
    """
    rare, pairs = rare_share(parts_of(text))
    return rare >= 4 and rare * 10 >= pairs and not _opens_in_words(text)


def _opens_in_words(text: str) -> bool:
    """Whether the first of several lines has six words, none of random letters."""
    opening, _, rest = text.partition("\n")
    return (
        bool(rest) and len(opening.split()) >= 6 and rare_share(opening.split())[0] == 0
    )


def is_many_scripts(text: str) -> bool:
    """Whether words of five scripts or more are thrown together."""
    if text.isascii() or len({_script(c) for c in set(text) if c.isalpha()}) < 5:
        return False
    scripts = [_script(c) for c in text if c.isalpha()]
    common = {s for s in set(scripts) if scripts.count(s) * 25 >= len(scripts)}
    changes = sum(a != b for a, b in pairwise(scripts))
    return len(common) >= 5 and changes * 5 >= len(scripts)


RULES: Iterable[tuple[Callable[[str], bool], str]] = (
    (has_no_word, "no letter and no digit"),
    (is_mojibake, "text in a wrong encoding"),
    (is_one_thing_repeated, "one thing repeated"),
    (is_encoded, "encoded or random bytes"),
    (is_random_letters, "random letters"),
    (is_many_scripts, "words of many scripts"),
)
"""Each rule with what is said where it holds, in the order in which they are asked."""


def _one_byte(letter: str) -> bytes:
    """A letter as Windows-1252 or Latin-1; ValueError where it is in neither."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def most_of(letters: str) -> int:
    """How often the letter stands there that four of five are; 0 where none is."""
    whole, seen, others = len(letters), set[str](), 0
    for letter in letters:
        if letter in seen:
            continue
        seen.add(letter)
        many = letters.count(letter)
        if many * 5 >= whole * 4:
            return many
        others += many
        if others * 5 > whole:  # too few are left
            break
    return 0


def _is_periodic(letters: str) -> bool:
    """Whether a text repeats one unit ten times or more, from its beginning to its end."""
    if len(letters) < 20 or letters.find(letters[:8], 1, len(letters) // 10 + 8) < 0:
        return False
    unit = (letters + letters).find(letters[: len(letters) // 2], 1)
    return 0 < unit * 10 <= len(letters) and all(
        letters.startswith(letters[at : at + unit]) or at + unit > len(letters)
        for at in range(0, len(letters), unit)
    )


def _is_bytes(token: str) -> bool:
    """Whether a long token has its letters and digits mixed as bytes have."""
    return len(CHANGES.findall(token)) * 6 >= len(token)


def _script(letter: str) -> str:
    """The script of a letter by its name; Japanese's three and Chinese are one."""
    script = unicodedata.name(letter, "UNKNOWN").split()[0]
    return "CJK" if script in ("CJK", "HIRAGANA", "KATAKANA") else script


def _shares_symbols(text: str, prompt: str) -> bool:
    """Whether it has no word, and all its signs stand in the prompt as well."""
    signs = {c for c in text if not c.isspace()} - PLAIN
    return bool(signs) and has_no_word(text) and signs <= set(prompt)
