"""Which Flipbook ran."""

import subprocess
from functools import cache

from tasks.settings import PROJECT


@cache
def revision() -> str | None:
    """The git revision of this project, with a plus where files differ from it; None outside a clone, or without git."""
    described = _git("describe", "--always", "--abbrev=12", "--dirty=+")
    return described or None


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
