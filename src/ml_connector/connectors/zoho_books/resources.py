"""The documents of the API that are read: path, keys in answers, rights, and the translation of a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.reading import Readable, Row
from ml_connector.connectors.zoho_books import (
    translate,
    translate_expenses,
    translate_items,
    translate_sales,
    translate_source,
)
from ml_connector.connectors.zoho_books.settings import reference_field_of
from ml_connector.connectors.zoho_books.unreadable import unreadable

_S = "ZohoBooks."
READABLE: Mapping[str, Readable] = {
    "parties": Readable("parties", (_S + "contacts.READ",), incremental=True),
    "accounts": Readable("accounts", (_S + "accountants.READ",), incremental=False),
    "tax_codes": Readable("tax_codes", (_S + "settings.READ",), incremental=False, stamped=False),
    "dimensions": Readable("dimensions", (_S + "settings.READ",), incremental=False, stamped=False),
    "bills": Readable("bills", (_S + "bills.READ",), incremental=True),
    "vendor_credits": Readable("vendor_credits", (_S + "debitnotes.READ",), incremental=True),
    "vendor_payments": Readable("vendor_payments", (_S + "vendorpayments.READ",), incremental=True),
    "invoices": Readable("invoices", (_S + "invoices.READ",), incremental=True),
    "credit_notes": Readable("credit_notes", (_S + "creditnotes.READ",), incremental=True),
    # These lists have no filter by time: they are read whole each time, expenses from a date on where one is given.
    "payments": Readable("payments", (_S + "customerpayments.READ",), incremental=False),
    "items": Readable("items", (_S + "settings.READ",), incremental=False),
    "expenses": Readable("expenses", (_S + "expenses.READ",), incremental=False),
    "currencies": Readable("currencies", (_S + "settings.READ",), incremental=False, stamped=False),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A document of the API: its path, its keys in answers, and its translation.

    ``other_plural`` is the key of its list where the published pages name two, ``other_stamp`` the name of the stamp
    in detail where it is another. ``source``: what passes by itself is left
    out of what is kept of a row, so that a document is the same version as long as nobody changes it.
    """

    path: str
    plural: str
    singular: str
    id_key: str
    translate: Callable[[Fields, str], Document]
    other_plural: str = ""
    other_stamp: str = ""
    source: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys its list may come under."""
        return (self.plural, self.other_plural) if self.other_plural else (self.plural,)


RESOURCES: Mapping[str, Resource] = {
    "bills": Resource("/bills", "bills", "bill", "bill_id", translate.bill),
    "vendor_credits": Resource(
        "/vendorcredits",
        "vendor_credits",
        "vendor_credit",
        "vendor_credit_id",
        translate.vendor_credit,
        other_plural="vendorcredits",
    ),
    "parties": Resource("/contacts", "contacts", "contact", "contact_id", translate.party),
    "accounts": Resource("/chartofaccounts", "chartofaccounts", "chart_of_account", "account_id", translate.account),
    "tax_codes": Resource("/settings/taxes", "taxes", "tax", "tax_id", translate.tax_code),
    "vendor_payments": Resource(
        "/vendorpayments", "vendorpayments", "vendorpayment", "payment_id", translate_source.vendor_payment
    ),
    "invoices": Resource("/invoices", "invoices", "invoice", "invoice_id", translate_sales.invoice),
    "credit_notes": Resource("/creditnotes", "creditnotes", "creditnote", "creditnote_id", translate_sales.credit_note),
    # The published pages call the list customer_payments; the live one is customerpayments, its detail payment.
    "payments": Resource(
        "/customerpayments",
        "customerpayments",
        "payment",
        "payment_id",
        translate_sales.payment,
        other_plural="customer_payments",
        other_stamp="updated_time",
    ),
    "items": Resource("/items", "items", "item", "item_id", translate_items.item),
    "expenses": Resource("/expenses", "expenses", "expense", "expense_id", translate_expenses.expense),
    "currencies": Resource("/settings/currencies", "currencies", "currency", "currency_id", translate_items.currency),
}
# As a source hands them on, with ``details``.
IN_FULL: Mapping[str, Resource] = {
    "bills": dataclasses.replace(RESOURCES["bills"], translate=translate_source.bill, source=True),
    "vendor_credits": dataclasses.replace(
        RESOURCES["vendor_credits"], translate=translate_source.vendor_credit, source=True
    ),
    "vendor_payments": dataclasses.replace(RESOURCES["vendor_payments"], source=True),
    "parties": dataclasses.replace(RESOURCES["parties"], translate=translate_source.party, source=True),
    **{
        entity: dataclasses.replace(RESOURCES[entity], source=True)
        for entity in ("invoices", "credit_notes", "payments", "expenses", "items")
    },
}


def reference_field(session: Session) -> str:
    """The custom field our reference stands in; empty when it stands in the notes."""
    return reference_field_of(session.settings)


def row_of(resource: Resource, raw: bytes, field: str) -> Row:
    """One document, or the sentence why it could not be understood. Bank details and tax ids are dropped first."""
    fields = json_fields.decode(raw)
    if not isinstance(fields, dict):
        return unreadable(f"a row of {resource.path}", raw, "it is no object")
    kept = _as_kept(resource, fields)
    if kept is not fields:
        fields, raw = kept, json_fields.encode(kept)
    id_, stamp = json_fields.text(fields, resource.id_key), _stamp(resource, fields)
    try:
        return Row(id_, raw, resource.translate(fields, field), stamp)
    except Unreadable as error:
        return unreadable(resource.singular.replace("_", " "), raw, str(error), id_, stamp)


def _stamp(resource: Resource, fields: Fields) -> str:
    shown = json_fields.text(fields, "last_modified_time")
    return shown or (json_fields.text(fields, resource.other_stamp) if resource.other_stamp else "")


def _as_kept(resource: Resource, fields: Fields) -> Fields:
    """The row as it may be stored, the same object where nothing is left out of it."""
    if resource.singular == "contact" and translate.UNKEPT & fields.keys():
        fields = translate.as_kept(fields)
    if resource.source and translate_source.UNKEPT & fields.keys():
        fields = translate_source.as_kept(fields)
    return fields
