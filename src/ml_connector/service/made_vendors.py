"""Vendors that were made in a ledger from here, and what each still lacks there: tax id, form 1099, terms, remit-to.

Only of integrations that ask for it by a setting: a supplier that is staged for approval is
completed by those who keep suppliers there, and what of its address is kept beside it is not read back.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.integrations.complete_vendors import completeness, is_asked_for
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.roles import READERS
from ml_connector.sync.directory import entry_name

_PLACE, _HELD = "parties", "vendor_lacks_details"


@dataclass(frozen=True, slots=True)
class MadeVendor:
    """A vendor that we made. ``lacks`` is what is still to be entered in the ledger, ``not_told`` what it does not tell.

    ``read`` False: its own page there could not be read yet, and only a list has told of it. ``waiting``: documents that
    are held until it is complete.
    """

    connection: str
    vendor_id: str
    target_id: str
    name: str
    made_at: dt.datetime
    lacks: tuple[str, ...]
    not_told: tuple[str, ...]
    read: bool
    waiting: int

    @property
    def incomplete(self) -> bool:
        """Whether something is still to be entered, or to be read."""
        return bool(self.lacks) or not self.read


@dataclass(frozen=True, slots=True)
class MadeVendors:
    """Vendors that we made, by ledger in the order in which we made them; ``made`` and ``incomplete`` count all of them.

    Those that are inactive or gone there, or were merged into others, are not among them.
    """

    made: int
    incomplete: int
    vendors: tuple[MadeVendor, ...]


_MADE = """
    select c.name, l.source_id, l.target_id, l.made_at, e.body, c.organisation,
           (select count(distinct w.version_id) from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
            where w.tenant_id = l.tenant_id and f.integration_id = l.integration_id and w.kind = 'fact'
              and w.key = 'parties:' || l.target_id and w.code = %s)
    from link l
    join integration i on i.tenant_id = l.tenant_id and i.integration_id = l.integration_id
    join connection c on c.tenant_id = i.tenant_id and c.connection_id = i.target_id
    join directory e on e.tenant_id = l.tenant_id and e.connection_id = i.target_id and e.entity = l.target_entity
                    and e.object_id = l.target_id
    where l.tenant_id = %s and l.entity = 'vendors' and l.target_entity = %s and i.kind = any(%s::text[])
      and l.origin in ('created', 'adopted') and not l.mirrored and e.active and e.state <> 'gone' and e.merged_into = ''
    order by c.name, l.made_at, l.link_id"""


async def made_vendors(desk: Desk, *, incomplete: bool = False) -> MadeVendors:
    """All vendors that we made, or only the ``incomplete`` ones."""
    desk.require(*READERS)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        found = await _made(desk, reading, sealer)
    lacking = [one for one in found if one.incomplete]
    return MadeVendors(len(found), len(lacking), tuple(lacking if incomplete else found))


async def incomplete_in(desk: Desk, reading: Reading, sealer: Sealer) -> dict[str, int]:
    """By ledger, how many vendors that we made lack something there."""
    return dict(Counter(one.connection for one in await _made(desk, reading, sealer) if one.incomplete))


def _kinds(desk: Desk) -> list[str]:
    """Integrations that ask for completeness; where suppliers are staged with all that is told of them none does."""
    kinds = desk.runtime.integrations
    return [name for name, kind in kinds.items() if is_asked_for(kind.settings)]


async def _made(desk: Desk, reading: Reading, sealer: Sealer) -> list[MadeVendor]:
    rows = await reading.all(_MADE, _HELD, reading.tenant_id, _PLACE, _kinds(desk))
    editions: dict[bytes, str] = {}
    found = []
    for connection, vendor_id, target_id, made_at, body, sealed, waiting in rows:
        if sealed not in editions:
            editions[sealed] = _edition(sealer, sealed)
        vendor = documents.decode(sealer.open(entry_name(_PLACE, target_id), body))
        assert isinstance(vendor, Party)
        shown = completeness(vendor, editions[sealed])
        told = shown.missing, shown.not_told, shown.read
        found.append(MadeVendor(connection, vendor_id, target_id, vendor.name, made_at, *told, int(waiting)))
    return found


def _edition(sealer: Sealer, sealed: bytes) -> str:
    books = documents.decode(sealer.open(b"organisation", sealed))
    assert isinstance(books, Organisation)
    return books.edition
