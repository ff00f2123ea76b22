"""What every chapter of the tour does: connect, integrate, check, map, preview, go live, run again, in the same words."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import textwrap
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.rule import Rule

from ml_connector.cli import progress, render, sandboxed
from ml_connector.cli import redirect as way_back
from ml_connector.cli.connecting import show_checked
from ml_connector.cli.context import Cli
from ml_connector.cli.demo import stage
from ml_connector.cli.flows import show_preview
from ml_connector.cli.status import show_status
from ml_connector.connectors.checking import Verdict
from ml_connector.errors import NotFound, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting, integrating, syncing
from ml_connector.service.checking import Checked, check_all
from ml_connector.service.connections import connections
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.suggesting import accept_exact, suggest
from ml_connector.service.mapping.values import set_value
from ml_connector.service.posted import AWAITING
from ml_connector.service.previewing import Preview, preview
from ml_connector.service.replaying import replay
from ml_connector.service.status import FlowStatus, Status
from ml_connector.service.status import status as current_status
from ml_connector.service.tallies import Tally, counted
from ml_connector.sync.states import State

_SHOWN = 4  # rights of a consent
_FOUND = 3  # findings of a check
_CAUSES = 5  # of what waits in a flow, in the summary
_WIDEST = 120  # columns of a headline, however wide the screen is
_TYPED = 600  # characters of settings that somebody types
_GOES_ON: Mapping[str, Any] = {"subsequent_indent": "  ", "break_long_words": False, "break_on_hyphens": False}


def head(cli: Cli, text: str, command: str = "") -> None:
    """A step's headline, and the commands that do the same, each on its line; ``export`` lines are the shell's own."""
    if cli.json:
        return
    cli.out.print()
    rule = Rule(render.plain_text(text, "bold"), align="left", style="dim")
    cli.out.print(rule, width=min(cli.out.width, _WIDEST))
    for one in command.splitlines():
        program = "" if one.startswith("export ") else "ml-connector "
        cli.out.print(render.plain_text(f"$ {program}{one}", "cyan"), soft_wrap=True)


class Walk:
    """The company under way: its connections, and what is done with each integration alike.

    ``file``: its hand-over file; that of the runtime may be another company's in the same sandbox.
    """

    def __init__(self, cli: Cli, runtime: Runtime, file: Path) -> None:
        assert runtime.sandbox is not None
        self.cli, self.runtime, self.file = cli, runtime, file
        self.handover: dict[str, Any] = json.loads(file.read_text())
        self.company: dict[str, Any] = self.handover["company"]
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The tenant's; there is one once something is connected."""
        assert self._desk is not None
        return self._desk

    def head(self, text: str, command: str = "") -> None:
        """See ``head``."""
        head(self.cli, text, command)

    def say(self, text: str) -> None:
        """A line, unless all that is wanted is JSON."""
        if not self.cli.json:
            render.lines(self.cli.out, text)

    # --- connecting ----------------------------------------------------------------------------------------------

    async def connect(self, vendor: str) -> None:
        """Connect a vendor with the credentials of the hand-over file; the first takes in the tenant."""
        connector = self.runtime.connectors[vendor]
        settings = self.company.get("connection_settings", {}).get(vendor, {})
        self.head(
            f"Connecting {connector.title}", f"connect {vendor.replace('_', '-')}{self._spelled(vendor, settings)}"
        )
        given = self.handover["credentials"][vendor]
        names = {one.name for one in connector.credentials}
        credentials = checked_credentials(connector, {name: value for name, value in given.items() if name in names})
        grant = await self._granted(vendor, credentials, checked_settings(connector, settings))
        organisation = grant.choose("")
        tenant = await connecting.tenant_to_connect(
            self.runtime, self.cli.actor, self.company["name"], organisation, self.company["time_zone"],
        )  # fmt: skip
        self._desk = Desk(self.runtime, tenant.tenant_id, self.cli.actor)
        made = await connecting.connect(self._desk, grant, organisation.id)
        sandboxed.note(self.cli.settings, made.vendor, made.organisation_id)
        self.say(f"{made.name}: credentials sealed; organisation {made.organisation_id}.")

    def _spelled(self, vendor: str, settings: Mapping[str, str]) -> str:
        """Settings as they are typed; what is too long for that stands in a file, which is written."""
        told = "".join(f" --set {name}={shlex.quote(value)}" for name, value in settings.items())
        if len(told) <= _TYPED:
            return told
        file = self.file.with_name(f"{vendor}-settings.txt")
        lines = [textwrap.fill(f"{name}={value}", _WIDEST, **_GOES_ON) for name, value in settings.items()]
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return f" --set @{shlex.quote(os.path.relpath(file))}"

    async def _granted(self, vendor: str, credentials: Mapping[str, str], settings: Mapping[str, str]) -> Any:
        connector = self.runtime.connectors[vendor]
        if not connecting.needs_consent(connector, credentials):
            return await connecting.granted(self.runtime, connector, credentials, settings)
        redirect = credentials["redirect"]
        asked = connecting.consent(connector, credentials, redirect)
        self.say(f"Consent is asked for {len(connector.scopes)} rights; a stand-in for the person accepts. Among them:")
        for scope in connector.scopes[:_SHOWN]:
            self.say(f"  {scope.name}: {scope.why}")
        hosts = connector.hosts(credentials)
        receiving = asyncio.create_task(way_back.received(replace(self.cli, json=True), redirect, asked))
        await asyncio.sleep(0.1)
        await stage.accept_consent(self.runtime.wire.addresses, asked.address, hosts)
        returned = connecting.checked_return(asked, await receiving)
        return await connecting.granted_by_consent(self.runtime, connector, credentials, settings, redirect, returned)

    async def integrate(self, kind: str, settings: Mapping[str, Any]) -> Integration:
        """Join the two connections of an integration."""
        wanted = {name: str(value) for name, value in settings.items()}
        shown = " ".join(f"--set {name}={shlex.quote(value)}" for name, value in wanted.items())
        self.head("Joining them", f"integrate {kind} {shown}")
        made = await integrating.integrate(self.desk, kind, wanted)
        for flow in made.flows:
            self.say(f"  {flow.title}: {flow.mode}")
        return made

    async def check(self, *vendors: str) -> None:
        """Ask these vendors whether everything is in place."""
        self.head("Asking the systems whether everything is in place", "check")
        known = [one for one in await connections(self.desk) if one.vendor in vendors]
        found = await check_all(self.desk, known)
        if not self.cli.json:
            for one in found:
                self._checked(one, _not_good(one))

    def _checked(self, found: Checked, rest: Checked) -> None:
        """Of one connection how much is in place, and the first of what is not."""
        good = counted(len(found.findings) - len(rest.findings), "thing is", "things are")
        missing = sum(one.verdict is Verdict.MISSING for one in rest.findings)
        nothing = "nothing is missing" if not missing else counted(missing, "thing is missing", "things are missing")
        remarks = f"; {counted(len(rest.findings), 'remark')}" if rest.findings else ""
        self.say(f"{found.connection}: {good} in place, {nothing}{remarks}.")
        if rest.findings or rest.unanswered:
            show_checked(self.cli.out, [_first_of(rest)])
        if (more := len(rest.findings) - _FOUND) > 0:
            self.say(f"... and {more} more of {found.connection}: 'ml-connector check' shows all.")

    # --- mapping, preview and live -------------------------------------------------------------------------------

    async def read(self, integration: Integration) -> None:
        """Read once, so that the mapping tables know which values the documents use."""
        with progress.shown(self.cli) as report:
            await preview(self.desk, integration, report)

    async def accept(self, integration: Integration, tables: Sequence[str]) -> set[tuple[str, str]]:
        """Take the suggestions that have proof; (table, key) of the rows."""
        taken: set[tuple[str, str]] = set()
        for table in tables:
            taken |= {(table, one.key) for one in await suggest(self.desk, integration, table) if one.exact}
            if added := (await accept_exact(self.desk, integration, table)).added:
                self.say(f"{table}: {counted(added, 'row')} accepted, since number or name are equal on both sides.")
        return taken

    async def give(
        self, integration: Integration, mapping: Mapping[str, Mapping[str, str]], taken: Set[tuple[str, str]]
    ) -> None:
        """Fill what only a person knows: all but what was ``taken`` already."""
        for table, rows in mapping.items():
            given = [
                await set_value(self.desk, integration, table, key, value, anyway=True)
                for key, value in rows.items()
                if (table, key) not in taken
            ]
            if added := sum(one.added + one.changed for one in given):
                self.say(f"{table}: {counted(added, 'row')} given by the implementer.")

    async def preview(self, integration: Integration, command: str = "preview", *, limit: int = 5) -> Preview:
        """What would be posted."""
        self.head("Preview: what would be posted, before anything is", command)
        with progress.shown(self.cli) as report:
            found = await preview(self.desk, integration, report, limit=limit)
        if not self.cli.json:
            show_preview(self.cli.out, found)
        return found

    async def live(self, integration: Integration, previewed: Preview, *flows: str, command: str) -> Status:
        """Let these flows post, in this order, and wait until all is done; how the integration stands then.

        What waits for the reasons that the preview has just told is not told again.
        """
        self.head("Going live: the preview is approved as shown", command)
        for flow in flows:
            await set_flow_mode(self.desk, integration, flow, "live")
        await self.sync(integration.kind)
        found = await self.status(integration.kind)
        if not self.cli.json:
            rest = _not_told(found, previewed)
            show_status(self.cli.out, rest)
            if before := _counted(found) - _counted(rest):
                self.say(
                    f"{counted(before, 'document waits', 'documents wait')} for the reasons that the preview told."
                )
        return found

    async def only(self, kind: str, *flows: str) -> None:
        """Turn what a preview has turned on off again, but for these flows: a chapter reads what it shows, and no more."""
        integration = await integrating.integration_named(self.desk, kind)
        rest = [one.name for one in integration.flows if one.mode == "preview" and one.name not in flows]
        self.head(
            "What is not shown here is turned off again: every reading of it takes calls and time",
            f"off {' '.join(rest)}",
        )
        for flow in rest:
            await set_flow_mode(self.desk, integration, flow, "off")
        self.say(f"{counted(len(rest), 'flow')} off.")

    async def sync(self, kind: str) -> None:
        """Read and post now, and wait until it is quiet."""
        with progress.shown(self.cli) as report:
            quiet = await syncing.sync(self.desk, await integrating.integration_named(self.desk, kind), report=report)
        if quiet.sentence:
            self.say(quiet.sentence)

    async def again(self, kind: str, command: str = "sync") -> int:
        """A second run; how many documents it posted."""
        self.head("A second run posts nothing", command)
        before = await self.posted(kind)
        await self.sync(kind)
        posted = await self.posted(kind) - before
        self.say(f"Read again; {counted(posted, 'document')} posted.")
        return posted

    async def look_again(self, kind: str) -> None:
        """Plan what is held once more, as the service does by itself every hour, and wait until all is done."""
        integration = await integrating.integration_named(self.desk, kind)
        with suppress(NotFound, Refused):  # refused: all that is held is of flows that are off
            await replay(self.desk, Filter(integration_id=integration.integration_id, state="held"))
        await self.sync(kind)

    async def status(self, kind: str) -> Status:
        """How one integration stands."""
        found = await current_status(self.desk)
        return replace(found, integrations=tuple(one for one in found.integrations if one.kind == kind))

    async def posted(self, kind: str) -> int:
        """Versions of an integration that are posted, those that wait for approval at the target among them."""
        found = await self.status(kind)
        flows = [flow for one in found.integrations for flow in one.flows]
        return sum(flow.tally(State.POSTED).count + flow.states.get(AWAITING, Tally()).count for flow in flows)


