"""`python -m drill`: exit code 0 where nothing was lost, nothing is there twice and nothing was asked for again."""

import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click

from drill.clock import library
from drill.disk import enter_namespace
from drill.drilling import Drill
from drill.place import Place
from drill.script import Kind, script
from drill.table import table
from tasks.core.errors import FlipbookError, UsageError

# As a shell says it of a process that Ctrl-C ended.
INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seed", type=int, default=1, show_default=True, help="What the script of harm depends on.")
@click.option("--harms", type=click.IntRange(min=1), default=200, show_default=True, help="How many.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=10, show_default=True, help="Within how long."
)
@click.option(
    "--at-once", type=click.IntRange(min=1), default=4, show_default=True, help="Days sampled at the same time."
)
@click.option(
    "--keep", is_flag=True, help="Keep the folder, with logs and warehouse; kept in any case where it failed."
)
def drill(seed: int, harms: int, minutes: float, at_once: int, keep: bool) -> int:
    """Run the deployed system on this machine, harm it, and say what was lost."""
    if not Path("/proc/self/environ").exists():
        raise UsageError("The drill needs Linux: it finds its processes in /proc.")
    kinds = [kind for kind in Kind if library() or kind is not Kind.CLOCK_JUMPS]
    if Kind.CLOCK_JUMPS not in kinds:
        click.echo("No clock jumps: libfaketime is not installed (on Debian, apt-get install faketime).")
    folder = Path(tempfile.mkdtemp(prefix="flipbook-drill-"))
    # PostgreSQL's own user looks for its cluster in it.
    folder.chmod(0o711)
    try:
        drilled = Drill(Place(folder), seed, at_once, click.echo).run(script(seed, harms, minutes, kinds))
    except FlipbookError:
        click.echo(f"Kept: {folder}", err=True)
        raise
    click.echo(f"\nSeed {seed}, {harms} harms.\n\n{table(drilled)}")
    problems = drilled.accounts.problems
    for problem in problems:
        click.echo(problem, err=True)
    if keep or problems:
        click.echo(f"Kept: {folder}", err=True)
    else:
        shutil.rmtree(folder)
    return 1 if problems else 0


def main() -> int:
    """The entry point."""
    enter_namespace(sys.argv[1:])
    # Both end it, with all that it started; also where a shell put it into the background, which ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(drill(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("drill: stopped.", err=True)
        return INTERRUPTED
    except FlipbookError as error:
        click.echo(f"drill: {error}", err=True)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
