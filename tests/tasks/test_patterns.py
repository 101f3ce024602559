"""Answer patterns."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.patterns import catalogue_patterns, refuse_bad_pattern
from tasks.settings import Settings


def test_a_pattern_that_is_none_is_refused_in_one_sentence(new_study: Callable[..., Study]) -> None:
    """With the study, the pattern, and what is wrong with it: Python knows expressions that RE2 does not."""
    said = r"^Study 'coin-flip': answer_pattern 'A\{2000\}' is no regular expression \(RE2\): invalid repetition size: \{2000\}\.$"
    with pytest.raises(UsageError, match=said):
        refuse_bad_pattern(new_study(answer_pattern="A{2000}"))


@pytest.mark.parametrize("pattern", [None, "[A-D]", r"(?i)answer: *([A-D])", "%s", "'"])
def test_any_other_is_let_through(pattern: str | None, new_study: Callable[..., Study]) -> None:
    """None as well."""
    refuse_bad_pattern(new_study(answer_pattern=pattern))


def test_the_catalogue_has_patterns_for_imports(tmp_path: Path) -> None:
    """Of the studies that have one; a catalogue that cannot be read has none, and stops no import."""
    catalogue = tmp_path / "prefect.yaml"
    study = "{name: %s, prompts: [{name: p, messages: [{content: x}]}], targets: [{endpoint: e, model: m}]%s}"
    catalogue.write_text(
        "deployments:\n"
        f"  - {{name: a, parameters: {{study: {study % ('quiz', ', answer_pattern: B')}}}}}\n"
        f"  - {{name: b, parameters: {{study: {study % ('flips', '')}}}}}\n"
    )
    assert catalogue_patterns(Settings(catalogue=catalogue)) == [("quiz", "B")]
    catalogue.write_text("deployments: [")
    assert catalogue_patterns(Settings(catalogue=catalogue)) == []
