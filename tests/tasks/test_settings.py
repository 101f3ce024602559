"""Where things are."""

from pathlib import Path

import pytest

from tasks.core.errors import UsageError
from tasks.settings import PROJECT, Settings, read_settings


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


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker's unit file may leave it."""
    monkeypatch.setenv("FLIPBOOK_ENDPOINT", "")
    assert Settings().endpoint is None


def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence."""
    monkeypatch.setenv("FLIPBOOK_SPOOL_KEEP_DAYS", "soon")
    with pytest.raises(UsageError, match="Among the settings, spool_keep_days: Input should be a valid integer"):
        read_settings()
