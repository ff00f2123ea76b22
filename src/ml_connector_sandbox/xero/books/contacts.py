"""Contacts: names, numbers, archiving, merging."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.body import Body, child, children, decimal, flag, given, text
from ml_connector_sandbox.xero.books.issues import (
    ARCHIVED_CONTACT,
    ARCHIVED_EDIT,
    BAD_EMAIL,
    NO_CONTACT,
    UNIDENTIFIED_CONTACT,
    Issues,
)
from ml_connector_sandbox.xero.books.masters import ACTIVE, ARCHIVED, Contact

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

TEXTS = {
    "FirstName": 255, "LastName": 255, "CompanyNumber": 50, "EmailAddress": 255, "BankAccountDetails": 255,
    "TaxNumber": 50, "AccountsReceivableTaxType": 50, "AccountsPayableTaxType": 50, "DefaultCurrency": 3,
    "SalesDefaultLineAmountType": 20, "PurchasesDefaultLineAmountType": 20, "SalesDefaultAccountCode": 10,
    "PurchasesDefaultAccountCode": 10,
}  # fmt: skip
"""Longest value of each text; account codes and words are bounded by what they name."""
PHONE = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
ADDRESS = {
    "AddressLine1": 500, "AddressLine2": 500, "AddressLine3": 500, "AddressLine4": 500, "City": 255, "Region": 255,
    "PostalCode": 50, "Country": 50, "AttentionTo": 255,
}  # fmt: skip
TERMS = ("DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH")
PHONES, ADDRESSES = ("DEFAULT", "DDI", "FAX", "MOBILE"), ("STREET", "POBOX")
_EMAIL = re.compile(r"[!-?A-~]+@[0-9A-Za-z.-]+\.[0-9A-Za-z-]+")
_NAME_TAKEN = (
    "The contact name {} is already assigned to another contact. The contact name must be unique across all active "
    "contacts."
)
_NUMBER_TAKEN = "Another contact has this contact number. Please enter a different contact number."
_ACCOUNT_TAKEN = "The Account Number already exists. Please enter a different Account Number"


def find_target(books: OrganisationBooks, body: Body, issues: Issues) -> Contact | None:
    """What ``POST /Contacts`` updates: by id, else by number and name in the order of the switch; None: a new one."""
    if text(body, "ContactID"):
        found = books.contacts.get(text(body, "ContactID"))
        if found is None:
            issues.invented("unknown id", "Contact", "Contact")
        return found
    for key in books.switches.contact_match.split(","):
        found = _by_number(books, body) if key == "number" else active_by_name(books, text(body, "Name"))
        if found is not None:
            return found
    return None


def _by_number(books: OrganisationBooks, body: Body) -> Contact | None:
    number = text(body, "ContactNumber")
    return next(iter(books.contacts.having("number", number)), None) if number else None


def active_by_name(books: OrganisationBooks, name: str) -> Contact | None:
    """The active contact of this name, in any case."""
    return next((one for one in books.contacts.having("name", name.casefold()) if one.status == ACTIVE), None)


def save(books: OrganisationBooks, body: Body, target: Contact | None, issues: Issues) -> Contact:
    """Create, or change ``target``, unless something is wrong; returns what was asked for, saved or not."""
    wanted = propose(books, body, target, issues)
    if issues.messages:
        return wanted
    return commit(books, wanted, target)


def propose(books: OrganisationBooks, body: Body, target: Contact | None, issues: Issues) -> Contact:
    """What the contact would be."""
    wanted = _blank(books) if target is None else _copied(target)
    if target is not None and target.status != ACTIVE:
        issues.add(ARCHIVED_EDIT)
    wanted.name = text(body, "Name", wanted.name)
    wanted.number = text(body, "ContactNumber", wanted.number)
    wanted.account_number = text(body, "AccountNumber", wanted.account_number)
    wanted.texts |= {name: text(body, name) for name in TEXTS if given(body, name)}
    _terms(body, wanted, issues)
    _parts(body, wanted, issues)
    _persons(books, body, wanted, issues)
    status = text(body, "ContactStatus", wanted.status)
    wanted.status = ARCHIVED if status == ARCHIVED and target is not None else wanted.status
    _check(wanted, issues)
    _unique(books, wanted, issues)
    return wanted


def commit(books: OrganisationBooks, wanted: Contact, target: Contact | None) -> Contact:
    """Enter what was proposed."""
    kept = wanted if target is None else target
    for one in fields(Contact):
        setattr(kept, one.name, getattr(wanted, one.name))
    kept.updated = books.now()
    books.contacts.put(kept)
    return kept


def for_document(books: OrganisationBooks, body: Body, issues: Issues, *, may_create: bool) -> Contact | None:
    """The contact a document names; a new one, not entered yet, where a name is unknown and may be created.

    Further fields beside the id change the contact, too; what they would make of it is checked here.
    """
    sent = body.get("Contact")
    if not isinstance(sent, dict):
        issues.add(NO_CONTACT)
        return None
    keys = {name: text(sent, name) for name in ("ContactID", "ContactNumber", "Name")}
    if not any(keys.values()):
        issues.add(UNIDENTIFIED_CONTACT)
        return None
    found = _named(books, keys, with_name=may_create)
    if found is None:
        if may_create and not keys["ContactID"] and keys["Name"]:
            return propose(books, sent, None, issues)
        issues.add(NO_CONTACT)
        return None
    if found.status != ACTIVE:
        issues.add(ARCHIVED_CONTACT)
    return found


def _named(books: OrganisationBooks, keys: dict[str, str], with_name: bool) -> Contact | None:
    if keys["ContactID"]:
        return books.contacts.get(keys["ContactID"])
    found = next(iter(books.contacts.having("number", keys["ContactNumber"])), None) if keys["ContactNumber"] else None
    return found or (active_by_name(books, keys["Name"]) if with_name and keys["Name"] else None)


def merge(books: OrganisationBooks, loser: Contact, winner: Contact) -> None:
    """What a person does on the contacts page: the loser is archived, its documents are the winner's."""
    for register in books.registers():
        for document in register.having("contact", loser.contact_id):
            document.contact_id = winner.contact_id
            register.put(document, announce=False)
    winner.is_customer, winner.is_supplier = (
        winner.is_customer or loser.is_customer, winner.is_supplier or loser.is_supplier,
    )  # fmt: skip
    loser.status, loser.merged_to, loser.updated = ARCHIVED, winner.contact_id, books.now()
    books.contacts.put(loser)


