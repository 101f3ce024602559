"""What is asked of whom. `Study` is the flow's one main parameter, the run form and the catalogue entry."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from tasks.core.canonical import canonical_json, digest

Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]

DEFAULT_THRESHOLDS_PP = (0.01, 0.001, 0.0001)

# Fields of the request body that have a home of their own; `body` may not say them a second time.
OWN_BODY_FIELDS = frozenset({"model", "messages", "temperature", "seed", "max_tokens", "logprobs", "top_logprobs"})
# Fields that would make one call something else than one whole answer.
REFUSED_BODY_FIELDS = frozenset({"n", "stream", "stream_options"})
# What Python's own regular expressions have beyond those of the warehouse.
BEYOND_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!]|P=)|(?<!\\)(?:\\\\)*\\[1-9Z]")


class _Form(BaseModel):
    """Frozen, and no unknown field: a misspelt name is a mistake, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(_Form):
    """One message of a prompt."""

    role: Literal["system", "developer", "user", "assistant"] = Field(
        "user", description="Who speaks.", json_schema_extra={"position": 0}
    )
    content: str = Field(description="The text, sent as it stands.", json_schema_extra={"position": 1})


class Prompt(_Form):
    """A prompt: a name for tables and pages, and the messages that are sent."""

    name: Name = Field(
        description="A short name for tables and pages, such as flip.", json_schema_extra={"position": 0}
    )
    messages: tuple[Message, ...] = Field(
        min_length=1, description="The messages, in order.", json_schema_extra={"position": 1}
    )


class Target(_Form):
    """One model at one endpoint, with the token whose log-probability is followed."""

    endpoint: Name = Field(
        description="The name of an endpoint that the operator declared in endpoints.toml.",
        json_schema_extra={"position": 0},
    )
    model: str = Field(
        min_length=1,
        max_length=200,
        description="The model's name at that endpoint.",
        json_schema_extra={"position": 1},
    )
    follow: str | None = Field(
        None,
        description="The token whose log-probability is followed, exactly as the endpoint writes it, such as Heads. "
        "Empty: the likeliest token of each answer; the page shows which answer a first token begins. "
        "Another token is another figure: after an edit the series begins anew.",
        json_schema_extra={"position": 2},
    )


class Arm(_Form):
    """One setting of the request. A field left empty is not sent."""

    name: Name = Field("default", description="A short name for tables and pages.", json_schema_extra={"position": 0})
    temperature: float | None = Field(
        None,
        ge=0,
        le=2,
        description="Sampling temperature. Empty: the provider's default.",
        json_schema_extra={"position": 1},
    )
    seed: int | None = Field(
        None, description="Seed sent with each request. Empty: none is sent.", json_schema_extra={"position": 2}
    )
    max_tokens: int | None = Field(
        None, ge=1, le=100_000, description="Longest answer, in tokens.", json_schema_extra={"position": 3}
    )
    top_logprobs: int | None = Field(
        None,
        ge=0,
        le=20,
        description="Length of the list of likeliest tokens asked for. Empty: no log-probabilities are asked for.",
        json_schema_extra={"position": 4},
    )
    body: dict[str, JsonValue] = Field(
        default_factory=dict,
        description='Any other field of the request body, such as {"reasoning_effort": "low"}.',
        json_schema_extra={"position": 5},
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Calls at once for this arm. Empty: the study's.",
        json_schema_extra={"position": 6},
    )

    @model_validator(mode="after")
    def _body_says_only_what_has_no_field(self) -> Self:
        for fields, hint in (
            (OWN_BODY_FIELDS, "has a field of its own in the study"),
            (REFUSED_BODY_FIELDS, "would make one call something else than one whole answer"),
        ):
            if twice := sorted(fields & self.body.keys()):
                raise ValueError(f"arm {self.name!r}: body field {twice[0]!r} {hint}")
        return self


