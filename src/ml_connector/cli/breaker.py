"""``breaker``: what was stopped because it would change very much at once."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.padding import Padding

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import breaker as service
from ml_connector.service.breaker import Decided, MassChange
from ml_connector.service.tallies import counted

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="breaker", help="What was stopped because it would change very much at once.")
    group.default(shown)
    group.command(accept, help_epilogue="Example: ml-connector breaker accept 4")
    group.command(dismiss, help_epilogue="Example: ml-connector breaker dismiss 4 'imported twice by mistake'")
    app.command(group)


async def shown(*, all: _Flag = False, cli: Given) -> int:
    """Show what waits for a decision.

    Parameters
    ----------
    all
        Also what was decided, or is over.
    """
    async with cli.desk() as desk:
        found = await service.mass_changes(desk, everything=all)
    cli.show(found, show_mass_changes)
    return Exit.ATTENTION if any(one.open for one in found) else Exit.GOOD


def show_mass_changes(console: Console, found: list[MassChange]) -> None:
    """Each with its counts, its sum and what to do."""
    if not found:
        render.lines(console, "Nothing was stopped; nothing waits for a decision.")
    for one in found:
        state = "over" if one.decision is None else f"{one.decision} by {one.decided_by}"
        head = f"{one.breaker_id}  {render.instant(one.noted_at)} UTC" + ("" if one.open else f"  ({state})")
        render.lines(console, head, style="bold")
        console.print(
            Padding(render.plain_text(one.sentence, "yellow" if one.open else ""), (0, 0, 0, 2), expand=False)
        )
        if one.open:
            console.print(Padding(render.plain_text(one.action), (0, 0, 1, 2), expand=False))


async def accept(number: int, *, cli: Given) -> int:
    """Let it happen.

    Parameters
    ----------
    number
        Its number, as 'ml-connector breaker' shows it.
    """
    async with cli.desk() as desk:
        found = await service.accept(desk, number)
    cli.show(found, _decided)
    return Exit.GOOD


async def dismiss(number: int, why: str, *, cli: Given) -> int:
    """Do nothing of it: new records are passed over, what is missing from a list stays known until it is seen again.

    Parameters
    ----------
    number
        Its number, as 'ml-connector breaker' shows it.
    why
        The reason; it stays in the audit trail.
    """
    async with cli.desk() as desk:
        found = await service.dismiss(desk, number, why)
    cli.show(found, _decided)
    return Exit.GOOD


def _decided(console: Console, found: Decided) -> None:
    told = {
        ("creates", "accepted"): f"{counted(found.records, 'record goes on', 'records go on')}.",
        ("creates", "dismissed"): f"{counted(found.records, 'record is passed over', 'records are passed over')}.",
        ("absence", "accepted"): "What the next whole reading still does not show is taken for gone.",
        ("absence", "dismissed"): "Everything stays known as it was.",
    }[found.kind, found.decision]
    render.lines(console, f"Mass change {found.breaker_id} is {found.decision}. {told}")
