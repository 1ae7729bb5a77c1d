"""Texts on a page: word differences, and Markdown that runs nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.viewer.markdown import render_markdown
from fellowship.viewer.word_diff import diff_texts


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_difference_gives_both_texts_back(old: str, new: str) -> None:
    from fellowship.sanitize import sanitize

    pieces = diff_texts(old, new)
    assert "".join(p.text for p in pieces if p.kind != "new") == sanitize(old)
    assert "".join(p.text for p in pieces if p.kind != "gone") == sanitize(new)


def test_a_difference_is_of_words() -> None:
    pieces = diff_texts("It is a red house.", "It is a blue house.")
    assert [(p.kind, p.text) for p in pieces if p.kind != "same"] == [
        ("gone", "red"),
        ("new", "blue"),
    ]


@pytest.mark.fault(number=20)
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "![a](http://example.org/pixel.png)",
        "<a href='vbscript:x'>y</a>",
        "```\n</code></pre><svg onload=alert(1)>\n```",
    ],
)
def test_markdown_makes_nothing_that_runs_or_fetches(text: str) -> None:
    made = str(render_markdown(text))
    for bad in ("<script", "<img", "<svg", 'href="java', 'href="data', 'href="vb'):
        assert bad not in made


def test_markdown_keeps_code_tables_and_links() -> None:
    made = str(
        render_markdown("# T\n\n`x<y`\n\n|a|\n|-|\n|1|\n\n[l](https://example.org)")
    )
    assert "<code>x&lt;y</code>" in made
    assert "<td>1</td>" in made
    assert 'href="https://example.org" rel="noopener noreferrer nofollow"' in made
