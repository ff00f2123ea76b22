"""What can be read, and how each table is asked. A reading has no options here.

By ``ids`` (sys_ids) documents come as from the list; one that does not exist any more, or is hidden from this user, is simply
not among the rows. Invoices are joined with their newest outbound record, open error task and refused staged rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Session
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.reading import UNIDENTIFIED, Page, Readable, Reading, Row
from ml_connector.connectors.servicenow import joins, own_lists, translate
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance, groups
from ml_connector.connectors.servicenow.errors import Refusal
from ml_connector.connectors.servicenow.profiles import Profile, Shown, profile_of
from ml_connector.connectors.servicenow.query import one_of
from ml_connector.connectors.servicenow.scopes import FINANCE
from ml_connector.connectors.servicenow.standing import shown_of
from ml_connector.connectors.servicenow.translate import Fieldwise
from ml_connector.connectors.servicenow.walk import Listing, cursor_of, raw_of, walk
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted

Translate = Callable[[Fieldwise, Mapping[str, str], str], Document]
# None visible of these would be taken for none there. Of documents somebody may be shown their own alone.
_RELIED_ON = frozenset({"parties", "accounts", "dimensions", "legal_entities"})
# Of these what is not there is made from here.
_MADE = frozenset({"parties", "dimensions"})
_BILLS_TOGETHER = 100  # invoices of a page: what is joined asks for all their ids in one address


@dataclass(frozen=True, slots=True)
class Resource:
    """An entity: its table by the profile, what a row is called, and its translation."""

    kind: str
    title: str
    translate: Translate


RESOURCES: Mapping[str, Resource] = {
    "parties": Resource("supplier", "supplier", translate.party),
    "accounts": Resource("account", "GL account", translate.account),
    "dimensions": Resource("cost_center", "cost centre", translate.dimension),
    "legal_entities": Resource("legal_entity", "legal entity", translate.legal_entity),
    "payment_terms": Resource("payment_term", "payment term", translate.payment_term),
    "bills": Resource("invoice", "invoice", translate.bill),
    "vendor_payments": Resource("payment", "payment detail", translate.payment),
}
READABLE: Mapping[str, Readable] = {entity: Readable(entity, (), incremental=True) for entity in RESOURCES}


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of an entity. Raises BadInput for an unknown one."""
    if reading.entity not in RESOURCES:
        raise BadInput(f"ServiceNow has no {reading.entity} to read here; it has {', '.join(sorted(RESOURCES))}.")
    kind = RESOURCES[reading.entity].kind
    if not profile_of(session.settings).shown[kind].columns:
        return own_lists.pages(session.settings, kind, reading)
    return _by_id(session, reading) if reading.ids else _walk(session, reading)


def table_of(session: Session, entity: str) -> Shown:
    """The table an entity is read from, with its columns."""
    profile = profile_of(session.settings)
    return shown_of(profile, entity, session.settings) if entity == "parties" else profile.shown[RESOURCES[entity].kind]


def _walk(session: Session, reading: Reading) -> AsyncIterator[Page]:
    shown = table_of(session, reading.entity)
    profile = profile_of(session.settings)
    instance = Instance(session)

    async def translated(rows: Sequence[dict[str, Any]]) -> list[Row]:
        return await rows_of(instance, profile, reading.entity, shown, rows)

    day = shown.columns.get("date", "") if reading.entity in ("bills", "vendor_payments") else ""
    listing = Listing(
        shown, translated, day=day, page_rows=_BILLS_TOGETHER if reading.entity == "bills" else 0,
        role=FINANCE if reading.entity in _RELIED_ON else "", made=reading.entity in _MADE,
    )  # fmt: skip
    return _permitted(walk(instance, listing, cursor_of(reading.cursor, reading.since)))


async def _permitted(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """The pages. Raises NotPermitted where the user may not read this one table: others are read all the same."""
    try:
        async for page in pages:
            yield page
    except Refusal as error:
        if error.reason != "not_permitted":
            raise
        raise NotPermitted(error.sentence) from error


async def _by_id(session: Session, reading: Reading) -> AsyncIterator[Page]:
    shown, profile, instance = table_of(session, reading.entity), profile_of(session.settings), Instance(session)
    together = [*groups(reading.ids, _BILLS_TOGETHER)]
    for n, ids in enumerate(together, 1):
        query = Query(
            shown.table,
            f"{one_of('sys_id', ids)}^ORDERBYsys_id",
            shown.asked,
            column="sys_id",
            told=frozenset(ids),
        )
        (found,) = await instance.every([query])
        rows = await rows_of(instance, profile, reading.entity, shown, found)
        yield Page(tuple(rows), reading.cursor or b"", last=n == len(together))


async def rows_of(
    instance: Instance, profile: Profile, entity: str, shown: Shown, found: Sequence[dict[str, Any]]
) -> list[Row]:
    """The rows translated, invoices with what keeps them."""
    resource, settings = RESOURCES[entity], instance.session.settings
    rows = [Fieldwise(shown, fields) for fields in found]
    known = await joins.troubles(instance, profile, rows) if entity == "bills" and rows else None
    return [_row(resource, row, settings, known.of(row, settings) if known else "") for row in rows]


def _row(resource: Resource, row: Fieldwise, settings: Mapping[str, str], trouble: str) -> Row:
    raw = raw_of({**row.fields, "trouble": trouble} if trouble else dict(row.fields))
    stamp = row.stamp
    try:
        row.check()
        return Row(row.id, raw, resource.translate(row, settings, trouble), stamp)
    except Unreadable as error:
        key = row.id or f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}"
        return Row(key, raw, None, stamp, f"{resource.title} {row.id or 'without an id'} of ServiceNow: {error}.")
