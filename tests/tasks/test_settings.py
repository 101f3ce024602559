"""Where things are."""

from pathlib import Path

import pytest

from tasks.settings import PROJECT, Settings


def test_relative_paths_are_relative_to_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wherever a worker stands, and whoever sets them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLIPBOOK_SITE", "public")
    monkeypatch.setenv("FLIPBOOK_WAREHOUSE", "w/x.duckdb")
    settings = Settings()
    assert settings.site == PROJECT / "public"
    assert settings.spool == PROJECT / "data" / "spool"
    assert settings.warehouse_file == PROJECT / "w" / "x.duckdb"
    assert settings.marts_file == PROJECT / "w" / "marts.duckdb"


def test_absolute_paths_and_home_stay_what_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both are common in a worker's environment."""
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings(warehouse="~/w.duckdb", spool=tmp_path / "spool")
    assert (settings.warehouse_file, settings.spool) == (tmp_path / "w.duckdb", tmp_path / "spool")


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As options of the command line do."""
    monkeypatch.setenv("FLIPBOOK_ENDPOINT", "openai")
    assert Settings().endpoint == "openai"
    assert Settings(endpoint="simulator").endpoint == "simulator"
