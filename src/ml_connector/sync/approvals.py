"""APPROVE: what waits for an approver although its flow is live, for its sum or for a row that one person alone has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.integrations.approvals import large
from ml_connector.integrations.decisions import Decision, Hold, Waiting, Write, waiting
from ml_connector.integrations.recoding import Recode
from ml_connector.integrations.views import View
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.reads import Read

Unconfirmed = Mapping[tuple[str, str], str]


async def unconfirmed(transaction: LaneTransaction, flow: Flow) -> Unconfirmed:
    """By mapping table and key who wrote the rows that nobody else has confirmed; none without four eyes."""
    if getattr(flow.settings, "four_eyes", "no") != "yes":
        return {}
    rows = await transaction.all(
        """select table_name, source_key, changed_by from mapping
        where tenant_id = %b and integration_id = %b and confirmed_by is null""",
        transaction.lane.tenant_id, flow.integration_id,
    )  # fmt: skip
    return {(table, key): who for table, key, who in rows}


def first_approved(flow: Flow, decision: Decision, view: View, reads: Sequence[Read], rows: Unconfirmed) -> Hold | None:
    """The hold of what an approver has to look at before it is written; None where it may go, or is only shown anyway."""
    if not isinstance(decision, Write) or isinstance(decision, Recode) or flow.type.follows:
        return None
    waits = [one for one in (large(decision, view),) if one is not None]
    if not view.done:
        waits += _by_rows(reads, rows)
    return Hold(tuple(waits)) if waits else None


def _by_rows(reads: Sequence[Read], rows: Unconfirmed) -> list[Waiting]:
    alone = {(one.table, one.key): rows[one.table, one.key] for one in reads if (one.table, one.key) in rows}
    return [
        waiting("row_unconfirmed", "confirmation", f"{table}:{key}", table=table, who=who)
        for (table, key), who in sorted(alone.items())
    ]
