"""``webhook`` and ``webhooks``: where vendors tell of changes at once."""

from __future__ import annotations

import getpass
import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import Yes
from ml_connector.cli.connecting import secret_in
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.connectors.base import Connector
from ml_connector.errors import BadInput
from ml_connector.service.credentials import connector_of
from ml_connector.service.webhooks import (
    MOST_LOST,
    Webhook,
    add_webhook,
    remove_webhook,
    set_webhook_key,
    webhook_named,
)
from ml_connector.service.webhooks import webhooks as all_webhooks

_File = Annotated[Path | None, Parameter(show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    group = App(
        name="webhook", help="Addresses at which vendors tell of changes; 'ml-connector up --listen' serves them."
    )
    group.command(
        add, help_epilogue="Example: ml-connector webhook add servicetitan --address https://sync.example.com"
    )
    group.command(key, help_epilogue="Example: ml-connector webhook key Xero --key-file xero.key")
    group.command(remove, help_epilogue="Example: ml-connector webhook remove ServiceTitan")
    app.command(group)
    app.command(webhooks, help_epilogue="Example: ml-connector webhooks --json")


async def add(
    vendor: str, *, address: str = "", name: str = "", key_file: _File = None, most_lost: int = MOST_LOST, cli: Given
) -> int:
    """Make an address for a vendor's webhooks, and say where to enter it.

    The key that signs them is asked for without echo. Leave it empty where the vendor shows it only once it has the
    address: until it is given with 'ml-connector webhook key', everything is refused.

    Parameters
    ----------
    vendor
        Whose webhooks: servicetitan, zoho-books or xero.
    address
        Where this service is reached from outside, such as https://sync.example.com [env ML_CONNECTOR_ADDRESS].
    name
        What to call it; the vendor's name unless told.
    key_file
        File with the key, instead of the question.
    most_lost
        How many of a hundred changes may go unannounced before they are looked for every 5 minutes.
    """
    async with cli.desk() as desk:
        connector = connector_of(desk.runtime, vendor)
        given = _key(cli, connector, key_file) if connector.webhook_key else ""
        made = await add_webhook(desk, vendor, address or cli.settings.address, given, name, most_lost)
    cli.show(made, _added)
    return Exit.GOOD if made.keyed else Exit.ATTENTION


async def key(webhook: str, *, key_file: _File = None, cli: Given) -> int:
    """Give a webhook its key, or another one; its address stays.

    Parameters
    ----------
    webhook
        Its name, number or vendor.
    key_file
        File with the key, instead of the question.
    """
    async with cli.desk() as desk:
        found = await webhook_named(desk, webhook)
        given = _key(cli, desk.runtime.connectors[found.vendor], key_file)
        if not given:
            raise BadInput(f"No key was given for {found.name!r}: type it, or name a file with --key-file.")
        changed = await set_webhook_key(desk, str(found.hook_id), given)
    cli.show(changed, _added)
    return Exit.GOOD


async def remove(webhook: str, *, yes: Yes = False, cli: Given) -> int:
    """Listen no more at a webhook's address, for good; changes are found by schedule.

    Parameters
    ----------
    webhook
        Its name, number or vendor.
    yes
        Do not ask.
    """
    async with cli.desk() as desk:
        found = await webhook_named(desk, webhook)
        told = f"The address of {found.name!r} will be worthless for good; remove it at the vendor too."
        confirm(cli, told, "Remove it?", yes=yes)
        removed = await remove_webhook(desk, str(found.hook_id))
    cli.show(removed, _removed)
    return Exit.GOOD


async def webhooks(*, cli: Given) -> int:
    """List the addresses, and how much came in at each."""
    async with cli.desk() as desk:
        found = await all_webhooks(desk)
    cli.show(found, _listed)
    return Exit.GOOD if all(one.keyed for one in found) else Exit.ATTENTION


def _key(cli: Cli, connector: Connector, file: Path | None) -> str:
    """The key from its file or the question; empty where nobody is asked or nothing is typed."""
    if file is not None:
        return secret_in(file, f"key of {connector.title}'s webhooks")
    if cli.json or not sys.stdin.isatty():
        return ""
    cli.say(f"{connector.webhook_key}.")
    try:
        return getpass.getpass("Key (empty: later): ").strip()
    except EOFError:
        return ""


def _added(console: Console, made: Webhook) -> None:
    """The address alone on its line, to be copied, and what is to be done with it, in its order."""
    render.lines(console, f"{made.name} is to send its webhooks to this address:")
    console.print(render.plain_text(made.address), soft_wrap=True)
    for n, step in enumerate(_steps(made), 1):
        render.lines(console, f"{n}. {step}.")
    if not made.keyed:
        render.lines(
            console, "It has no key yet: until that is given, everything sent there is refused.", style="yellow"
        )


def _steps(made: Webhook) -> list[str]:
    """What a person does from here on."""
    key = f"Give the key: ml-connector webhook key {shlex.quote(made.name)} ({made.key_place})"
    steps = [
        "Have 'ml-connector up --listen' run, reached at that address",
        f"Enter the address at {made.place}",
        "" if made.keyed else key,
        f"Then {made.last}" if made.last else "",
        "See what comes in: ml-connector webhooks",
    ]
    return [step for step in steps if step]


def _removed(console: Console, removed: Webhook) -> None:
    render.lines(console, f"Nothing listens any more at the address of {removed.name!r}.")


def _listed(console: Console, found: list[Webhook]) -> None:
    if not found:
        render.lines(
            console, "There is no webhook yet: 'ml-connector webhook add' makes one. Changes come by schedule."
        )
        return
    made = render.table("#", "name", "heard", "last (UTC)", "refused", "last (UTC) ", "unused", right=("#",))
    for one in found:
        unused = f"{one.void:,} named nothing, {one.dropped:,} of others"
        render.add(
            made, one.hook_id, one.name, f"{one.heard:,}" if one.keyed else "no key", render.instant(one.last_heard_at),
            f"{one.refused:,}", render.instant(one.last_refused_at), unused,
        )  # fmt: skip
    console.print(made)
    for one in found:
        console.print(render.plain_text(f"{one.name}: {one.address}"), soft_wrap=True)
        render.losses(console, one.losses)
