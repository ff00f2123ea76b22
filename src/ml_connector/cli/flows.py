"""``integrate``, ``settings``, ``preview``, ``live``, ``off``, ``schedule`` and ``sync``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ml_connector.cli import progress, render
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import Yes, planned_before, taken_up
from ml_connector.cli.connecting import show_connection_settings
from ml_connector.cli.context import Cli, Exit, Given, pairs
from ml_connector.cli.status import show_status
from ml_connector.connectors.checking import Finding
from ml_connector.errors import BadInput
from ml_connector.service import integrating, receivables, syncing
from ml_connector.service.desk import Desk
from ml_connector.service.flows import ModeSet, previewed, set_flow_mode
from ml_connector.service.integrating import FlowLine, Integration, integration_named
from ml_connector.service.previewing import FlowPreview, Preview
from ml_connector.service.previewing import preview as make_preview
from ml_connector.service.scheduling import Scheduled
from ml_connector.service.scheduling import schedule as set_schedule
from ml_connector.service.settings import Setting
from ml_connector.service.status import Status
from ml_connector.service.status import status as current_status
from ml_connector.service.strange_accounts import strange_accounts_of
from ml_connector.service.syncing import Quiet
from ml_connector.service.tallies import counted

_All = Annotated[bool, Parameter(negative=(), show_default=False)]
_Set = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    kind = "servicetitan-zoho_books"
    app.command(
        integrate,
        help_epilogue=f"Example: ml-connector integrate {kind} --set start_date=2026-01-01 --set gate=received",
    )
    app.command(settings, help_epilogue="Example: ml-connector settings --set freight_account=lines")
    app.command(preview, help_epilogue="Example: ml-connector preview --limit 50")
    app.command(
        live, help_epilogue="Example: ml-connector live bills vendor_credits\n\nExample: ml-connector live --all"
    )
    app.command(off, help_epilogue="Example: ml-connector off bills")
    app.command(schedule, help_epilogue="Example: ml-connector schedule bills 'business days US */15 7-18 * * *'")
    app.command(sync, help_epilogue="Example: ml-connector sync bills")


async def integrate(kind: str, *, source: str = "", target: str = "", set: _Set = (), cli: Given) -> int:
    """Join two connections. Every flow starts off; parties move as needed. Tells what the two systems' APIs do not allow.

    Repeated, it changes the settings given and nothing else.

    Parameters
    ----------
    kind
        Which systems, such as servicetitan-zoho_books.
    source
        The connection to read from, when there are several.
    target
        The connection to write to, when there are several.
    set
        A setting, as name=value, or @FILE with one a line; may be repeated. start_date is mandatory.
    """
    async with cli.desk() as desk:
        made = await integrating.integrate(desk, kind, pairs(set, "setting"), source=source, target=target)
        strange = await strange_accounts_of(desk, made)
    cli.show(made, _integrated)
    _say(cli, strange)
    return Exit.GOOD


def _integrated(console: Console, made: Integration) -> None:
    render.lines(console, f"{made.title}: {made.source} to {made.target}.", style="bold")
    shown = render.table("flow", "what", "mode")
    for flow in made.flows:
        render.add(shown, flow.name, flow.title, flow.mode)
    console.print(shown)
    _not_possible(console, made)
    render.lines(console, "'ml-connector preview' shows what would be posted.")


def _not_possible(console: Console, found: Integration) -> None:
    """What nobody can have of the two systems, said before anybody waits for it."""
    if found.not_possible:
        render.lines(console, "Not possible:")
        render.entries(console, found.not_possible)


async def settings(integration: str = "", *, connection: str = "", set: _Set = (), cli: Given) -> int:
    """Show an integration's or a connection's settings with their consequences, or change some.

    Parameters
    ----------
    integration
        Its kind or number, when there are several.
    connection
        The settings of this connection instead, by its name, number or vendor.
    set
        A setting, as name=value, or @FILE with one a line; may be repeated. An empty value is the default.
    """
    if connection:
        return await show_connection_settings(cli, connection, pairs(set, "setting"))
    async with cli.desk() as desk:
        found = await integration_named(desk, integration)
        if set:
            found = await integrating.change_settings(desk, found, pairs(set, "setting"))
        shown = integrating.described(desk, found)
        strange = await strange_accounts_of(desk, found)
    cli.show(shown, lambda console, settings: _settings(console, settings, found))
    for flow in found.flows:
        if told := taken_up(flow):
            cli.say(told)
    _say(cli, strange)
    cli.say("Each connection has settings of its own: 'ml-connector settings --connection NAME' shows them.")
    return Exit.GOOD


def _say(cli: Cli, findings: Iterable[Finding]) -> None:
    """What is strange about settings, on the error output."""
    for one in findings:
        cli.say(f"{one.subject}: {one.sentence} {one.action}")


def _settings(console: Console, shown: list[Setting], found: Integration) -> None:
    console.print(render.settings(shown))
    _not_possible(console, found)


# --- modes -------------------------------------------------------------------------------------------------------


async def live(
    *flows: str, all: _All = False, as_needed: _All = False, integration: str = "", yes: Yes = False, cli: Given
) -> int:
    """Let flows post. What their previews show is approved as shown. Of inventory_bills nothing is posted: it tracks.

    Where nothing of one was previewed, or the mapping or a setting changed since, it says so first and asks. With --json
    one document for one flow, a list for several.

    Parameters
    ----------
    flows
        The flows, such as bills, or several: bills vendor_credits.
    all
        Every flow that is in preview.
    as_needed
        Of parties, items or tax zones only what a document names is looked at, and brought before it.
    integration
        Their integration, when there are several.
    yes
        Do not ask.
    """
    if bool(flows) == all:
        raise BadInput(
            "Name the flows that go live, such as 'ml-connector live bills', or give --all for all in preview."
        )
    if as_needed and all:
        raise BadInput("Name the flows that run as needed, such as 'ml-connector live items --as-needed'.")
    if as_needed:
        return await _mode(cli, flows, integration, "as needed")
    return await _mode(cli, flows, integration, "live", yes=yes)


async def off(*flows: str, integration: str = "", cli: Given) -> int:
    """Stop flows. Nothing is read or posted until they are turned on again.

    Parameters
    ----------
    flows
        The flows, such as bills.
    integration
        Their integration, when there are several.
    """
    if not flows:
        raise BadInput("Name the flows to stop, such as 'ml-connector off bills'.")
    return await _mode(cli, flows, integration, "off")


async def schedule(flow: str, text: str | None = None, *, integration: str = "", cli: Given) -> int:
    """Show or set when a flow reads, in the company's zone.

    Parameters
    ----------
    flow
        The flow, such as bills.
    text
        A cron expression; 'business days', with a country such as US for its holidays, may stand before it.
    integration
        Its integration, when there are several.
    """
    async with cli.desk() as desk:
        found = await set_schedule(desk, await integration_named(desk, integration), flow, text)
    cli.show(found, _scheduled)
    return Exit.GOOD


def _scheduled(console: Console, found: Scheduled) -> None:
    runs = ", ".join(render.instant(at) for at in found.next_runs)
    render.lines(console, f"{found.title} reads at '{found.schedule}' ({found.zone}).", f"Next: {runs} (UTC).")


async def _mode(cli: Cli, names: tuple[str, ...], integration: str, mode: str, *, yes: bool = False) -> int:
    """Set flows to a mode, all of them or, where a name is none or somebody says no, none."""
    async with cli.desk() as desk:
        chosen = await integration_named(desk, integration)
        flows = list(dict.fromkeys(names)) or [one.name for one in chosen.flows if one.mode == "preview"]
        if not flows:
            raise BadInput("No flow is in preview: 'ml-connector preview' sets those that are off to it.")
        before = [chosen.flow(one) for one in flows]
        if mode == "live":
            unsure = [told for one in before if one.mode != "live" if (told := await _unsure(desk, chosen, one))]
            if unsure:
                confirm(cli, " ".join(unsure), "Let it post all the same?", yes=yes)
        made = [await set_flow_mode(desk, chosen, one, mode) for one in flows]
        waiting = _for_a_person(await current_status(desk), chosen, flows) if mode == "live" else []
        owing = [await receivables.mention(desk, chosen, one) for one in flows] if mode == "live" else []
    cli.show(made[0] if len(names) == 1 else made, _modes_set)
    for told in filter(None, owing):
        cli.say(told)
    for flow in waiting:
        cli.say(
            f"Some of its documents wait for a person: 'ml-connector records --flow {flow} --state held' shows them."
        )
    return Exit.ATTENTION if waiting else Exit.GOOD


async def _unsure(desk: Desk, integration: Integration, flow: FlowLine) -> str:
    """What a person should know before a flow goes live; empty where nothing."""
    seen = await previewed(desk, integration, flow.name)
    told = _unseen(seen.unseen) or _before(seen.planned, seen.planned_before)
    return f"{flow.name}: {told}" if told else ""


def _unseen(unseen: bool) -> str:
    told = "Nothing of it was previewed: everything read from now on is posted without your having seen it."
    return told if unseen else ""


def _before(planned: int, before: int) -> str:
    if not before:
        return ""
    shown = counted(planned, "document of its preview is", "documents of its preview are")
    return f"{shown} approved as shown. {planned_before(before)}"


def _for_a_person(found: Status, integration: Integration, flows: Sequence[str]) -> list[str]:
    """Those of the flows of which something waits for a person."""
    return [
        shown.flow
        for one in found.integrations
        if one.integration_id == integration.integration_id
        for shown in one.flows
        if shown.flow in flows and any(cause.person for cause in shown.waiting)
    ]


_TRACKED = (
    "Nothing of it is ever posted: each document is tracked, which is matched with what the ledger has.",
    "'ml-connector sync' looks now, 'ml-connector up' by itself; 'ml-connector tracking' shows what was found.",
)
_WITHDRAWN = "approvals that had not been carried out are"


def _modes_set(console: Console, made: ModeSet | list[ModeSet]) -> None:
    for one in made if isinstance(made, list) else [made]:
        _mode_set(console, one)


def _mode_set(console: Console, made: ModeSet) -> None:
    render.lines(console, f"{made.title} is {made.mode} (was {made.was}).")
    if made.taken_up:
        took = counted(made.taken_up, "record that waited for this is", "records that waited for this are")
        render.lines(console, f"{took} taken up.")
    if made.withdrawn:
        back = counted(made.withdrawn, "approval that had not been carried out is", _WITHDRAWN)
        render.lines(console, f"{back} withdrawn.")
    if made.mode == "live" and made.tracks:
        render.lines(console, *_TRACKED)
    elif made.mode == "live":
        approved = counted(made.approved, "document of its preview is", "documents of its preview are")
        left = counted(made.own, "is your own", "are your own")
        own = f"{left}: somebody else has to approve them ('ml-connector approve')." if made.own else ""
        told = filter(None, (f"{approved} approved.", own, _unseen(made.unseen), planned_before(made.planned_before)))
        render.lines(console, *told, "'ml-connector sync' posts now; 'ml-connector up' by itself.")


async def preview(integration: str = "", *, limit: int = 20, cli: Given) -> int:
    """Show what would be posted, linked, held and passed over. Nothing is sent.

    Flows that are off are set to preview; flows that are live stay as they are.

    Parameters
    ----------
    integration
        Its kind or number, when there are several.
    limit
        How many documents of each flow to show in full; counts are of all.
    """
    async with cli.vendor_desk() as desk:
        with progress.shown(cli) as report:
            found = await make_preview(desk, await integration_named(desk, integration), report, limit=limit)
    cli.show(found, show_preview)
    waits = any(cause.person for flow in found.flows for cause in flow.held)
    return _ended(found.quiet, waits)


def _ended(quiet: Quiet, waits: bool) -> int:
    waits_for_time = quiet.progress.quiet and quiet.progress.until is not None
    if not quiet.done and (quiet.progress.problem or not waits_for_time):
        return Exit.FAILED
    return Exit.ATTENTION if waits else Exit.GOOD


def show_preview(console: Console, found: Preview) -> None:
    if not found.quiet.done:
        render.lines(console, f"This preview is not complete: {found.quiet.sentence}", style="yellow")
    _previewed(console, found.flows)
    for flow in found.flows:
        _flow_preview(console, flow)


_NUMBERS = ("post", "sum", "link", "there", "tracked", "held", "skipped")


def _previewed(console: Console, flows: tuple[FlowPreview, ...]) -> None:
    """Every flow on a line. What is tracked has a column where a flow tracks; then modes go where there is little room."""
    tracks = any(flow.tracks for flow in flows)
    modes = console.width >= 100 or not tracks
    names = ("flow", *(("mode",) if modes else ()), *(name for name in _NUMBERS if tracks or name != "tracked"))

    def made(between: str) -> Table:
        table = render.table(*names, right=_NUMBERS)
        render.keep_whole(table, "flow", "mode")
        for flow in flows:
            cells = {
                "flow": flow.flow, "mode": flow.mode, "post": f"{flow.post.count:,}",
                "sum": render.sums(flow.post.sums, between), "link": f"{flow.link.count:,}",
                "there": f"{flow.linked.count:,}", "tracked": f"{flow.tracked.count:,}", "held": f"{flow.hold.count:,}",
                "skipped": f"{sum(one.count for one in flow.skipped.values()):,}",
            }  # fmt: skip
            render.add(table, *(cells[name] for name in names))
        return table

    console.print(render.fitting(console, made))


def _flow_preview(console: Console, flow: FlowPreview) -> None:
    if flow.planned:
        made = render.table("#", "number", "party", "date", "amount", "does", title=flow.title, right=("#", "amount"))
        for one in flow.planned:
            amount = render.money(one.amount, one.currency) if one.amount else "-"
            render.add(made, f"#{one.record_id}", one.number or "-", one.party, one.date or "-", amount, one.what)
        console.print(made)
        more = flow.post.count + flow.link.count - len(flow.planned)
        if more > 0:
            render.lines(console, f"... and {more:,} more (--limit shows more, --json every payload shown).")
    if flow.tracked.count:
        told = (
            f"Tracked in {flow.flow}: {flow.tracked.count:,}, {render.sums(flow.tracked.sums)}; nothing of it is posted"
        )
        verb = "clearing" if flow.flow == "deposits" else "tracking"
        render.lines(console, f"{told} ('ml-connector {verb}' shows what was found).")
    render.causes(console, flow.held, f"Held in {flow.flow}:")
    if flow.skipped:
        render.lines(console, f"Passed over in {flow.flow}:", style="bold")
        for reason, tally in flow.skipped.items():
            render.lines(
                console, f"  {reason}: {tally.count:,}" + (f", {render.sums(tally.sums)}" if tally.sums else "")
            )


# --- syncing and looking -----------------------------------------------------------------------------------------


async def sync(flow: str = "", *, integration: str = "", cli: Given) -> int:
    """Read and post now, and wait until it is done.

    Parameters
    ----------
    flow
        Only this flow.
    integration
        Its kind or number, when there are several.
    """
    async with cli.vendor_desk() as desk:
        with progress.shown(cli) as report:
            quiet = await syncing.sync(desk, await integration_named(desk, integration), flow, report)
        found = await current_status(desk)
    if not quiet.done:
        cli.say(f"Not everything is done: {quiet.sentence}")
    cli.show(found, show_status)
    return _ended(quiet, bool(found.attention))
