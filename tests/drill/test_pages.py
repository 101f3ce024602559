"""A page that is not whole is seen."""

from pathlib import Path

import pytest

from drill.pages import is_whole

PAGE = '<!doctype html><html><head><meta charset="utf-8"></head><body><h1>A</h1><svg><path d="M0"/></svg></body></html>'


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (PAGE, True),
        (PAGE[:-20], False),
        (PAGE[: len(PAGE) // 2], False),
        (PAGE.replace("</svg>", ""), False),
        (PAGE.replace("h1", "h2"), False),
        ("", False),
    ],
)
def test_a_page_is_whole_with_all_its_elements_and_a_heading(text: str, whole: bool, tmp_path: Path) -> None:
    """Cut off, unclosed or empty, it is not."""
    page = tmp_path / "page.html"
    page.write_text(text)
    assert is_whole(page) is whole
