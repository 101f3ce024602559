"""The command line. `flipbook COMMAND --help` says the same as the README."""

import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
from pydantic import ValidationError

from flows import cli_data, cli_server
from flows.options import as_json_option, settings_options
from tasks.core.endpoints import first_problem
from tasks.core.errors import FlipbookError, UsageError
from tasks.core.study import Study
from tasks.settings import Settings, read_settings

# Set before Prefect is imported: no word to anyone outside, and on the terminal our own words alone.
# Prefect's second UI asks an address beyond this machine whenever it loads, so the first one is shown.
PRIVATE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_UI_V2_ENABLED": "false", "DO_NOT_TRACK": "1"}
QUIET = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL"}
# A run waits for a server that is away for some minutes, as flows/work_pool.json has it for those of a worker.
PATIENT = {"PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504", "PREFECT_CLIENT_MAX_RETRIES": "7"}
# As a shell says it of a process that Ctrl-C ended.
INTERRUPTED = 130

samples_option = click.option("--samples", type=click.IntRange(min=1), help="Calls per series, instead of the study's.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flipbook")
@click.pass_context
def cli(context: click.Context) -> None:
    """How deterministic are language-model APIs? Sample them daily, keep every answer, read the report."""
    command = context.invoked_subcommand
    # What is deployed logs to Prefect, where its readers look for it.
    said = PRIVATE | ({} if command == "serve" else QUIET) | (PATIENT if command == "run" else {})
    for name, value in said.items():
        os.environ.setdefault(name, value)


@cli.command()
@settings_options
@click.option(
    "--days", type=click.IntRange(1, 366), default=14, show_default=True, help="Days to simulate, ending today."
)
@click.option("--samples", type=click.IntRange(min=1), default=250, show_default=True, help="Calls per series and day.")
def demo(days: int, samples: int) -> None:
    """Two weeks of coin flips at the simulator, and some days of texts, in about a minute."""
    from flows.demo import run_demo

    click.echo(run_demo(read_settings(), days, samples, tell=click.echo))


