"""ServiceTitan's customers with their contacts, their locations, and its short lists, as canonical documents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ml_connector.canonical.master_data import ListEntry, Party, Person, location_id
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.translate import Unreadable, address, ref_id, reference, text
from ml_connector.connectors.servicetitan.walks import newest

EMAIL, PHONE, MOBILE = "Email", "Phone", "MobilePhone"
EMAILS, PHONES = frozenset([EMAIL]), frozenset([PHONE, MOBILE])
# A memo that may say whose an address is: a few words without digits and marks; anything else is no business of a ledger.
_NAME = re.compile(r"[^\W\d_][^\d_@!?:;*#%<>]{0,39}")
_WORDS = 4

# When a document is due, by ServiceTitan's three kinds of payment term.
_RULES: Mapping[str, str] = {
    "NumberOfDays": "days",
    "CertainDayOfCurrentMonth": "this month",
    "CertainDayOfFollowingMonth": "next month",
}


def customer(
    payload: payloads.Customer, contacts: Iterable[payloads.Contact], *, changed: str = "", further: bool = False
) -> Party:
    """A customer. ``changed`` is the stamp of a change to his contacts that they no longer show: one was removed.

    ``further``: with his other e-mail addresses as persons, each under its contact's id and called as a short memo of it
    says. The stamp is the latest of his own and his contacts', since a contact does not move the customer.
    """
    known = list(contacts)
    return Party(
        id=str(payload.id),
        kind="customer",
        name=text(payload.name),
        active=payload.active,
        email=_value(shown(known, EMAILS)),
        phone=_value(shown(known, PHONES)),
        private_person=payload.type == "Residential",
        merged_into=ref_id(payload.merged_to_id),
        address=address(payload.address or payloads.CustomerAddress()),
        reference=reference(payload.external_data or []),
        stamp=newest(payload.modified_on or "", changed, *(one.modified_on or "" for one in known)),
        persons=_further(known) if further else (),
    )


def _further(known: Iterable[payloads.Contact]) -> tuple[Person, ...]:
    emails = sorted(_shown(known, EMAILS), key=lambda one: one.id)
    return tuple(
        Person(str(one.id), first_name=_name(text(one.memo)), email=text(one.value)) for one in emails[1:]
    )  # fmt: skip


def _name(memo: str) -> str:
    words = memo.split()
    name = " ".join(words)
    return name if len(words) <= _WORDS and _NAME.fullmatch(name) else ""


def location(payload: payloads.Location, owner: payloads.Customer, *, survivor: str = "") -> Party:
    """A location as a party of its own: its customer's name, then its own, else its street; empty where one is missing.

    E-mail and phone are the customer's. ``survivor``: the id, as a party, of the location it was merged into.
    """
    name, where = text(owner.name), address(payload.address or payloads.CustomerAddress())
    own = text(payload.name)
    place = where.street if own.casefold() in ("", name.casefold()) else own
    return Party(
        id=location_id(str(payload.customer_id), str(payload.id)),
        kind="customer",
        name=f"{name}, {place}" if name and place else "",
        active=payload.active,
        private_person=owner.type == "Residential",
        merged_into=survivor,
        address=where,
        stamp=newest(payload.modified_on or "", owner.modified_on or ""),
    )


def shown(contacts: Iterable[payloads.Contact], kinds: frozenset[str]) -> payloads.Contact | None:
    """The contact that stands for a customer's e-mail or phone: ServiceTitan marks none, so the one entered first."""
    return min(_shown(contacts, kinds), key=lambda one: one.id, default=None)


def _shown(contacts: Iterable[payloads.Contact], kinds: frozenset[str]) -> list[payloads.Contact]:
    return [one for one in contacts if one.active and one.type in kinds and text(one.value)]


def _value(contact: payloads.Contact | None) -> str:
    return "" if contact is None else text(contact.value)


def payment_type(payload: payloads.PaymentType) -> ListEntry:
    """A payment type. ServiceTitan shows of none whether it is active, so each is taken to be."""
    return ListEntry(
        id=str(payload.id), kind="payment_type", name=text(payload.name), stamp=payload.modified_on or ""
    )  # fmt: skip


def payment_term(payload: payloads.PaymentTerm) -> ListEntry:
    """A payment term and when it makes a document due. Raises Unreadable for a kind of term that is not known."""
    if payload.id is None:
        raise Unreadable("field id is missing")
    if payload.due_day_type and payload.due_day_type not in _RULES:
        raise Unreadable(f"field dueDayType is {payload.due_day_type!r}, which is not known")
    return ListEntry(
        id=str(payload.id),
        kind="payment_term",
        name=text(payload.name),
        active=payload.active,
        days=payload.due_day,
        rule=_RULES.get(payload.due_day_type, ""),
        stamp=payload.modified_on or "",
    )
