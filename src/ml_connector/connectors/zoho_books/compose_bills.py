"""Bills and vendor credits as Zoho payloads. Pure.

Amounts without an account never go out: freight, tax as cost, discounts must be lines already. A project stands among a
line's ``dimensions``: ``number`` says so (``translate.PROJECT``), ``name`` is the id of its customer (``Dimension.party``),
whom Zoho wants named with it (FACTS 6.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import plain
from ml_connector.canonical.parts import TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books.lines import (
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
from ml_connector.connectors.zoho_books.settings import reference_field_of
from ml_connector.connectors.zoho_books.translate import PROJECT
from ml_connector.connectors.zoho_books.values import is_id
from ml_connector.errors import BadInput


def bill(
    action: Action, document: Bill, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A bill, or with a negative total a vendor credit. Raises BadInput."""
    if action is Action.VOID:
        return Composed(b"", document.total)
    _refuse_unplanned(document)
    credit = document.total < 0
    shown = document.currency or organisation.currency
    entity = "vendor_credits" if credit else "bills"
    frame = Frame(organisation, entity, shown, document.tax_basis, -1 if credit else 1, settings)
    order = cut(document.purchase_order.number, REFERENCE_NUMBER_LIMIT, "order number", frame.notes)
    body: dict[str, Any] = {
        "vendor_id": document.vendor.id,
        **_number(document, credit, frame.notes),
        **days(document, credit=credit),
        **present(reference_number=order, location_id=document.location.id),
        **valued(frame, action, document),
        "is_inclusive_tax": document.tax_basis is TaxBasis.INCLUSIVE,
        "line_items": [_line(frame, line, n, kept=action is Action.UPDATE) for n, line in enumerate(document.lines, 1)],
        **reference_of(action, document.memo, reference, reference_field_of(settings)),
    }
    return Composed(encode(body), total_of(frame, document.lines), tuple(frame.notes))


def application(action: Action, document: Bill) -> Composed:
    """Applying a vendor credit to a bill, or taking that back: its first part, see ``compose_payments``. Raises BadInput."""
    part, *earlier = document.credits
    frame: dict[str, Any] = {"credit": "vendor_credits", "id": document.id}
    if action is Action.VOID:
        if not part.id:
            raise BadInput("Nothing tells which application of the credit is meant: read the credit from Zoho first.")
        on = {"document": part.document.id} if part.document.id else {}
        return Composed(encode({**frame, **on, "allocation_id": part.id}), part.amount)
    if not part.document.id or part.amount <= 0:
        raise BadInput("A vendor credit is applied with a bill that is in Zoho and an amount above zero.")
    known = {"known": [one.id for one in earlier]} if earlier else {}
    applied = {"bill_id": part.document.id, "amount_applied": plain(part.amount)}
    return Composed(encode({**frame, **known, "allocation": applied}), part.amount)


def _refuse_unplanned(document: Bill) -> None:
    """Raises BadInput for what has no place in the ledger yet."""
    if not document.vendor.id:
        raise BadInput(
            f"Bill {document.number or document.own_number} has no vendor in Zoho: link or create the vendor."
        )
    if not document.lines:
        raise BadInput(f"Bill {document.number or document.own_number} has no lines: Zoho takes none without.")
    if document.date is None:
        raise BadInput(f"Bill {document.number or document.own_number} has no date: enter it at the source.")
    for name, value in (("Freight", document.shipping), ("Other", document.other), ("Discount", document.discount)):
        if value:
            raise BadInput(f"{name} {value} has no account: map it, so that it becomes a line of its own.")
    taxed = any(line.tax_code.id for line in document.lines)
    if document.tax and not taxed and document.tax_basis is TaxBasis.EXCLUSIVE:
        raise BadInput(f"Tax {document.tax} has neither account nor tax code: fill the tax mapping.")


def _number(document: Bill, credit: bool, notes: list[str]) -> dict[str, str]:
    """The vendor's own number; without one the source's, visibly. Zoho gives bills no number itself."""
    number = document.number or document.own_number
    if not number:
        raise BadInput("The bill has no number, neither the vendor's nor the source's: enter the vendor's number.")
    if not document.number:
        notes.append(f"the vendor's number is missing; the source's own number {number} is used")
    return {"vendor_credit_number" if credit else "bill_number": number}


def _line(frame: Frame, line: BillLine, n: int, *, kept: bool) -> dict[str, Any]:
    """``kept``: the line of an update names the one it stays, by Zoho's id; one without an id is new."""
    if not line.account.id:
        raise BadInput(f"Line {n} ({line.description[:40]}) has no account: fill the account mapping.")
    return {
        **({"line_item_id": line.id} if kept and is_id(line.id) else {}),
        "account_id": line.account.id,
        **line_of(frame, line, n),
        **present(location_id=line.location.id),
        **_project(line, n),
        **tags([one for one in line.dimensions if one.number != PROJECT], n),
        "item_order": n,
    }


def _project(line: BillLine, n: int) -> dict[str, Any]:
    found = [one for one in line.dimensions if one.number == PROJECT]
    if not found:
        return {}
    if len(found) > 1 or not found[0].id or not found[0].name:
        raise BadInput(f"Line {n}: a line names one project, with the customer it is for: check its mapping.")
    return {"project_id": found[0].id, "customer_id": found[0].name, "is_billable": False}
