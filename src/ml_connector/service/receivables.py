"""Receivables: what each customer owes on both sides now, and why that differs.

Both sides are asked in their lanes: the source for what is open, the ledger for what changed in its lists. Open items are
paired by their link, else by number and party.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.canonical.master_data import Party, parts_of_location
from ml_connector.canonical.numbers import name_key
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.connectors.reading import OpenItem
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.base import IntegrationType
from ml_connector.lanes.questions import LISTS, OPEN_ITEMS
from ml_connector.sealing import Sealer
from ml_connector.service.checking import asked
from ml_connector.service.company_books import listed, organisation_of
from ml_connector.service.connections import connections_in
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.owed import Books, Compared, Item, laid
from ml_connector.service.roles import Role
from ml_connector.service.tallies import counted
from ml_connector.service.working import working
from ml_connector.sync.states import State

_STANDING = """
    select r.source_id, s.state, l.target_id from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join link l on l.tenant_id = r.tenant_id and l.integration_id = f.integration_id and l.entity = f.name
         and l.source_id = r.source_id
    where r.tenant_id = %s and f.integration_id = %s and f.name = %s"""


async def compare(desk: Desk, integration: Integration, at: dt.date | None = None) -> Compared:
    """Compare what customers owe on both sides, documents dated until ``at`` (all without). Balances are as they are now.

    Raises BadInput for an integration without receivables, NotAnswered, Refused with why it could not be read.
    """
    desk.require(Role.APPROVER, Role.BOOKKEEPER)
    if "payments" not in {flow.name for flow in integration.flows}:
        raise BadInput(f"{integration.title} carries no receivables, so there is nothing to compare.")
    async with desk.looking() as reading:
        known = {one.connection_id: one for one in await connections_in(reading, desk.clock.now())}
    async with working(desk.runtime) as work:
        lists = await asked(
            desk,
            known[integration.target_id],
            LISTS + ",".join(lists_of(desk.runtime.integrations[integration.kind])),
            work,
        )
        _items(lists, known[integration.target_id].name)
        answer = await asked(desk, known[integration.source_id], OPEN_ITEMS, work)
    items = _items(answer, known[integration.source_id].name)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        return await _compared(desk, reading, sealer, integration, items, at)


_LAST = """
    select answer, answered_at from question where tenant_id = %s and connection_id = %s and what = %s
    and answered_at is not null order by question_id desc limit 1"""


async def mention(desk: Desk, integration: Integration, flow: str) -> str:
    """What whoever lets invoices or payments go should know of the last comparison; empty when all agreed. Asks nobody."""
    if flow not in ("invoices", "payments", "credit_memos") or "payments" not in {
        one.name for one in integration.flows
    }:
        return ""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        row = await reading.one(_LAST, desk.tenant_id, integration.source_id, OPEN_ITEMS)
        if row is None:
            return "What customers owe on both sides was not compared yet: 'ml-connector compare' does."
        try:
            items = _items(sealer.open(b"answer", row[0]), integration.source)
            found = await _compared(desk, reading, sealer, integration, items, None)
        except Refused as error:
            return error.sentence
    if not found.differing:
        return ""
    owe = counted(len(found.differing), "customer owes", "customers owe")
    then = f"as that was on {row[1]:%Y-%m-%d %H:%M} UTC"
    return f"{owe} otherwise in {found.target} than in {found.source}, {then}: see 'ml-connector compare'."


def _items(answer: bytes, source: str) -> list[OpenItem]:
    told: list[Any] = msgspec.json.decode(answer)
    problem = next((one["problem"] for one in told if "problem" in one), "")
    if problem:
        raise Refused(f"What customers owe could not be read at {source}: {problem}")
    return msgspec.json.decode(answer, type=list[OpenItem])


def lists_of(kind: IntegrationType) -> tuple[str, ...]:
    """The ledger's lists in which open items stand: money on no invoice is a rest of payments, or documents of its own."""
    whole = kind.flow("payments").ways.whole_payments
    money = ("payments",) if whole else ("overpayments", "prepayments")
    return ("parties", "invoices", "credit_notes", *money)


# --- both sides --------------------------------------------------------------------------------------------------


