"""``approve``: stored plans are carried out while their flow stays in preview."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import Yes, day, many, planned_before
from ml_connector.cli.context import Exit, Given
from ml_connector.errors import BadInput
from ml_connector.service import approving
from ml_connector.service.approving import Approvable, Approved, Shown
from ml_connector.service.finding import Filter

_SHOWN = 100


def mount(app: App) -> None:
    """Add this command."""
    app.command(
        approve,
        help_epilogue="Example: ml-connector approve '#17'\n\n"
        "Example: ml-connector approve --flow bills --vendor Johnstone --until 2026-07-31\n\n"
        "Example: ml-connector approve --reason preview_changed",
    )


async def approve(
    record: str = "", *, flow: str = "", reason: str = "", vendor: str = "", run: int = 0, since: str = "",
    until: str = "", digest: str | None = None, yes: Yes = False, cli: Given,
) -> int:  # fmt: skip
    """Approve stored plans: exactly what they show is posted, while the flow stays in preview, or live.

    Of several it first shows them with their sum, and asks. A plan is approved once, and what would be posted
    otherwise by then is held. Ends with 1 when something was not approved.

    Parameters
    ----------
    record
        One record: a document's number, its id in either system, or #record.
    flow
        Plans of this flow.
    reason
        preview_changed: plans that were approved before and are others now, and no others; above_limit: what is over
        the amount of approve_above; row_unconfirmed: what goes by a row that one person alone has seen.
    vendor
        Plans of this vendor's documents: part of its name, or its id in the source.
    run
        Plans of what this run read.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    digest
        Of one record: only if its plan has this digest, as 'preview --json' shows it.
    yes
        Do not ask.
    """
    if record and (flow or reason or vendor or run or since or until):
        raise BadInput("Give a record, or options that say which records; not both.")
    if digest == "":
        raise BadInput("--digest is empty: give the digest that 'preview --json' shows, or leave the option out.")
    if digest and not record:
        raise BadInput("--digest is of one plan: name its record too.")
    async with cli.desk() as desk:
        if record:
            listed = await approving.approvable_record(desk, record)
            if listed.planned_before:
                cli.say(planned_before(listed.planned_before, alone=True))
        else:
            chosen = Filter(
                flow=flow, reason=reason, party=vendor, run_id=run, since=day("since", since), until=day("until", until)
            )  # fmt: skip
            listed = await approving.approvable(desk, chosen)
            if not cli.json and not yes:
                _listed(cli.err, listed)
            told = f"{many(listed.total)} would be posted or linked as shown. {planned_before(listed.planned_before)}"
            confirm(cli, told.strip(), "Approve them?", yes=yes)
        if digest:
            found = await approving.approve_shown(desk, [Shown(listed.plans[0].record_id, digest)])
        else:
            found = await approving.approve_listed(desk, listed)
    cli.show(found, _approved)
    return Exit.ATTENTION if found.refused else Exit.GOOD


def _listed(console: Console, listed: Approvable) -> None:
    made = render.table("#", "flow", "number", "party", "date", "amount", "does", right=("#", "amount"))
    for one in listed.plans[:_SHOWN]:
        amount = render.money(one.amount, one.currency) if one.amount else "-"
        render.add(made, f"#{one.record_id}", one.flow, one.number or "-", one.party, one.date or "-", amount, one.what)
    console.print(made)
    if len(listed.plans) > _SHOWN:
        more = len(listed.plans) - _SHOWN
        render.lines(console, f"... and {more:,} more ('ml-connector records --state planned' shows all).")


def _approved(console: Console, found: Approved) -> None:
    if found.record_ids:
        render.lines(console, f"{many(found.total)} approved: posted as shown, or held.")
        render.lines(console, "'ml-connector sync' posts them now; 'ml-connector up' by itself.")
    for one in found.refused:
        render.lines(console, one.sentence, style="yellow")
