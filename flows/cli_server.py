"""The commands that speak to a Prefect server that is set by PREFECT_API_URL."""

import click

from flows.options import settings_options
from tasks.settings import read_settings


@click.command()
@settings_options
@click.option("--dry-run", is_flag=True, help="Say what would be overwritten, and change nothing.")
def deploy(dry_run: bool) -> None:
    """Work pool, studies, schedules and shared limits, at the server of PREFECT_API_URL.

    What an operator changed there, and the files say otherwise, is told before it is overwritten.
    """
    from flows.deploying import deploy as deploy_all

    deploy_all(read_settings(), tell=click.echo, dry_run=dry_run)


@click.command()
@click.option("--block", metavar="TYPE/NAME", help="A block of the server to send through, such as slack-webhook/team.")
def alerts(block: str | None) -> None:
    """Have changes, failed checks, and runs that stop, fail, or miss their day told to a webhook or a chat.

    Without --block, FLIPBOOK_ALERT_URL says where to: a webhook of Slack's, or any address that takes JSON.
    """
    from flows.automating import turn_alerts_on
    from flows.deploying import server

    with server(click.echo) as client:
        turn_alerts_on(client, block, tell=click.echo)
    click.echo("Alerts are on. Each is an automation in Prefect's UI, where it can be paused.")


COMMANDS = (deploy, alerts)
