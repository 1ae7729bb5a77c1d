"""The map of the code in CONTRIBUTING and docs is the one that the code has."""

from __future__ import annotations

from tools import map as code_map


def test_the_picture_of_the_rooms_is_current() -> None:
    drawn = code_map.PICTURE.read_text("utf-8")
    assert drawn == code_map.picture(), "python tools/map.py draws it anew"


def test_the_table_of_the_rooms_is_current() -> None:
    text = code_map.TABLE.read_text("utf-8")
    assert text == code_map.with_table(text), "python tools/map.py writes it anew"
