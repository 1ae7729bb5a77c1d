"""Paths of an input through the package: it is kept when its path is new."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import fellowship
from tests.support.parsers import Parser

Way = tuple[str, int, int]
"""A step from one line to the next, in one file."""
OURS = str(Path(fellowship.__file__).parent)


@contextmanager
def trace_paths(ways: set[Way]) -> Iterator[None]:
    """While it holds, steps between lines of the package are added to `ways`."""

    def local(file: str, line: int) -> Callable[[FrameType, str, Any], Any]:
        at = line

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal at
            if event == "line":
                ways.add((file, at, frame.f_lineno))
                at = frame.f_lineno
            return step

        return step

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        return local(file, frame.f_lineno) if is_ours(file) else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        yield
    finally:
        sys.settrace(before)


@functools.cache
def is_ours(file: str) -> bool:
    """Whether a file is the package's; an editable install's files are links."""
    return file.startswith(OURS)


class PathTracker:
    """One parser and the ways that inputs have taken through it."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.known: set[Way] = set()
        self.broken: dict[str, bytes] = {}
        """Where and how it broke -> the shortest input that did it."""

    def try_input(self, content: bytes) -> bool:
        """Whether this input goes a new way, or breaks something in a new place."""
        ways: set[Way] = set()
        mark = ""
        with tempfile.TemporaryDirectory() as folder:
            try:
                with trace_paths(ways):
                    self.parser(content, Path(folder))
            except Exception as error:
                mark = error_place(error)
        new = bool(ways - self.known)
        self.known |= ways
        if mark and (mark not in self.broken or len(content) < len(self.broken[mark])):
            self.broken[mark] = content
            new = True
        return new


def error_place(error: BaseException) -> str:
    """Kind of an error and the last line of the package it went through."""
    last, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if is_ours(file) or not last:
            last = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {last}: {error}"[:200]


def minimal_inputs(parser: Parser, inputs: Iterable[bytes]) -> list[bytes]:
    """Of many inputs, shortest first, those that each go a way none before it goes."""
    tried = PathTracker(parser)
    return [one for one in sorted(set(inputs), key=len) if tried.try_input(one)]
