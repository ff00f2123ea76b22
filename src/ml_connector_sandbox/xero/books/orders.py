"""Purchase orders: no postings, and transitions of their own."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books import header, lines
from ml_connector_sandbox.xero.books.arithmetic import total
from ml_connector_sandbox.xero.books.body import Body, flag, given, text
from ml_connector_sandbox.xero.books.documents import (
    AUTHORISED,
    BILLED,
    DELETED,
    DRAFT,
    PURCHASE_ORDER,
    SUBMITTED,
    Document,
)
from ml_connector_sandbox.xero.books.header import Draft
from ml_connector_sandbox.xero.books.issues import (
    ORDER_DELETED,
    ORDER_NUMBER_TAKEN,
    ORDER_STATUS,
    SENT_UNAPPROVED,
    Issues,
)

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

_RANK = (DRAFT, SUBMITTED, AUTHORISED, BILLED)
_TEXTS = {
    "BrandingThemeID": 36, "DeliveryAddress": 2000, "AttentionTo": 255, "Telephone": 50, "DeliveryInstructions": 500,
}  # fmt: skip
_DATES = ("DeliveryDate", "ExpectedArrivalDate")
UNIT_PLACES = 4


def find_target(books: OrganisationBooks, body: Body, issues: Issues) -> Document | None:
    """What a POST changes: by id, or by number, deleted ones too; None: a new order."""
    wanted = text(body, "PurchaseOrderID")
    if wanted:
        found = books.orders.get(wanted)
        if found is None:
            issues.invented("unknown id", PURCHASE_ORDER, PURCHASE_ORDER)
        return found
    return _holder(books, text(body, "PurchaseOrderNumber"))


def save(
    books: OrganisationBooks, body: Body, target: Document | None, issues: Issues, app: str = ""
) -> tuple[Document, Issues]:
    """Create, or change ``target``, unless something is wrong; returns what was asked for or what stands now."""
    draft = header.opened(books, PURCHASE_ORDER, "PURCHASEORDER", target, app)
    draft.issues = issues
    _status(books, body, draft)
    if draft.wanted.status != DELETED:
        _read(books, body, draft)
    return (draft.wanted if issues.messages else _commit(books, draft)), issues


def _holder(books: OrganisationBooks, number: str) -> Document | None:
    return next(iter(books.orders.having("number", number)), None) if number else None


def _status(books: OrganisationBooks, body: Body, draft: Draft) -> None:
    before, issues = draft.before, draft.issues
    wanted = text(body, "Status", before.status if before else DRAFT)
    draft.wanted.status = wanted
    if before is not None and before.status == DELETED:
        issues.add(ORDER_STATUS)
        issues.add(ORDER_DELETED)
    elif wanted not in (*_RANK, DELETED) or (before is None and wanted == DELETED):
        issues.add(ORDER_STATUS)
    elif before is not None and wanted != DELETED and not books.switches.order_steps_back:
        approved = before.status in (AUTHORISED, BILLED)
        if approved and _RANK.index(wanted) < _RANK.index(before.status):
            issues.add(ORDER_STATUS)


def _read(books: OrganisationBooks, body: Body, draft: Draft) -> None:
    wanted, issues = draft.wanted, draft.issues
    header.read_header(books, body, draft, _TEXTS, _DATES)
    header.read_contact(books, body, draft, may_create=False)
    wanted.due_date = None
    wanted.number = text(body, "PurchaseOrderNumber") or wanted.number
    wanted.reference = text(body, "Reference", wanted.reference)
    holder = _holder(books, wanted.number)
    if holder is not None and holder is not draft.before:
        issues.add(ORDER_NUMBER_TAKEN)
    if given(body, "SentToContact") and flag(body, "SentToContact") != wanted.sent_to_contact:
        if wanted.status in (AUTHORISED, BILLED):
            wanted.sent_to_contact = flag(body, "SentToContact")
        else:
            issues.warn(SENT_UNAPPROVED)
    lines.read_lines(books, body, wanted, issues, UNIT_PLACES)
    if not wanted.lines:
        issues.invented("no lines")
    total(wanted)


def _commit(books: OrganisationBooks, draft: Draft) -> Document:
    wanted, before = draft.wanted, draft.before
    header.enter_contact(books, draft)
    wanted.number = wanted.number or books.next_number(PURCHASE_ORDER, "PO-")
    wanted.updated = books.now()
    kept = wanted if before is None else before
    for one in fields(Document):
        setattr(kept, one.name, getattr(wanted, one.name))
    books.orders.put(kept)
    return kept
