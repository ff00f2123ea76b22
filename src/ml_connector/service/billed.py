"""Payable bills of the ledger that name one of our orders, or are a linked vendor's, and that nothing was received for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical import documents
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.integrations import reasons
from ml_connector.integrations.drafts import money
from ml_connector.integrations.tracked import ENTITY, Track
from ml_connector.integrations.tracking_rules import named_keys
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading, made
from ml_connector.sync.directory import entry_name
from ml_connector.sync.states import State

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class TrackingFlow:
    """A flow that is matched with payable bills and is on; its bills in the ledger are looked at from ``start_date`` on."""

    flow_id: int
    integration_id: int
    target_id: int
    start_date: dt.date | None
    title: str


@dataclass(frozen=True, slots=True)
class Billed:
    """A bill that only the ledger has, and why it is one of goods. ``awaiting``: it is a draft there."""

    bill: Bill
    currency: str
    order: str
    evidence: str
    sentence: str
    action: str
    awaiting: bool


async def tracking_flows(desk: Desk, reading: Reading) -> list[TrackingFlow]:
    """The flows of the tenant that are matched with payable bills and are on."""
    rows = await reading.all(
        """select f.flow_id, f.integration_id, f.target_id, f.start_date, i.kind, f.name
        from flow f join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
        where f.tenant_id = %s and f.mode <> 'off' order by f.flow_id""",
        desk.tenant_id,
    )  # fmt: skip
    known = desk.runtime.integrations
    return [
        made(TrackingFlow, *row[:4], known[row[4]].title)
        for row in rows
        if known[row[4]].flow(row[5]).matched_with == ENTITY
    ]


_BILLS = """
    select object_id, body, party_id from directory
    where tenant_id = %s and connection_id = %s and entity = 'bills' and active and state <> 'gone'
      and coalesce(document_date, 'infinity') >= coalesce(%s::date, '-infinity') and object_id > %s
    order by object_id limit %s"""


async def billed_not_received(
    reading: Reading, sealer: Sealer, flow: TrackingFlow, tracks: Sequence[Track]
) -> list[Billed]:
    """Live bills dated from the flow's start on that may be none of ``tracks``, oldest id first."""
    candidates = {one for track in tracks for one in track.candidates}
    vendors = await _vendors(reading, flow) | {track.party_id for track in tracks}
    passed = await _passed_over(reading, flow)
    orders = await _orders(reading, flow)
    orders |= {number_key(track.order.number): track.order.number for track in tracks if track.order.number}
    found: list[Billed] = []
    after = ""
    while rows := await reading.all(_BILLS, reading.tenant_id, flow.target_id, flow.start_date, after, _AT_ONCE):
        after = rows[-1][0]
        for object_id, body, party_id in rows:
            if object_id in candidates:
                continue
            bill = documents.decode(sealer.open(entry_name(ENTITY, object_id), body))
            assert isinstance(bill, Bill)
            if (number_key(bill.number), bill.total) in passed:
                continue
            if (one := _billed(bill, orders, ours=party_id in vendors)) is not None:
                found.append(one)
    return found


def _billed(bill: Bill, orders: Mapping[str, str], *, ours: bool) -> Billed | None:
    named = next((orders[key] for key in sorted(named_keys(bill)) if key in orders), "")
    if not (named or ours):
        return None
    told = {
        "there": bill.number or "without a number", "name": bill.vendor.name or bill.vendor.id,
        "billed": money(bill.total, bill.currency),
    }  # fmt: skip
    evidence = f"names order {named}" if named else "its vendor delivers to ServiceTitan's orders"
    return Billed(
        bill, bill.currency, named, evidence, reasons.sentence("billed_not_received", told),
        reasons.action("billed_not_received", told), bill.state is BillState.DRAFT,
    )  # fmt: skip


async def _passed_over(reading: Reading, flow: TrackingFlow) -> set[tuple[str, Decimal]]:
    """Number keys and totals of inventory bills that were received and are held or passed over, as before the start."""
    rows = await reading.all(
        """select d.number_key, d.amount from record r
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and r.flow_id = %s and d.number_key <> '' and s.state <> %s and s.reason <> 'canceled'""",
        reading.tenant_id, flow.flow_id, State.TRACKED.value,
    )  # fmt: skip
    return {(row[0], row[1]) for row in rows}


async def _vendors(reading: Reading, flow: TrackingFlow) -> set[str]:
    """Contacts of the ledger that are linked with vendors of the source."""
    rows = await reading.all(
        "select target_id from link where tenant_id = %s and integration_id = %s and entity = 'vendors'",
        reading.tenant_id, flow.integration_id,
    )  # fmt: skip
    return {row[0] for row in rows}


async def _orders(reading: Reading, flow: TrackingFlow) -> dict[str, str]:
    """Numbers of the source's purchase orders by their key, as far as their flow has read them."""
    rows = await reading.all(
        """select d.number_key, d.number from record r
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and f.integration_id = %s and f.name = 'purchase_orders' and d.number_key <> ''""",
        reading.tenant_id, flow.integration_id,
    )  # fmt: skip
    return dict(rows)
