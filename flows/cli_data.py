"""The commands that look after the data: doctor, tidy, backup and restore, archive and unarchive."""

import datetime as dt
import json
import os
import sys
from pathlib import Path

import click

from flows.options import as_json_option, settings_options
from tasks.core.errors import UsageError
from tasks.settings import read_settings

folder_type = click.Path(path_type=Path, file_okay=False)
day_type = click.DateTime(["%Y-%m-%d"])


@click.command()
@settings_options
@click.argument("places", metavar="[ENDPOINT]...", nargs=-1)
@click.option(
    "--ask", is_flag=True, help="Ask the models that studies name at these endpoints, or at all: a few calls."
)
@click.option("--model", "model", help="Ask this model instead, at the endpoints that are named.")
@as_json_option
def doctor(places: tuple[str, ...], ask: bool, model: str | None, as_json: bool) -> None:
    """What is set up and what is not: files, keys, warehouse, spool, server, versions. Calls no provider, unless --ask.

    With --ask: whether a key is accepted, and which of log-probabilities, temperature, seed, token limits and
    embeddings a model has, refuses, or silently ignores. What it costs is said before.
    """
    from tasks.diagnosis import diagnose

    if (places or model) and not ask:
        raise UsageError("Say --ask to have endpoints asked: it makes calls, which a provider may charge for.")
    settings = read_settings()
    findings = diagnose(settings, os.environ)
    if ask:
        from tasks.probing import ask_endpoints

        findings += ask_endpoints(settings, os.environ, places, model, tell=lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.is_ok else 'look'}  {finding.what}: {finding.found}")
    sys.exit(0 if all(finding.is_ok or not finding.is_needed for finding in findings) else 1)


@click.command()
@settings_options
@click.option(
    "--keep-hours", type=click.FloatRange(min=0), default=24.0, show_default=True, help="For readers under way."
)
def tidy(keep_hours: float) -> None:
    """Put a DuckLake's small files together, and remove what was replaced. No row changes; once a day is enough."""
    from tasks.warehouse import Warehouse

    with Warehouse.open(read_settings()) as warehouse:
        warehouse.tidy(dt.datetime.now(dt.UTC) - dt.timedelta(hours=keep_hours))


@click.command()
@settings_options
@click.argument("to", type=folder_type)
@click.option("--force", is_flag=True, help="Replace a backup that is there.")
def backup(to: Path, force: bool) -> None:
    """Copy the warehouse, the runs that have not landed, endpoints and studies to the new folder TO, and check the copy.

    It waits for a run that is landing; runs that sample may go on.
    """
    from tasks.backup import back_up

    click.echo(back_up(read_settings(), to, dt.datetime.now(dt.UTC), force=force))


@click.command()
@settings_options
@click.argument("source", metavar="FROM", type=folder_type)
@click.option(
    "--force", is_flag=True, help="Put it in the place of a warehouse that is there, which is kept beside it."
)
def restore(source: Path, force: bool) -> None:
    """Bring a backup back, after a look whether it is whole, and land the runs that wait in the spool."""
    from flows.landing import land_restored
    from flows.reporting import telling
    from tasks.restoring import restore as restore_backup

    settings = read_settings()
    for sentence in restore_backup(settings, source, dt.datetime.now(dt.UTC), force=force):
        click.echo(sentence)
    with telling(click.echo):
        landed = land_restored(settings)
    if landed:
        click.echo(landed)
    click.echo("Then: flipbook rebuild, which makes every table and page again.")


@click.command()
@settings_options
@click.option("--before", type=day_type, required=True, help="The first day (UTC) that stays.")
@click.option("--to", type=folder_type, required=True, help="The folder for the files, one a day.")
def archive(before: dt.datetime, to: Path) -> None:
    """Move the verbatim answers of old days out of the warehouse, into Parquet files. No figure changes."""
    from tasks.retention import Archived
    from tasks.retention import archive as archive_days

    days: list[Archived] = []

    def tell(day: Archived) -> None:
        days.append(day)
        click.echo(f"{day.day}: {day.bodies:,} distinct answers in {day.file} ({day.file_bytes / 1e6:,.2f} MB)")

    archive_days(read_settings(), before.date(), to, dt.datetime.now(dt.UTC), tell)
    if not days:
        click.echo(f"Nothing to do: no answer before {before.date()} is in the warehouse.")
        return
    click.echo(f"Days archived: {len(days)}. The warehouse uses their room again for the days that come.")


@click.command()
@settings_options
@click.option("--since", type=day_type, help="The first day to bring back.")
@click.option("--before", type=day_type, help="The first day that stays away.")
@click.option("--from", "source", type=folder_type, help="Where the files are, if not where they were written.")
def unarchive(since: dt.datetime | None, before: dt.datetime | None, source: Path | None) -> None:
    """Bring archived answers back into the warehouse, byte for byte. The files stay."""
    from tasks.retention import restore as restore_days

    restored = restore_days(read_settings(), since.date() if since else None, before.date() if before else None, source)
    if not restored:
        click.echo("Nothing to do: no answer is archived.")
        return
    answers = sum(count for _, count in restored)
    click.echo(f"Distinct answers that are back: {answers:,}. Days: {len({day for day, _ in restored})}.")


COMMANDS = (doctor, tidy, backup, restore, archive, unarchive)
