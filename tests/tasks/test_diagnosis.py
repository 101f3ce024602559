"""What `doctor` finds without a call to a provider."""

from pathlib import Path

import pytest

from tasks.diagnosis import Finding, diagnose
from tasks.settings import Settings
from tasks.warehouse import Warehouse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The project's catalogue and endpoints, and nothing sampled yet."""
    return Settings(warehouse=str(tmp_path / "w.duckdb"), spool=tmp_path / "spool")


def findings(settings: Settings, **environment: str) -> dict[str, Finding]:
    """The findings by what was looked at."""
    return {finding.what: finding for finding in diagnose(settings, environment)}


def test_a_fresh_machine_is_ready(settings: Settings) -> None:
    """Nothing is made by looking; a key that is not set is said, and needed only by who asks there."""
    found = findings(settings, OPENAI_API_KEY="sk-secret")
    assert all(finding.is_ok for finding in found.values() if finding.is_needed)
    assert (found["key of openai"].found, found["key of openai"].is_ok) == ("OPENAI_API_KEY is set", True)
    assert not found["key of openrouter"].is_ok
    assert not settings.warehouse_file.exists()
    assert "sk-secret" not in repr(found)
    assert found["versions"].as_dict().keys() == {"what", "found", "is_ok", "is_needed"}


def test_what_is_wrong_is_found_all_at_once(settings: Settings, tmp_path: Path) -> None:
    """One mistake does not hide the next."""
    settings.warehouse_file.write_text("no database")
    broken = settings.model_copy(update={"catalogue": tmp_path / "none.yaml", "endpoints": tmp_path / "none.toml"})
    found = findings(broken)
    assert [what for what, finding in found.items() if not finding.is_ok] == ["catalogue", "endpoints", "warehouse"]


def test_the_samples_are_counted(settings: Settings) -> None:
    """In the warehouse that is there."""
    with Warehouse.open(settings):
        pass
    assert findings(settings)["warehouse"].found == f"{settings.warehouse_file}: 0 samples"
