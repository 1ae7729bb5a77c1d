"""YAML reader of recipes, with limits and line numbers.

A recipe's text is untrusted: it may describe a run, never execute or exhaust one. What
comes out is plain data (text, numbers, booleans, null, lists and mappings with text
keys), none of it larger than the limits below, and the line every value stood on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.yaml_complaints import yaml_complaint
from fellowship.spellings import other_spelling

MAX_BYTES = 1_000_000
MAX_NODES = 20_000
"""Values in a recipe, those that aliases repeat counted every time."""
MAX_DEPTH = 50

PLAIN = ("str", "int", "float", "bool", "null", "seq", "map")
STRING, MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader without dates, sets and binaries, and with limits."""

    yaml_constructors = {  # noqa: RUF012 - PyYAML's own way to say it
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in PLAIN
    }
    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, what) for tag, what in rules if not tag.endswith(":timestamp")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = 0
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One more node, unless there are too many or they lie too deep."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._limit_error(f"more than {MAX_NODES:,} values")
        if self.depth > MAX_DEPTH:
            raise self._limit_error(f"more than {MAX_DEPTH} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _limit_error(self, why: str) -> yaml.MarkedYAMLError:
        return yaml.MarkedYAMLError(problem=why, problem_mark=self.mark())

    def mark(self) -> Any:
        """Where the next event starts."""
        return self.peek_event().start_mark  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Document:
    """A recipe's plain data and the lines it came from."""

    path: Path
    data: dict[str, Any]
    root: yaml.Node

    def line(self, place: Sequence[str | int]) -> int:
        """The line, from 1, of the value at `place`, or of what would hold it."""
        node, line = self.root, line_of(self.root)
        for part in place:
            found = _child(node, part)
            if found is None:
                break
            mark, node = found
            line = line_of(mark)
        return line


def line_of(node: yaml.Node) -> int:
    """The line a node starts on, counted from 1."""
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node whose line names `part` of this one, and the node of its value."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        items = node.value
        return (items[part], items[part]) if 0 <= part < len(items) else None
    if isinstance(node, yaml.MappingNode):
        names = {part, other_spelling(part)}
        pairs = [pair for pair in node.value if pair[0].value in names]
        return pairs[-1] if pairs else None  # a merged key stands before its own
    return None


def read_yaml(path: Path) -> Document:
    """The data of a recipe file and its lines.

    Raises `RecipeError` for whatever is not plain, modest YAML with one meaning.
    """
    text = _read_text(path)
    try:
        loader = PlainLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise RecipeError(
                f"{path.name}: a recipe holds keys and values, see recipes/"
            )
        faults = list(_duplicates(root, set()))
        if faults:
            raise RecipeError("\n".join(f"{path.name}, {fault}" for fault in faults))
        if _expanded_size(root, {}) > MAX_NODES:
            raise RecipeError(
                f"{path.name}: aliases repeat more than {MAX_NODES:,} values"
            )
        return Document(path, loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        raise RecipeError(f"{path.name}{yaml_complaint(error)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise RecipeError(f"{path.name} is not YAML: {what}") from error


def _read_text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise RecipeError(f"{path.name} is larger than {MAX_BYTES:,} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise RecipeError(
            f"the recipe {str(path)!r} can't be read: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path.name} is not UTF-8 (byte {error.start}): save it as UTF-8"
        ) from error


def _duplicates(node: yaml.Node, done: set[int]) -> Iterator[str]:
    """A complaint for each key that is there twice or is not text."""
    if id(node) in done:
        return
    done.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item, done)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = line_of(key)
            if not isinstance(key, yaml.ScalarNode):
                yield f"line {line}: a text that begins with {{ or [ needs quotes"
                continue
            if key.tag not in (STRING, MERGE):
                yield f"line {line}: {key.value!r} is not a text key: put it in quotes"
            elif key.value in seen:
                first = seen[key.value]
                yield f"line {line}: {key.value!r} is on line {first} already"
            else:
                seen[key.value] = line
            yield from _duplicates(value, done)
    elif node.tag.endswith((":int", ":float")) and _is_ambiguous(node.value):
        read = yaml.safe_load(node.value)
        yield (
            f"line {line_of(node)}: {node.value!r} would be {read}: write that, or put the"
            " text in quotes"
        )
    elif node.tag.endswith(":float") and not _is_finite(node.value):
        yield f"line {line_of(node)}: {node.value!r} is no number here; null is no limit"


def _is_ambiguous(text: str) -> bool:
    """Whether only YAML 1.1 reads a number so: 010 as 8, 12:30 as 750."""
    digits = text.lstrip("+-").replace("_", "")
    octal = digits.startswith("0") and digits.isdigit()
    return ":" in digits or (octal and int(digits) != int(digits, 8))


def _is_finite(text: str) -> bool:
    return not text.lower().lstrip("+-").startswith(
        (".inf", ".nan")
    ) and not math.isinf(float(text.replace("_", "")))


def _expanded_size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for when every alias is written out."""
    if id(node) not in known:
        known[id(node)] = MAX_NODES + 1  # a node inside itself has no end
        below: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            below = node.value
        elif isinstance(node, yaml.MappingNode):
            below = [value for _, value in node.value]
        known[id(node)] = 1 + sum(_expanded_size(child, known) for child in below)
    return known[id(node)]
