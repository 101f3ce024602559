"""Where things are. Each setting is an environment variable `FLIPBOOK_<NAME>` and, on the command line, `--<name>`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.core.endpoints import first_problem
from tasks.core.errors import UsageError

PROJECT = Path(__file__).resolve().parent.parent


def _in_project(path: Path) -> Path:
    # Relative to the project, not to wherever a worker happens to stand.
    return PROJECT / path.expanduser()


ProjectPath = Annotated[Path, AfterValidator(_in_project)]


class Settings(BaseSettings):
    """What an operator can set. Relative paths are relative to the project."""

    model_config = SettingsConfigDict(env_prefix="FLIPBOOK_", env_ignore_empty=True, frozen=True, validate_default=True)

    warehouse: str = Field("data/flipbook.duckdb", description="The DuckDB file that everything lands in.")
    spool: ProjectPath = Field(Path("data/spool"), description="Where runs write their answers before they land.")
    site: ProjectPath = Field(Path("site"), description="Where the pages go.")
    endpoints: ProjectPath = Field(Path("endpoints.toml"), description="The file that declares the endpoints.")
    catalogue: ProjectPath = Field(Path("prefect.yaml"), description="The file that declares the studies.")
    endpoint: str | None = Field(None, description="Sends every target of a study to this endpoint instead.")
    site_url: str | None = Field(None, description="The address at which the pages are served, for links to them.")
    warehouse_wait_s: float = Field(
        60, ge=0, description="How long to wait for a warehouse that another process holds."
    )
    spool_keep_days: int = Field(7, ge=0, description="For how many days a landed spool is kept as a second copy.")

    @property
    def warehouse_file(self) -> Path:
        """The warehouse's file."""
        return _in_project(Path(self.warehouse))

    @property
    def marts_file(self) -> Path:
        """The copy of the marts that readers may leave open."""
        return self.warehouse_file.with_name("marts.duckdb")


def read_settings() -> Settings:
    """The settings of the environment. Raises UsageError that names the one that cannot be."""
    try:
        return Settings()
    except ValidationError as error:
        raise UsageError(f"Among the settings, {first_problem(error)}") from error
