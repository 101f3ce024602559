"""The study: what a form, a file or a command line may say, and what it is told when it may not."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.core.endpoints import first_problem
from tasks.core.study import Study

FIELDS: dict[str, Any] = {
    "name": "coin-flip",
    "prompts": [{"name": "flip", "messages": [{"content": "Flip a coin."}]}],
    "targets": [{"endpoint": "openai", "model": "gpt-4o", "follow": "Heads"}],
}
FLIP = FIELDS["prompts"][0]
GPT = FIELDS["targets"][0]


def study(**fields: Any) -> Study:
    """A small study; any field can be given."""
    return Study.model_validate(FIELDS | fields)


def test_a_study_needs_only_a_name_prompts_and_targets() -> None:
    """The rest has defaults."""
    small = study()
    assert (small.samples, small.concurrency, small.budget_usd) == (100, 16, None)
    assert [arm.name for arm in small.arms] == ["default"]
    assert small.thresholds_pp == (0.01, 0.001, 0.0001)


@pytest.mark.parametrize(
    "pattern", [r"(?i)\b(heads|tails)\b", r"Answer:\W*([A-D])\b", r"\\1", "(?:a|b)", "(?P<answer>a)"]
)
def test_an_answer_pattern_stays_as_it_is(pattern: str) -> None:
    """Where both Python and RE2 can read it."""
    assert study(answer_pattern=pattern).answer_pattern == pattern


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sampels": 3}, "sampels: Extra inputs are not permitted."),
        ({"samples": 0}, "samples: Input should be greater than or equal to 1."),
        ({"name": "two words"}, "name: String should match pattern"),
        ({"prompts": []}, "prompts: Tuple should have at least 1 item after validation, not 0."),
        ({"prompts": [{**FLIP, "messages": []}]}, "prompts.0.messages: Tuple should have at least 1 item"),
        ({"prompts": [FLIP, FLIP]}, "study 'coin-flip' has prompt 'flip' twice."),
        ({"targets": [GPT, GPT]}, "study 'coin-flip' has target 'openai/gpt-4o' twice."),
        ({"arms": [{}, {}]}, "study 'coin-flip' has arm 'default' twice."),
        ({"arms": [{"temperature": 3}]}, "arms.0.temperature: Input should be less than or equal to 2."),
        ({"arms": [{"body": {"seed": 1}}]}, "arm 'default': body field 'seed' has a field of its own in the study."),
        ({"arms": [{"body": {"n": 2}}]}, "body field 'n' would make one call something else than one whole answer."),
        ({"thresholds_pp": [0]}, "thresholds_pp.0: Input should be greater than 0."),
        ({"answer_pattern": "([A-D]"}, "answer_pattern: it is no regular expression: missing ), unterminated"),
        ({"answer_pattern": r"(a)\Z"}, r"answer_pattern: it holds '\\Z', which RE2 has not"),
        ({"answer_pattern": "(?=x)y"}, "answer_pattern: it holds '(?=', which RE2 has not"),
        ({"answer_pattern": r"(a)\1"}, r"answer_pattern: it holds '\\1', which RE2 has not"),
        ({"budget_usd": 0}, "budget_usd: Input should be greater than 0."),
        ({"description": "for {{ city }}"}, "which Prefect would replace when it is deployed."),
        ({"arms": [{"body": {"user": "{{ $KEY }}"}}]}, "contains '{{', which Prefect would replace"),
    ],
)
def test_a_mistake_is_one_clear_sentence(fields: dict[str, Any], sentence: str) -> None:
    """It names the field, and says what is wrong with it."""
    with pytest.raises(ValidationError) as raised:
        study(**fields)
    said = first_problem(raised.value)
    assert sentence in said
    assert "\n" not in said
    assert said.endswith(".")


def test_a_study_does_not_change() -> None:
    """It is frozen; `changed` makes another, and judges what it is told."""
    small = study()
    with pytest.raises(ValidationError):
        small.samples = 3  # type: ignore[misc]
    assert small.changed(samples=3, budget_usd=None).samples == 3
    with pytest.raises(ValidationError):
        small.changed(samples=0)


def test_every_target_can_be_sent_to_another_endpoint() -> None:
    """What is asked stays the same."""
    moved = study().at_endpoint("simulator")
    assert [(target.endpoint, target.model, target.follow) for target in moved.targets] == [
        ("simulator", "gpt-4o", "Heads")
    ]
    assert study().at_endpoint(None) == study()


def test_the_configuration_hash_changes_with_any_field() -> None:
    """And with nothing else."""
    assert study().configuration_hash == study().configuration_hash
    others = [study(samples=99), study(name="other"), study(arms=[{"seed": 1}]), study(description="x")]
    assert len({other.configuration_hash for other in [study(), *others]}) == 5
    assert Study.model_validate_json(study().configuration) == study()


def test_every_field_of_the_form_is_described_and_has_a_place() -> None:
    """The run form shows both."""
    schema = Study.model_json_schema()
    forms = [schema, *schema["$defs"].values()]
    fields = [field for form in forms for field in form.get("properties", {}).values()]
    assert all(field["description"] and "position" in field for field in fields), json.dumps(fields, indent=1)