def _blank(books: OrganisationBooks) -> Contact:
    moment = books.now()
    return Contact(contact_id=books.new_id(), name="", created=moment, updated=moment)


def _copied(one: Contact) -> Contact:
    return replace(
        one,
        terms=dict(one.terms),
        texts=dict(one.texts),
        phones={key: dict(value) for key, value in one.phones.items()},
        addresses={key: dict(value) for key, value in one.addresses.items()},
        persons=[dict(person) for person in one.persons],
    )


def _terms(body: Body, wanted: Contact, issues: Issues) -> None:
    """When bills and sales fall due: a day and what it is counted from; nothing where nobody has said."""
    for name, sent in child(body, "PaymentTerms").items():
        term = {name: sent} if name in ("Bills", "Sales") else {}
        day, kind = decimal(child(term, name), "Day"), text(child(term, name), "Type")
        if day is None or not 0 <= day <= 31 or day % 1 or kind not in TERMS:
            issues.invented("terms")
            continue
        wanted.terms[name] = {"Day": int(day), "Type": kind}


def _parts(body: Body, wanted: Contact, issues: Issues) -> None:
    for sent, kind, known, limits, kept in (
        ("Phones", "PhoneType", PHONES, PHONE, wanted.phones),
        ("Addresses", "AddressType", ADDRESSES, ADDRESS, wanted.addresses),
    ):
        for part in children(body, sent):
            word = text(part, kind, known[0])
            if word not in known:
                issues.invented("type")
                continue
            values = {name: text(part, name) for name in limits if given(part, name)}
            for name, value in values.items():
                issues.limit(name, value, limits[name])
            kept[word] = kept.get(word, {}) | values


def _persons(books: OrganisationBooks, body: Body, wanted: Contact, issues: Issues) -> None:
    if "ContactPersons" not in body:
        if books.switches.persons_dropped:
            wanted.persons = []
        return
    sent = children(body, "ContactPersons")
    if len(sent) > 5:
        issues.invented("persons")
    names = ("FirstName", "LastName", "EmailAddress")
    wanted.persons = [
        {**{name: text(one, name) for name in names}, "IncludeInEmails": flag(one, "IncludeInEmails")} for one in sent
    ]


def _check(wanted: Contact, issues: Issues) -> None:
    if not wanted.name:
        issues.invented("no name")
    if wanted.name != " ".join(wanted.name.split()) or set("<>") & set(wanted.name):
        issues.invented("name")
    issues.limit("Name", wanted.name, 255)
    issues.limit("ContactNumber", wanted.number, 50)
    issues.limit("AccountNumber", wanted.account_number, 50)
    for name, value in wanted.texts.items():
        issues.limit(name, value, TEXTS[name])
    mails = [wanted.texts.get("EmailAddress", ""), *(str(one["EmailAddress"]) for one in wanted.persons)]
    if any(one and not _EMAIL.fullmatch(one) for one in mails):
        issues.add(BAD_EMAIL)


def _unique(books: OrganisationBooks, wanted: Contact, issues: Issues) -> None:
    if wanted.status != ACTIVE:
        return
    holder = active_by_name(books, wanted.name)
    if wanted.name and holder is not None and holder.contact_id != wanted.contact_id:
        issues.add(_NAME_TAKEN.format(wanted.name))
    for index, value, message in (
        ("number", wanted.number, _NUMBER_TAKEN), ("account_number", wanted.account_number, _ACCOUNT_TAKEN),
    ):  # fmt: skip
        if value and any(one.contact_id != wanted.contact_id for one in books.contacts.having(index, value)):
            issues.add(message)
