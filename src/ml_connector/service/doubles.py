"""Documents that stand at a target twice: looking at them, looking for them now, and saying that they are none."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.audit.trail import opened
from ml_connector.canonical import documents
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.sealing import Sealer
from ml_connector.service.checking import NotAnswered
from ml_connector.service.connections import Connection
from ml_connector.service.desk import Desk, Reading, made
from ml_connector.service.roles import READERS, Role
from ml_connector.service.tallies import in_currency
from ml_connector.service.working import working
from ml_connector.sync.directory import entry_name, read_all_anew


@dataclass(frozen=True, slots=True)
class Standing:
    """One of the documents, as last seen. ``linked``: it is our record's counterpart; ``live`` as far as is known."""

    entity: str
    target_id: str
    number: str
    date: dt.date | None
    total: Decimal | None
    currency: str
    state: str
    linked: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Double:
    """Several live documents that stand for one thing. ``kind``: by our `reference`, or by the same `facts`.

    ``why`` it was dismissed is told where everything is asked for.
    """

    double_id: int
    connection: str
    kind: str
    reference: str
    record_id: int | None
    documents: tuple[Standing, ...]
    found_at: dt.datetime
    dismissed_by: str | None
    gone_at: dt.datetime | None
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether a person has to do something."""
        return self.gone_at is None and self.dismissed_by is None

    @property
    def sentence(self) -> str:
        """What is wrong, and what a bookkeeper does about it."""
        ids = ", ".join(one.target_id for one in self.documents)
        parties = {one.entity for one in self.documents} <= _PARTIES
        alike = "have the same name" if parties else "are alike in every figure"
        why = "carry the same reference of ours" if self.kind == "reference" else alike
        mend = (
            "merge them there into one"
            if parties
            else "void all but one of them there, and take back what was paid on it"
        )
        keep = next((one.target_id for one in self.documents if one.linked), "")
        kept = f" Keep {keep}, which is linked to #{self.record_id}." if keep and self.record_id else ""
        return (
            f"{ids} in {self.connection} {why}: {mend}.{kept} "
            f"It is never done from here. If they are different, 'ml-connector doubles dismiss {self.double_id} WHY'."
        )


@dataclass(frozen=True, slots=True)
class Swept:
    """When a connection was last looked through; ``lacking`` says what could not be seen whole, empty if all was."""

    connection: str
    swept_at: dt.datetime | None
    lacking: str


@dataclass(frozen=True, slots=True)
class Doubles:
    """The doubles of a tenant, and how well they were looked for."""

    found: tuple[Double, ...]
    sweeps: tuple[Swept, ...]


_PARTIES = frozenset(["parties", "contacts", "customers", "vendors"])
_DISMISSED = "double dismissed"
_DOUBLES = """
    select b.double_id, c.name, b.kind, b.reference, b.record_id, b.found_at, b.dismissed_by, b.gone_at,
           b.connection_id, b.entities, b.target_ids
    from double b join connection c on c.tenant_id = b.tenant_id and c.connection_id = b.connection_id
    where b.tenant_id = %s"""
_STANDING = """
    select d.entity, d.object_id, d.document_date, d.total, d.currency, d.state, d.active and d.state <> 'gone', d.body,
           exists (select 1 from link l join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id
                        and f.name = l.entity and f.target_id = d.connection_id
                   where l.tenant_id = d.tenant_id and l.target_entity = d.entity and l.target_id = d.object_id)
    from unnest(%s::text[], %s::text[]) as wanted (entity, object_id)
    join directory d on d.tenant_id = %s and d.connection_id = %s and d.entity = wanted.entity
         and d.object_id = wanted.object_id
    order by d.object_id"""


async def doubles(desk: Desk, *, everything: bool = False) -> Doubles:
    """What stands twice, oldest first; with ``everything`` also what was dismissed or is gone."""
    desk.require(*READERS)
    sealer = await desk.sealer()
    still = "" if everything else " and b.gone_at is null and b.dismissed_at is null"
    async with desk.looking() as reading:
        rows = await reading.all(f"{_DOUBLES}{still} order by b.double_id", desk.tenant_id)
        sweeps = await reading.all(
            """select c.name, s.swept_at, s.lacking from sweep s
            join connection c on c.tenant_id = s.tenant_id and c.connection_id = s.connection_id
            where s.tenant_id = %s order by s.connection_id""",
            desk.tenant_id,
        )  # fmt: skip
        found = [await _double(reading, sealer, row) for row in rows]
        if any(one.dismissed_by for one in found):
            reasons = await _reasons(reading, sealer, [one.record_id for one in found if one.record_id])
            found = [replace(one, why=reasons.get(one.double_id, "")) for one in found]
    return Doubles(tuple(found), tuple(Swept(*row) for row in sweeps))


async def _reasons(reading: Reading, sealer: Sealer, records: Sequence[int]) -> dict[int, str]:
    """Why doubles were dismissed, by number; the reason stands in the audit trail alone."""
    rows = await reading.all(
        f"""select {EVENT_COLUMNS} from audit_event
        where tenant_id = %s and kind = %s and (record_id is null or record_id = any(%s::bigint[]))""",
        reading.tenant_id, _DISMISSED, list(records),
    )  # fmt: skip
    told = [_opened(sealer, reading.tenant_id, StoredEvent(*row)) for row in rows]
    return {one["double"]: str(one["why"]) for one in told if "double" in one}


def _opened(sealer: Sealer, tenant_id: int, event: StoredEvent) -> dict[str, Any]:
    return opened(sealer, event.identity(tenant_id), event.body)[0]


async def doubles_of(reading: Reading, sealer: Sealer, record_id: int) -> tuple[Double, ...]:
    """What stands twice of one record, in an open transaction."""
    rows = await reading.all(
        f"{_DOUBLES} and b.record_id = %s and b.gone_at is null order by b.double_id", reading.tenant_id, record_id
    )
    return tuple([await _double(reading, sealer, row) for row in rows])


async def open_doubles_in(reading: Reading) -> dict[str, int]:
    """By connection: how many things stand twice there and wait for a person."""
    rows = await reading.all(
        """select c.name, count(*) from double b
        join connection c on c.tenant_id = b.tenant_id and c.connection_id = b.connection_id
        where b.tenant_id = %s and b.gone_at is null and b.dismissed_at is null group by c.name order by c.name""",
        reading.tenant_id,
    )  # fmt: skip
    return {name: int(count) for name, count in rows}


async def _double(reading: Reading, sealer: Sealer, row: Sequence[Any]) -> Double:
    *head, found_at, dismissed_by, gone_at, connection_id, entities, ids = row
    shown = await reading.all(_STANDING, entities, ids, reading.tenant_id, connection_id)
    standing = tuple(_standing(sealer, one) for one in shown)
    return made(Double, *head, standing, found_at, dismissed_by, gone_at)


def _standing(sealer: Sealer, row: Sequence[Any]) -> Standing:
    entity, object_id, date, total, currency, state, live, body, linked = row
    document = documents.decode(sealer.open(entry_name(entity, object_id), body))
    number = str(getattr(document, "number", "") or getattr(document, "name", ""))
    amount = None if total is None else in_currency(total, currency)
    return Standing(entity, object_id, number, date, amount, currency, state, linked, live)


# --- looking now, and dismissing ---------------------------------------------------------------------------------


async def look_now(desk: Desk, known: Sequence[Connection], *, seconds: float = 300.0) -> Doubles:
    """Have the lanes of connections that flows write to read their lists whole, and look for doubles.

    ``seconds`` of machine time are waited for at most. Raises Refused when nothing is written anywhere, NotAnswered.
    """
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    asked, loop = await _ask(desk, known), asyncio.get_running_loop()
    async with working(desk.runtime) as work:
        until = loop.time() + seconds
        while await _asked_still(desk, asked):
            if loop.time() > until:
                raise NotAnswered(
                    f"The lists could not be read whole within {seconds:.0f} s: a limit may be waited for, or a vendor "
                    "is away. It is done as soon as it can be; 'ml-connector doubles' shows what was found."
                )
            await work.pause()
    return await doubles(desk)


async def _ask(desk: Desk, known: Sequence[Connection]) -> list[int]:
    async with desk.looking() as reading:
        rows = await reading.all(
            """select distinct target_id from flow where tenant_id = %s and mode <> 'off' and target_id = any(%s::int[])
               and exists (select 1 from connection c where c.tenant_id = flow.tenant_id
                           and c.connection_id = flow.target_id and c.state = 'good')
            order by target_id""",
            desk.tenant_id, [one.connection_id for one in known],
        )  # fmt: skip
    asked = [row[0] for row in rows]
    if not asked:
        raise Refused("No flow that is on writes to a connection that works, so there is nothing to look through.")
    for connection_id in asked:
        await _ask_one(desk, connection_id)
    return asked


async def _ask_one(desk: Desk, connection_id: int) -> None:
    """A transaction of its own: one that held rows of two connections could wait for two lanes in a circle."""
    async with desk.changing() as change:
        await read_all_anew(change.connection, desk.tenant_id, connection_id)
        await change.run(
            """insert into sweep (tenant_id, connection_id, requested_at, requested_by) values (%s, %s, %s, %s)
            on conflict (tenant_id, connection_id) do update
            set requested_at = excluded.requested_at, requested_by = excluded.requested_by""",
            desk.tenant_id, connection_id, desk.clock.now(), desk.actor.name,
        )  # fmt: skip
        change.event("asked for a sweep", connections=[connection_id])
        await change.wake([connection_id], "doubles")


async def _asked_still(desk: Desk, asked: Sequence[int]) -> bool:
    async with desk.looking() as reading:
        row = await reading.one(
            """select exists (select 1 from sweep where tenant_id = %s and connection_id = any(%s::int[])
               and requested_at is not null)""",
            desk.tenant_id, list(asked),
        )  # fmt: skip
    return bool(row and row[0])


async def dismiss_double(desk: Desk, double_id: int, why: str) -> None:
    """Say that they are different documents after all. Raises BadInput without a reason, NotFound, Refused."""
    desk.require(Role.APPROVER, Role.BOOKKEEPER)
    why = " ".join(why.split())
    if not why:
        raise BadInput("Say why they are no doubles, such as 'two deliveries on one day'; it stays in the audit trail.")
    async with desk.changing() as change:
        row = await change.one(
            "select record_id, dismissed_by, gone_at from double where tenant_id = %s and double_id = %s for update",
            desk.tenant_id, double_id,
        )  # fmt: skip
        if row is None:
            raise NotFound(f"There is no double {double_id}: 'ml-connector doubles' lists them.")
        record_id, by, gone_at = row
        if by or gone_at:
            raise Refused(f"Double {double_id} is settled already: " + (f"{by} dismissed it." if by else "it is gone."))
        await change.run(
            "update double set dismissed_at = %s, dismissed_by = %s where tenant_id = %s and double_id = %s",
            desk.clock.now(), desk.actor.name, desk.tenant_id, double_id,
        )  # fmt: skip
        change.event(_DISMISSED, record_id=record_id, double=double_id, why=why)
