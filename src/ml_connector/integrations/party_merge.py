"""A party that two systems keep: what changed on which side since both were agreed, and which value stands. Pure.

A change on one side goes to the other. Where both changed, to different values, the field's owner decides. What is only
spelled otherwise is no change. A value that is taken away goes nowhere: neither system takes an empty one, and what the
other one knows may be the only copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.canonical.stamps import stamp_key
from ml_connector.integrations.ways import spelled

_NOT_A_DIGIT = re.compile(r"\D")
_NOT_A_WORD = re.compile(r"[\W_]+")
_COUNTRIES = {
    "united states": "us", "united states of america": "us", "usa": "us", "u s a": "us", "u s": "us", "canada": "ca",
    "can": "ca", "united kingdom": "gb", "great britain": "gb", "england": "gb", "uk": "gb", "gbr": "gb",
    "australia": "au", "aus": "au", "new zealand": "nz", "nzl": "nz", "ireland": "ie", "irl": "ie", "mexico": "mx",
    "mex": "mx",
}  # fmt: skip


class Owner(StrEnum):
    """Whose value stands where both have changed it."""

    SOURCE = "source"
    LEDGER = "ledger"
    HOLD = "hold"


class Verdict(StrEnum):
    """What becomes of one field."""

    SAME = "same"  # both show it
    KEPT = "kept"  # they differ as agreed, or a value was taken away
    TO_LEDGER = "to the ledger"
    TO_SOURCE = "to the source"
    HELD = "held"


_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field that both systems read and write. ``key`` is what of it is compared; empty texts where it has no value."""

    name: str
    words: str
    attributes: tuple[str, ...]
    key: Callable[[Party, str], _Key]
    owner: Owner


def plain_name(name: str, source_id: str) -> str:
    """A party's name without the number that tells it from its namesakes in the ledger, and as the ledger spells it."""
    return spelled(name).removesuffix(f" (ST {source_id})")


def _name(party: Party, source_id: str) -> _Key:
    return (plain_name(party.name, source_id),)


def _email(party: Party, _: str) -> _Key:
    return (party.email.strip().casefold(),)


def _phone(party: Party, _: str) -> _Key:
    """The last ten digits: country prefixes come and go."""
    return (_NOT_A_DIGIT.sub("", party.phone)[-10:] or party.phone.strip().casefold(),)


def _person(party: Party, _: str) -> _Key:
    return (" ".join(f"{party.first_name} {party.last_name}".split()),)


def _address(party: Party, _: str) -> _Key:
    """The street in one, since one system's second line is the other's unit."""
    one = party.address
    country = _words(one.country)
    street = _words(f"{one.street} {one.street2}")
    return (street, _words(one.city), _words(one.state), _words(one.zip), _COUNTRIES.get(country, country))


def _status(party: Party, _: str) -> _Key:
    return ("active" if party.active else "inactive",)


def _words(text: str) -> str:
    return _NOT_A_WORD.sub(" ", text.casefold()).strip()


_CUSTOMER = (
    Field("name", "name", ("name",), _name, Owner.SOURCE),
    Field("email", "e-mail", ("email",), _email, Owner.SOURCE),
    Field("phone", "phone", ("phone",), _phone, Owner.SOURCE),
    Field("address", "address", ("address",), _address, Owner.SOURCE),
)
_LOCATION = (
    Field("name", "name", ("name",), _name, Owner.SOURCE),
    Field("address", "address", ("address",), _address, Owner.SOURCE),
)
_VENDOR = (
    Field("name", "name", ("name",), _name, Owner.LEDGER),
    Field("email", "e-mail", ("email",), _email, Owner.LEDGER),
    Field("address", "address", ("address",), _address, Owner.LEDGER),
    Field("phone", "phone", ("phone",), _phone, Owner.SOURCE),
    Field("contact", "contact person", ("first_name", "last_name"), _person, Owner.SOURCE),
)
#: By flow: what both systems keep of its parties, with the default owners.
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "customers": _CUSTOMER,
    "locations": _LOCATION,
    "vendors": _VENDOR,
}


#: Whether a party may still be used: kept alike on both sides where a setting says so. Opposite changes ask a person.
STATUS = Field("status", "status", ("active",), _status, Owner.HOLD)


def fields_of(parties: str, *, status: bool) -> tuple[Field, ...]:
    """What both systems keep of a flow's parties; with ``status`` also whether one is active."""
    return (*FIELDS[parties], STATUS) if status else FIELDS[parties]


def owners_of(parties: str, set_: Sequence[str], *, status: bool = False) -> dict[str, Owner]:
    """The owner of each field; ``set_`` are the settings' "customers.phone=ledger". Raises ValueError."""
    every = {flow: fields_of(flow, status=status) for flow in FIELDS}
    found = {one.name: one.owner for one in every[parties]}
    for text in set_:
        place, _, owner = text.partition("=")
        flow, _, name = place.strip().partition(".")
        if flow not in every or name not in {one.name for one in every[flow]} or owner.strip() not in list(Owner):
            known = ", ".join(f"{flow}.{one.name}" for flow, fields in every.items() for one in fields)
            raise ValueError(f"{text!r} names no owner: it is one of {known}, then = and {', '.join(Owner)}")
        if flow == parties:
            found[name] = Owner(owner.strip())
    return found


