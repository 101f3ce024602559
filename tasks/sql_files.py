"""The files of sql/: statements by name, and the models that make the tables they are named after."""

import graphlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tasks.settings import PROJECT

SQL = PROJECT / "sql"

_READ = re.compile(r"(?<!distinct )\b(?:from|join) (\w+\.\w+)")
_HEADER = re.compile(
    r"^-- (?P<name>what|grain|view|whole|by day|by period|new bodies)(?:: (?P<value>.*))?$", re.MULTILINE
)


@dataclass(frozen=True)
class Model:
    """One file of sql/: a select that makes the table it is named after."""

    path: Path

    @property
    def table(self) -> str:
        """schema.table."""
        return f"{self.path.parent.name}.{self.path.stem}"

    @cached_property
    def select(self) -> str:
        """The statement."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def header(self) -> dict[str, str]:
        """The file's declarations: `what`, `grain`, and how it is made: `view`, `whole`, `by day`, `by period` or `new bodies`."""
        comments = "\n".join(line for line in self.select.splitlines() if line.startswith("-- "))
        return {match["name"]: match["value"] or "" for match in _HEADER.finditer(comments)}

    @property
    def reads_samples(self) -> bool:
        """Whether it is made of samples, and not of their counts."""
        return "stg.samples" in self.reads

    @property
    def reads_embeddings(self) -> bool:
        """Whether it changes with what endpoints give after a day was counted."""
        return "raw.embeddings" in self.reads

    @cached_property
    def reads(self) -> frozenset[str]:
        """The tables that it reads."""
        return frozenset(_READ.findall(self.select))

    @property
    def is_view(self) -> bool:
        """Whether it makes a view; else a table."""
        return "view" in self.header

    @property
    def made_anew(self) -> str | None:
        """Which rows are made anew for $days, as a condition; None where it is not made day by day."""
        if "by day" in self.header:
            return "day in (select unnest($days))"
        # A period is a day, or (null) all days together.
        return "period is null or period in (select unnest($days))" if "by period" in self.header else None

    def making(self) -> Iterator[str]:
        """The statements that make the table again; those of a model by day take $days."""
        if self.is_view:
            yield f"create or replace view {self.table} as {self.select}"
        elif "whole" in self.header:
            yield f"create or replace table {self.table} as {self.select}"
        else:
            if self.made_anew:
                yield f"create table if not exists {self.table} as from ({self.select}) limit 0"
                yield f"delete from {self.table} where {self.made_anew}"
            yield f"insert into {self.table} by name {self.select}"


def models(layer: str) -> list[Model]:
    """The models of one layer (`stg`, `mart`), in the order of what they read."""
    by_table = {model.table: model for model in map(Model, sorted((SQL / layer).glob("*.sql")))}
    # Not get_table_names: it refuses $days, and using (…) on tables that it does not look up.
    reads = {table: by_table.keys() & model.reads - {table} for table, model in by_table.items()}
    return [by_table[table] for table in graphlib.TopologicalSorter(reads).static_order()]


def models_before_tests() -> list[Model]:
    """The marts that tests are made from, in order: counts, and what follows from them alone."""
    after = {model.table for model in models_after_tests()}
    return [model for model in models("mart") if model.table not in after]


def models_after_tests() -> list[Model]:
    """The marts that read what the core computed, themselves or through another one, in order."""
    tested, found = {"raw.tests", "raw.decisions"}, []
    for model in models("mart"):
        if tested & model.reads:
            tested.add(model.table)
            found.append(model)
    return found


def statement(name: str) -> str:
    """The text of sql/<name>.sql, such as `land/calls`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
