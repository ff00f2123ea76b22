"""Invoices and credit notes as Zoho payloads. Pure.

An invoice is made as a draft and marked as sent afterwards, without an e-mail; a credit note is made open unless it is to be
a draft (FACTS 6.5, and live). What it is to be marked as stands in the body under ``lines.MARKED``, which is never sent.
The published request demands an item on every invoice line and lists no account (FACTS 6.5); credit-note lines take either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books.lines import (
    MARKED,
    REFERENCE_NUMBER_LIMIT,
    Frame,
    cut,
    days,
    line_of,
    present,
    reference_of,
    tags,
    total_of,
    valued,
)
from ml_connector.connectors.zoho_books.settings import ACCOUNT, ITEM, reference_field_of
from ml_connector.connectors.zoho_books.values import is_id
from ml_connector.errors import BadInput

SENT, OPEN = "sent", "open"
_NAME_LIMIT = 100


def invoice(
    action: Action, document: Invoice, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A sales invoice; a credit note where the kind says so or the total is negative. Raises BadInput.

    An update without lines changes the head alone.
    """
    if action is Action.VOID:
        return Composed(b"", document.total)
    credit = document.kind == "credit note" or document.total < 0
    what = f"{'Credit note' if credit else 'Invoice'} {document.number or document.id}".rstrip()
    frame = _frame(document, organisation, settings, credit)
    _check(action, document, what)
    body: dict[str, Any] = {
        "customer_id": document.customer.id,
        **_numbered(document.number, credit),
        **days(document, credit=credit),
        **present(reference_number=_words(document, frame), location_id=document.location.id),
        **valued(frame, action, document),
        **_with_lines(action, document, frame, what),
        **_reference(action, reference, reference_field_of(settings)),
        **_state(action, document, credit, what),
    }
    total = total_of(frame, document.lines) if document.lines else document.total
    return Composed(encode(body), total, tuple(frame.notes))


def _frame(document: Invoice, organisation: Organisation, settings: Mapping[str, str], credit: bool) -> Frame:
    entity = "credit_notes" if credit else "invoices"
    sign = -1 if document.total < 0 else 1
    return Frame(organisation, entity, document.currency or organisation.currency, document.tax_basis, sign, settings)


def _check(action: Action, document: Invoice, what: str) -> None:
    """Raises BadInput for what Zoho could not book, or could not be found again."""
    if not document.customer.id:
        raise BadInput(f"{what} has no customer in Zoho: link or create the customer.")
    if not document.number:
        raise BadInput(f"{what} has no number: enter one at the source.")
    if not document.lines and action is Action.CREATE:
        raise BadInput(f"{what} has no lines: Zoho takes none without.")
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    if document.discount:
        raise BadInput(f"{what} has a discount of {document.discount} of its own: it must be a line of its own.")


def _numbered(number: str, credit: bool) -> dict[str, Any]:
    """Its own number, and for credit notes the word that it is to be kept; invoices say so beside their body."""
    if credit:
        return {"creditnote_number": number, "ignore_auto_number_generation": True}
    return {"invoice_number": number}


def _reference(action: Action, reference: str, field: str) -> dict[str, Any]:
    """An update leaves the notes as they are, too: customers read them, and people write there."""
    return {} if action is Action.UPDATE else reference_of(action, "", reference, field)


def _words(document: Invoice, frame: Frame) -> str:
    """The reference number, which people see: the document's own words, and its own date where it is booked on another."""
    dated = f"(dated {document.original_date})" if document.original_date else ""
    room = REFERENCE_NUMBER_LIMIT - 1 - len(dated)
    return " ".join(part for part in (cut(document.memo, room, "reference", frame.notes), dated) if part)


def _with_lines(action: Action, document: Invoice, frame: Frame, what: str) -> dict[str, Any]:
    if not document.lines:
        frame.notes.append("only number, customer, reference and dates are changed; the lines stay as they are")
        return {}
    lines = [_line(frame, line, n, what, kept=action is Action.UPDATE) for n, line in enumerate(document.lines, 1)]
    return {"is_inclusive_tax": document.tax_basis is TaxBasis.INCLUSIVE, "line_items": lines}


def _line(frame: Frame, line: InvoiceLine, n: int, what: str, *, kept: bool) -> dict[str, Any]:
    if not line.chargeable:
        raise BadInput(f"Line {n} of {what} is not chargeable: it cannot go to Zoho.")
    if line.tax and not line.tax_code.id and frame.basis is not TaxBasis.NONE:
        raise BadInput(f"Line {n} of {what} carries tax of {line.tax} without a tax rate: fill the tax mapping.")
    return {
        **({"line_item_id": line.id} if kept and is_id(line.id) else {}),
        **_sold(frame, line, n, what),
        **line_of(frame, line, n),
        **present(location_id=line.location.id),
        **tags(line.dimensions, n),
        "item_order": n,
    }


def _sold(frame: Frame, line: InvoiceLine, n: int, what: str) -> dict[str, str]:
    """What the line is booked by: the item, or the account where the setting or a credit note allows it. Raises BadInput."""
    account = frame.settings.get("invoice_lines", ITEM) == ACCOUNT
    by_account = account or (frame.entity == "credit_notes" and not line.item.id)
    words = line.description.strip() or line.sku
    if by_account and line.account.id:
        name = {} if frame.entity == "credit_notes" else {"name": (words or f"Line {n}")[:_NAME_LIMIT]}
        return {"account_id": line.account.id, **name}
    if by_account:
        raise BadInput(f"Line {n} of {what} ({words[:40]}) has no account: fill the account mapping.")
    if not line.item.id:
        raise BadInput(
            f"Line {n} of {what} ({words[:40]}) has no item, which Zoho books invoice lines by: fill the item mapping, or "
            "set 'ml-connector settings --connection zoho-books --set invoice_lines=account'."
        )
    return {"item_id": line.item.id}


def _state(action: Action, document: Invoice, credit: bool, what: str) -> dict[str, Any]:
    """Drafts stay drafts; what stands in the general ledger is marked so. Raises BadInput for any other state."""
    if document.state is InvoiceState.DRAFT:
        return {"is_draft": True} if credit and action is Action.CREATE else {}
    if document.state in (InvoiceState.AUTHORISED, InvoiceState.PAID):
        return {MARKED: OPEN if credit else SENT}
    raise BadInput(f"{what} cannot be made {document.state.value} in Zoho: draft or authorised.")
