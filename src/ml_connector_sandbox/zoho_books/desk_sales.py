"""What a bookkeeper does at the screens with customers, sales, items and expenses.

Invoices and credit notes are named by their number, customer payments by theirs or their reference, contacts, items,
taxes and accounts by name. Amounts are in the document's currency.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.zoho_books.books import contacts, items, receiving, sales, sales_states, tax_rules
from ml_connector_sandbox.zoho_books.books.masters import Contact, Item
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment, Invoice
from ml_connector_sandbox.zoho_books.desk_wish import Wish


class MergeContacts(Wish, tag="merge contacts"):
    """``contact`` is gone afterwards, its documents name ``into``. ``kind``: customer or vendor."""

    contact: str
    into: str
    kind: str = "customer"


class EditContact(Wish, tag="edit contact"):
    """``changes`` in the API's own names, such as ``{"contact_name": "..."}`` or whole ``contact_persons``."""

    contact: str
    changes: dict[str, Any]
    kind: str = "customer"


class MoveContact(Wish, tag="move contact"):
    """``to``: active, inactive or delete."""

    contact: str
    to: str
    kind: str = "customer"


class EditInvoice(Wish, tag="edit invoice"):
    """``changes`` in the API's own names."""

    invoice: str
    changes: dict[str, Any]


class MoveInvoice(Wish, tag="move invoice"):
    """``to``: sent, void, draft or delete."""

    invoice: str
    to: str


class MoveCreditNote(Wish, tag="move credit note"):
    """``to``: open, void, draft or delete."""

    credit_note: str
    to: str


class ApplyCreditNote(Wish, tag="apply credit note"):
    """Let an invoice take what is left of a credit note, at most ``amount``."""

    credit_note: str
    invoice: str
    amount: Decimal | None = None


class Receive(Wish, tag="receive"):
    """Money of a customer: invoices are paid in full, or one by ``amount``; without any the money is unused."""

    customer: str
    invoices: tuple[str, ...] = ()
    amount: Decimal | None = None
    mode: str = "Check"
    reference: str = ""


class DeleteCustomerPayment(Wish, tag="delete customer payment"):
    payment: str


class Spend(Wish, tag="spend"):
    """An expense on ``account``, paid ``through`` another."""

    account: str
    through: str
    amount: Decimal
    vendor: str = ""
    reference: str = ""
    description: str = ""


class ChangeItem(Wish, tag="change item"):
    """``changes`` in the API's own names; ``to``: active, inactive or delete."""

    item: str
    changes: dict[str, Any] = msgspec.field(default_factory=dict)
    to: str = ""


class DeleteTax(Wish, tag="delete tax"):
    tax: str


class Lock(Wish, tag="lock"):
    """Close a module up to ``until``; without it the module is opened again."""

    module: str = "sales"
    until: date | None = None


SalesWishes = (
    MergeContacts
    | EditContact
    | MoveContact
    | EditInvoice
    | MoveInvoice
    | MoveCreditNote
    | ApplyCreditNote
    | Receive
    | DeleteCustomerPayment
    | Spend
    | ChangeItem
    | DeleteTax
    | Lock
)


def _merge(books: OrganisationBooks, wish: MergeContacts) -> dict[str, Any]:
    gone, survivor = _contact(books, wish.contact, wish.kind), _contact(books, wish.into, wish.kind)
    contacts.merge(books, gone, survivor)
    return {"gone": gone.contact_id, "survivor": survivor.contact_id}


def _edit_contact(books: OrganisationBooks, wish: EditContact) -> dict[str, Any]:
    kept = contacts.update(books, _contact(books, wish.contact, wish.kind), dict(wish.changes))
    return {"contact_id": kept.contact_id, "contact": kept.contact_name}


def _move_contact(books: OrganisationBooks, wish: MoveContact) -> dict[str, Any]:
    contact = _contact(books, wish.contact, wish.kind)
    _known(wish.to, "active", "inactive", "delete")
    if wish.to == "delete":
        contacts.delete(books, contact)
    else:
        contacts.set_active(books, contact, wish.to == "active")
    return {"contact_id": contact.contact_id, "after": wish.to}


def _edit_invoice(books: OrganisationBooks, wish: EditInvoice) -> dict[str, Any]:
    old = _invoice(books, wish.invoice)
    kept = sales.update_invoice(books, old, dict(wish.changes), own_number="invoice_number" in wish.changes)
    return {"invoice": kept.number, "before": old.total, "after": kept.total}


def _move_invoice(books: OrganisationBooks, wish: MoveInvoice) -> dict[str, Any]:
    invoice = _invoice(books, wish.invoice)
    before = invoice.state
    _known(wish.to, "sent", "void", "draft", "delete")
    if wish.to == "delete":
        sales_states.delete_invoice(books, invoice)
    else:
        sales_states.set_invoice_state(books, invoice, wish.to)
    return {"invoice": invoice.number, "before": before, "after": wish.to}


def _move_credit_note(books: OrganisationBooks, wish: MoveCreditNote) -> dict[str, Any]:
    note = _credit_note(books, wish.credit_note)
    before = note.state
    _known(wish.to, "open", "void", "draft", "delete")
    if wish.to == "delete":
        sales_states.delete_credit_note(books, note)
    else:
        sales_states.set_credit_note_state(books, note, wish.to)
    return {"credit_note": note.number, "before": before, "after": wish.to}


