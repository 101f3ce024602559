"""DuckDB's extensions for a DuckLake: from their Python packages (`flipbook[ducklake]`), else as DuckDB gets them."""

import importlib.util
from pathlib import Path

import duckdb

from tasks.core.errors import UsageError
from tasks.warehouse.shared import first_line, quoted

NAMES = ("postgres_scanner", "ducklake")


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Load them. Raises UsageError that says how to get them where they are neither packaged, nor installed, nor found."""
    for name in NAMES:
        file = _packaged(name)
        try:
            connection.execute(f"load {quoted(file)}" if file else f"install {name}; load {name}")
        except duckdb.Error as error:
            raise UsageError(
                f"DuckDB's extension {name!r}, which a DuckLake needs, cannot be loaded: {first_line(error)}. "
                "Install Flipbook's Python packages for it: pip install 'flipbook[ducklake]'."
            ) from error


def _packaged(name: str) -> Path | None:
    """The signed binary in its Python package, if that is installed, and for this DuckDB."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.exists():
            return file
    return None
