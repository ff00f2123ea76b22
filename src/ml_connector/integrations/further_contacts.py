"""E-mail addresses that a customer has besides the first one, as further contact persons in the ledger. Pure.

The first address and telephone are the customer's own. A further address becomes a person of its own, who bears the id that
the source gives it, so that people's own persons are never touched: one is added, follows what becomes of it at the source,
and is taken away with it. Nothing of such a person goes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.master_data import Party, Person

SETTING = "further_contacts"  # and the option with which customers are read for it
ADD = "add"
_EMAIL_AT_MOST = 100
_SEPARATORS = frozenset(" ,;<>\t\r\n")


@dataclass(frozen=True, slots=True)
class Further:
    """What of a customer's further persons is to be sent; one without an e-mail address is taken away. ``note`` tells it."""

    persons: tuple[Person, ...]
    note: str


def further(party: Party) -> dict[str, Person]:
    """By id, the persons that a party's further addresses are: each address once, and only what is one address."""
    found: dict[str, Person] = {}
    seen = {party.email.strip().casefold()}
    for one in party.persons:
        email = one.email.strip()
        if not _is_address(email) or email.casefold() in seen:
            continue
        seen.add(email.casefold())
        found[one.id] = msgspec.structs.replace(one, email=email)
    return found


def changed_since(agreed: Party, now: Party) -> Further | None:
    """What has changed of them since a version that was sent; None where nothing has."""
    before, after = further(agreed), further(now)
    going = [one for id_, one in after.items() if before.get(id_) != one]
    gone = [one for id_, one in before.items() if id_ not in after]
    if not going and not gone:
        return None
    said = [_said(before.get(one.id), one) for one in going] + [f"{_label(one)} is taken away" for one in gone]
    persons = (*going, *(Person(one.id) for one in gone))
    return Further(persons, f"further contact persons: {'; '.join(said)}")


def of_new(party: Party) -> Further | None:
    """All of one that is to be made; None where it has none."""
    return changed_since(msgspec.structs.replace(party, persons=()), party)


def has_first(ledger: Party, sent: Iterable[str]) -> bool:
    """Whether the ledger's contact has a first person, or gets one by the fields ``sent``; else a further one became it."""
    own = (ledger.email, ledger.phone, ledger.first_name, ledger.last_name)
    return any(own) or not {"email", "phone", "first_name"}.isdisjoint(sent)


def _is_address(text: str) -> bool:
    name, _, domain = text.partition("@")
    return bool(name and domain) and "@" not in domain and len(text) <= _EMAIL_AT_MOST and _SEPARATORS.isdisjoint(text)


def _said(before: Person | None, now: Person) -> str:
    return f"{_label(now)} is added" if before is None else f"{_label(before)} becomes {_label(now)}"


def _label(one: Person) -> str:
    return f"{one.email} ({one.first_name})" if one.first_name else one.email
