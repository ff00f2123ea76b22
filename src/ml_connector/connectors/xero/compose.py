"""Canonical documents as Xero payloads: one element each, which is sent in a list with others of its kind. Pure.

References are Xero's own ids; an update, void or archive names the document by ``document.id``. What is asked of which
document is told by its type and kind:

Invoice       kind "invoice" or "credit note"; without lines an update changes the head only, which is all that Xero
              allows once something is paid. Lines whose ids are Xero's are kept, others replace them.
Payment       one split: a payment on that invoice. kind overpayment or prepayment: a bank transaction. kind refund: a
              payment back, of what ``refunds`` names (its ``name``: credit note, overpayment or prepayment).
Application   of a credit note, over- or prepayment (``id``) to one invoice: the document with exactly that split or
              allocation. Its void names the allocation's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.purchases import PurchaseOrder
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.xero import compose_documents, compose_payments, references
from ml_connector.connectors.xero.names import spelled
from ml_connector.connectors.xero.references import CONTACT_LIMIT, cut
from ml_connector.connectors.xero.settings import POSTAL
from ml_connector.connectors.xero.translate import address_type
from ml_connector.errors import BadInput

_NAME_LIMIT, _PHONE_LIMIT, _EMAIL_LIMIT = 255, 50, 255
_LINE_LIMIT, _PLACE_LIMIT, _CODE_LIMIT = 500, 255, 50
_IN_FRONT = ("PhoneCountryCode", "PhoneAreaCode")
_ADDRESS = ("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode", "Country")


def compose(
    action: Action, document: Document, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """The native payload. Raises BadInput with one sentence when the document cannot be sent as it is."""
    if action is not Action.CREATE and not document.id:
        raise BadInput("Nothing tells which document of Xero is meant: report this to support.")
    match document:
        case Party():
            return _party(action, document, reference, settings)
        case Invoice() | Payment() if compose_payments.applies(document):
            return compose_payments.application(action, document)
        case Invoice():
            return compose_documents.invoice(action, document, organisation, reference, settings)
        case PurchaseOrder():
            return compose_documents.purchase_order(action, document, organisation, reference)
        case Payment():
            return compose_payments.payment(action, document, organisation, reference, settings)
        case _:
            raise BadInput(f"Xero takes no {type(document).__name__} from here.")


def _party(action: Action, party: Party, reference: str, settings: Mapping[str, str]) -> Composed:
    """A contact. Whether it is customer or vendor is Xero's own finding; terms, tax and bank details stay untouched."""
    if action is Action.VOID:
        raise BadInput("A contact cannot be voided in Xero: it is archived by an update.")
    if action is Action.UPDATE and not party.active:
        return Composed(encode({"ContactID": party.id, "ContactStatus": "ARCHIVED"}), ZERO)
    notes: list[str] = []
    body: dict[str, Any] = {
        **({"ContactID": party.id} if action is Action.UPDATE else {}),
        "Name": _name(party.name, notes),
        **_number(party.reference if action is Action.UPDATE else reference, notes),
        **_fitting("AccountNumber", "account number", party.account_number, CONTACT_LIMIT, notes),
        **_cut("FirstName", party.first_name, _NAME_LIMIT, notes),
        **_cut("LastName", party.last_name, _NAME_LIMIT, notes),
        **_email(party.email, notes),
        **_phone(party.phone, action, notes),
        **_address(party, action, address_type(settings.get("address", POSTAL)), notes),
    }
    return Composed(encode(body), ZERO, tuple(notes))


def _name(name: str, notes: list[str]) -> str:
    """Xero takes no angle brackets and no spaces in front, behind or doubled. Raises BadInput without a name."""
    words = spelled(name)
    if not words:
        raise BadInput("The contact has no name: enter one at the source.")
    sent = cut(words, _NAME_LIMIT)
    if sent != name:
        notes.append(f"the name {name!r} goes as {sent!r}, as Xero takes it")
    return sent


def _number(reference: str, notes: list[str]) -> dict[str, str]:
    """Our reference, which Xero keeps unique among contacts."""
    if len(reference) > CONTACT_LIMIT:
        notes.append(f"our reference has more than {CONTACT_LIMIT} characters and is left out: found by its name only")
        return {}
    return {"ContactNumber": reference} if reference else {}


def _fitting(name: str, what: str, value: str, limit: int, notes: list[str]) -> dict[str, str]:
    """A key or number: whole or not at all."""
    if len(value) > limit:
        notes.append(f"the {what} has more than {limit} characters and is left out")
        return {}
    return {name: value} if value else {}


def _cut(name: str, value: str, limit: int, notes: list[str]) -> dict[str, str]:
    if len(value) > limit:
        notes.append(f"{name} was cut at {limit} characters")
    return {name: references.cut(value, limit)} if value else {}


def _email(email: str, notes: list[str]) -> dict[str, str]:
    if email and not email.isascii():
        notes.append(f"the e-mail address {email!r} has letters that Xero does not take and is left out")
        return {}
    return _fitting("EmailAddress", "e-mail address", email, _EMAIL_LIMIT, notes)


def _phone(phone: str, action: Action, notes: list[str]) -> dict[str, Any]:
    """The whole number in one field. A change takes back what stood in front of the one before."""
    number = _fitting("PhoneNumber", "phone number", phone, _PHONE_LIMIT, notes)
    before = dict.fromkeys(_IN_FRONT, "") if action is Action.UPDATE else {}
    return {"Phones": [{"PhoneType": "DEFAULT", **before, **number}]} if number else {}


def _address(party: Party, action: Action, kind: str, notes: list[str]) -> dict[str, Any]:
    """The parts it has. A change takes back the others, so that nothing of the one before stays."""
    one = party.address
    parts = {
        **_cut("AddressLine1", one.street, _LINE_LIMIT, notes),
        **_cut("AddressLine2", one.street2, _LINE_LIMIT, notes),
        **_cut("City", one.city, _PLACE_LIMIT, notes),
        **_cut("Region", one.state, _PLACE_LIMIT, notes),
        **_cut("PostalCode", one.zip, _CODE_LIMIT, notes),
        **_cut("Country", one.country, _CODE_LIMIT, notes),
    }
    before = dict.fromkeys(_ADDRESS, "") if action is Action.UPDATE else {}
    return {"Addresses": [{"AddressType": kind, **before, **parts}]} if parts else {}
