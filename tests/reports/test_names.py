"""Where pages lie, whatever a study is called."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.names import anchor, series_labels, study_folder, study_page
from tasks.core.plan import SeriesKey


@pytest.mark.parametrize("name", ["coin-flip", "local_coin", "x", "a1"])
def test_a_plain_name_is_its_own_folder(name: str) -> None:
    """What a study form allows in lower case needs no digest."""
    assert study_folder(name) == name


@pytest.mark.parametrize(
    "name", ["Coin", "../../etc/passwd", "", ".", "index.html", "שלום", "a b", "x" * 300, "a\x00b", "\ud800"]
)
def test_any_other_name_gets_a_safe_folder(name: str) -> None:
    """One path segment of plain lower-case characters, never the name itself."""
    folder = study_folder(name)
    assert folder != name
    assert PurePosixPath(study_page(name)).parts == (folder, "index.html")
    assert folder.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""


def test_a_name_cannot_take_the_folder_of_another() -> None:
    """Names that look like a slug with a digest get a digest of their own."""
    assert study_folder(study_folder("Coin")) != study_folder("Coin")


@given(st.lists(st.text(max_size=12), unique=True, max_size=20))
def test_no_two_studies_share_a_folder(names: list[str]) -> None:
    """Not even where file names have no case."""
    assert len({study_folder(name).casefold() for name in names}) == len(names)


def test_labels_say_only_what_differs() -> None:
    """The model always; the rest where the study's series differ in it."""
    keys = [SeriesKey("s", "e", "m", "cold", "p"), SeriesKey("s", "e", "m", "warm", "p")]
    assert list(series_labels(keys).values()) == ["m · cold", "m · warm"]
    assert series_labels(keys[:1]) == {keys[0]: "m"}


def test_anchors_are_stable() -> None:
    """A link to a figure still leads there next month."""
    assert anchor("ladder", SeriesKey("s", "e", "m", "a", "p")) == "ladder-b0c3329e"
