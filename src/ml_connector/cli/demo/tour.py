"""The tour: connect, check, integrate, map, preview, live, compare, again, fill, replay."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.rule import Rule

from ml_connector.cli import progress, render, sandboxed
from ml_connector.cli import redirect as way_back
from ml_connector.cli.connecting import show_checked
from ml_connector.cli.context import Cli, Exit
from ml_connector.cli.demo import stage
from ml_connector.cli.flows import show_preview, show_status
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.tasks import ended
from ml_connector.lanes.worker import serve
from ml_connector.service import auditing, connecting, integrating, syncing
from ml_connector.service.checking import check_all
from ml_connector.service.connections import connections
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.suggesting import accept_exact
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import preview
from ml_connector.service.replaying import replay
from ml_connector.service.status import Status
from ml_connector.service.status import status as current_status
from ml_connector.service.tallies import counted
from ml_connector.settings import Settings
from ml_connector.sync.states import State

KIND = "servicetitan-zoho_books"


@dataclass(slots=True)
class _Seen:
    """What the tour found, for the summary."""

    second_run_posted: int = 0
    second_run_calls: dict[str, int] = field(default_factory=dict)
    released: int = 0
    released_posted: int = 0
    replayed: int = 0
    replay_posted: int = 0
    filled: list[str] = field(default_factory=list)


async def run(cli: Cli, *, once: bool, summary: Path | None, speed: float, folder: Path) -> int:
    """The whole demonstration. Raises ConnectorError."""
    with stage.fresh(folder) as made:
        return await _run(cli, once=once, summary=summary, speed=speed, folder=made)


async def _run(cli: Cli, *, once: bool, summary: Path | None, speed: float, folder: Path) -> int:
    began = time.monotonic()
    file = folder / "sandbox.json"
    settings = Settings(data=folder / "data", sandbox=file).model_copy(update={"database_url": None})
    cli = replace(cli, settings=settings)
    _head(cli, "Starting the sandbox: ServiceTitan and Zoho Books (EU) with a heating-and-cooling company's books")
    async with stage.sandbox(file, speed), cli.runtime() as runtime, _worker(runtime):
        tour = _Tour(cli, runtime, file)
        numbers = await tour.walk()
        numbers["seconds"] = round(time.monotonic() - began, 1)
        if summary is not None:
            summary.write_text(json.dumps(numbers, indent=2) + "\n")
        _verdict(cli, numbers)
        if not once:
            show_next(cli, folder)
            await _stop_asked()
    return Exit.GOOD if _agrees(numbers) else Exit.FAILED


@asynccontextmanager
async def _worker(runtime: Runtime) -> AsyncIterator[None]:
    """Dispatcher and worker in this process, as ``ml-connector up`` runs them."""
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    try:
        yield
    finally:
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 15)
        await ended(task)


def _head(cli: Cli, text: str, command: str = "") -> None:
    if cli.json:
        return
    cli.out.print()
    cli.out.print(Rule(render.plain_text(text, "bold"), align="left", style="dim"))
    if command:
        render.lines(cli.out, f"$ ml-connector {command}", style="cyan")


class _Tour:
    """One walk through the product."""

    def __init__(self, cli: Cli, runtime: Runtime, file: Path) -> None:
        assert runtime.sandbox is not None
        self._cli, self._runtime, self._file = cli, runtime, file
        self._handover: dict[str, Any] = json.loads(file.read_text())
        self._company: dict[str, Any] = self._handover["company"]
        self._desk: Desk | None = None
        self._seen = _Seen()

    @property
    def desk(self) -> Desk:
        assert self._desk is not None
        return self._desk

    async def walk(self) -> dict[str, Any]:
        """All steps; the numbers of the summary."""
        await self._connect("servicetitan")
        await self._connect("zoho_books")
        integration = await self._integrate()
        await self._check()
        await self._read_and_map(integration)
        await self._preview(integration)
        first = await self._live(integration)
        books = await stage.compared(self._file)
        self._show_books(books, "What the two systems' own books say, compared without asking our ledger")
        await self._again(integration)
        await self._fill(integration)
        await self._replay(integration)
        books = await stage.compared(self._file, self._seen.filled)
        self._show_books(books, "The two systems' books once more, after all of that")
        await self._verify_audit()
        return await self._numbers(first, books)

    # --- connecting ----------------------------------------------------------------------------------------------

    async def _connect(self, vendor: str) -> None:
        connector = self._runtime.connectors[vendor]
        _head(self._cli, f"Connecting {connector.title}", f"connect {vendor.replace('_', '-')}")
        given = self._handover["credentials"][vendor]
        names = {one.name for one in connector.credentials}
        credentials = checked_credentials(connector, {name: value for name, value in given.items() if name in names})
        grant = await self._granted(vendor, credentials, checked_settings(connector, {}))
        organisation = grant.choose("")
        tenant = await connecting.tenant_to_connect(
            self._runtime, self._cli.actor, self._company["name"] if self._desk is None else "", organisation,
            self._company["time_zone"],
        )  # fmt: skip
        self._desk = Desk(self._runtime, tenant.tenant_id, self._cli.actor)
        made = await connecting.connect(self._desk, grant, organisation.id)
        sandboxed.note(self._cli.settings, made.vendor, made.organisation_id)
        self._say(f"{made.name}: credentials sealed; organisation {made.organisation_id}.")

    async def _granted(self, vendor: str, credentials: Mapping[str, str], settings: Mapping[str, str]) -> Any:
        connector = self._runtime.connectors[vendor]
        if not connecting.needs_consent(connector, credentials):
            return await connecting.granted(self._runtime, connector, credentials, settings)
        redirect = credentials["redirect"]
        asked = connecting.consent(connector, credentials, redirect)
        self._say("Consent is asked for every flow that is offered; here a stand-in for the person accepts:")
        for scope in connector.scopes:
            self._say(f"  {scope.name}: {scope.why}")
        hosts = connector.hosts(credentials)
        receiving = asyncio.create_task(way_back.received(replace(self._cli, json=True), redirect, asked))
        await asyncio.sleep(0.1)
        await stage.accept_consent(self._runtime.wire.addresses, asked.address, hosts)
        returned = connecting.checked_return(asked, await receiving)
        return await connecting.granted_by_consent(self._runtime, connector, credentials, settings, redirect, returned)

    async def _integrate(self) -> Integration:
        wanted = {name: str(value) for name, value in self._company["settings"].items()}
        shown = " ".join(f"--set {name}={value}" for name, value in wanted.items())
        _head(self._cli, "Joining them", f"integrate {KIND} {shown}")
        made = await integrating.integrate(self.desk, KIND, wanted)
        for flow in made.flows:
            self._say(f"  {flow.title}: {flow.mode}")
        return made

    async def _check(self) -> None:
        _head(self._cli, "Asking both systems whether everything is in place", "check")
        found = await check_all(self.desk, await connections(self.desk))
        if not self._cli.json:
            show_checked(self._cli.out, found)

    # --- preview and live ----------------------------------------------------------------------------------------

    async def _read_and_map(self, integration: Integration) -> None:
        """Read once, so that the mapping tables know which values the documents use; then fill them."""
        _head(self._cli, "Filling the mapping tables", "map suggest accounts --accept-exact")
        with progress.shown(self._cli) as report:
            await preview(self.desk, integration, report)
        for table in ("accounts", "business_units"):
            accepted = await accept_exact(self.desk, integration, table)
            self._say(
                f"{table}: {counted(accepted.added, 'row')} accepted, since number or name are equal on both sides."
            )
        for table, rows in self._company["mapping"].items():
            given = [
                await set_value(self.desk, integration, table, key, value, anyway=True) for key, value in rows.items()
            ]
            if added := sum(one.added + one.changed for one in given):
                self._say(f"{table}: {counted(added, 'row')} given by the implementer.")

    async def _preview(self, integration: Integration) -> None:
        _head(self._cli, "Preview: what would be posted, before anything is", "preview")
        with progress.shown(self._cli) as report:
            found = await preview(self.desk, integration, report, limit=5)
        if not self._cli.json:
            show_preview(self._cli.out, found)

    async def _live(self, integration: Integration) -> Status:
        _head(self._cli, "Going live: the preview is approved as shown", "live bills && ml-connector sync")
        await set_flow_mode(self.desk, integration, "bills", "live")
        await self._sync(integration)
        found = await current_status(self.desk)
        if not self._cli.json:
            show_status(self._cli.out, found)
        return found

    async def _sync(self, integration: Integration) -> None:
        with progress.shown(self._cli) as report:
            quiet = await syncing.sync(self.desk, await integrating.integration_named(self.desk, KIND), report=report)
        if quiet.sentence:
            self._say(quiet.sentence)

    # --- the promises --------------------------------------------------------------------------------------------

    async def _again(self, integration: Integration) -> None:
        _head(self._cli, "A second run posts nothing", "sync")
        before = await self._posted()
        await self._sync(integration)
        self._seen.second_run_posted = await self._posted() - before
        self._say(f"Read again; {counted(self._seen.second_run_posted, 'document')} posted.")

    async def _fill(self, integration: Integration) -> None:
        table, rows = "accounts", self._company["fill_later"]["accounts"]
        key, value = next(iter(rows.items()))
        _head(self._cli, "Filling a missing mapping releases what waited for it", f"map set {table} {key} {value}")
        before = await self._posted()
        done = await set_value(self.desk, integration, table, key, value, "the bookkeeper")
        self._seen.released = done.released
        self._seen.filled.append(f"{table}:{key}")
        await self._sync(integration)
        self._seen.released_posted = await self._posted() - before
        went = counted(done.released, "bill went on by itself", "bills went on by themselves")
        self._say(f"{went}; {counted(self._seen.released_posted, 'of them is', 'of them are')} posted now.")

    async def _replay(self, integration: Integration) -> None:
        _head(self._cli, "A replay cannot post twice", "replay --flow bills --state posted")
        before = await self._zoho_bills()
        done = await replay(self.desk, Filter(integration_id=integration.integration_id, flow="bills", state="posted"))
        await self._sync(integration)
        self._seen.replayed = done.count
        self._seen.replay_posted = await self._zoho_bills() - before
        again, posted = counted(done.count, "posted bill"), counted(self._seen.replay_posted, "document")
        self._say(f"{again} planned again; {posted} posted.")

    async def _verify_audit(self) -> None:
        _head(self._cli, "Every step is in the audit trail, chained", "audit verify")
        found = await auditing.verify_audit(self.desk)
        state = "intact" if found.intact else "NOT INTACT"
        self._say(f"{counted(found.events, 'event')} in {counted(found.links, 'link')}: {state}.")

    # --- numbers -------------------------------------------------------------------------------------------------

    async def _posted(self) -> int:
        found = await current_status(self.desk)
        return sum(flow.tally(State.POSTED).count for one in found.integrations for flow in one.flows)

    async def _zoho_bills(self) -> int:
        return int((await stage.compared(self._file, self._seen.filled))["documents"])

    async def _numbers(self, first: Status, books: Mapping[str, Any]) -> dict[str, Any]:
        last = await current_status(self.desk)
        return {
            "flows": _flows(first),
            "flows_at_the_end": _flows(last),
            "connections": await self._connections(),
            **{name: books[name] for name in ("duplicates", "missing", "totals_differ", "unexpected", "wrong_vendor")},
            "findings": books["findings"],
            "second_run": {"posted": self._seen.second_run_posted},
            "released": {"records": self._seen.released, "posted": self._seen.released_posted},
            "replay": {"replayed": self._seen.replayed, "posted": self._seen.replay_posted},
            "sums": {"posted": books["sums"]["posted"]},
        }

    async def _connections(self) -> list[dict[str, Any]]:
        found = []
        for one in await connections(self.desk):
            counted = await stage.statistics(self._handover["admin"], one.vendor)
            refreshes = counted.get("refreshes", counted.get("tokens_issued", 0))
            found.append(
                {
                    "name": one.name,
                    "vendor": one.vendor,
                    "calls": counted["calls"],
                    "http_429": counted["http_429"],
                    "token_refreshes": refreshes,
                }
            )
        return found

    def _show_books(self, books: Mapping[str, Any], head: str) -> None:
        _head(self._cli, head)
        made = render.table("posted twice", "missing", "not expected", "totals differ", "posted in all")
        posted = ", ".join(f"{amount} {currency}" for currency, amount in books["sums"]["posted"].items())
        names = ("duplicates", "missing", "unexpected", "totals_differ")
        render.add(made, *(books[name] for name in names), posted)
        if not self._cli.json:
            self._cli.out.print(made)
            render.lines(self._cli.out, *(f"- {one['sentence']}" for one in books["findings"][:10]), style="red")

    def _say(self, text: str) -> None:
        if not self._cli.json:
            render.lines(self._cli.out, text)


def _flows(found: Status) -> list[dict[str, Any]]:
    return [
        {
            "integration": integration.kind,
            "flow": flow.flow,
            "read": flow.read,
            **{
                word.replace(" ", "_"): flow.states[word].count if word in flow.states else 0
                for word in render.SHOWN_STATES
            },
            "balanced": flow.balanced,
            "sums": {
                word: {currency: str(amount) for currency, amount in tally.sums.items()}
                for word, tally in flow.states.items()
            },
            "waiting": {cause.code: cause.count for cause in flow.waiting},
        }
        for integration in found.integrations
        for flow in integration.flows
    ]


def _agrees(numbers: Mapping[str, Any]) -> bool:
    faults = ("duplicates", "missing", "totals_differ", "unexpected", "wrong_vendor")
    return not any(numbers[name] for name in faults) and not numbers["second_run"]["posted"]


def _verdict(cli: Cli, numbers: Mapping[str, Any]) -> None:
    if cli.json:
        print(json.dumps(numbers, indent=2))
        return
    calls = ", ".join(
        f"{one['name']} {counted(one['calls'], 'call')}, {one['http_429']} answered 429 for the limit"
        for one in numbers["connections"]
    )
    cli.out.print()
    good = "Nothing posted twice, nothing missing, every total ties to the cent."
    bad = "THE BOOKS DO NOT AGREE; see above."
    style = "bold green" if _agrees(numbers) else "bold red"
    render.lines(cli.out, good if _agrees(numbers) else bad, style=style)
    render.lines(cli.out, f"{calls}. The tour took {numbers['seconds']} seconds.")


def show_next(cli: Cli, folder: Path) -> None:
    """What a person may try while the demonstration runs."""
    if cli.json:
        return
    _head(cli, "It keeps running. In another terminal, try")
    for line in _next_lines(folder):
        cli.out.print(render.plain_text(line), soft_wrap=True)
    render.lines(cli.out, "Ctrl-C ends it and leaves nothing behind.")


def _next_lines(folder: Path) -> tuple[str, ...]:
    """What to paste into another terminal; a path is too long for many screens, and a broken line cannot be pasted."""
    program = Path(sys.argv[0]).name
    program = shlex.quote(os.path.relpath(sys.argv[0])) if program == "ml-connector" else "ml-connector"
    return (
        f"  export ML_CONNECTOR_DATA={shlex.quote(str(folder / 'data'))}",
        f"  export ML_CONNECTOR_SANDBOX={shlex.quote(str(folder / 'sandbox.json'))}",
        f"  {program} status",
        f"  {program} records --state held",
        f"  {program} explain INV-10401",
        f"  {program} map suggest vendors",
    )


async def _stop_asked() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
