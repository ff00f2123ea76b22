"""Documents that Zoho Books taxes by a group, what it shows of them once they are posted, and its own arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import zoho_sales_world as sales

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, TaxCode
from ml_connector.canonical.money import rounded, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.integrations.decisions import Decision
from ml_connector.integrations.views import Linked

D = Decimal
PARTS = (D("0.06875"), D("0.005"))
GROUP = TaxCode("tg1", "Minnesota and Stearns County", D("0.07375"), parts=PARTS)
TAXES = {**sales.TAXES, GROUP.id: GROUP}
ROWS = {"sales_tax": {"Austin": GROUP.id, "Duluth": "tx1"}, "items": {"(rounding)": "it5"}}
ROUNDING = {"rounding_account": sales.ROUND, "rounding_limit": D("0.02")}
BY_DOCUMENT = msgspec.structs.replace(sales.BOOKS, rounding="document")


def compose(books: Organisation) -> Callable[[Action, Document, str], Composed]:
    """The document as it is to be, with the total that Zoho's own arithmetic gives it."""

    def composed(action: Action, document: Document, reference: str) -> Composed:
        total_ = CONNECTOR.compose(action, document, books, reference, {"invoice_lines": "account"}).total
        return Composed(documents.encode(document), total_)

    return composed


def plan(
    document: Invoice, *, books: Organisation = sales.BOOKS, taxes: dict[str, TaxCode] | None = None, **changes: Any
) -> Decision:
    """The decision on an invoice whose zone is the group."""
    known = {"tax_codes": TAXES if taxes is None else taxes, "organisation": books}
    return sales.plan(document, tables=ROWS, ledger=known, compose=compose(books), **changes)


def shown(document: Invoice, *, books: Organisation = sales.BOOKS, **changes: Any) -> Invoice:
    """What Zoho shows of an invoice that was posted: of a group one rate, and the tax of each line with its parts."""
    there = sales.sent(plan(document, books=books, **changes))
    assert isinstance(there, Invoice)
    credit = there.total < 0
    lines = tuple(_line(line, n, credit=credit) for n, line in enumerate(there.lines, 1))
    return msgspec.structs.replace(
        there, id="zi1", total=abs(there.total), tax=abs(there.tax), lines=lines, balance=abs(there.total),
        state=InvoiceState.AUTHORISED,
    )  # fmt: skip


def _line(line: InvoiceLine, n: int, *, credit: bool) -> InvoiceLine:
    amount, code = -line.amount if credit else line.amount, line.tax_code
    listed = TAXES.get(code.id)
    if listed is None or listed.rate is None:
        return msgspec.structs.replace(line, id=f"zl{n}", amount=amount, tax=None, tax_code=Ref())
    parts = tuple(rounded(amount * rate, "USD") for rate in listed.parts or (listed.rate,))
    percent, several = format((listed.rate * 100).normalize(), "f"), parts if len(parts) > 1 else ()
    return msgspec.structs.replace(
        line, id=f"zl{n}", amount=amount, tax=total(parts), tax_code=Ref(code.id, listed.name, percent), tax_parts=several
    )  # fmt: skip


def linked(posted: Invoice, now: Invoice, base: Invoice | None = None) -> Linked:
    """The link of an invoice that was posted."""
    return Linked("credit_notes" if posted.total < 0 else "invoices", now.id, base or now, posted, now)
