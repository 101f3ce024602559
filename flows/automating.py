"""Automations of the server, from the files of automations/: messages to a webhook or a chat, and care for lost runs."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from prefect.blocks.core import Block
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from tasks.core.errors import UsageError
from tasks.settings import PROJECT

FOLDER = PROJECT / "automations"
LOST = FOLDER / "run-lost.yaml"
# From the environment, since a command line is seen by others; the server keeps it in a block, encrypted.
ADDRESS = "FLIPBOOK_ALERT_URL"
BLOCK = "flipbook-alerts"
SLACK = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})

Tell = Callable[[str], None]
Action = dict[str, Any]


def message_files() -> list[Path]:
    """The automations that tell somebody."""
    return sorted(file for file in FOLDER.glob("*.yaml") if file != LOST)


def turn_alerts_on(client: SyncPrefectClient, block: str | None, *, tell: Tell) -> None:
    """Have each automation of the project send its message through a block of the server.

    `block` names one, such as slack-webhook/team; without it, one is made of the address in the environment. Raises
    UsageError where neither is there.
    """
    if block is None:
        block = _keep_block(os.environ.get(ADDRESS, "").strip())
        tell(f"Messages go through the block {block}; its address is kept there alone.")
    kind, block_id = _block(client, block)
    for file in message_files():
        keep_automation(client, file, [_action(kind, block_id, _read(file))], tell)


def keep_automation(client: SyncPrefectClient, file: Path, actions: Sequence[Action], tell: Tell) -> None:
    """Create the automation of a file, or change it where it differs, which is told. One that is paused stays paused."""
    said = _read(file)
    wanted = {name: said[name] for name in ("name", "description", "trigger")}
    automation = AutomationCore.model_validate(wanted | {"actions": list(actions) or said["actions"]})
    there = client.read_automations_by_name(automation.name)
    if not there:
        client.create_automation(automation)
        tell(f"Made the automation {automation.name!r}.")
    elif _content(there[0]) != _content(automation):
        tell(f"The automation {automation.name!r} differs on the server, and becomes as {file.name} says.")
        client.update_automation(there[0].id, automation.model_copy(update={"enabled": there[0].enabled}))


def _read(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def _content(automation: AutomationCore) -> dict[str, Any]:
    """What an automation does, without what a server adds to it."""
    # Not as JSON, where the same set may come in another order.
    content = automation.model_dump(include={"description", "trigger", "actions"})
    content["trigger"].pop("id", None)
    return content


def _action(kind: str, block_id: str, said: dict[str, Any]) -> Action:
    if kind != Webhook.get_block_type_slug():
        return {
            "type": "send-notification",
            "block_document_id": block_id,
            "subject": said["subject"],
            "body": said["message"],
        }
    payload = (
        f"{{% set text %}}{said['message']}{{% endset %}}"
        '{"text": {{ text | trim | tojson }}, "event": {{ event.event | tojson }}, '
        '"payload": {{ event.payload | tojson }}}'
    )
    return {"type": "call-webhook", "block_document_id": block_id, "payload": payload}


def _keep_block(address: str) -> str:
    if urlsplit(address).scheme not in {"http", "https"}:
        raise UsageError(
            f"Nowhere to send messages: set {ADDRESS} to the address of a webhook, or name a block of the server with --block."
        )
    block: Block = (
        SlackWebhook(url=SecretStr(address))
        if urlsplit(address).hostname in SLACK
        else Webhook(url=SecretStr(address), headers={"Content-Type": "application/json"})
    )
    block.register_type_and_schema()
    block.save(BLOCK, overwrite=True)
    return f"{block.get_block_type_slug()}/{BLOCK}"


def _block(client: SyncPrefectClient, named: str) -> tuple[str, str]:
    kind, _, name = named.partition("/")
    try:
        return kind, str(client.read_block_document_by_name(name, kind).id)
    except ObjectNotFound as error:
        raise UsageError(f"The server has no block {named!r}: it is TYPE/NAME, such as slack-webhook/team.") from error