class Study(_Form):
    """What is asked of whom: prompts x targets x arms, each so many times a day."""

    name: Name = Field(
        description="The study's name in tables, pages and the catalogue.", json_schema_extra={"position": 0}
    )
    description: str = Field(
        "", description="One sentence for readers: what this study asks.", json_schema_extra={"position": 1}
    )
    prompts: tuple[Prompt, ...] = Field(min_length=1, description="What is asked.", json_schema_extra={"position": 2})
    targets: tuple[Target, ...] = Field(min_length=1, description="Who is asked.", json_schema_extra={"position": 3})
    arms: tuple[Arm, ...] = Field(
        (Arm(),),
        min_length=1,
        description="With which settings. Each arm is a series of its own.",
        json_schema_extra={"position": 4},
    )
    samples: int = Field(
        100, ge=1, le=1_000_000, description="Calls per series and run.", json_schema_extra={"position": 5}
    )
    concurrency: int = Field(
        16, ge=1, le=1024, description="Calls at once per target.", json_schema_extra={"position": 6}
    )
    thresholds_pp: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(
        DEFAULT_THRESHOLDS_PP,
        min_length=1,
        description="Gaps, in percentage points, that separate clusters of probabilities. "
        "The first one is used in headlines.",
        json_schema_extra={"position": 7},
    )
    answer_pattern: str | None = Field(
        None,
        min_length=1,
        description="A regular expression (RE2) that finds the answer in a completion: its first group, "
        "or the whole match. Empty: the whole completion is the answer.",
        json_schema_extra={"position": 8},
    )
    embedding_model: str | None = Field(
        None,
        min_length=1,
        description="The model at each target's endpoint that embeds completions, to measure how far apart they are. "
        "Empty: distances are edit distances alone.",
        json_schema_extra={"position": 9},
    )
    budget_usd: float | None = Field(
        None,
        gt=0,
        description="The run stops when it has cost so many dollars, and keeps what it has.",
        json_schema_extra={"position": 10},
    )
    deadline_minutes: float | None = Field(
        None,
        gt=0,
        description="The run stops after so many minutes, and keeps what it has.",
        json_schema_extra={"position": 11},
    )

    @field_validator("answer_pattern")
    @classmethod
    def _answer_pattern_can_be_read(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from error
        if beyond := BEYOND_RE2.search(pattern or ""):
            raise ValueError(f"it holds {beyond[0]!r}, which RE2 has not: no looking ahead or back, no references")
        return pattern

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        for kind, names in (
            ("prompt", [prompt.name for prompt in self.prompts]),
            ("arm", [arm.name for arm in self.arms]),
            ("target", [f"{target.endpoint}/{target.model}" for target in self.targets]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"study {self.name!r} has {kind} {twice[0]!r} twice")
        return self

    @model_validator(mode="after")
    def _no_template_braces(self) -> Self:
        # `prefect deploy` would substitute them, silently, with nothing or with a variable's value.
        if "{{" in self.model_dump_json():
            raise ValueError(f"study {self.name!r} contains '{{{{', which Prefect would replace when it is deployed")
        return self

    def at_endpoint(self, endpoint: str | None) -> Self:
        """The same study with every target sent to `endpoint` instead; None changes nothing."""
        if endpoint is None:
            return self
        return self.changed(targets=[{**t.model_dump(), "endpoint": endpoint} for t in self.targets])

    def changed(self, **fields: Any) -> Self:
        """The same study with other fields; None keeps what it has. Raises pydantic's ValidationError."""
        given = {field: value for field, value in fields.items() if value is not None}
        # Through validation, so that what a command line says is judged as what a form says.
        return type(self).model_validate({**self.model_dump(), **given})

    @property
    def configuration(self) -> str:
        """Canonical JSON of the study as it runs."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def configuration_hash(self) -> str:
        """12 hex digits that change with any field."""
        return digest(self.configuration, 12)
