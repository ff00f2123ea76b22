"""``matches``: what parties without a counterpart may be at the target."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import matches as service
from ml_connector.service.integrating import integration_named
from ml_connector.service.matches import Match, Matches
from ml_connector.service.tallies import counted


def mount(app: App) -> None:
    """Add this command."""
    app.command(matches, help_epilogue="Example: ml-connector matches customers")


async def matches(table: str, *, at_most: int = service.MOST, integration: str = "", cli: Given) -> int:
    """Show whom customers or vendors without a counterpart may be at the target, with the evidence and who claims it.

    Each party of the target is suggested once, to the one with the best evidence; of each here the ten likeliest are shown.
    Nothing is linked: 'ml-connector map set TABLE KEY ID' does that. Ends with 1 when there is something to decide.

    Parameters
    ----------
    table
        The mapping table of the parties, such as customers or vendors.
    at_most
        How many are shown at most, the best first.
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        found = await service.matches(desk, await integration_named(desk, integration), table, at_most=at_most)
    cli.show(found, show_matches)
    return Exit.ATTENTION if found.found else Exit.GOOD


def show_matches(console: Console, found: Matches) -> None:
    """The pairs, best first, and how the two lists stand to each other."""
    if found.found:
        made = render.table("here", "there", "evidence", "suggested", "claimed by")
        for one in found.found:
            evidence = f"{one.evidence} (proof)" if one.proof else one.evidence
            render.add(made, f"{one.name} ({one.key})", f"{one.target_name} ({one.target_id})", evidence,
                       "yes" if one.suggested else "-", _claims(one))  # fmt: skip
        console.print(made)
    if found.left:
        render.lines(console, f"{counted(found.left, 'more match', 'more matches')}, not shown: --at-most tells more.")
    render.lines(
        console,
        f"{found.table}: {found.linked:,} linked, {found.suggested:,} suggested, {found.alone_here:,} like nobody there, "
        f"{found.alone_there:,} there like nobody here.",
    )
    if found.linked_by:
        by = ", ".join(f"{count:,} by {evidence}" for evidence, count in found.linked_by.items())
        render.lines(console, f"Linked with what was there: {by}.")
    if found.suggested:
        render.lines(console, f"'ml-connector map set {found.table} KEY ID' takes one over; 'new' has one made.")


def _claims(one: Match) -> str:
    linked = (f"linked to {one.linked_to}",) if one.linked_to else ()
    told = ", ".join((*linked, *one.claimed_by)) or "-"
    return f"{told} and {one.more_claims:,} more" if one.more_claims else told
