"""A short drill: the real system on PostgreSQL, each kind of harm once, and nothing lost."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drill.clock import library
from drill.script import Kind

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM = "PostgreSQL's server or libfaketime is not installed"


def system_has_everything() -> bool:
    """Whether PostgreSQL and libfaketime are there, and processes can be seen."""
    has_server = shutil.which("postgres") or list(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return bool(has_server and library() and Path("/proc/self/environ").exists())


def test_after_each_kind_of_harm_nothing_is_lost_double_or_asked_again() -> None:
    """The drill says so itself, with exit code 0; and it leaves no process behind."""
    if not system_has_everything() and not os.environ.get("CI"):
        pytest.skip(SYSTEM)
    arguments = ["--seed", "5", "--harms", str(len(Kind)), "--minutes", "0.3", "--at-once", "3"]
    command = [sys.executable, "-m", "drill", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures = dict(re.findall(r"^\| \**([^|*]+?)\** \| \**([\d,]+)", done.stdout, re.MULTILINE))
    assert {kind: figures[kind] for kind in Kind} == dict.fromkeys(Kind, "1")
    assert [figures[name] for name in ("lost", "double", "asked again after a whole answer")] == ["0", "0", "0"]
    assert int(figures["rows in the warehouse"].replace(",", "")) > 0
    assert left_behind() == []


def left_behind() -> list[str]:
    """Processes that still carry a drill's mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"FLIPBOOK_DRILL=" in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found
