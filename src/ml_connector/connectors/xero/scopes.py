"""Xero's granular scopes: which are asked for at consent, for which flows, and which flows cannot do without.

Applications made before March 2026 may hold the broad ``accounting.transactions`` instead, until it ends in 2027.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ml_connector.connectors.grants import Scope

_A = "accounting."
INVOICES, PAYMENTS, CONTACTS = _A + "invoices", _A + "payments", _A + "contacts"
BANK, SETTINGS = _A + "banktransactions", _A + "settings.read"
_WHO = "to know who consents, shown with the connection"

SCOPES: tuple[Scope, ...] = (
    Scope("openid", _WHO),
    Scope("profile", _WHO),
    Scope("email", _WHO),
    Scope("offline_access", "every flow: without it the consent ends after 30 minutes"),
    Scope(SETTINGS, "every flow: organisation, lock dates, accounts, tax rates and tracking"),
    Scope(CONTACTS, "customers and vendors both ways"),
    Scope(INVOICES, "invoices, credit notes and purchase orders; bills, and credits from vendors"),
    Scope(PAYMENTS, "payments received and made, refunds, and applying over- and prepayments"),
    Scope(BANK, "payments that are not applied yet: over- and prepayments are made as bank transactions"),
)

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "parties": (CONTACTS,),
    "accounts": (SETTINGS,),
    "tax_codes": (SETTINGS,),
    "dimensions": (SETTINGS,),
    "invoices": (INVOICES,),
    "bills": (INVOICES,),
    "credit_notes": (INVOICES,),
    "vendor_credits": (INVOICES,),
    "purchase_orders": (INVOICES,),
    "payments": (PAYMENTS,),
    "vendor_payments": (PAYMENTS,),
    "overpayments": (PAYMENTS, BANK),
    "prepayments": (PAYMENTS, BANK),
    "allocations": (INVOICES, PAYMENTS),
}
_BROAD = frozenset([INVOICES, PAYMENTS, BANK])


def needed(entities: Iterable[str]) -> frozenset[str]:
    """The scopes without which flows that use these entities stand still."""
    return frozenset(name for entity in entities for name in _NEEDED.get(entity, ()))


def granted(name: str, scopes: Collection[str]) -> bool:
    """Whether ``scopes`` hold a right: by its own name, by the one that also writes, or by the broad one."""
    writing = name.removesuffix(".read")
    wanted = {name, writing}
    if writing in _BROAD:
        wanted.add(_A + "transactions")
    return bool(wanted & set(scopes))
