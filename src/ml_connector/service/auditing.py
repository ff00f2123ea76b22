"""Proving the audit trail, and handing it to an auditor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from ml_connector import audit
from ml_connector.audit import Anchor, Verification
from ml_connector.errors import BadInput
from ml_connector.service.desk import Desk
from ml_connector.service.roles import ALL, Role


def anchor_of(text: str) -> Anchor:
    """An anchor as ``verify`` shows it: the link's number, a colon, its hash in hexadecimal. Raises BadInput."""
    number, _, hexadecimal = text.partition(":")
    try:
        found = Anchor(int(number), bytes.fromhex(hexadecimal))
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no anchor such as 1204:9f86d0...: copy it from an earlier verification."
        ) from error
    if len(found.hash) != 32:
        raise BadInput(f"The hash of the anchor {text!r} has {len(found.hash)} bytes instead of 32: it was cut.")
    return found


async def verify_audit(desk: Desk, anchor: Anchor | None = None) -> Verification:
    """Check the tenant's whole trail: nothing altered, missing or added."""
    desk.require(*ALL)
    return await audit.verify(desk.runtime.database, desk.tenant_id, anchor=anchor)


async def export_audit(
    desk: Desk, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[bytes]:
    """The trail as JSON lines, details opened. The export itself is an event of the trail."""
    desk.require(Role.APPROVER)
    async with desk.changing() as change:
        change.event("audit exported", since=since, until=until)
    span = {name: at for name, at in (("since", since), ("until", until)) if at is not None}
    async for line in audit.export(desk.runtime.database, desk.tenant_id, await desk.sealer(), **span):
        yield line
