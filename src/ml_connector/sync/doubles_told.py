"""Which doubles stand: found as far as they were looked at, stored, told when they come, change and go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ml_connector.integrations.views import PART
from ml_connector.sync.doubles_looked import Looked
from ml_connector.sync.doubles_shown import Double, Suspects, groups_alike, of_one_reference
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.references import is_short


async def _found(
    transaction: LaneTransaction, entities: Sequence[str], known: Collection[str], looked: Looked
) -> list[Double]:
    """Doubles as the directory shows them. What looks alike and was not looked at is none, unless it was one before."""
    unseen = looked.unseen
    alike = [
        Double("facts", f"facts {key}", tuple(shown), next((one.claim for one in shown if one.claim), ""))
        for key, shown in (await groups_alike(transaction, entities, looked.absent)).items()
    ]
    return [
        *await of_one_reference(transaction, entities),
        *(one for one in alike if one.key in known or not any(id_ in unseen for id_ in one.ids)),
    ]


async def suspects_of(lane: Lane, entities: Sequence[str]) -> Suspects:
    """By group: documents that look like ours, say nothing of whose they are, and have not been told as doubles yet."""
    async with lane.transaction() as transaction:
        known = await _open(transaction, entities)
        groups = await groups_alike(transaction, entities)
    return {
        key: [one for one in shown if not one.claim] for key, shown in groups.items() if f"facts {key}" not in known
    }


_Known = Mapping[str, tuple[int, list[str], int | None]]


async def _open(transaction: LaneTransaction, entities: Sequence[str]) -> _Known:
    """Doubles of these lists that stand: by key their number, the documents' ids and the record."""
    rows = await transaction.all(
        """select key, double_id, target_ids, record_id from double
        where tenant_id = %s and connection_id = %s and gone_at is null and entities <@ %s::text[]""",
        transaction.lane.tenant_id, transaction.lane.connection_id, list(entities),
    )  # fmt: skip
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def tell_all(transaction: LaneTransaction, entities: Sequence[str], looked: Looked) -> None:
    """Store and tell what is found, as far as it was looked at."""
    known = await _open(transaction, entities)
    await _store(transaction, await _found(transaction, entities, known, looked), known)


async def _store(transaction: LaneTransaction, found: Sequence[Double], known: _Known) -> None:
    for one in found:
        if one.key not in known:
            await _add(transaction, one)
        elif known[one.key][1] != one.ids:
            await _change(transaction, one, known[one.key][0])
    still = {one.key for one in found}
    for key, (double_id, ids, record_id) in known.items():
        if key not in still:
            await transaction.run(
                "update double set gone_at = %s where tenant_id = %s and double_id = %s",
                transaction.lane.clock.now(), transaction.lane.tenant_id, double_id,
            )  # fmt: skip
            transaction.event("double gone", record_id=record_id, double=double_id, documents=ids)


async def _add(transaction: LaneTransaction, one: Double) -> None:
    record_id = one.record_id or await _record_of(transaction, one.reference)
    row = await transaction.one(
        """insert into double (tenant_id, connection_id, kind, key, entities, target_ids, reference, record_id, found_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning double_id""",
        transaction.lane.tenant_id, transaction.lane.connection_id, one.kind, one.key,
        [shown.entity for shown in one.shown], one.ids, one.reference, record_id, transaction.lane.clock.now(),
    )  # fmt: skip
    assert row is not None
    _tell(transaction, "double found", one, row, record_id)


async def _change(transaction: LaneTransaction, one: Double, double_id: int) -> None:
    """Others stand for it now; what a person has said of the former ones does not count for these."""
    await transaction.run(
        """update double set target_ids = %s, entities = %s, dismissed_at = null, dismissed_by = null
        where tenant_id = %s and double_id = %s""",
        one.ids, [shown.entity for shown in one.shown], transaction.lane.tenant_id, double_id,
    )  # fmt: skip
    _tell(transaction, "double changed", one, (double_id,), one.record_id)


def _tell(transaction: LaneTransaction, kind: str, one: Double, row: tuple[Any, ...], record_id: int | None) -> None:
    transaction.event(kind, record_id=record_id, double=row[0], documents=one.ids, by=one.kind, reference=one.reference)


async def _record_of(transaction: LaneTransaction, reference: str) -> int | None:
    """The record of ours that a reference names, if it is one of this database; a step's own goes on behind that, and so

    does that of a part. A short one does not tell the source's id.
    """
    parts = reference.partition(PART)[0].split("-")
    row = await transaction.one(
        """select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        where r.tenant_id = %s and f.target_id = %s and (%s or r.source_id = any(%s::text[]))
          and r.reference = any(%s::text[])
        order by length(r.reference) desc limit 1""",
        transaction.lane.tenant_id, transaction.lane.connection_id, is_short(reference), parts,
        ["-".join(parts[:end]) for end in range(1, len(parts) + 1)],
    )  # fmt: skip
    return int(row[0]) if row else None