async def _compared(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, items: Sequence[OpenItem],
    at: dt.date | None,
) -> Compared:  # fmt: skip
    kind = desk.runtime.integrations[integration.kind]
    found = {one: await listed(reading, sealer, integration.target_id, one) for one in lists_of(kind)}
    unread = sorted(name for name, rows in found.items() if rows is None)
    if unread:
        raise Refused(
            f"{', '.join(unread)} of {integration.target} were not read yet: 'ml-connector preview' reads them."
        )
    parties = {id_: one for id_, one in (found["parties"] or {}).items() if isinstance(one, Party)}
    books = await _books(reading, integration, parties, items)
    chosen = integration.settings.get(kind.currency_setting)
    company = str(chosen or (await organisation_of(reading, sealer, integration.source_id)).currency)
    start = integration.flow("invoices").start_date
    here = [_here(one, books, company, start) for one in items]
    there = [open_there(one, books, company, start) for rows in found.values() for one in (rows or {}).values()]
    return laid(integration, books, at, _until(at, here), _until(at, there))


def _until(at: dt.date | None, items: Iterable[Item | None]) -> list[Item]:
    """What is open and dated until then; what has no date is always among it."""
    return [one for one in items if one is not None and (at is None or one.date is None or one.date <= at)]


async def _books(
    reading: Reading, integration: Integration, parties: Mapping[str, Party], items: Sequence[OpenItem]
) -> Books:
    books = Books(parties)
    for source_id, state, target in await reading.all(
        _STANDING, reading.tenant_id, integration.integration_id, "invoices"
    ):
        books.invoices[source_id] = (State(state), target or "")
    for source_id, _, target in await reading.all(
        _STANDING, reading.tenant_id, integration.integration_id, "customers"
    ):
        if target:
            books.customers[source_id] = target
    for source_id, _, target in await reading.all(
        _STANDING, reading.tenant_id, integration.integration_id, "locations"
    ):
        if target:
            books.locations[target] = parts_of_location(source_id)[0]
    books.names = {one.party_id: one.party for one in items}
    _match_names(books)
    return books


def _match_names(books: Books) -> None:
    """Customers that are not linked yet go with the one contact of their name, if one only is called so on both sides."""
    linked = {*books.customers.values(), *books.locations}
    there = _by_name((id_, one.name) for id_, one in books.parties.items() if id_ not in linked)
    for key, ids in _by_name((id_, name) for id_, name in books.names.items() if id_ not in books.customers).items():
        if len(ids) == 1 and len(there.get(key, ())) == 1:
            books.customers[ids[0]] = there[key][0]


def _by_name(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for id_, name in named:
        found[name_key(name)].append(id_)
    return found


def _here(one: OpenItem, books: Books, currency: str, start: dt.date | None) -> Item:
    state, target = books.invoices.get(one.id, (State.STAGED, "")) if one.kind == "invoice" else (State.STAGED, "")
    customer = books.customers.get(one.party_id) or f"source {one.party_id}"
    if one.kind == "unapplied":
        cause = "unapplied"
    elif start is not None and one.date is not None and one.date < start:
        cause = "before start"
    elif not one.posted:
        cause = "not posted"
    else:
        cause = "held" if state in (State.HELD, State.REJECTED) else "not yet"
    return Item(
        target or one.id, one.kind, customer, one.currency or currency, one.balance, one.number, one.date, cause
    )


def open_there(one: object, books: Books, currency: str, start: dt.date | None) -> Item | None:
    """An open item of the ledger; None for what is settled, or not in its books."""
    if isinstance(one, Invoice) and one.active and one.balance and one.state is InvoiceState.AUTHORISED:
        kind, party = ("unapplied" if one.kind == "credit note" else "invoice"), one.customer.id
        balance = -one.balance if one.kind == "credit note" else one.balance
    elif isinstance(one, Payment) and one.active and one.unapplied:
        kind, party, balance = "unapplied", one.party.id, -one.unapplied
    else:
        return None
    early = start is not None and one.date is not None and one.date < start
    cause = "before start" if early else "ours" if one.reference or one.ours else "keyed by hand"
    cause = "unapplied" if kind == "unapplied" else cause
    return Item(one.id, kind, books.owner(party), one.currency or currency, balance, one.number, one.date, cause)
