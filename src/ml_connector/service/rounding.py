"""Rounding lines: what documents that we posted differ by where the ledger rounds otherwise, by month, account, currency."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical import documents
from ml_connector.canonical.called import label
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.errors import BadInput
from ml_connector.integrations.drafts import ROUNDING
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import listed
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, in_currency
from ml_connector.sync.directory import entry_name

_AT_ONCE = 2_000
# What we made and what the ledger showed of it when both last agreed; what is void or deleted there counts no more.
_POSTED = """
    select l.target_id, l.target_entity, l.base from link l
    where l.tenant_id = %s and l.integration_id = %s and l.origin = 'created' and l.base is not null
      and l.target_entity in ('invoices', 'credit_notes', 'bills') and (l.target_entity, l.target_id) > (%s, %s)
      and not exists (select 1 from directory d where d.tenant_id = l.tenant_id and d.connection_id = %s
                      and d.entity = l.target_entity and d.object_id = l.target_id and not d.active)
    order by l.target_entity, l.target_id limit %s"""


@dataclass(frozen=True, slots=True)
class RoundingLine:
    """The rounding lines of a month (as 2026-07, by the ledger's document date) on an account, in a currency.

    ``amount`` is what they come to as the documents have them; those of credits take away.
    """

    month: str
    account: str
    currency: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RoundingReport:
    """Every month with rounding lines, and what all of them come to by currency."""

    integration: str
    lines: tuple[RoundingLine, ...]
    total: Tally


async def rounding(
    desk: Desk, wanted: str = "", *, since: dt.date | None = None, until: dt.date | None = None
) -> RoundingReport:
    """Of one integration, by its kind or number, documents dated in these days, both included. Raises NotFound, BadInput."""
    desk.require(*READERS)
    if since and until and since > until:
        raise BadInput(
            f"No document is dated from {since} to {until}: the first day is after the last; turn them round."
        )
    integration, sealer = await integration_named(desk, wanted), await desk.sealer()
    found: dict[tuple[str, str, str], Tally] = {}
    total = Tally()
    async with desk.looking() as reading:
        accounts = await listed(reading, sealer, integration.target_id, "accounts") or {}
        async for document in _posted(reading, sealer, integration):
            for month, account, amount in _rounded(document, accounts, since, until):
                currency = document.currency
                found.setdefault((month, account, currency), Tally()).add(1, currency, amount)
                total.add(1, currency, amount)
    lines = tuple(
        RoundingLine(*key, one.count, one.sums.get(key[2], in_currency(Decimal(0), key[2])))
        for key, one in sorted(found.items())
    )
    return RoundingReport(integration.title, lines, total)


async def _posted(reading: Reading, sealer: Sealer, integration: Integration) -> AsyncIterator[Invoice | Bill]:
    after = ("", "")
    while True:
        rows = await reading.all(
            _POSTED, reading.tenant_id, integration.integration_id, *after, integration.target_id, _AT_ONCE
        )
        for id_, entity, body in rows:
            document = documents.decode(sealer.open(entry_name(entity, id_), body))
            if isinstance(document, Invoice | Bill):
                yield document
        if len(rows) < _AT_ONCE:
            return
        after = (rows[-1][1], rows[-1][0])


def _rounded(
    document: Invoice | Bill, accounts: Mapping[str, Document], since: dt.date | None, until: dt.date | None
) -> list[tuple[str, str, Decimal]]:
    """(month, account, amount) of each rounding line of a document of these days."""
    date = document.date
    if date is None or (since and date < since) or (until and date > until):
        return []
    sign = -1 if isinstance(document, Invoice) and document.kind == "credit note" else 1
    return [
        (f"{date:%Y-%m}", _named(line.account, accounts), sign * line.amount)
        for line in document.lines
        if _is_rounding(line)
    ]


def _is_rounding(line: InvoiceLine | BillLine) -> bool:
    return line.description == ROUNDING


def _named(account: Ref, accounts: Mapping[str, Document]) -> str:
    """The account by number and name, of which documents of some ledgers show the number alone."""
    known = [one for one in accounts.values() if isinstance(one, Account)]
    found = next(
        (one for one in known if one.id == account.id or (account.number and one.number == account.number)), None
    )
    return label(found) or " ".join(part for part in (account.number, account.name) if part) or account.id
