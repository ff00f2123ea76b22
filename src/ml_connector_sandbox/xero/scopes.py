"""Granular scopes: which one a resource needs, for reading and for writing. The broad ones die in September 2027."""

from __future__ import annotations

from types import MappingProxyType

INVOICES, PAYMENTS, BANK = "accounting.invoices", "accounting.payments", "accounting.banktransactions"
CONTACTS, SETTINGS = "accounting.contacts", "accounting.settings"
TRANSACTIONS = "accounting.transactions"
OFFLINE, OPENID, APP_CONNECTIONS = "offline_access", "openid", "app.connections"

NEEDED = MappingProxyType(
    {
        "invoices": (INVOICES,), "creditnotes": (INVOICES,), "purchaseorders": (INVOICES,),
        "items": (SETTINGS, INVOICES),
        "payments": (PAYMENTS,), "overpayments": (PAYMENTS,), "prepayments": (PAYMENTS,),
        "banktransactions": (BANK,),
        "contacts": (CONTACTS,),
        "accounts": (SETTINGS,), "taxrates": (SETTINGS,), "trackingcategories": (SETTINGS,),
        "organisation": (SETTINGS,), "currencies": (SETTINGS,), "brandingthemes": (SETTINGS,), "users": (SETTINGS,),
    }
)  # fmt: skip
"""Resource in lower case -> scopes any of which opens it; reading is open with ``.read``, too."""

_COVERED = frozenset({INVOICES, PAYMENTS, BANK})
BROAD = frozenset({TRANSACTIONS, f"{TRANSACTIONS}.read"})
_GRANULAR = frozenset({INVOICES, PAYMENTS, BANK, CONTACTS, SETTINGS})
EVERYTHING = (
    _GRANULAR | {f"{one}.read" for one in _GRANULAR} | {OPENID, "profile", "email", OFFLINE, APP_CONNECTIONS}
) | {
    "accounting.attachments", "accounting.attachments.read", "accounting.manualjournals",
    "accounting.manualjournals.read", "accounting.reports.read", "accounting.journals.read", "accounting.budgets.read",
}  # fmt: skip


def covers(held: frozenset[str], resource: str, write: bool) -> bool:
    """Do these scopes open the resource.

    >>> covers(frozenset({"accounting.settings.read"}), "Accounts", write=True)
    False
    """
    for one in NEEDED[resource.lower()]:
        full = {one} | ({TRANSACTIONS} if one in _COVERED else set())
        if held & full or (not write and held & {f"{name}.read" for name in full}):
            return True
    return False
