"""The contractor's whole preview, taken on an empty ledger, is what live then does: record by record, byte by byte."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ml_connector.integrations.decisions import Adopt, Write
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync import intents, plan
from ml_connector.sync.states import IntentState, State
from ml_connector_sandbox.sandbox import Sandbox
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "servicetitan-xero"
PARTIES = ("customers", "vendors")
DOCUMENTS = ("invoices", "credit_memos", "payments", "purchase_orders")
Record = tuple[str, str]  # (flow, source id)

_RECORDS = """
    select f.name, r.source_id, {columns} from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    {more} where r.tenant_id = %s"""
_PLACEHOLDER = re.compile(r"new: ([^\"]*)")


@dataclass(slots=True)
class Done:
    """What was carried out: of each record, and the ids that have come, by what placeholders call them."""

    of: dict[Record, list[str]] = field(default_factory=lambda: defaultdict(list))
    came: dict[str, str] = field(default_factory=dict)

    def filled(self, shown: list[str]) -> list[str]:
        """What a preview showed, with these ids."""
        return [_PLACEHOLDER.sub(lambda one: self.came.get(one[1], one[0]), text) for text in shown]


async def ends(desk: Desk) -> dict[Record, tuple[str, str]]:
    """(state, reason) of each record's newest version."""
    async with desk.looking() as reading:
        rows = await reading.all(_RECORDS.format(columns="s.state, s.reason", more=""), desk.tenant_id)
    return {(row[0], row[1]): (State(row[2]).word, row[3]) for row in rows}


async def shown(desk: Desk) -> dict[Record, list[str]]:
    """What the stored plans say that is to be done."""
    sealer, more = await desk.sealer(), "join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id"
    async with desk.looking() as reading:
        rows = await reading.all(_RECORDS.format(columns="p.body", more=more), desk.tenant_id)
    return {(row[0], row[1]): as_told(plan.decode(sealer.open(b"plan", row[2]))) for row in rows}


def as_told(decision: Write | Adopt) -> list[str]:
    if isinstance(decision, Adopt):
        return [f"link {decision.target_id}"]
    return [f"{step.action} {step.entity} {step.body.decode()}" for step in decision.steps]


async def done(desk: Desk) -> Done:
    """The steps that were carried out, in their order, and links that were made without any."""
    sealer, found = await desk.sealer(), Done()
    async with desk.looking() as reading:
        more = (
            f"join intent i on i.tenant_id = r.tenant_id and i.record_id = r.record_id and i.state = {IntentState.DONE}"
        )
        steps = await reading.all(
            f"{_RECORDS.format(columns='i.payload, i.target_id', more=more)} order by i.intent_id", desk.tenant_id
        )
        links = await reading.all("select entity, source_id, target_id from link where tenant_id = %s", desk.tenant_id)
    for flow, source_id, payload, target_id in steps:
        step = intents.decode(sealer.open(b"intent", payload))
        found.of[flow, source_id].append(f"{step.action} {step.entity} {step.body.decode()}")
        found.came[step.reference] = target_id
    for flow, source_id, target_id in links:
        found.came[f"{flow} {source_id}"] = target_id
        if (flow, source_id) not in found.of:
            found.of[flow, source_id].append(f"link {target_id}")
    return found


async def sync(desk: Desk, integration: Integration) -> None:
    await syncing.request_sync(desk, await integration_named(desk, KIND))
    assert (await syncing.wait_until_quiet(desk, integration, patience=200.0)).done


@pytest.mark.parametrize("parties", ["as needed", "preview"])
async def test_what_was_previewed_is_what_is_done(database: Database, tmp_path: Path, parties: str) -> None:
    async with Sandbox.running("contractor", speed=60.0, limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            modes = {**dict.fromkeys(PARTIES, parties), **dict.fromkeys((*DOCUMENTS, "inventory_bills"), "preview")}
            desk, integration = await joined(runtime, sandbox.handover, KIND, modes)
            await sync(desk, integration)
            before, previewed = await ends(desk), await shown(desk)
            assert not (await done(desk)).of
            for flow in (*PARTIES, *DOCUMENTS):
                if modes[flow] == "preview":
                    await set_flow_mode(desk, integration, flow, "live")
            await sync(desk, integration)
            after, carried = await ends(desk), await done(desk)

    going = {record for record, (state, _) in before.items() if state == "planned"}
    assert {flow for flow, _ in going} == {*PARTIES, *DOCUMENTS}
    assert going == previewed.keys() == carried.of.keys()
    otherwise = {one: (carried.filled(previewed[one]), carried.of[one]) for one in going}
    assert {one: pair for one, pair in otherwise.items() if pair[0] != pair[1]} == {}
    assert {one: end for one, end in after.items() if one in going and end[0] not in ("posted", "linked")} == {}
    assert {one: (end, after[one]) for one, end in before.items() if one not in going and after[one] != end} == {}
