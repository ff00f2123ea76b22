"""``doubles``: what stands at a target in two live documents."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.padding import Padding

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import doubles as service
from ml_connector.service.connections import connections
from ml_connector.service.doubles import Double, Doubles

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="doubles", help="Documents that stand at a target twice: found every day, never repaired by us.")
    group.default(shown)
    group.command(dismiss, help_epilogue="Example: ml-connector doubles dismiss 3 'two deliveries on one day'")
    app.command(group)


async def shown(*, now: _Flag = False, all: _Flag = False, cli: Given) -> int:
    """Show what stands at a target twice, and what to do about it.

    Parameters
    ----------
    now
        Read the lists whole and look for doubles first, instead of waiting for the daily look.
    all
        Also what was dismissed or is gone.
    """
    if now:
        async with cli.vendor_desk() as desk:
            await service.look_now(desk, await connections(desk))
            found = await service.doubles(desk, everything=all)
    else:
        async with cli.desk() as desk:
            found = await service.doubles(desk, everything=all)
    cli.show(found, show_doubles)
    return Exit.ATTENTION if any(one.open for one in found.found) else Exit.GOOD


def show_doubles(console: Console, found: Doubles) -> None:
    """Each double with its documents and what to do; then how well was looked."""
    for one in found.found:
        _double(console, one)
    if not found.found:
        render.lines(console, "Nothing stands twice, as far as was looked.")
    for sweep in found.sweeps:
        lacking = f", not completely: {sweep.lacking}" if sweep.lacking else ""
        at = f"looked through on {render.instant(sweep.swept_at)} UTC" if sweep.swept_at else "not looked through yet"
        render.lines(console, f"{sweep.connection}: {at}{lacking}.", style="yellow" if lacking else "")
    if not found.sweeps:
        render.lines(console, "No target was looked through yet: it is done every day, or with --now.")


def _double(console: Console, one: Double) -> None:
    record = f", record #{one.record_id}" if one.record_id else ""
    gone = f", gone {render.instant(one.gone_at)} UTC" if one.gone_at else ""
    why = f": {one.why}" if one.why else ""
    dismissed = f", dismissed by {one.dismissed_by}{why}" if one.dismissed_by else ""
    made = render.table("number", "date", "amount", "state", "id there", right=("amount",))
    made.title = f"Double {one.double_id}{record}, found {render.instant(one.found_at)} UTC{gone}{dismissed}"
    for document in one.documents:
        amount = "-" if document.total is None else render.money(document.total, document.currency)
        linked = " (linked)" if document.linked else ""
        render.add(made, document.number or "-", document.date or "-", amount, document.state,
                   f"{document.target_id}{linked}")  # fmt: skip
    console.print(made)
    if one.open:
        console.print(Padding(render.plain_text(one.sentence, "yellow"), (0, 0, 1, 2), expand=False))


async def dismiss(number: int, why: str, *, cli: Given) -> int:
    """Say that a double's documents are different ones after all.

    Parameters
    ----------
    number
        The double's number, as 'ml-connector doubles' shows it.
    why
        The reason; it stays in the audit trail.
    """
    async with cli.desk() as desk:
        await service.dismiss_double(desk, number, why)
    cli.show({"double_id": number, "why": why}, _dismissed)
    return Exit.GOOD


def _dismissed(console: Console, found: dict[str, object]) -> None:
    render.lines(console, f"Double {found['double_id']} is dismissed: {found['why']}")
