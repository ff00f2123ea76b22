"""Xero's contacts, accounts, tax rates and tracking options as canonical documents. Pure.

Unknown fields are ignored, a missing required one raises ``Unreadable``. Rows come without bank details and tax ids.
"""

from __future__ import annotations

from ml_connector.canonical.master_data import Account, Dimension, Party, TaxCode
from ml_connector.canonical.parts import Address, Ref
from ml_connector.connectors.json_fields import Fields, amount, child, children, text
from ml_connector.connectors.xero.settings import STREET
from ml_connector.connectors.xero.values import id_of, needed, stamp

ACTIVE = "ACTIVE"
_ADDRESSES = {STREET: "STREET"}
_OTHER = {"POBOX": "STREET", "STREET": "POBOX"}
_BANK = "BANK"
_ROLES = (("IsCustomer", "customer"), ("IsSupplier", "vendor"))


def address_type(chosen: str) -> str:
    """Xero's word for the address that setting ``address`` names."""
    return _ADDRESSES.get(chosen, "POBOX")


def party(row: Fields, address: str) -> Party:
    """A contact. It may be customer and vendor at once, or neither before its first document; a party has one kind:

    customer where Xero shows one, else vendor. ``address`` is Xero's word for the one that is read; where it is empty,
    the other one. Whether form 1099 is settled Xero tells in its reports alone. Raises Unreadable.
    """
    return Party(
        id=needed(row, "ContactID"),
        kind="customer" if row.get("IsCustomer") is True else "vendor",
        name=needed(row, "Name"),
        active=text(row, "ContactStatus") in (ACTIVE, ""),
        first_name=text(row, "FirstName"),
        last_name=text(row, "LastName"),
        email=text(row, "EmailAddress"),
        phone=_phone(row),
        account_number=text(row, "AccountNumber"),
        currency=text(row, "DefaultCurrency"),
        merged_into=id_of(row, "MergedToContactID"),
        address=_address(row, address),
        reference=text(row, "ContactNumber"),
        stamp=stamp(row),
        roles=" ".join(role for name, role in _ROLES if row.get(name) is True),
        has_tax_id=bool(text(row, "TaxNumber")),
        has_terms=bool(text(child(child(row, "PaymentTerms"), "Bills"), "Type")),
    )


def account(row: Fields) -> Account:
    """A general-ledger account. Bank and system accounts take no document lines; bank accounts take payments, and so do

    others where people have enabled that (EnablePaymentsToAccount, which is false on bank accounts). Raises Unreadable.
    """
    kind = text(row, "Type")
    return Account(
        id=needed(row, "AccountID"),
        name=needed(row, "Name"),
        number=text(row, "Code"),
        type=kind,
        active=text(row, "Status") in (ACTIVE, ""),
        postable=kind != _BANK and not text(row, "SystemAccount"),
        currency=text(row, "CurrencyCode"),
        takes_payments=kind == _BANK or row.get("EnablePaymentsToAccount") is True,
        stamp=stamp(row),
    )


def tax_code(row: Fields) -> TaxCode:
    """A tax rate. Xero knows it by its type, which documents name; it has no other id. Raises Unreadable."""
    return TaxCode(
        id=needed(row, "TaxType"),
        name=needed(row, "Name"),
        rate=amount(row, "EffectiveRate") / 100 if text(row, "EffectiveRate") else None,
        active=text(row, "Status") in (ACTIVE, ""),
    )


def tracking_option(category: Fields, option: Fields) -> Dimension:
    """One option of a tracking category; Xero never demands one. Raises Unreadable."""
    both = (text(category, "Status"), text(option, "Status"))
    return Dimension(
        id=needed(option, "TrackingOptionID"),
        kind="tracking_option",
        name=needed(option, "Name"),
        set=Ref(id=needed(category, "TrackingCategoryID"), name=text(category, "Name")),
        active=all(status in (ACTIVE, "") for status in both),
        mandatory=False,
    )


def contact_ref(row: Fields) -> Ref:
    """The contact a document names."""
    contact = child(row, "Contact")
    return Ref(id_of(contact, "ContactID"), text(contact, "Name"))


def _phone(row: Fields) -> str:
    """The default number, else the mobile one, with what stands in front of it."""
    by_type = {text(one, "PhoneType"): one for one in children(row, "Phones")}
    for kind in ("DEFAULT", "MOBILE", "OFFICE"):
        one = by_type.get(kind, {})
        if text(one, "PhoneNumber"):
            parts = (text(one, name) for name in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"))
            return " ".join(part for part in parts if part)
    return ""


def _address(row: Fields, kind: str) -> Address:
    by_type = {text(one, "AddressType"): one for one in children(row, "Addresses")}
    wanted = _postal(by_type.get(kind, {}))
    return wanted if wanted != Address() else _postal(by_type.get(_OTHER[kind], {}))


def _postal(row: Fields) -> Address:
    further = ("AddressLine2", "AddressLine3", "AddressLine4")
    return Address(
        street=text(row, "AddressLine1"),
        street2=", ".join(part for name in further if (part := text(row, name))),
        city=text(row, "City"),
        state=text(row, "Region"),
        zip=text(row, "PostalCode"),
        country=text(row, "Country"),
    )
