"""Files that are to be on the disk, and not on their way."""

import hashlib
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file or a folder on the disk before going on."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sha256_of(file: Path) -> str:
    """The hash of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
