"""The spool: where answers are kept from the moment they arrive until they have landed. A run *is* its spool folder."""

from tasks.spool.folder import Folder, SampleLine
from tasks.spool.header import RunHeader
from tasks.spool.line import LineTemplate
from tasks.spool.shelf import close_past, finished_not_landed, left_to_land, prune
from tasks.spool.writing import Spool, SpoolWriteError

__all__ = [
    "Folder",
    "LineTemplate",
    "RunHeader",
    "SampleLine",
    "Spool",
    "SpoolWriteError",
    "close_past",
    "finished_not_landed",
    "left_to_land",
    "prune",
]
