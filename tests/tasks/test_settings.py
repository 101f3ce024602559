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


@pytest.mark.parametrize("limit", ["much", "700", "..MB", "3 GB; select 1"])
def test_a_memory_limit_is_a_size(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Said before DuckDB is asked."""
    monkeypatch.setenv("FLIPBOOK_MEMORY_LIMIT", limit)
    with pytest.raises(UsageError, match="memory_limit: give a size, such as 700MB or 3GB"):
        read_settings()


def test_a_ducklake_has_its_local_files_beside_the_spool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is no file, and its connection string, which may hold a password, is not shown."""
    monkeypatch.setenv("FLIPBOOK_WAREHOUSE", "ducklake:postgres:dbname=x password=planted-secret")
    settings = Settings(spool=tmp_path / "spool", warehouse_data="shared/lake")
    assert settings.lake == "postgres:dbname=x password=planted-secret"
    assert (settings.marts_file, settings.warehouse_data) == (
        tmp_path / "marts.duckdb",
        str(PROJECT / "shared" / "lake"),
    )
    assert "planted-secret" not in f"{settings!r} {settings}"
    assert Settings(warehouse="ducklake:c.ducklake", warehouse_data="s3://b/c").warehouse_data == "s3://b/c"
    assert Settings(warehouse="ducklake:c.ducklake").lake == str(PROJECT / "c.ducklake")
    with pytest.raises(UsageError, match="is a DuckLake, and this is for one in a DuckDB file"):
        _ = settings.warehouse_file
