"""``map differences``: in what linked items and tax zones differ from their counterparts, which nobody changes by itself."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import differing
from ml_connector.service.differing import Differences
from ml_connector.service.integrating import integration_named
from ml_connector.service.tallies import counted


def mount(group: App) -> None:
    """Add this command to the group ``map``."""
    group.command(differences, help_epilogue="Example: ml-connector map differences items")


async def differences(flow: str, *, integration: str = "", cli: Given) -> int:
    """List in what linked entries differ from their counterparts, as both sides were last read; nothing is changed.

    Parameters
    ----------
    flow
        items or tax_zones.
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        found = await differing.differences(desk, await integration_named(desk, integration), flow)
    cli.show(found, _differences)
    return Exit.GOOD


def _differences(console: Console, found: Differences) -> None:
    if not found.differing:
        render.lines(console, f"{counted(found.linked, 'entry', 'entries')} linked in {found.flow}, and none differs.")
        return
    made = render.table("id", "name", "counterpart", "differs in")
    for one in found.differing:
        gone = f"{one.target_id} is gone there: a row of the mapping table names another"
        render.add(made, one.source_id, one.name or "-", one.target or "-", ", ".join(one.what) or gone)
    console.print(made)
    render.lines(
        console, f"{len(found.differing)} of {counted(found.linked, 'linked entry', 'linked entries')} differ."
    )
