"""A vendor whose counterpart is gone, linked anew by hand: once anything is posted on it, the one named is another payee.

That is an approver's, as a changed address is; where four eyes are asked for, two people name the same counterpart, and the
one who does it second is an approver. What the first one named stands in the audit trail, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.audit.trail import timeline
from ml_connector.integrations.base import IntegrationType
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk
from ml_connector.service.finding import opened_document
from ml_connector.service.roles import NotAllowed, Role
from ml_connector.sync.flows import parse_settings

ASKED = "link asked"


@dataclass(frozen=True, slots=True)
class Payee:
    """The vendor of a record as its newest version shows it."""

    record_id: int
    version_id: int
    integration_id: int
    integration: IntegrationType
    flow: str
    source_id: str


async def may_relink(desk: Desk, change: Change, sealer: Sealer, payee: Payee, target_id: str) -> bool:
    """Whether the person may link the vendor with another counterpart now; False where a second one has to name it too.

    Raises NotAllowed for who is no approver, where nobody else is asked for.
    """
    row = await change.one(
        """select settings::text, settings ->> 'four_eyes' = 'yes' from integration
        where tenant_id = %s and integration_id = %s""",
        change.tenant_id, payee.integration_id,
    )  # fmt: skip
    assert row is not None
    if not await _has_posted(change, sealer, payee, str(row[0])):
        return True
    approves = desk.actor.role in (Role.OWNER, Role.APPROVER)
    if not row[1]:
        if not approves:
            raise NotAllowed(
                f"Documents of record #{payee.record_id} are posted already, so {target_id} would be another payee: an "
                "approver links it. Nothing was linked."
            )
        return True
    if approves and await _named_by_another(desk, change, sealer, payee, target_id):
        return True
    change.event(ASKED, record_id=payee.record_id, version_id=payee.version_id, target=target_id)
    return False


async def _has_posted(change: Change, sealer: Sealer, payee: Payee, settings: str) -> bool:
    """Whether any document that has a counterpart is the vendor's: a customer may have the same id."""
    rows = await change.all(
        """select distinct on (l.entity) l.entity, d.content_hash, d.canonical from link l
        join document d on d.tenant_id = l.tenant_id and d.version_id = l.version_id
        where l.tenant_id = %s and l.integration_id = %s and d.party_id = %s and l.entity = any(%s::text[])""",
        change.tenant_id, payee.integration_id, payee.source_id,
        [one.name for one in payee.integration.flows if one.dated and not one.mirrors],
    )  # fmt: skip
    known = parse_settings(payee.integration, settings.encode())
    return any(
        (payee.flow, payee.source_id)
        in payee.integration.flow(entity).needs_links(opened_document(sealer, content_hash, canonical), known)
        for entity, content_hash, canonical in rows
    )


async def _named_by_another(desk: Desk, change: Change, sealer: Sealer, payee: Payee, target_id: str) -> bool:
    """Whether somebody else has named the same counterpart for what the vendor is now, and nobody has linked it since."""
    named = False
    for one in await timeline(change.connection, change.tenant_id, payee.record_id, sealer):
        if one.kind == "linked":
            named = False
        elif one.kind == ASKED and one.actor != desk.actor.name and one.version_id == payee.version_id:
            named = named or one.details.get("target") == target_id
    return named
