"""The firm's names: offices, cost centres, accounts, clients, vendors."""

from __future__ import annotations

COMPANY = "Halyard & Finch Advisory"
ZONE = "America/New_York"
TAG = "Cost centre"
ERP_SOURCE = ("Zoho Books Halyard & Finch", "ZOHO-HF")

# Office, company code, the legal entity's name, its currency and country.
OFFICES = (
    ("Boston", "1000", "Halyard & Finch Advisory LLC", "USD", "US"),
    ("Denver", "2000", "Halyard & Finch West LLC", "USD", "US"),
    ("Toronto", "3000", "Halyard & Finch Canada Inc.", "CAD", "CA"),
)
# Practices of every office: each is an option of the tag and a cost centre of the same name.
PRACTICES = (
    ("Audit", "AUD"),
    ("Tax", "TAX"),
    ("Consulting", "CON"),
    ("Valuation", "VAL"),
    ("People", "PPL"),
    ("Office", "OFF"),
)
# Name, code and account number of the group's own centres. Their options are called as their code or their number is.
GROUP = (("Technology", "GRP-TEC", "70100"), ("Partners", "GRP-PAR", "70200"))
BY_CODE, BY_NUMBER = GROUP[0][1], GROUP[1][2]
# An option whose cost centre ended, and options that never had one.
EXPIRED = ("Denver Relocation", "DEN-REL")
WITHOUT_CENTER = ("Charity Gala", "Summer Interns")
ROOMS = ("Denver Library", "Boston Reception")
# A cost centre that the ledger does not use.
UNUSED_CENTER = ("Montreal Start-up", "MTL-NEW")

# Number in both systems, name in the ledger.
ACCOUNTS = (
    ("6010", "Rent and utilities"),
    ("6020", "Office supplies"),
    ("6030", "Software subscriptions"),
    ("6040", "Telephone and internet"),
    ("6110", "Travel"),
    ("6120", "Meals"),
    ("6210", "Legal and professional fees"),
    ("6220", "Contract staff"),
    ("6310", "Training"),
    ("6410", "Marketing"),
    ("6510", "Insurance"),
    ("6610", "Research databases"),
    ("6750", "Freight and courier"),
)
FREIGHT = "6750"
ADJUSTMENTS = ("6990", "Rounding and adjustments")
# Used in the ledger, and missing in ServiceNow.
MISSING_ACCOUNT = ("6890", "Client entertainment")
BANKS = (("Operating account USD", "1010"), ("Operating account CAD", "1020"))
CARD = "Corporate card"
CLIENTS = ("Beacon Street Trust", "Larimer Foods", "Ontario Timber Co-operative")
PROJECTS = ("Trust review", "Plant valuation", "Mill sale", "Payroll study", "Audit 2026", "Cash plan")

TERMS = (("Due on Receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 45", 45))
# How the ledger calls a way of paying, and which of ServiceNow's choices it is.
METHODS = {
    "Bank Transfer": "bank_transfer",
    "Check": "cheque",
    "Credit Card": "credit_card",
    "Cash": "cash_payment",
}
UNMAPPED_METHOD = "Barter"

_ROOTS = ("Ash", "Birch", "Cedar", "Dell", "Elm", "Fern", "Glen", "Hazel", "Iron", "Juniper", "Kestrel", "Linden")
_ENDS = ("brook", "croft", "dale", "field", "gate", "haven", "mere", "port", "stead", "wick")
_TRADES = (
    "Office Supply", "Data Services", "Business Travel", "Staffing", "Courier", "Legal Research", "Catering",
    "Print Works", "Telecom", "Training Institute", "Equipment Leasing", "Property Management",
)  # fmt: skip
_FORMS = ("", " LLC", " Inc.")

# Two firms whose names are nearly one; only the first is known to ServiceNow.
LIKE_NAMED = ("Harbor Counsel Group LLP", "Harbour Counsel Group LLP")
EURO_VENDOR = "Werkstatt Moderne GmbH"
LONG_TEXT = (
    "Quarterly retainer for document review, translation and certification of the shareholder register and of its "
    "annexes, as agreed in the engagement letter"
)
ODD_TEXT = "Z\u00fcrich\u2013Gen\u00e8ve: S\u00e9minaire \u00ab Co\u00fbts \u00bb, 3\u00a0participants"


def vendor_names(count: int) -> list[str]:
    """``count`` names (at most 120), no two of which are alike in more than one part."""
    found = []
    for place in range(count):
        root, end = place % len(_ROOTS), place // len(_ROOTS)
        trade = _TRADES[(root + 5 * end) % len(_TRADES)]
        found.append(f"{_ROOTS[root]}{_ENDS[end]} {trade}{_FORMS[(root + end) % len(_FORMS)]}")
    return found
