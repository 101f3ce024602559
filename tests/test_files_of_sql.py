"""What holds for every file of sql/."""

import re
from pathlib import Path

import pytest

from tasks.sql_files import models_after_tests

SQL = Path(__file__).resolve().parent.parent / "sql"
TESTS = Path(__file__).resolve().parent
FILES = sorted(SQL.rglob("*.sql"))
PARAMETERS = {
    "raw": set(),
    "land": {"days", "files", "part", "request", "id", "canonical", "model"},
    "stg": {"days"},
    "mart": {"days"},
}

each_file = pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(SQL)) for file in FILES])


def code(file: Path) -> str:
    """A file without its comments and its texts."""
    return re.sub(r"'[^']*'", "''", re.sub(r"--.*", "", file.read_text(encoding="utf-8")))


@each_file
def test_a_file_is_one_statement(file: Path) -> None:
    """Only the numbered files of raw/ have several."""
    assert file.parent.name == "raw" or ";" not in code(file).strip().removesuffix(";")


@each_file
def test_a_header_says_what_it_is_and_at_which_grain(file: Path) -> None:
    """The grain of what a select gives; of a report, its name says what it is."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith(("-- what: ", "-- grain: "))
    if file.parent.name in {"stg", "mart", "check", "test"}:
        assert re.search(r"^-- what: ", text, re.MULTILINE)
    if file.parent.name in {"stg", "mart", "check", "report", "test"}:
        assert re.search(r"^-- grain: [a-z]", text, re.MULTILINE)


@each_file
def test_a_file_knows_no_clock_and_no_chance(file: Path) -> None:
    """The same samples give the same rows on every day."""
    assert not re.search(
        r"\b(now|today|current_(?!database)\w+|get_current_\w+|random|uuid|gen_random_uuid)\b\(?", code(file)
    )


@each_file
def test_only_known_parameters_are_taken(file: Path) -> None:
    """Days, and in landing files; a report or a check names its own, and declares them where it is a check."""
    named = set(re.findall(r"\$(\w+)", code(file)))
    assert named <= PARAMETERS.get(file.parent.name, named)
    if file.parent.name == "check":
        assert all(f"${name}" in file.read_text(encoding="utf-8").split("with ")[0] for name in named)


@each_file
def test_words_are_lower_case(file: Path) -> None:
    """Keywords, functions and names; only texts may differ."""
    assert code(file) == code(file).lower()


@each_file
def test_nothing_is_used_that_duckdb_gave_up(file: Path) -> None:
    """Lambdas have their keyword; what is stored does not depend on hash(), which differs between versions."""
    assert not re.search(r"\w\)?\s+->\s", code(file))
    if file.parent.name in {"land", "stg", "mart"}:
        assert not re.search(r"\bhash\(", code(file))


MODELS = [file for file in FILES if file.parent.name in {"stg", "mart"}]


@pytest.mark.parametrize("file", MODELS, ids=[file.stem for file in MODELS])
def test_every_model_has_a_test(file: Path) -> None:
    """One that names it; of a step on the way, one that names what is made of it."""
    tests = "".join(test.read_text(encoding="utf-8") for test in TESTS.rglob("test_*.py"))
    table = f"{file.parent.name}.{file.stem}"
    made_of_it = [model.stem for model in MODELS if table in code(model)]
    assert re.search(rf"\b({'|'.join([file.stem, *made_of_it])})\b", tests), f"no test mentions {table}"


@pytest.mark.parametrize("file", sorted((SQL / "test").glob("*.sql")), ids=lambda file: file.stem)
def test_what_is_tested_comes_from_marts_and_from_what_was_tested_before(file: Path) -> None:
    """Counts are enough: neither samples nor bodies; and what was decided is no mart, which would be made of it."""
    reads = set(re.findall(r"\b(?:from|join) (\w+\.\w+)", code(file)))
    assert reads
    assert all(read.startswith("mart.") or read in {"raw.tests", "raw.decisions"} for read in reads)
    assert not reads & {model.table for model in models_after_tests()}
