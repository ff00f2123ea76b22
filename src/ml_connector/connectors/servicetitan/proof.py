"""What ServiceTitan shows of a customer or vendor, laid against what a step's body asked for. Pure."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.servicetitan.translate_customers import EMAIL
from ml_connector.connectors.writing import Step

_NOT_A_DIGIT = re.compile(r"\D")
_NOT_A_WORD = re.compile(r"[\W_]+")


def wanted(step: Step) -> dict[str, Any]:
    """The fields that a step asks for, a customer's contacts among them."""
    body: dict[str, Any] = msgspec.json.decode(step.body)
    own = body.get("customer")
    return {**own, "contacts": body.get("contacts", [])} if isinstance(own, dict) else body


def difference(asked: dict[str, Any], shown: Party, reference: str = "") -> str:
    """The first thing shown otherwise than asked for; empty when it is the same.

    ServiceTitan may spell addresses, phone numbers and e-mail addresses its own way: they are compared by what they say.
    """
    address = asked.get("address") or {}
    contacts = {one["type"]: one["value"] for one in asked.get("contacts", [])}
    phones = [value for kind, value in contacts.items() if kind != EMAIL] or [asked.get("phone", "")]
    pairs = [
        ("name", shown.name, asked.get("name", "")),
        ("street", _words(shown.address.street), _words(address.get("street", ""))),
        ("city", _words(shown.address.city), _words(address.get("city", ""))),
        ("zip", _words(shown.address.zip), _words(address.get("zip", ""))),
        ("e-mail", shown.email.casefold(), (contacts.get(EMAIL) or asked.get("email", "")).casefold()),
        ("phone", _digits(shown.phone), _digits(phones[0])),
        ("reference", shown.reference or reference, reference),
        ("active", str(shown.active), str(asked.get("active", shown.active))),
    ]
    return next((f"{what} {is_!r} in place of {to_be!r}" for what, is_, to_be in pairs if to_be and is_ != to_be), "")


def same_contact(kind: str, one: str, other: str) -> bool:
    """Whether two e-mail addresses or phone numbers are the same, however they are spelled."""
    spelled = str.casefold if kind == EMAIL else _digits
    return spelled(one.strip()) == spelled(other.strip())


def same_place(asked: dict[str, Any], shown: Party) -> bool:
    """Whether a party has the name and the address of a step that was to create it."""
    address = asked.get("address") or {}
    return (
        _words(shown.name) == _words(asked.get("name", ""))
        and _words(shown.address.street) == _words(address.get("street", ""))
        and _words(shown.address.zip) == _words(address.get("zip", ""))
    )


def _words(text: str) -> str:
    return _NOT_A_WORD.sub(" ", text.casefold()).strip()


def _digits(text: str) -> str:
    """The last ten digits: country prefixes come and go."""
    return _NOT_A_DIGIT.sub("", text)[-10:]
