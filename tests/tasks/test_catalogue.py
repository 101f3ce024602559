"""The two files that an operator edits, and what is said of a mistake in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import catalogue
from tasks.core.errors import UsageError
from tasks.settings import Settings

STUDY = """
deployments:
  - name: flip
    parameters:
      study:
        name: flip
        prompts: [{{name: flip, messages: [{{content: "{content}"}}]}}]
        targets: [{{endpoint: openai, model: gpt-4o}}]
        samples: {samples}
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Settings]:
    """Writes the catalogue and the endpoints; gives the settings that name them."""

    def write(prefect: str | bytes = "", endpoints: str = "") -> Settings:
        files = {"prefect.yaml": prefect, "endpoints.toml": endpoints}
        for name, text in files.items():
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return Settings(catalogue=tmp_path / "prefect.yaml", endpoints=tmp_path / "endpoints.toml")

    return write


def test_the_projects_own_files_are_right() -> None:
    """Every study asks declared endpoints, and the deployments are named after their studies."""
    studies, endpoints = catalogue.deployments(Settings()), catalogue.endpoints(Settings())
    assert {"coin-flip", "coin-flip-answers", "seed-and-temperature", "agreement", "length", "load"} <= studies.keys()
    assert "ad-hoc" in studies
    assert all(name == study.name for name, study in studies.items())
    assert {target.endpoint for study in studies.values() for target in study.targets} <= endpoints.keys()


def test_a_study_is_found_by_its_name(written: Callable[..., Settings]) -> None:
    """An unknown name is answered with the known ones."""
    settings = written(STUDY.format(content="x", samples=7))
    assert catalogue.study(settings, "flip").samples == 7
    with pytest.raises(UsageError, match=r"There is no study 'flop' in prefect\.yaml; there are: flip\."):
        catalogue.study(settings, "flop")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STUDY.format(content="x", samples=0), r"prefect\.yaml: study 'flip': samples: Input should be greater"),
        (STUDY.format(content="{{ city }}", samples=1), r"study 'flip': study 'flip' contains '\{\{'"),
        (STUDY.format(content="x", samples=1) + "        sampels: 3\n", r"study 'flip': sampels: Extra inputs"),
        ("deployments: [{name: x}]", r"every deployment needs a name and parameters\.study \('parameters'\)"),
        ("deployments:", "every deployment needs a name and"),
        ("", "every deployment needs a name and"),
        ("name: flipbook", "every deployment needs a name and"),
        ("a: [", "is not YAML"),
        ("a: 2026-13-45", "is not YAML"),
        (b"\xff\xfe\xff", r"prefect\.yaml is not UTF-8"),
    ],
)
def test_a_mistake_in_the_catalogue_names_file_study_and_field(
    text: str | bytes, said: str, written: Callable[..., Settings]
) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=said) as raised:
        catalogue.deployments(written(text))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[openai]\nbase_url = 5", r"endpoints\.toml: endpoint 'openai': base_url: Input should be a valid string"),
        ("[openai", "is not TOML"),
        ("openai = 1", r"endpoints\.toml: endpoint 'openai'"),
    ],
)
def test_a_mistake_in_the_endpoints_names_file_endpoint_and_field(
    text: str, said: str, written: Callable[..., Settings]
) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=said):
        catalogue.endpoints(written(endpoints=text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With its whole path."""
    settings = Settings(catalogue=tmp_path / "none.yaml", endpoints=tmp_path / "none.toml")
    with pytest.raises(UsageError, match=f"{tmp_path}/none.yaml cannot be read: No such file"):
        catalogue.deployments(settings)
    with pytest.raises(UsageError, match=f"{tmp_path}/none.toml cannot be read: No such file"):
        catalogue.endpoints(settings)