# --- merging -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A party on both sides: as last agreed, and as each side shows it now."""

    source_agreed: Party
    source: Party
    ledger_agreed: Party
    ledger: Party


def pair(source_agreed: Party | None, source: Party, ledger_agreed: Party | None, ledger: Party) -> Pair:
    """The pair. What was read before it was agreed says nothing; what is known of neither side is agreed as it stands."""
    if source_agreed is None or ledger_agreed is None:
        return Pair(source, source, ledger, ledger)
    return Pair(source_agreed, _latest(source, source_agreed), *_told(ledger_agreed, _latest(ledger, ledger_agreed)))


def _told(agreed: Party, now: Party) -> tuple[Party, Party]:
    """The ledger's side as agreed and as it is. A row of its list has no address: that is not one that was taken away.

    One that was agreed by its row alone is agreed with the address that it is first shown with.
    """
    if agreed.in_full == now.in_full:
        return agreed, now
    if now.in_full:
        return msgspec.structs.replace(agreed, address=now.address, in_full=True), now
    return agreed, msgspec.structs.replace(now, address=agreed.address, in_full=True)


def _latest(shown: Party, agreed: Party) -> Party:
    """Lists lag, and a version waits for its turn: one that is provably older than what was agreed is not what is there."""
    try:
        older = bool(shown.stamp and agreed.stamp) and stamp_key(shown.stamp) < stamp_key(agreed.stamp)
    except ValueError:
        older = False
    return agreed if older else shown


@dataclass(frozen=True, slots=True)
class Merged:
    """The verdict on each field. ``both`` are those that both sides changed differently, ``emptied`` those one took away."""

    fields: tuple[Field, ...]
    verdicts: Mapping[str, Verdict]
    both: frozenset[str]
    emptied: frozenset[str]

    def of(self, *verdicts: Verdict) -> tuple[Field, ...]:
        """The fields of these verdicts."""
        return tuple(one for one in self.fields if self.verdicts[one.name] in verdicts)


def merge(pair: Pair, fields: tuple[Field, ...], owners: Mapping[str, Owner]) -> Merged:
    """The verdicts, the same whichever side asks."""
    verdicts, both, emptied = {}, set(), set()
    for one in fields:
        source = _changed(one, pair.source_agreed, pair.source, pair.source.id)
        ledger = _changed(one, pair.ledger_agreed, pair.ledger, pair.source.id)
        if one.key(pair.source, pair.source.id) == one.key(pair.ledger, pair.source.id):
            verdicts[one.name] = Verdict.SAME
            continue
        if source and ledger:
            both.add(one.name)
        if None in (source, ledger):
            emptied.add(one.name)
        verdicts[one.name] = _verdict(bool(source), bool(ledger), owners[one.name])
    return Merged(fields, verdicts, frozenset(both), frozenset(emptied))


def _changed(field: Field, agreed: Party, now: Party, source_id: str) -> bool | None:
    """Whether a side has changed a field; None where it has taken its value away."""
    before, after = field.key(agreed, source_id), field.key(now, source_id)
    if before == after:
        return False
    return True if any(after) else None


def _verdict(source: bool, ledger: bool, owner: Owner) -> Verdict:
    if source and ledger:
        return {Owner.SOURCE: Verdict.TO_LEDGER, Owner.LEDGER: Verdict.TO_SOURCE, Owner.HOLD: Verdict.HELD}[owner]
    if source:
        return Verdict.TO_LEDGER
    return Verdict.TO_SOURCE if ledger else Verdict.KEPT


def agreed_after(pair: Pair, merged: Merged, sent: Sequence[Field]) -> tuple[Party, Party, tuple[str, ...]]:
    """What is agreed when ``sent`` has gone to the other side: the source's, the ledger's, and what of it was sent.

    Fields that still have to go the other way, or wait, stay as they were agreed; so nothing of them is forgotten.
    """
    settled = [*merged.of(Verdict.SAME), *sent]
    names = [name for one in settled for name in one.attributes]
    source = {name: getattr(pair.source, name) for name in names}
    ledger = {name: getattr(pair.ledger, name) for name in names}
    return (
        msgspec.structs.replace(pair.source_agreed, stamp=pair.source.stamp, **source),
        msgspec.structs.replace(pair.ledger_agreed, stamp=pair.ledger.stamp, **ledger),
        tuple(name for one in sent for name in one.attributes),
    )


# --- telling -----------------------------------------------------------------------------------------------------


def differences(parties: str, source: Party, ledger: Party) -> tuple[str, ...]:
    """In words, the fields that two parties show otherwise, of those that each of them shows at all."""
    fields = [one for one in FIELDS[parties] if one.name != "address" or (source.in_full and ledger.in_full)]
    return tuple(one.words for one in fields if one.key(source, source.id) != one.key(ledger, source.id))


def told(field: Field, party: Party) -> str:
    """A field's value as a person reads it."""
    if field.name == "address":
        return _on_one_line(party.address)
    if field is STATUS:
        return _status(party, "")[0]
    return " ".join(str(getattr(party, name)) for name in field.attributes).strip() or "nothing"


def _on_one_line(one: Address) -> str:
    parts = (one.street, one.street2, one.city, one.state, one.zip, one.country)
    return ", ".join(part for part in parts if part) or "nothing"
