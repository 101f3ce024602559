"""The compare stage on a real recording: which sides, what it says, and where it writes it."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.aggregate import aggregate
from tasks.compare import Written, compare
from tasks.core.errors import FlipbookError, UsageError
from tasks.land import import_file
from tasks.settings import Settings
from tasks.warehouse import Warehouse

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
RECORDINGS = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse of a server that changed on 7 and on 11 October."""
    folder = tmp_path_factory.mktemp("compare")
    made = Settings(warehouse=str(folder / "flipbook.duckdb"), site=folder / "site")
    with Warehouse.open(made) as warehouse:
        aggregate(warehouse, import_file(warehouse, RECORDINGS / "local-coin.ndjson", NOON).days, [])
    return made


def p_values(written: Written) -> list[float]:
    """Each pair's p-value."""
    return [pair["p_value"] for pair in written.figures["pairs"]]


def test_the_days_around_a_change_differ_in_every_series(settings: Settings) -> None:
    """Three pairs, each with its distance and its p-value in words."""
    written = compare(settings, "local-coin@2026-10-06", "local-coin@2026-10-07")
    assert len(written.figures["pairs"]) == 3
    assert all(p_value < 0.001 for p_value in p_values(written))
    assert written.sentences[0] == (
        "tiny-random · coin: 2026-10-06: 2 values in 50 calls; 2026-10-07: 1 value in 50 calls; none of the 3 is common "
        "to both. Their probabilities lie 0.0318 pp apart: chance does not explain it (p = 0.0002)."
    )


def test_quiet_days_are_no_farther_apart_than_chance(settings: Settings) -> None:
    """Ranges too, counted in as many calls as the smaller has."""
    written = compare(settings, "local-coin/*/*/coin@..2026-10-02", "local-coin@2026-10-03..2026-10-06")
    assert p_values(written)[0] > 0.05
    assert "In 100 calls of each that is 2.00 and 2.00 values." in written.sentences[0]


def test_two_prompts_are_compared_and_said_to_be_two(settings: Settings) -> None:
    """Their requests differ, and the page says in what."""
    written = compare(settings, "local-coin/*/*/coin", "local-coin/*/*/toss")
    assert "Their requests differ in messages." in written.sentences[0]


def test_the_page_has_its_view_and_every_row_beside_it(settings: Settings) -> None:
    """One place for the same sides; a drawing; what only one side has; CSV files."""
    written = compare(settings, "local-coin@2026-10-10", "local-coin@2026-10-11")
    assert compare(settings, "local-coin@2026-10-10", "local-coin@2026-10-11").page == written.page
    view = json.loads(written.page.with_suffix(".json").read_text(encoding="utf-8"))
    assert view["title"] == "local-coin: 2026-10-10 beside 2026-10-11"
    rows = view["pairs"][0]["figures"][0]["table"]["rows"]
    assert {row[3] for row in rows} == {"only 2026-10-10", "only 2026-10-11"}
    html = written.page.read_text(encoding="utf-8")
    assert html.count('role="img"') == 3
    assert "http://" not in html.replace("http://www.w3.org", "")
    sheets = {path.name.removeprefix(f"{written.page.stem}.") for path in written.page.parent.glob("*.csv")}
    assert {"distances.csv", "clusters.csv", "sides.csv", "completions.csv"} <= sheets


def test_a_side_that_nothing_is_lists_what_exists(settings: Settings) -> None:
    """And writes nothing."""
    with pytest.raises(UsageError, match=r"Nothing is 'local-coin/nope'\. There is 'local-coin/tiny-random/"):
        compare(settings, "local-coin/nope", "local-coin")


def test_a_site_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    """In one sentence."""
    (tmp_path / "in-the-way").write_text("")
    elsewhere = settings.model_copy(update={"site": tmp_path / "in-the-way"})
    with pytest.raises(FlipbookError, match=r"in-the-way.* cannot be written"):
        compare(elsewhere, "local-coin@2026-10-10", "local-coin@2026-10-11")


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path, line: Callable[..., dict[str, Any]]) -> None:
    """A study can be called anything: its page is a plain file, and its text stays text."""
    hostile = '../<script>alert("x")</script>\u202e@{{ 7*7 }}'
    file = tmp_path / "hostile.ndjson"
    days = ("2026-03-01", "2026-03-02")
    lines = [line(day, study=hostile, prompt=hostile, text=hostile) for day in days for _ in range(3)]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    settings = Settings(warehouse=str(tmp_path / "flipbook.duckdb"), site=tmp_path / "site")
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, file, NOON).days, [])
    written = compare(settings, f"{hostile}@{days[0]}", f"{hostile}@{days[1]}")
    assert written.page.parent == settings.site / "compare"
    html = written.page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "\u202e" not in html
    assert "{{ 7*7 }}" in html


def test_texts_are_compared_where_there_are_no_values(tmp_path: Path, line: Callable[..., dict[str, Any]]) -> None:
    """Completions, each with both sides' shares."""
    file = tmp_path / "texts.ndjson"
    said = {"2026-03-01": ["one"] * 20, "2026-03-02": ["one"] * 10 + ["two"] * 10}
    lines = [line(day, top={}, text=text) for day, texts in said.items() for text in texts]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    settings = Settings(warehouse=str(tmp_path / "flipbook.duckdb"), site=tmp_path / "site")
    with Warehouse.open(settings) as warehouse:
        aggregate(warehouse, import_file(warehouse, file, NOON).days, [])
        study = warehouse.rows("select any_value(study) as study from mart.series")[0]["study"]
    written = compare(settings, f"{study}@2026-03-01", f"{study}@2026-03-02")
    assert written.sentences[0].startswith(
        "2026-03-01: 1 completion in 20 calls; 2026-03-02: 2 completions in 20 calls; one of the 2 is common to both. "
        "50.0% of the completions would have to be others for both to be alike: chance does not explain it (p = "
    )
    view = json.loads(written.page.with_suffix(".json").read_text(encoding="utf-8"))
    completions = view["pairs"][0]["figures"][-1]
    assert [row[1:] for row in completions["table"]["rows"]] == [["100%", "50.0%"], ["\N{EN DASH}", "50.0%"]]
