"""Contacts as Zoho payloads. Pure.

A contact is customer or vendor for good, so its type goes with a create only. Persons are an array that a change replaces
whole: an update carries what changes of them alone, the first person marked as primary, and ``completing`` puts those that
Zoho holds around it. A further person that is ours is known by its department, which names the contact it is made of; one
without an e-mail address there is to be taken away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation, Party, Person
from ml_connector.canonical.money import ZERO, plain
from ml_connector.canonical.parts import Address
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import editions
from ml_connector.connectors.zoho_books.lines import currency, present, reference_of
from ml_connector.connectors.zoho_books.settings import reference_field_of
from ml_connector.errors import BadInput

PRIMARY = "is_primary_contact"
ACTIVE, INACTIVE = "active", "inactive"  # the last word of the call that sets it
OURS = "ServiceTitan contact "  # and its id; at most 50 characters [SPEC26]
_TAXABLE = frozenset(["US", "CA", "AU", "IN", "MX", "KE", "ZA"])  # editions whose contacts are taxable or not [SPEC26]
_DAYS = re.compile(r"(?:net\s*)?(\d{1,3})(?:\s*days?)?", re.IGNORECASE)
_AT_ONCE = "due on receipt"


def party(
    action: Action, document: Party, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A contact. Its currency is fixed once there are transactions, so it goes with a create only. Raises BadInput."""
    if action is Action.VOID:
        return Composed(b"", ZERO)
    if action is Action.SET_STATUS:
        return Composed(encode({"status": ACTIVE if document.active else INACTIVE}), ZERO)
    if not document.name:
        raise BadInput("The contact has no name: enter one at the source.")
    notes: list[str] = []
    body = {
        "contact_name": document.name,
        "contact_type": document.kind or "vendor",
        **present(company_name=document.company),
        **(_new(document, organisation, settings) if action is Action.CREATE else {}),
        **_persons(document),
        **_address(document.address),
        **_terms(document, notes),
        **_limit(document),
        **_taxed(action, document, organisation, settings, notes),
        **_reference(action, document, reference, reference_field_of(settings)),
    }
    return Composed(encode(body), ZERO, tuple(notes))


def _reference(action: Action, document: Party, reference: str, field: str) -> dict[str, Any]:
    """A change leaves it and the notes as they are: the contact may be one that others made, and the notes are theirs."""
    return {} if action is Action.UPDATE else reference_of(action, document.memo, reference, field)


def _new(document: Party, organisation: Organisation, settings: Mapping[str, str]) -> dict[str, str]:
    """What only a new contact is given: later it is the bookkeepers' to change."""
    edition = editions.head(organisation.edition, "parties", settings)
    return {**currency(document.currency, organisation, settings), **edition}


def _persons(document: Party) -> dict[str, Any]:
    person = present(
        first_name=document.first_name, last_name=document.last_name, email=document.email, phone=document.phone
    )
    others = [_person(one) for one in document.persons]
    first = [{**person, PRIMARY: True}] if person else []
    return {"contact_persons": [*first, *others]} if first or others else {}


def _person(one: Person) -> dict[str, str]:
    ours = f"{OURS}{one.id}" if one.id else ""
    return present(
        first_name=one.first_name, last_name=one.last_name, email=one.email, phone=one.phone, department=ours
    )  # fmt: skip


def _address(address: Address) -> dict[str, Any]:
    parts = present(
        address=address.street,
        street2=address.street2,
        city=address.city,
        state=address.state,
        zip=address.zip,
        country=address.country,
    )
    return {"billing_address": parts} if parts else {}


def _terms(document: Party, notes: list[str]) -> dict[str, Any]:
    """Zoho keeps terms as days and a label; those that are no number of days are left as they are."""
    words = document.terms.strip()
    found = _DAYS.fullmatch(words)
    if words.lower() == _AT_ONCE or found:
        return {"payment_terms": int(found[1]) if found else 0, "payment_terms_label": words}
    if words:
        notes.append(f"the terms {words!r} are no number of days; those that Zoho has are left")
    return {}


def _limit(document: Party) -> dict[str, Any]:
    """Zoho keeps a limit for customers alone (SPEC26)."""
    if document.credit_limit is None or document.kind != "customer":
        return {}
    return {"credit_limit": plain(document.credit_limit)}


def _taxed(
    action: Action, document: Party, organisation: Organisation, settings: Mapping[str, str], notes: list[str]
) -> dict[str, Any]:
    """Whether a customer is taxed, in editions that keep it; who is exempt names an exemption.

    Without one a new customer is not made, since he would be taxed: BadInput; an existing one is left as taxed as he is.
    """
    if document.tax_exempt is None or document.kind != "customer" or organisation.edition not in _TAXABLE:
        return {}
    if not document.tax_exempt:
        return {"is_taxable": True}
    exemption = settings.get("exempt_contact", "")
    if not exemption and action is Action.UPDATE:
        notes.append("whether the customer is taxed is left as it is in Zoho: setting exempt_contact is empty")
        return {}
    if not exemption:
        raise BadInput(
            f"{document.name} is exempt from tax, and no exemption of Zoho's is named for such customers: set "
            "'ml-connector settings --connection zoho-books --set exempt_contact=...'."
        )
    return {"is_taxable": False, "tax_exemption_id": exemption}
