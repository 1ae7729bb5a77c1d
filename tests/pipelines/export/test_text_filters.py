"""Language, personal data and noise: told at .95 or better."""

from __future__ import annotations

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.export.language import Languages
from fellowship.pipelines.export.noise import find_noise
from fellowship.pipelines.export.pii import find_pii
from tests.support.sentences import CLEAN, ENGLISH, FOREIGN, holds


def test_other_languages_are_told_and_short_texts_are_nobodys() -> None:
    english = Languages(["en"])
    holds(english.is_foreign, FOREIGN * 2, ENGLISH * 4)
    assert not english.is_foreign("Ja, gern!")
    with pytest.raises(RecipeError, match="'xx'"):
        Languages(["xx"])


PERSONAL = (
    *(f"write to {n}.smith{n}@mail{n}.co.uk today" for n in ("anna", "bob", "cy")),
    "call me at +49 30 901820 tonight",
    "my number is (415) 555-0132, any time",
    "reach us on 415-555-0132 or by post",
    "+1 415 555 0132 is the desk",
    "her card is 4111 1111 1111 1111, I think",
    "pay with 5500005555555559 please",
    "the account is DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432 is the IBAN",
    "SSN 536-22-8754 on the form",
    "he logs in from 81.2.69.142 each night",
    "the server at 203.0.114.7 was down",
    "contact: jane+news@uni-heidelberg.de.",
)

IMPERSONAL = (
    "write to someone@example.com",
    "localhost is 127.0.0.1 and the network 192.168.1.1",
    "it was 1984 and 1985, in rooms 12-14",
    "the ISBN 978-3-16-148410-0 is a book's",
    "pi is 3.14159265358979323846",
    "version 4.11.0.2 of the tool",
    "between 10.000 and 20.000 people, 5-10 %",
    "2024-11-25 at 16:02:11",
    "x = 1234567890123456789012345678901234",
    "add 2 + 2 and 10 - 3 to get 11",
    "order number 1111 1111 1111 1111",
    "call git@github: no such thing",
    "the score was 21-15, 19-21, 15-12",
    "chapter 3.2.1.4 of the manual",
)


def test_personal_data_are_flagged_by_form_and_check_digits() -> None:
    holds(find_pii, PERSONAL, [*IMPERSONAL, *CLEAN])


NOISE = (
    *("", "   \n ", "\ufffd\ufffd text \ufffd", "a" * 40, "?!?!?!?! ... ----- ::::"),
    *("the cat sat on the mat. " * 12, "Yes.\nYes, really.\n" * 1 + "I agree.\n" * 8),
    *("<|im_start|>assistant hello", "[INST] do it [/INST]", "hello</s>"),
    *("Lorem ipsum dolor sit amet", "Dear [insert name here], welcome"),
    *("Here: TODO", "<start_of_turn>model\nhi", "one two three four " * 15),
    *("ok \x00\x01\x02 ok", "=" * 50),
)


def test_noise_is_told_by_its_form_in_any_language() -> None:
    clean = [*CLEAN, *ENGLISH, *FOREIGN, "Yes.", "42", "x = [i for i in range(10)]"]
    holds(find_noise, NOISE, clean)
