"""What the command line answers where no run begins: sentences, JSON, exit codes."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from flows import cli
from tasks.settings import PROJECT

Said = tuple[int, str, str]
# Each command of the guide, as it stands in a block: its name, and the rest of the line.
COMMANDS = re.findall(
    r"^    (?:\S+=\S+ )*(?:\.venv/bin/)?flipbook ([a-z]+)([^#\n]*)",
    (PROJECT / "docs" / "operate.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.fixture
def flipbook(place: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs `flipbook ARGUMENTS` in this process; returns exit code, standard output and standard error."""
    place.declare("openai", "http://127.0.0.1:9/v1", key_env="OPENAI_API_KEY")
    for name, value in place.environment.items():
        if name.startswith("FLIPBOOK_"):
            monkeypatch.setenv(name, value)
    # Options and the group itself write to the environment: said first, so that it is put back after the test.
    for name in ("OPENAI_API_KEY", "FLIPBOOK_ENDPOINT", *cli.PRIVATE, *cli.QUIET, *cli.PATIENT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr("sys.argv", ["flipbook", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.mark.parametrize(("name", "rest"), [pair for pair in COMMANDS if pair[0] != "simulate"])
def test_every_command_of_the_guide_exists(name: str, rest: str) -> None:
    """With each of its options."""
    known = {option for parameter in cli.cli.commands[name].params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_the_guide_has_commands() -> None:
    """The search for them finds what is there."""
    assert {"deploy", "alerts", "doctor", "backup", "restore", "archive", "unarchive"} <= {name for name, _ in COMMANDS}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("run", "nope"), "'nope' in prefect.yaml; there are: coin-flip, coin-flip-answers, "),
        (("estimate", "nope"), "'nope' in prefect.yaml"),
        (
            ("run", "coin-flip", "--endpoint", "nope"),
            "endpoint 'nope', which is not declared; declared: openai, simulator",
        ),
        (("run", "coin-flip"), "Set OPENAI_API_KEY"),
        (("run", "coin-flip", "--endpoint", "a b"), "'coin-flip' at endpoint 'a b': targets.0.endpoint: "),
        (("estimate", "coin-flip", "--endpoint", "a b"), "'coin-flip' at endpoint 'a b': targets.0.endpoint: "),
        (("run", "ad-hoc", "--budget-usd", "1"), "[simulator.prices]"),
        (("run", "ad-hoc", "--endpoints", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("import", "nowhere.ndjson"), "nowhere.ndjson cannot be read"),
        (("compare", "coin-flip", "nope"), "There is no warehouse at"),
    ],
)
def test_a_mistake_is_one_sentence(
    flipbook: Callable[..., Said], place: Any, arguments: tuple[str, ...], named: str
) -> None:
    """It names what to fix, exits with 2, and leaves no run behind."""
    code, out, err = flipbook(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("flipbook: ")
    assert err.count("\n") == 1
    assert named in err
    assert not place.settings.spool.exists()


def test_another_day_is_refused_at_a_real_endpoint(
    flipbook: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider answers for today only."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    code, _, err = flipbook("run", "coin-flip", "--day", "2026-01-01")
    assert code == 2
    assert "'openai' can only be sampled for today" in err


@pytest.mark.parametrize("arguments", [("--samples", "0"), ("--budget-usd", "0"), ("--day", "soon"), ("--frob",)])
def test_options_are_judged_before_anything_runs(flipbook: Callable[..., Said], arguments: tuple[str, ...]) -> None:
    """Click says which option, and how to get help."""
    code, out, err = flipbook("run", "ad-hoc", *arguments)
    assert (code, out) == (2, "")
    assert arguments[0] in err


def test_a_setting_that_is_no_number_is_named(flipbook: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt setting is a mistake of the operator's, too."""
    monkeypatch.setenv("FLIPBOOK_WAREHOUSE_WAIT_S", "soon")
    code, _, err = flipbook("studies")
    assert code == 2
    assert "warehouse_wait_s" in err


def test_a_dry_run_sends_nothing(flipbook: Callable[..., Said], place: Any) -> None:
    """Each series with its calls and its request, and no folder of a run; another day is fine at a simulator."""
    code, out, _ = flipbook("run", "ad-hoc", "--dry-run", "--json", "--samples", "7", "--day", "2026-01-01")
    said = json.loads(out)
    assert (code, said["day"]) == (0, "2026-01-01")
    assert [(series["model"], series["calls"]) for series in said["series"]] == [("gpt-4o", 7)]
    assert said["series"][0]["request"]["messages"][0]["content"].startswith("Flip a coin")
    assert not place.settings.spool.exists()
    assert "7 calls to simulator/gpt-4o" in flipbook("run", "ad-hoc", "--dry-run", "--samples", "7")[1]


@pytest.mark.parametrize("command", [("studies",), ("estimate", "coin-flip"), ("doctor",)])
def test_json_is_all_that_stands_on_standard_output(flipbook: Callable[..., Said], command: tuple[str, ...]) -> None:
    """Scripts read it as it is."""
    code, out, _ = flipbook(*command, "--json")
    assert code == 0
    assert json.loads(out)


def test_an_unknown_cost_is_never_zero(flipbook: Callable[..., Said]) -> None:
    """Without a price, the sum is unknown in JSON and in words."""
    assert json.loads(flipbook("estimate", "coin-flip", "--json")[1])["usd"] is None
    assert "Together unknown cost" in flipbook("estimate", "coin-flip")[1]


def test_an_estimate_knows_of_embeddings(flipbook: Callable[..., Said]) -> None:
    """Of every completion at most, in the sum as well."""
    command = ("estimate", "seed-and-temperature", "--endpoints", str(PROJECT / "endpoints.toml"))
    said = json.loads(flipbook(*command, "--json")[1])
    (embeddings,) = said["embeddings"]
    assert (embeddings["model"], embeddings["texts"], embeddings["tokens"]) == ("text-embedding-3-small", 80, 16_000)
    assert said["usd"] == pytest.approx(sum(part["usd"] for part in (*said["targets"], embeddings)))
    out = flipbook(*command)[1]
    assert "openai/text-embedding-3-small: embeddings of at most 80 completions, 16,000 tokens, $" in out


def test_samples_needed_for_a_frequency_are_estimated(flipbook: Callable[..., Said]) -> None:
    """299 samples show what one in a hundred is; the days are the study's own, and an option can change those."""
    said = json.loads(flipbook("estimate", "coin-flip", "--detect", "0.01", "--json")[1])
    assert said["targets"][0]["calls"] == 100
    detect = said["detect"]
    assert (detect["frequency"], detect["chance"], detect["samples"], detect["days"]) == (0.01, 0.95, 299, 3)
    assert [target["calls"] for target in detect["targets"]] == [299] * 3
    assert detect["usd"] is None
    out = flipbook("estimate", "coin-flip", "--detect", "0.01", "--samples", "10")[1]
    assert "with 95% chance: 299 samples of each series" in out
    assert "At 10 samples a day that is 30 days of one run each; all at once it is 897 calls." in out


@pytest.mark.parametrize("frequency", ["0", "1", "-0.1", "nan", "inf", "1e-320"])
def test_a_frequency_lies_between_0_and_1(flipbook: Callable[..., Said], frequency: str) -> None:
    """Both ends excluded, in one sentence."""
    code, out, err = flipbook("estimate", "coin-flip", "--detect", frequency)
    assert (code, out) == (2, "")
    assert "--detect takes a frequency between 0 and 1" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", [("estimate",), ("run", "--dry-run"), ("run",)])
def test_what_an_endpoint_lacks_is_refused_before_the_first_call(
    flipbook: Callable[..., Said], place: Any, command: tuple[str, ...]
) -> None:
    """Also where nothing would be sent."""
    with place.settings.endpoints.open("a", encoding="utf-8") as file:
        file.write('[bare]\nbase_url = "http://127.0.0.1:9/v1"\nlacks = ["logprobs"]\n')
    code, out, err = flipbook(*command, "coin-flip", "--endpoint", "bare")
    assert (code, out) == (2, "")
    assert "Study 'coin-flip', arm 'seed-42': 'gpt-4o' at endpoint 'bare' is declared to lack logprobs: " in err
    assert not place.settings.spool.exists()
