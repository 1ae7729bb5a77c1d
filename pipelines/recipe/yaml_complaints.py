"""Words for YAML that can't be read: the line to look at, and what to change there."""

from __future__ import annotations

import re

import yaml

WORDS = {
    r"'\\t'": "a tab: indent with spaces",
    "could not determine a constructor": "{}: a recipe is plain data, without YAML tags",
    "mapping values are not allowed": "a ':' where none can stand: put a text with ': ' in"
    " quotes, and end each key, also the one above, with ':' and a space",
    "cannot start any token": "{}: put the text in quotes",
    "undefined alias": "{}: put a text that begins with * in quotes",
    "expected alphabetic or numeric": "put a text that begins with * or & in quotes",
    "expected <block end>": "this doesn't go on what stands above: indent keys that belong"
    " together alike, begin each entry of a list with '- ', close brackets once",
    "expected the node content": "a value is missing here, or a comma is too many",
}
"""What to change, by what the reader of YAML says; `{}` is what it says."""
OPENED = {
    "expected ',' or": "a bracket opened here isn't closed, or a comma is missing in it",
    "unexpected end of stream": "a quote opened here isn't closed",
    "could not find expected ':'": "a key needs a ':' and a space after it",
}
"""Faults that are seen late: they lie where the thing begins."""


def yaml_complaint(error: yaml.MarkedYAMLError) -> str:
    """`, line 3: ...`, to follow a file's name."""
    problem = error.problem or error.context or "not YAML"
    mark = error.problem_mark or error.context_mark
    for said, words in OPENED.items():
        if said in problem and error.context_mark:
            return f", line {error.context_mark.line + 1}: {words}"
    for said, words in WORDS.items():
        if re.search(said, problem):
            problem = words.format(problem)
            break
    return f"{f', line {mark.line + 1}' if mark else ''}: {problem}"
