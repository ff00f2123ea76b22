"""Zoho's rights: which are asked for at consent, for which flows, and which the flows that are on cannot do without."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ml_connector.connectors.grants import Scope
from ml_connector.connectors.writing import Action

_P = "ZohoBooks."
_VENDORS, _CUSTOMERS = "vendors and customers both ways", "customers, invoices and payments both ways"
_CENTRES = "reporting tags, locations and projects of bill lines to cost centres"
_BILLS, _AP = "received orders and inventory bills to bills", "bills and vendor payments to Accounts Payable staging"
SCOPES: tuple[Scope, ...] = (
    Scope(_P + "settings.READ", "organisation, taxes, items, currencies, reporting tags and locations, for every flow"),
    Scope(_P + "accountants.READ", "chart of accounts and transaction locks, for every flow that posts"),
    Scope(_P + "contacts.READ", _VENDORS),
    Scope(_P + "contacts.CREATE", _VENDORS),
    Scope(_P + "contacts.UPDATE", _VENDORS),
    Scope(_P + "bills.READ", f"{_BILLS}; {_AP}"),
    Scope(_P + "bills.CREATE", f"{_BILLS}, voiding included"),
    Scope(_P + "bills.UPDATE", f"{_BILLS}: the look-up by our reference that makes a second posting impossible"),
    Scope(_P + "debitnotes.READ", f"{_BILLS}: vendor credits"),
    Scope(_P + "debitnotes.CREATE", f"{_BILLS}: a negative bill becomes a vendor credit"),
    Scope(_P + "debitnotes.UPDATE", f"{_BILLS}: vendor credits"),
    Scope(_P + "debitnotes.DELETE", f"{_BILLS}: a vendor credit taken off a bill again"),
    Scope(_P + "purchaseorders.READ", f"{_AP}: the order behind a bill"),
    Scope(_P + "vendorpayments.READ", f"{_AP}: payments of bills, and what each bill got of them"),
    Scope(_P + "projects.READ", f"{_CENTRES}, where the setting projects is yes"),
    Scope(_P + "settings.CREATE", "items and tax zones aligned"),
    Scope(_P + "settings.UPDATE", "items and tax zones aligned"),
    Scope(_P + "invoices.READ", _CUSTOMERS),
    Scope(_P + "invoices.CREATE", _CUSTOMERS),
    Scope(_P + "invoices.UPDATE", _CUSTOMERS),
    Scope(_P + "customerpayments.READ", _CUSTOMERS),
    Scope(_P + "customerpayments.CREATE", _CUSTOMERS),
    Scope(_P + "customerpayments.UPDATE", _CUSTOMERS),
    Scope(_P + "customerpayments.DELETE", f"{_CUSTOMERS}: a payment that is voided, which Zoho knows as deleting only"),
    Scope(_P + "creditnotes.READ", "negative invoices and write-offs"),
    Scope(_P + "creditnotes.CREATE", "negative invoices and write-offs"),
    Scope(_P + "creditnotes.UPDATE", "negative invoices and write-offs: the look-up by our reference, and changes"),
    Scope(_P + "creditnotes.DELETE", "negative invoices and write-offs: a credit taken off an invoice again"),
    Scope(_P + "expenses.READ", "expenses that go back as journal entries"),
)

# The rights that reading, and where we write writing, an entity takes. An upsert needs UPDATE, voiding CREATE.
_NEEDED = {
    "parties": ("contacts.READ", "contacts.CREATE", "contacts.UPDATE"),
    "accounts": ("accountants.READ",),
    "tax_codes": ("settings.READ",),
    "dimensions": ("settings.READ",),
    "bills": ("bills.READ", "bills.CREATE", "bills.UPDATE"),
    "vendor_credits": ("debitnotes.READ", "debitnotes.CREATE"),
    "vendor_payments": ("vendorpayments.READ",),
    "invoices": ("invoices.READ", "invoices.CREATE", "invoices.UPDATE"),
    "credit_notes": ("creditnotes.READ", "creditnotes.CREATE", "creditnotes.UPDATE"),
    "payments": (
        "customerpayments.READ",
        "customerpayments.CREATE",
        "customerpayments.UPDATE",
        "customerpayments.DELETE",
    ),
    "items": ("settings.READ",),
    "currencies": ("settings.READ",),
    "expenses": ("expenses.READ",),
}
_MODULES = {
    "parties": "contacts",
    "vendor_credits": "debitnotes",
    "credit_notes": "creditnotes",
    "payments": "customerpayments",
    "items": "settings",
    "tax_codes": "settings",
}
_BY_PATH = {"creditnotes": "creditnotes", "customerpayments": "customerpayments", "vendorcredits": "debitnotes"}


def needed(entities: Iterable[str], *, written: bool = True) -> frozenset[str]:
    """The rights without which flows that use these entities stand still; without ``written`` those to read alone."""
    names = (name for entity in entities for name in _NEEDED.get(entity, ()))
    return frozenset(_P + name for name in names if written or name.endswith(".READ"))


def right_to_write(entity: str, action: Action, path: str) -> str:
    """The scope that a write takes, as the published pages have it; empty where two are as likely.

    A status is changed with CREATE, an upsert wants UPDATE and may make a document, too: which of the two is missing is not
    told. Refunds and applications are counted to the module of the path; a vendor credit is applied with that of bills.
    """
    module = _BY_PATH.get(path.strip("/").split("/")[0], _MODULES.get(entity, entity))
    if entity in ("allocations", "refunds"):
        module = module if module != "allocations" else "bills"
        return f"{_P}{module}.{'DELETE' if action is Action.VOID else 'CREATE'}"
    if action is Action.VOID:
        return f"{_P}{module}.{'DELETE' if entity == 'payments' else 'CREATE'}"
    if action is Action.SET_STATUS:
        return f"{_P}{module}.CREATE"
    return f"{_P}{module}.UPDATE" if action is Action.UPDATE else ""


def granted(name: str, scopes: Collection[str]) -> bool:
    """Whether ``scopes`` hold a right by its own name, by its module's ALL, or by the right to everything."""
    held = {one.casefold() for one in scopes}
    module = name.rpartition(".")[0]
    return bool(held & {one.casefold() for one in (name, f"{module}.ALL", f"{_P}fullaccess.all")})
