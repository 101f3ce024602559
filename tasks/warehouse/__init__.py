"""The warehouse: the one place that opens DuckDB, and runs the files of sql/ in it.

`Warehouse.open` is all that others need. What differs between a file and a DuckLake is in `file` and `lake`.
"""

from tasks.warehouse.file import FILE_OPTIONS
from tasks.warehouse.migrations import newest_format
from tasks.warehouse.opened import Warehouse, exists, name_of
from tasks.warehouse.shared import (
    CATALOG,
    OUT_OF_MEMORY,
    UNFIT_INPUT,
    in_chunks,
    problem_of_pattern,
    quoted,
)

__all__ = [
    "CATALOG",
    "FILE_OPTIONS",
    "OUT_OF_MEMORY",
    "UNFIT_INPUT",
    "Warehouse",
    "exists",
    "in_chunks",
    "name_of",
    "newest_format",
    "problem_of_pattern",
    "quoted",
]
