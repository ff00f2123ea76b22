"""How a contact is shown: in full, inside a document, reduced, in a summary, and as an echo of what was refused."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.books.contacts import ADDRESSES, PHONE, PHONES
from ml_connector_sandbox.xero.books.masters import Contact
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.books.values import money, stamp
from ml_connector_sandbox.xero.errors import ZERO_ID

_ALWAYS = ("City", "Region", "PostalCode", "Country")


def full(books: OrganisationBooks, one: Contact) -> dict[str, Any]:
    """As the resource itself shows it."""
    found = embedded(one)
    balances = {
        name: {"Outstanding": money(open_), "Overdue": money(late)}
        for name, (open_, late) in (
            ("AccountsReceivable", books.outstanding(one, sale=True)),
            ("AccountsPayable", books.outstanding(one, sale=False)),
        )
    }
    traded = one.is_customer or one.is_supplier
    terms = {"PaymentTerms": one.terms} if one.terms else {}
    return found | terms | ({"Balances": balances} if traded else {}) | {"HasAttachments": False}


def embedded(one: Contact) -> dict[str, Any]:
    """As a written document and a document by itself show it."""
    return {
        **_names(one),
        "BankAccountDetails": one.texts.get("BankAccountDetails", ""),
        "Addresses": [_address(word, one) for word in ADDRESSES],
        "Phones": [_phone(word, one) for word in PHONES],
        "UpdatedDateUTC": stamp(one.updated),
        "ContactGroups": [],
        "IsSupplier": one.is_supplier,
        "IsCustomer": one.is_customer,
        "SalesTrackingCategories": [],
        "PurchasesTrackingCategories": [],
        "ContactPersons": [dict(person) for person in one.persons],
        "HasValidationErrors": False,
    }


def summary(one: Contact) -> dict[str, Any]:
    """With ``summaryOnly``."""
    dropped = (
        "Addresses", "ContactGroups", "ContactPersons", "IsCustomer", "IsSupplier", "SalesTrackingCategories",
        "PurchasesTrackingCategories",
    )  # fmt: skip
    return {name: value for name, value in embedded(one).items() if name not in dropped}


def reduced(one: Contact) -> dict[str, Any]:
    """As rows of document lists show it."""
    return {
        "ContactID": one.contact_id,
        **({"ContactNumber": one.number} if one.number else {}),
        "Name": one.name,
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def echo(one: Contact, *, new: bool) -> dict[str, Any]:
    """What was asked for and refused; a new contact has the zero id."""
    phones = [{"PhoneType": word, **values, "ValidationErrors": []} for word, values in one.phones.items()]
    return {
        **_names(one),
        "ContactID": ZERO_ID if new else one.contact_id,
        "Addresses": [{"AddressType": word, **values} for word, values in one.addresses.items()],
        "Phones": phones,
        "ContactGroups": [],
        "ContactPersons": [dict(person) for person in one.persons],
    }


def _names(one: Contact) -> dict[str, Any]:
    found: dict[str, Any] = {"ContactID": one.contact_id}
    numbers = {"ContactNumber": one.number, "AccountNumber": one.account_number, "MergedToContactID": one.merged_to}
    found |= {name: value for name, value in numbers.items() if value}
    found |= {"ContactStatus": one.status, "Name": one.name}
    return found | {name: value for name, value in one.texts.items() if value and name != "BankAccountDetails"}


def _address(word: str, one: Contact) -> dict[str, str]:
    kept = one.addresses.get(word, {})
    return {"AddressType": word, **dict.fromkeys(_ALWAYS, ""), **kept}


def _phone(word: str, one: Contact) -> dict[str, str]:
    return {"PhoneType": word, **dict.fromkeys(PHONE, ""), **one.phones.get(word, {})}