def _first_of(found: Checked) -> Checked:
    return replace(found, findings=found.findings[:_FOUND])


def _not_good(found: Checked) -> Checked:
    return replace(found, findings=tuple(one for one in found.findings if one.verdict is not Verdict.GOOD))


def _not_told(found: Status, previewed: Preview) -> Status:
    """The status without what a preview told alike: the same reason, for as many, in the same flow."""
    told = {(flow.flow, cause.code, cause.count) for flow in previewed.flows for cause in flow.held}

    def rest(flow: FlowStatus) -> FlowStatus:
        return replace(flow, waiting=tuple(one for one in flow.waiting if (flow.flow, one.code, one.count) not in told))

    known = [replace(one, flows=tuple(rest(flow) for flow in one.flows)) for one in found.integrations]
    return replace(found, integrations=tuple(known))


def _counted(found: Status) -> int:
    return sum(cause.count for one in found.integrations for flow in one.flows for cause in flow.waiting)


def flows_of(found: Status) -> list[dict[str, Any]]:
    """Every flow's numbers, for the summary."""
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


def waiting_of(found: Status) -> dict[str, Any]:
    """By flow, why how many wait, and how much: what a person looks at first."""
    return {
        flow.flow: {
            cause.code: {"count": cause.count, "sums": {name: str(amount) for name, amount in cause.sums.items()}}
            for cause in sorted(flow.waiting, key=lambda one: -one.count)[:_CAUSES]
        }
        for one in found.integrations
        for flow in one.flows
        if flow.waiting
    }
