"""The documents of the API that are read and written: path, keys, how a list is asked, and the translation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import PaymentKind
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.reading import UNIDENTIFIED, Readable, Row
from ml_connector.connectors.xero import scopes, translate, values
from ml_connector.connectors.xero import translate_documents as documents
from ml_connector.connectors.xero.settings import POSTAL, link
from ml_connector.transport import redact

Settings = Mapping[str, str]
Query = tuple[tuple[str, str], ...]
UNITDP: Query = (("unitdp", "4"),)  # else unit prices are rounded to two digits


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of document. ``keep``: whether a row of its list is of this entity, since two share a list.

    ``query`` goes with every list and detail, ``listed`` and ``where`` with lists only. ``dated`` is how a list is asked
    from a document date on: ``where``, a parameter's name, or empty where that is not published.
    """

    entity: str
    path: str
    plural: str
    id_key: str
    translate: Callable[[Fields, Settings], Document]
    number_key: str = ""
    keep: Callable[[Fields], bool] = lambda _: True
    query: Query = ()
    listed: Query = ()
    where: str = ""
    dated: str = ""
    by_ids: bool = False  # the list takes ``IDs``
    leave_out: frozenset[str] = frozenset()  # what is no change of the document


def _of_type(*types: str, key: str = "Type") -> Callable[[Fields], bool]:
    """Rows without the type are kept: then their translation tells what is wrong."""
    return lambda row: json_fields.text(row, key) in (*types, "")


def _party(row: Fields, settings: Settings) -> Document:
    return translate.party(row, translate.address_type(settings.get("address", POSTAL)))


RESOURCES: Mapping[str, Resource] = {
    one.entity: one
    for one in (
        Resource(
            "parties",
            "/Contacts",
            "Contacts",
            "ContactID",
            _party,
            "ContactNumber",
            listed=(("includeArchived", "true"),),
            by_ids=True,
            leave_out=frozenset(["Balances"]),  # every invoice and payment moves them
        ),
        Resource(
            "invoices",
            "/Invoices",
            "Invoices",
            "InvoiceID",
            lambda row, settings: documents.invoice(row, link(settings)),
            "InvoiceNumber",
            _of_type("ACCREC"),
            UNITDP,
            where='Type=="ACCREC"',
            dated="where",
            by_ids=True,
        ),
        Resource(
            "bills",
            "/Invoices",
            "Invoices",
            "InvoiceID",
            lambda row, settings: documents.bill(row, link(settings)),
            "InvoiceNumber",
            _of_type("ACCPAY"),
            UNITDP,
            where='Type=="ACCPAY"',
            dated="where",
            by_ids=True,
        ),
        Resource(
            "credit_notes",
            "/CreditNotes",
            "CreditNotes",
            "CreditNoteID",
            lambda row, _: documents.credit_note(row),
            "CreditNoteNumber",
            _of_type("ACCRECCREDIT"),
            UNITDP,
        ),
        Resource(
            "vendor_credits",
            "/CreditNotes",
            "CreditNotes",
            "CreditNoteID",
            lambda row, _: documents.vendor_credit(row),
            "CreditNoteNumber",
            _of_type("ACCPAYCREDIT"),
            UNITDP,
        ),
        Resource(
            "payments",
            "/Payments",
            "Payments",
            "PaymentID",
            lambda row, _: documents.payment(row),
            keep=_of_type("ACCRECPAYMENT", *documents.REFUNDS, key="PaymentType"),
            dated="where",
        ),
        Resource(
            "vendor_payments",
            "/Payments",
            "Payments",
            "PaymentID",
            lambda row, _: documents.payment(row),
            keep=_of_type("ACCPAYPAYMENT", key="PaymentType"),
            dated="where",
        ),
        Resource(
            "overpayments",
            "/Overpayments",
            "Overpayments",
            "OverpaymentID",
            lambda row, _: documents.advance(row, PaymentKind.OVERPAYMENT),
            keep=_of_type("RECEIVE-OVERPAYMENT", "AROVERPAYMENT"),
        ),
        Resource(
            "prepayments",
            "/Prepayments",
            "Prepayments",
            "PrepaymentID",
            lambda row, _: documents.advance(row, PaymentKind.PREPAYMENT),
            keep=_of_type("RECEIVE-PREPAYMENT", "ARPREPAYMENT"),
        ),
        Resource(
            "purchase_orders",
            "/PurchaseOrders",
            "PurchaseOrders",
            "PurchaseOrderID",
            lambda row, _: documents.purchase_order(row),
            "PurchaseOrderNumber",
            dated="DateFrom",
        ),
        Resource("accounts", "/Accounts", "Accounts", "AccountID", lambda row, _: translate.account(row)),
        Resource("tax_codes", "/TaxRates", "TaxRates", "TaxType", lambda row, _: translate.tax_code(row)),
    )
}
SHORT = frozenset(["accounts", "tax_codes", "dimensions"])  # always the whole list, on one page


def _readable(entity: str, *, incremental: bool = True, stamped: bool = True) -> Readable:
    return Readable(entity, tuple(sorted(scopes.needed([entity]))), incremental, stamped)


# A due date changed on a part-paid invoice, and a contact that becomes a customer by its first invoice, move no stamp:
# only whole walks show those.
READABLE: Mapping[str, Readable] = {
    **{entity: _readable(entity) for entity in RESOURCES if entity not in SHORT},
    "overpayments": Readable("overpayments", (scopes.PAYMENTS,), incremental=True),
    "prepayments": Readable("prepayments", (scopes.PAYMENTS,), incremental=True),
    "accounts": _readable("accounts", incremental=False),
    "tax_codes": _readable("tax_codes", incremental=False, stamped=False),
    "dimensions": _readable("dimensions", incremental=False, stamped=False),
}


def row_of(resource: Resource, raw: bytes, settings: Settings) -> Row | None:
    """One document, or the sentence why it could not be understood; None for a row of another entity.

    Bank details are dropped first, and a tax id is only noted as there.
    """
    what = resource.entity.replace("_", " ").removesuffix("s")
    try:
        fields = values.as_kept(json_fields.decode(raw))
    except (msgspec.DecodeError, ValueError) as error:
        return unread(what, redact.without(raw, values.UNKEPT), str(error))
    if not isinstance(fields, dict):
        return unread(what, redact.without(raw, values.UNKEPT), "it is no object")
    if not resource.keep(fields):
        return None
    kept = json_fields.encode({name: value for name, value in fields.items() if name not in resource.leave_out})
    id_, stamp = values.id_of(fields, resource.id_key), values.stamp(fields)
    try:
        return Row(id_ or values.needed(fields, resource.id_key), kept, resource.translate(fields, settings), stamp)
    except Unreadable as error:
        return unread(what, kept, str(error), id_, stamp)


def unread(what: str, raw: bytes, why: str, id_: str = "", stamp: str = "") -> Row:
    """A row that could not be understood. One without an id gets a key of its text, so that it is not mistaken."""
    key = id_ or f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}"
    return Row(key, raw, None, stamp, f"{what} {id_ or 'without an id'} of Xero: {why}.")


def fields_of(raw: bytes) -> dict[str, Any]:
    """A row's fields; empty for anything but an object."""
    fields = json_fields.decode(raw)
    return fields if isinstance(fields, dict) else {}
