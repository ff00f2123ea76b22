"""What the office does at ServiceTitan's screens while the sandbox runs, over the admin address."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.servicetitan.books import Invoice, ServiceTitanBooks, TenantBooks, batch, post_batch
from ml_connector_sandbox.servicetitan.purchasing_desk import cancel_bill, edit_bill, receive_credit


class _Reprice(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="reprice"):
    tenant: str
    by: Decimal
    invoice: str = ""


class _Post(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="post"):
    tenant: str


class _EditBill(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="edit bill"):
    tenant: str
    by: Decimal
    bill: str = ""


class _CancelBill(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="cancel bill"):
    tenant: str
    bill: str = ""


class _Credit(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="credit"):
    tenant: str


class _Telephone(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="telephone"):
    tenant: str
    customer: str
    number: str


_Wish = _Reprice | _Post | _EditBill | _CancelBill | _Credit | _Telephone
_TELEPHONES = ("Phone", "MobilePhone")
_ACTS = (
    "'reprice' with tenant, by and perhaps invoice, 'post' with tenant, 'edit bill' with tenant, by and perhaps bill, "
    "'cancel bill' with tenant and perhaps bill, 'credit' with tenant, or 'telephone' with tenant, customer and number"
)


def carried_out(company: ServiceTitanBooks, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a body asks for. Raises ValueError.

    ``act``: reprice, with ``tenant``, ``by`` and perhaps ``invoice``; post and credit, with ``tenant``; edit bill, with
    ``tenant``, ``by`` and perhaps ``bill``; cancel bill, with ``tenant`` and perhaps ``bill``; telephone, with ``tenant``,
    ``customer`` (the name) and ``number``.
    """
    try:
        asked: _Wish = msgspec.convert(wish, _Wish, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"the desk takes an act {_ACTS}: {error}") from error
    tenants = {number: books for (_, number), books in company.tenants().items()}
    if asked.tenant not in tenants:
        raise ValueError(f"there is no tenant {asked.tenant!r}; there are: {', '.join(sorted(tenants))}")
    books = tenants[asked.tenant]
    return _done(books, asked)


def _done(books: TenantBooks, asked: _Wish) -> dict[str, Any]:
    match asked:
        case _Post():
            return post(books)
        case _Credit():
            return receive_credit(books)
        case _CancelBill():
            return cancel_bill(books, asked.bill)
        case _EditBill():
            return edit_bill(books, asked.by, asked.bill)
        case _Reprice():
            return reprice(books, asked.by, asked.invoice)
        case _Telephone():
            return telephone(books, asked.customer, asked.number)


def reprice(books: TenantBooks, by: Decimal, number: str = "") -> dict[str, Any]:
    """Change the price of a posted invoice's first line, going on past the warning that it is posted.

    Of the invoice of this number, else of the newest posted one on which nothing is applied. ``by`` is added to the
    price, in the company's currency. Tells the number, and the total before and after. Raises ValueError, with a
    sentence, when there is none.
    """
    old = _named(books, number) if number else _unpaid(books)
    line = old.items[0]
    kept = books.invoicing.change_item(old.id, line.id, warned=True, price=line.price + by)
    return {"invoice": kept.reference_number, "before": old.total, "after": kept.total}


def telephone(books: TenantBooks, customer: str, number: str) -> dict[str, Any]:
    """Change a customer's first telephone. Tells it as it was. Raises ValueError, with a sentence, when there is none."""
    named = [one.id for one in books.customers if one.name == customer and one.active]
    if len(named) != 1:
        raise ValueError(f"there are {len(named)} customers {customer!r}; one is needed")
    own = [one for one in books.crm.contacts_of(named[0]) if one.type in _TELEPHONES]
    if not own:
        raise ValueError(f"the customer {customer!r} has no telephone")
    books.crm.change_contact(own[0].id, value=number)
    return {"customer": str(named[0]), "before": own[0].value, "after": number}


def post(books: TenantBooks) -> dict[str, Any]:
    """Post the newest invoice that is done and reviewed, in a batch of its own, now. Tells its number and total.

    Raises ValueError, with a sentence, when there is none.
    """
    waiting = [one for one in books.invoices if _can_be_posted(one)]
    if not waiting:
        raise ValueError("there is no invoice that is reviewed and waits for its batch")
    one = max(waiting, key=lambda one: (one.invoice_date is not None, one.invoice_date, one.id))
    post_batch(books, batch(books, f"Invoice {one.reference_number}", [one.id]))
    return {"invoice": one.reference_number, "total": one.total}


def _can_be_posted(one: Invoice) -> bool:
    done = one.active and one.invoice_date is not None and one.total > 0 and one.adjustment_to_id is None
    return done and one.review_status == "Reviewed" and one.sync_status == "Pending" and one.batch is None


def _named(books: TenantBooks, number: str) -> Invoice:
    for one in books.invoices:
        if one.reference_number == number and one.active and one.items:
            return one
    raise ValueError(f"there is no invoice {number!r} with lines")


def _unpaid(books: TenantBooks) -> Invoice:
    adjusted = {one.adjustment_to_id for one in books.invoices}
    open_ones = [
        one
        for one in books.invoices
        if one.active and one.items and one.sync_status == "Posted" and one.review_status == "Reviewed"
        and not one.applied and one.total > 0 and one.id not in adjusted and one.adjustment_to_id is None
    ]  # fmt: skip
    if not open_ones:
        raise ValueError("there is no posted invoice on which nothing is applied: name one")
    return max(open_ones, key=lambda one: (one.invoice_date is not None, one.invoice_date, one.id))
