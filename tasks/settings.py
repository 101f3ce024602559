"""Where things are. Each setting is an environment variable `FLIPBOOK_<NAME>` and, on the command line, `--<name>`."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.core.endpoints import first_problem
from tasks.core.errors import UsageError

LAKE = "ducklake:"
PROJECT = Path(__file__).resolve().parent.parent


def _in_project(path: Path) -> Path:
    # Relative to the project, not to wherever a worker happens to stand.
    return PROJECT / path.expanduser()


ProjectPath = Annotated[Path, AfterValidator(_in_project)]


class Settings(BaseSettings):
    """What an operator can set. Relative paths are relative to the project."""

    model_config = SettingsConfigDict(env_prefix="FLIPBOOK_", env_ignore_empty=True, frozen=True, validate_default=True)

    # Not shown where settings are: a connection string may hold a password.
    warehouse: str = Field(
        "data/flipbook.duckdb",
        repr=False,
        description="What everything lands in: a DuckDB file, or ducklake:postgres:CONNINFO.",
    )
    warehouse_data: str | None = Field(None, description="Where a DuckLake keeps its files: a folder, or s3://….")
    spool: ProjectPath = Field(Path("data/spool"), description="Where runs write their answers before they land.")
    site: ProjectPath = Field(Path("site"), description="Where the pages go.")
    endpoints: ProjectPath = Field(Path("endpoints.toml"), description="The file that declares the endpoints.")
    catalogue: ProjectPath = Field(Path("prefect.yaml"), description="The file that declares the studies.")
    endpoint: str | None = Field(None, description="Sends every target of a study to this endpoint instead.")
    site_url: str | None = Field(None, description="The address at which the pages are served, for links to them.")
    warehouse_wait_s: float = Field(
        60, ge=0, description="How long to wait for a warehouse that another process holds."
    )
    memory_limit: str = Field(
        "700MB", description="What DuckDB may hold in memory at once; beyond it, it spills beside the warehouse."
    )
    spool_keep_days: int = Field(7, ge=0, description="For how many days a landed spool is kept as a second copy.")

    @field_validator("warehouse_data")
    @classmethod
    def _folder_in_project(cls, data: str | None) -> str | None:
        return data if data is None or "://" in data else str(_in_project(Path(data)))

    @field_validator("memory_limit")
    @classmethod
    def _size(cls, limit: str) -> str:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[MGT]i?B", limit):
            raise ValueError("give a size, such as 700MB or 3GB")
        return limit

    @property
    def lake(self) -> str | None:
        """The catalogue of a DuckLake, `postgres:CONNINFO` or a path; None where the warehouse is a DuckDB file."""
        if not self.warehouse.startswith(LAKE):
            return None
        catalogue = self.warehouse.removeprefix(LAKE)
        return catalogue if catalogue.startswith("postgres:") else str(_in_project(Path(catalogue)))

    @property
    def warehouse_file(self) -> Path:
        """The warehouse's file. Raises UsageError where it is a DuckLake, which has many."""
        if self.lake is not None:
            raise UsageError("The warehouse is a DuckLake, and this is for one in a DuckDB file.")
        return _in_project(Path(self.warehouse))

    @property
    def marts_file(self) -> Path:
        """The copy of the marts that readers may leave open: beside the warehouse's file, or else beside the spool."""
        beside = self.spool if self.lake is not None else self.warehouse_file
        return beside.with_name("marts.duckdb")


def read_settings() -> Settings:
    """The settings of the environment. Raises UsageError that names the one that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        raise UsageError(f"Among the settings, {first_problem(error)}") from error
