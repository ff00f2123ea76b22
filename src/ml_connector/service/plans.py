"""What stored plans show: each document, and what would become of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.called import label
from ml_connector.connectors.writing import Action
from ml_connector.integrations.coding import RECODED
from ml_connector.integrations.decisions import Adopt, Write
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading
from ml_connector.service.explaining import shown_decision
from ml_connector.service.finding import RECORDS, opened_document, party_name
from ml_connector.service.tallies import in_currency
from ml_connector.sync import plan
from ml_connector.sync.directory import entry_name

PLANS = f"{RECORDS} join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id"
#: Documents as their stored plans show them; the record's newest version is the one that is planned.
PLANNED = f"""select r.record_id, f.name, d.number, d.content_hash, d.canonical, d.document_date, d.amount, d.currency,
                     coalesce(p.renewed, p.body), coalesce(p.renewed_digest, p.digest) {PLANS}"""
_COUNTERPARTS = """
    select p.record_id, e.entity, e.object_id, e.body
    from unnest(%s::bigint[], %s::text[], %s::text[]) as p (record_id, entity, object_id)
    join record r on r.tenant_id = %s and r.record_id = p.record_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join directory e on e.tenant_id = f.tenant_id and e.connection_id = f.target_id and e.entity = p.entity
                    and e.object_id = p.object_id"""


@dataclass(frozen=True, slots=True)
class Planned:
    """One document and what would become of it. Its ``decision`` holds the exact payloads, which ``digest`` stands for.

    ``booked_on``: the day that the ledger gets, where that is another than its date; None for the same. Of one that links
    ``target`` and ``target_entity`` say to what, ``target_name`` what it is called there, empty where no list shows it.
    """

    record_id: int
    flow: str
    number: str
    party: str
    date: dt.date | None
    amount: Decimal
    currency: str
    does: str
    target: str
    notes: tuple[str, ...]
    decision: Any
    digest: str
    booked_on: dt.date | None = None
    target_entity: str = ""
    target_name: str = ""

    @property
    def what(self) -> str:
        """What would become of it, in words."""
        if self.does == "link":
            return f"link to {self.target_name or self.target}"
        if self.does == "recode":
            return "recode"
        return f"{self.does} on {self.booked_on}" if self.booked_on else self.does


async def shown_plans(reading: Reading, sealer: Sealer, rows: Sequence[tuple[Any, ...]]) -> tuple[Planned, ...]:
    """Rows of PLANNED; those that link with the number and name of what they link to, where a list shows it."""
    shown = [_shown(sealer, row) for row in rows]
    links = [one for one in shown if one.target]
    columns = [one.record_id for one in links], [one.target_entity for one in links], [one.target for one in links]
    listed = await reading.all(_COUNTERPARTS, *columns, reading.tenant_id)
    names = {row[0]: label(documents.decode(sealer.open(entry_name(row[1], row[2]), row[3]))) for row in listed}
    return tuple(replace(one, target_name=names.get(one.record_id, "")) for one in shown)


def _shown(sealer: Sealer, row: tuple[Any, ...]) -> Planned:
    """A row of PLANNED."""
    record_id, flow, number, content_hash, canonical, date, amount, currency, sealed, digest = row
    body = sealer.open(b"plan", sealed)
    decision, document = plan.decode(body), opened_document(sealer, content_hash, canonical)
    return Planned(
        record_id, flow, number, party_name(document), date,
        in_currency(amount, currency), currency, _does(decision, document),
        decision.target_id if isinstance(decision, Adopt) else "",
        (decision.evidence,) if isinstance(decision, Adopt) else decision.notes, shown_decision(body), digest.hex(),
        _booked_on(decision, date), decision.target_entity if isinstance(decision, Adopt) else "",
    )  # fmt: skip


_DOES = {Action.UPDATE: "change", Action.VOID: "void"}  # what a plan of such steps alone does


def _does(decision: Write | Adopt, document: Any) -> str:
    """A counterpart's status is set as the document's own party has it."""
    if isinstance(decision, Adopt):
        return "link"
    if any(RECODED in step.reference for step in decision.steps):
        return "recode"
    actions = {step.action for step in decision.steps}
    if Action.SET_STATUS in actions:
        status = "set active" if getattr(document, "active", True) else "set inactive"
        return f"change, {status}" if Action.UPDATE in actions else status
    return _DOES.get(next(iter(actions)), "post") if len(actions) == 1 else "post"


def _booked_on(decision: Write | Adopt, date: dt.date | None) -> dt.date | None:
    days = {step.date for step in decision.steps if step.date} if isinstance(decision, Write) else set()
    return max(days) if days and days != {date} else None
