"""What the organisations' books say, whichever ids and stamps a run gave them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.kernel.essence import Essence, settled
from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.books.documents import CREDIT_NOTE, INVOICE, PURCHASE_ORDER, Document, Line, Payment
from ml_connector_sandbox.xero.books.masters import Contact
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.inspection import tracking

_NUMBERED = frozenset({INVOICE, CREDIT_NOTE, PURCHASE_ORDER})


def company_essence(company: XeroBooks) -> Essence:
    """Contacts, accounts with their balances, documents of every kind and payments of every organisation, by id."""
    entities: Essence = {}
    for books in company.organisations.values():
        own = {"organisation_id": books.organisation_id}
        for entity, rows in _entities(books).items():
            entities.setdefault(entity, {}).update({key: settled(own | row) for key, row in rows.items()})
    return entities


def _entities(books: OrganisationBooks) -> dict[str, dict[str, dict[str, Any]]]:
    registers = {
        "invoices": books.invoices,
        "credit_notes": books.credit_notes,
        "overpayments": books.overpayments,
        "prepayments": books.prepayments,
        "purchase_orders": books.orders,
    }
    return {
        "contacts": {one.contact_id: _contact(one) for one in books.contacts},
        "accounts": {
            one.account_id: {"code": one.code, "name": one.name, "balance": books.ledger.balance(one.account_id)}
            for one in books.accounts.values()
        },
        **{name: {one.document_id: _document(books, one) for one in rows} for name, rows in registers.items()},
        "payments": {one.payment_id: _payment(books, one) for one in books.payments},
    }


def _contact(one: Contact) -> dict[str, Any]:
    return {
        "name": one.name,
        "number": one.number,
        "account_number": one.account_number,
        "status": one.status,
        "customer": one.is_customer,
        "supplier": one.is_supplier,
        "terms": one.terms,
        "texts": _filled(one.texts),
        "phones": {word: _filled(values) for word, values in sorted(one.phones.items()) if _filled(values)},
        "addresses": {word: _filled(values) for word, values in sorted(one.addresses.items()) if _filled(values)},
        "persons": [dict(person) for person in one.persons],
    }


def _document(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    return {
        "type": one.type,
        "number": one.number if one.kind in _NUMBERED else "",
        "reference": one.reference,
        "contact": _named(books, one),
        "status": one.status,
        "date": one.date.isoformat(),
        "due_date": one.due_date.isoformat() if one.due_date else "",
        "dates": {name: day.isoformat() for name, day in sorted(one.dates.items())},
        "currency": one.currency_code,
        "rate": one.rate,
        "amounts": one.amounts,
        "sub_total": one.sub_total,
        "total_tax": one.total_tax,
        "total": one.total,
        "due": one.due,
        # The branding theme is an id.
        "texts": {name: value for name, value in _filled(one.texts).items() if name != "BrandingThemeID"},
        "lines": [_line(books, line) for line in one.lines],
        "payments": sorted(str([made.date.isoformat(), made.amount, made.status]) for made in one.payments),
        "allocations": sorted(
            str([_named(books, made.invoice), made.invoice.number, made.amount]) for made in one.allocations
        ),
    }


def _line(books: OrganisationBooks, line: Line) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount": line.amount,
        "account": line.account_code,
        "item": line.item_code,
        "tax_type": line.tax_type,
        "tax": line.tax,
        "discount": [line.discount_rate, line.discount_amount],
        "tracking": tracking(books, line.tracking),
    }


def _payment(books: OrganisationBooks, one: Payment) -> dict[str, Any]:
    return {
        "kind": one.document.kind,
        "type": one.document.type,
        "document": one.document.number,
        "contact": _named(books, one.document),
        "date": one.date.isoformat(),
        "amount": one.amount,
        "account": books.accounts[one.account_id].code,
        "reference": one.reference,
        "status": one.status,
    }


def _named(books: OrganisationBooks, one: Document) -> str:
    contact = books.contacts.get(one.contact_id)
    return contact.name if contact else ""


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(values.items()) if value}
