"""``companies``: the tenants on this database, by the word a bookkeeper has for them."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service.tenants import DEFAULT_ZONE, Tenant, change_tenant, create_tenant, selected_tenant
from ml_connector.service.tenants import tenants as all_tenants


def mount(app: App) -> None:
    """Add these commands."""
    app.command(
        companies,
        help_epilogue="Example: ml-connector companies --create 'Polar Air' --zone America/Chicago"
        "\n\nExample: ml-connector companies --zone America/New_York",
    )


async def companies(*, create: str = "", zone: str = "", name: str = "", cli: Given) -> int:
    """List the companies, take in another one, or change the one chosen with --company.

    Parameters
    ----------
    create
        Name of a company to take in.
    zone
        Its time zone, in which its days and schedules are meant.
    name
        What the chosen company is called from now on.
    """
    async with cli.runtime() as runtime:
        if create:
            await create_tenant(runtime, cli.actor, create, zone or DEFAULT_ZONE)
        elif zone or name:
            chosen = await selected_tenant(runtime, cli.company)
            await change_tenant(runtime, cli.actor, chosen, name=name, zone=zone)
        cli.show(await all_tenants(runtime), _shown)
    return Exit.GOOD


def _shown(console: Console, known: list[Tenant]) -> None:
    if not known:
        render.lines(console, "There is no company yet: 'ml-connector connect' takes in the first one.")
        return
    made = render.table("number", "name", "zone", "since", right=("number",))
    for one in known:
        render.add(made, one.tenant_id, one.name, one.zone, render.instant(one.created_at))
    console.print(made)