def _apply_credit_note(books: OrganisationBooks, wish: ApplyCreditNote) -> dict[str, Any]:
    note, invoice = _credit_note(books, wish.credit_note), _invoice(books, wish.invoice)
    amount = wish.amount or min(note.balance, invoice.balance)
    books.apply_credit_note(note, invoice, amount)
    return {"credit_note": note.number, "invoice": invoice.number, "amount": amount, "left": note.balance}


def _receive(books: OrganisationBooks, wish: Receive) -> dict[str, Any]:
    invoices = [_invoice(books, one) for one in wish.invoices]
    if not invoices and wish.amount is None:
        raise ValueError("name the invoices that are paid, or the amount of money that stays unused")
    if len(invoices) > 1 and wish.amount is not None:
        raise ValueError("several invoices are paid in full; leave the amount out, or name one invoice")
    parts = [(one, wish.amount or one.balance) for one in invoices]
    total = sum((amount for _, amount in parts), Decimal(0)) or wish.amount or Decimal(0)
    customer = _contact(books, wish.customer, "customer")
    made = books.add_customer_payment(
        customer, total, books.today(), parts, payment_mode=wish.mode, reference_number=wish.reference
    )
    return {"payment": made.number, "payment_id": made.payment_id, "amount": made.amount, "unused": made.unused}


def _delete_customer_payment(books: OrganisationBooks, wish: DeleteCustomerPayment) -> dict[str, Any]:
    made = _payment(books, wish.payment)
    freed = sorted(invoice.number for part in made.applied if (invoice := books.invoices.get(part.invoice_id)))
    receiving.delete(books, made)
    return {"payment": made.number, "amount": made.amount, "invoices": freed}


def _spend(books: OrganisationBooks, wish: Spend) -> dict[str, Any]:
    named = {"vendor_id": _contact(books, wish.vendor, "vendor").contact_id} if wish.vendor else {}
    account, through = _account(books, wish.account), _account(books, wish.through)
    texts = {"reference_number": wish.reference, "description": wish.description}
    made = books.add_expense(books.today(), account, through, wish.amount, **texts, **named)
    return {"expense_id": made.expense_id, "total": made.total}


def _change_item(books: OrganisationBooks, wish: ChangeItem) -> dict[str, Any]:
    item = _item(books, wish.item)
    _known(wish.to, "", "active", "inactive", "delete")
    if wish.changes:
        item = items.update(books, item, dict(wish.changes))
    if wish.to == "delete":
        items.delete(books, item)
    elif wish.to:
        items.set_active(books, item, wish.to == "active")
    return {"item_id": item.item_id, "item": item.name, "active": item.active}


def _delete_tax(books: OrganisationBooks, wish: DeleteTax) -> dict[str, Any]:
    for one in books.taxes.values():
        if one.tax_name == wish.tax:
            tax_rules.delete_tax(books, one)
            return {"tax_id": one.tax_id}
    raise ValueError(f"there is no tax {wish.tax!r}")


def _lock(books: OrganisationBooks, wish: Lock) -> dict[str, Any]:
    _known(wish.module, "sales", "purchase", "banking", "accountant", "inventory_adjustments")
    if wish.until is None:
        books.unlock_transactions(wish.module)
    else:
        books.lock_transactions(wish.until, wish.module)
    return {"module": wish.module, "until": wish.until.isoformat() if wish.until else ""}


def _known(word: str, *words: str) -> None:
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(one for one in words if one)}")


def _contact(books: OrganisationBooks, name: str, kind: str) -> Contact:
    found = [one for one in books.contacts.having("name", name.casefold()) if one.contact_type == kind]
    if len(found) != 1:
        raise ValueError(f"there are {len(found)} contacts {name!r} of type {kind}; one is needed")
    return found[0]


def _invoice(books: OrganisationBooks, number: str) -> Invoice:
    for one in books.invoices.having("number", number):
        return one
    raise ValueError(f"there is no invoice {number!r}")


def _credit_note(books: OrganisationBooks, number: str) -> CreditNote:
    for one in books.credit_notes.having("number", number):
        return one
    raise ValueError(f"there is no credit note {number!r}")


def _payment(books: OrganisationBooks, number: str) -> CustomerPayment:
    found = [one for one in books.customer_payments if one.number == number]
    found = found or books.customer_payments.having("reference_number", number)
    if len(found) != 1:
        raise ValueError(f"there are {len(found)} customer payments {number!r}; name one by its number or reference")
    return found[0]


def _item(books: OrganisationBooks, name: str) -> Item:
    for one in books.items.having("name", name):
        return one
    raise ValueError(f"there is no item {name!r}")


def _account(books: OrganisationBooks, name: str) -> str:
    for one in books.accounts.values():
        if one.account_name == name:
            return one.account_id
    raise ValueError(f"there is no account {name!r}")


SALES_ACTS: dict[type[Wish], Callable[[OrganisationBooks, Any], dict[str, Any]]] = {
    MergeContacts: _merge,
    EditContact: _edit_contact,
    MoveContact: _move_contact,
    EditInvoice: _edit_invoice,
    MoveInvoice: _move_invoice,
    MoveCreditNote: _move_credit_note,
    ApplyCreditNote: _apply_credit_note,
    Receive: _receive,
    DeleteCustomerPayment: _delete_customer_payment,
    Spend: _spend,
    ChangeItem: _change_item,
    DeleteTax: _delete_tax,
    Lock: _lock,
}
