"""What follows another record by itself: a document that waits for its party or its invoice, and that waits itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from ml_connector.integrations.decisions import Waiting
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading
from ml_connector.service.finding import opened_document, party_name
from ml_connector.service.tallies import Cause, causes_in, counted, opened_wait, title_of
from ml_connector.sync.states import State

#: Waits for another record's link; their key is ``flow:source id``.
FOLLOWING = (
    "vendor_pending", "order_vendor_pending", "customer_pending", "customer_merged", "invoice_pending",
    "adjusted_pending", "refunded_pending", "supplier_pending", "cost_center_pending", "staged_bill_pending",
    "credited_bill_pending",
)  # fmt: skip
_WORDS = {"cost_centers": "cost centre", "vendor_credits": "vendor credit"}
_STUCK = (State.HELD.value, State.REJECTED.value)
_DEEP = 3  # a payment waits for an invoice, which waits for a customer

_AWAITED = """
    from flow f join flow p on p.tenant_id = f.tenant_id and p.integration_id = f.integration_id
    join record r on r.tenant_id = p.tenant_id and r.flow_id = p.flow_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id"""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A record that others wait for and that waits itself: what it is and is called, why it waits, and the remedy."""

    record_id: int
    word: str
    name: str
    why: str

    @property
    def told(self) -> str:
        """Why it waits, the remedy, and where it is."""
        return f"{self.why} See the {self.word}'s record #{self.record_id}."


async def with_its_own(reading: Reading, sealer: Sealer, flow_id: int, one: Waiting) -> Waiting:
    """A wait as it is; one for a record that is held or rejected itself says what that waits for, and the remedy."""
    stuck = await _stuck(reading, sealer, flow_id, one, _DEEP)
    return one if stuck is None else _with(one, stuck)


def _with(one: Waiting, stuck: Stuck) -> Waiting:
    return msgspec.structs.replace(one, action=f"The {stuck.word} waits itself: {stuck.told}")


async def _stuck(reading: Reading, sealer: Sealer, flow_id: int, one: Waiting, deep: int) -> Stuck | None:
    """The record that is waited for, where its newest version is held or rejected."""
    if one.code not in FOLLOWING:
        return None
    entity, _, source_id = one.key.partition(":")
    row = await reading.one(
        f"""select p.flow_id, r.record_id, s.version_id, s.reason, d.number, d.content_hash, d.canonical {_AWAITED}
        where f.tenant_id = %s and f.flow_id = %s and p.name = %s and r.source_id = %s and s.state = any(%s::smallint[])""",
        reading.tenant_id, flow_id, entity, source_id, list(_STUCK),
    )  # fmt: skip
    if row is None:
        return None
    flow, record_id, version_id, reason, number, content_hash, canonical = row
    why = await _why(reading, sealer, flow, version_id, deep) or f"{title_of(reason)}."
    name = number or party_name(opened_document(sealer, content_hash, canonical))
    return Stuck(record_id, _WORDS.get(entity, entity.removesuffix("s")), name, why)


async def _why(reading: Reading, sealer: Sealer, flow_id: int, version_id: int, deep: int) -> str:
    """Why a version waits, and the remedy; of several reasons the first that does not follow by itself."""
    rows = await reading.all(
        "select detail from wait where tenant_id = %s and version_id = %s order by position",
        reading.tenant_id, version_id,
    )  # fmt: skip
    if not rows:
        return ""
    waits = sorted((opened_wait(sealer, row[0]) for row in rows), key=lambda one: one.code in FOLLOWING)
    stuck = await _stuck(reading, sealer, flow_id, waits[0], deep - 1) if deep > 1 else None
    first = waits[0] if stuck is None else _with(waits[0], stuck)
    return f"{first.sentence} {first.action}"


_OTHERS_WAIT = f"""
    select f.flow_id, w.code, count(distinct w.version_id), (array_agg(w.detail order by r.record_id))[1] {_AWAITED}
    join wait w on w.tenant_id = f.tenant_id and w.flow_id = f.flow_id and w.code = any(%s::text[])
         and w.key = p.name || ':' || r.source_id
    where f.tenant_id = %s and f.flow_id = any(%s::int[]) and s.state = any(%s::smallint[]) group by 1, 2"""


async def causes_of(reading: Reading, sealer: Sealer, flow_ids: list[int]) -> dict[int, list[Cause]]:
    """By flow: everything that waits, by cause; where some of it waits for what waits itself, it says so, and why."""
    found = await causes_in(reading, sealer, flow_ids)
    rows = await reading.all(_OTHERS_WAIT, list(FOLLOWING), reading.tenant_id, flow_ids, list(_STUCK))
    for flow_id, code, count, detail in rows:
        wait = opened_wait(sealer, detail)
        stuck = await _stuck(reading, sealer, flow_id, wait, _DEEP)
        if stuck is not None:
            found[flow_id] = [
                replace(one, example=wait.sentence, action=_action(stuck, count, one.count))
                if one.code == code
                else one
                for one in found[flow_id]
            ]
    return found


def _action(stuck: Stuck, count: int, of: int) -> str:
    waits = counted(count, "of them waits", "of them wait")
    rest = f" What waits for another {stuck.word} follows by itself." if count < of else ""
    article = "an" if stuck.word[0] in "aeiou" else "a"
    return f"{waits} for {article} {stuck.word} that waits itself, such as {stuck.name}: {stuck.told}{rest}"
