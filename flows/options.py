"""Options that several commands of the command line have."""

import os
from collections.abc import Callable
from typing import Any

import click

from tasks.settings import Settings

SETTINGS_OPTIONS = ("warehouse", "spool", "site", "endpoints", "endpoint")


def _say_in_environment(_: click.Context, option: click.Parameter, value: str | None) -> None:
    # The flow reads its settings from the environment, here as at a worker.
    if value is not None:
        os.environ[f"FLIPBOOK_{str(option.name).upper()}"] = value


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say the same as `FLIPBOOK_*`."""
    for name in reversed(SETTINGS_OPTIONS):
        described = Settings.model_fields[name].description
        option = click.option(f"--{name}", expose_value=False, callback=_say_in_environment, help=described)
        command = option(command)
    return command


as_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")