@cli.command()
@settings_options
@click.argument("name", metavar="STUDY")
@samples_option
@click.option("--budget-usd", type=click.FloatRange(min=0, min_open=True), help="Stop when the run has cost so much.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Another day than today; at a simulator only.")
@click.option("--new", is_flag=True, help="Begin a new run, even where an unfinished one could be resumed.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@as_json_option
def run(
    name: str,
    samples: int | None,
    budget_usd: float | None,
    day: dt.datetime | None,
    new: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Sample a study of the catalogue now, and land, check, count and show what it says."""
    from flows.running import dry_run_json, dry_run_text, run_study
    from flows.study import planned

    settings = read_settings()
    study = _study(settings, name, samples=samples, budget_usd=budget_usd)
    plan = planned(settings, study, day.date() if day else None)
    if dry_run:
        click.echo(dry_run_json(plan) if as_json else dry_run_text(plan))
        return
    ended = run_study(study, plan.day, new=new, tell=_tell(as_json))
    if as_json:
        click.echo(json.dumps({"state": ended.state, "message": ended.message}))
    else:
        click.echo(ended.message, err=not ended.is_done)
    sys.exit(0 if ended.is_done else 1)


@cli.command(name="estimate")
@settings_options
@click.argument("name", metavar="STUDY")
@samples_option
@click.option(
    "--detect",
    type=float,
    metavar="FREQUENCY",
    help="How many samples show a value of this frequency, such as 0.01, at least once with 95% chance.",
)
@as_json_option
def estimate_(name: str, samples: int | None, detect: float | None, as_json: bool) -> None:
    """What one run of a study takes: calls, tokens, dollars."""
    from flows.estimates import detection, detection_text, estimates_json, estimates_text, taken
    from tasks import catalogue
    from tasks.core.preflight import endpoints_of, sent_to

    settings = read_settings()
    study = sent_to(_study(settings, name, samples=samples), settings.endpoint)
    endpoints = endpoints_of(study, catalogue.endpoints(settings))
    one_run, detected = taken(study, endpoints), None
    if detect is not None:
        needed = detection(study, detect)
        detected = needed, taken(study, endpoints, needed.samples)
    if as_json:
        click.echo(estimates_json(one_run, detected))
        return
    click.echo(estimates_text(study, one_run))
    if detected:
        click.echo(detection_text(study, *detected))


@cli.command(name="import")
@settings_options
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json_option
def import_(files: tuple[Path, ...], as_json: bool) -> None:
    """Land recordings (NDJSON, or gzipped), and show what they say. The same file twice changes nothing."""
    from tasks.judging import judge_ready

    with judge_ready():
        # Both take seconds to import; so they do it side by side.
        from flows.landing import land_recordings
        from flows.reporting import telling

        with telling(_tell(as_json)):
            result = land_recordings(read_settings(), files)
    click.echo(result.json() if as_json else f"The report: {result.pages[0]}")


@cli.command()
@settings_options
@click.option("--tests", is_flag=True, help="Make the permutation tests again, too, which takes minutes for a year.")
def rebuild(tests: bool) -> None:
    """Make every table again from what was received, and every page."""
    from flows.landing import rebuild_all

    click.echo(f"The report: {rebuild_all(read_settings(), tests=tests)}")


@cli.command()
@settings_options
@click.option("--open", "open_", is_flag=True, help="Open the report in the browser.")
def report(open_: bool) -> None:
    """Write every page from the warehouse, and say where."""
    from tasks.render import render

    index = render.fn(read_settings())[0]
    click.echo(index)
    if open_:
        click.launch(index.as_uri())


@cli.command()
@settings_options
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@as_json_option
def compare(left: str, right: str, as_json: bool) -> None:
    """Two days, models, arms, prompts or ranges of days side by side, on a page of their own.

    A and B are STUDY[/MODEL[/ARM[/PROMPT]]][@DAY[..DAY]], with * for any; what one side names holds for both:

    \b
    flipbook compare coin-flip@2026-10-06 coin-flip@2026-10-07
    flipbook compare coin-flip/gpt-4o coin-flip/gpt-4o-mini
    flipbook compare 'load/*/concurrency-1' 'load/*/concurrency-64'
    flipbook compare coin-flip/gpt-4o@..2026-10-06 coin-flip@2026-10-07..
    """
    from tasks.compare import compare as compare_sides

    written = compare_sides(read_settings(), left, right)
    if as_json:
        click.echo(json.dumps({**written.figures, "page": str(written.page)}))
        return
    for sentence in written.sentences:
        click.echo(sentence)
    click.echo(f"The page: {written.page}")


@cli.command()
@settings_options
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), default=Path("export"), show_default=True)
def export(to: Path) -> None:
    """Write the marts as Parquet and CSV files."""
    from tasks.export import export_marts

    written = export_marts(read_settings(), to)
    click.echo(f"{len(written)} files in {to}")


@cli.command()
@settings_options
@as_json_option
def studies(as_json: bool) -> None:
    """The catalogue."""
    from tasks import catalogue

    known = catalogue.deployments(read_settings())
    if as_json:
        click.echo(json.dumps({name: study.model_dump(mode="json") for name, study in known.items()}))
        return
    for name, study in known.items():
        models = ", ".join(f"{target.endpoint}/{target.model}" for target in study.targets)
        click.echo(f"{name}: {study.description} ({models}; {study.samples:,} calls a series)")


@cli.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def simulate(options: tuple[str, ...]) -> None:
    """Serve the simulator: an OpenAI-compatible endpoint that answers from published figures."""
    from simulator.__main__ import main as serve_simulator

    sys.exit(serve_simulator(options))


@cli.command()
@settings_options
@click.option("--port", default=4200, show_default=True, help="The server's port.")
@click.option("--site-port", default=8000, show_default=True, help="The reports' port.")
def serve(port: int, site_port: int) -> None:
    """Server, work pool, deployments, worker and reports, on this machine, until Ctrl-C."""
    from flows.serve import serve_all

    serve_all(read_settings(), port, site_port, tell=click.echo)


for _command in (*cli_data.COMMANDS, *cli_server.COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """The entry point: an operator's mistake is one sentence and its exit code; only a bug is a traceback."""
    try:
        sys.exit(cli(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("flipbook: stopped; the same command goes on from there.", err=True)
        sys.exit(INTERRUPTED)
    except FlipbookError as error:
        click.echo(f"flipbook: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:
            raise
        click.echo(f"flipbook: {error.filename}: {error.strerror}.", err=True)
        sys.exit(1)


def _study(settings: Settings, name: str, **changes: object) -> Study:
    from tasks import catalogue

    try:
        return catalogue.study(settings, name).changed(**changes)
    except ValidationError as error:
        raise UsageError(f"Study {name!r}: {first_problem(error)}") from error


def _tell(as_json: bool) -> Callable[[str], None]:
    # What a script reads on standard output is JSON alone.
    return lambda line: click.echo(line, err=as_json)
