"""RELEASED: what a person lets go on by comparing two sides is let go for the versions that were shown, of either side."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.integrations.reasons import FOR_BOTH
from ml_connector.sync.lane import LaneTransaction

# By its own flow a record's link begins at it; by a flow that mirrors another it ends there. A detail that shows more of the
# same version, by its stamp, is no change.
_OUTDATED = """
    delete from release r using record c, flow f, link l,
        unnest(%b::text[], %b::text[], %b::boolean[], %b::bytea[]) as page (id, stamp, in_full, content_hash), directory d
    where r.tenant_id = %b and r.code = any(%b::text[])
      and c.tenant_id = r.tenant_id and c.record_id = r.record_id
      and f.tenant_id = r.tenant_id and f.flow_id = c.flow_id and f.target_id = %b
      and l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
      and (l.entity = f.name and l.source_id = c.source_id and l.target_entity = %b and l.target_id = page.id
           or l.entity = %b and l.source_id = page.id and l.target_id = c.source_id and l.entity <> f.name)
      and d.tenant_id = r.tenant_id and d.connection_id = f.target_id and d.entity = %b and d.object_id = page.id
      and (d.stamp <> page.stamp or d.in_full and page.in_full and d.content_hash is distinct from page.content_hash)"""


async def let_lapse(
    transaction: LaneTransaction, entity: str, found: Sequence[Document], hashes: Sequence[bytes]
) -> None:
    """Take back releases of what was compared with these documents of the target, where they are about to be filed anew.

    ``hashes`` are of what they show now. Whoever was held is held again, and shows what is there now.
    """
    parties = [(one, hash_) for one, hash_ in zip(found, hashes, strict=True) if isinstance(one, Party)]
    if not parties:
        return
    lane = transaction.lane
    await transaction.run(
        _OUTDATED, [one.id for one, _ in parties], [one.stamp for one, _ in parties], [one.in_full for one, _ in parties],
        [hash_ for _, hash_ in parties], lane.tenant_id, list(FOR_BOTH), lane.connection_id, entity, entity, entity,
    )  # fmt: skip
