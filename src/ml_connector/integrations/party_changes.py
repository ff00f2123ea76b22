"""What becomes of a linked party when a new version of it is read, on whichever side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Address
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Write, skip, waiting
from ml_connector.integrations.further_contacts import Further, changed_since, has_first
from ml_connector.integrations.party_merge import (
    STATUS,
    Field,
    Merged,
    Pair,
    Verdict,
    agreed_after,
    fields_of,
    merge,
    owners_of,
    pair,
    plain_name,
    told,
)
from ml_connector.integrations.party_names import free_name, name_held
from ml_connector.integrations.views import View

# A vendor's money goes where these say: a change waits for a person, lest a payment is diverted.
_REMITTANCE = frozenset(["email", "address"])
#: Flows whose own documents are parties, to the ledger and back.
PARTY_FLOWS = frozenset(["customers", "locations", "vendors", "customers_back", "vendors_back"])
_KINDS = {"customers": "customer", "locations": "customer", "vendors": "vendor"}


@dataclass(frozen=True, slots=True)
class Way:
    """Which parties (the flow that goes to the ledger), and whether they go back to the source.

    ``further``: their further e-mail addresses become contact persons there.
    """

    parties: str
    back: bool = False
    further: bool = False

    @property
    def kind(self) -> str:
        return _KINDS[self.parties]

    @property
    def verdict(self) -> Verdict:
        """Of fields that go this way."""
        return Verdict.TO_SOURCE if self.back else Verdict.TO_LEDGER

    def key(self, view: View) -> str:
        """What the party is called in a wait for its own next version."""
        return f"{self.parties}{'_back' if self.back else ''}:{view.document.id}"


def changed(view: View, way: Way) -> Decision:
    """The decision on a party that is linked: what it has changed goes to its counterpart, as far as it may."""
    now, known = view.link.now if view.link else None, _pair(view, way)
    if known is None or not isinstance(now, Party):
        return _missing_there(view)
    follows = follows_status(view.settings) and not getattr(view.document, "deleted", False)
    owners = owners_of(way.parties, view.settings.owners, status=True)
    merged = merge(known, fields_of(way.parties, status=follows), owners)
    held = merged.of(Verdict.HELD)
    going = (*merged.of(way.verdict), *held)
    more = _further(known, going, now, way)
    if view.settings.parties_baseline == "yes":
        return skip("parties_baseline", name=known.source.name) if going or more else Unchanged()
    if held and "party_changed_on_both" not in view.released:
        return _both_changed(known, held, view, way)
    if not going and more is None:
        return _nothing_to_send(known, merged, view, way)
    return _stopped(known, going, now, view, way) or _update(known, merged, going, more, now, view, way)


def _further(known: Pair, going: Sequence[Field], now: Party, way: Way) -> Further | None:
    """What goes of the further contacts; nothing to a contact of which one of them would become the first."""
    sent = {name for one in going for name in one.attributes}
    if not way.further or not has_first(now, sent):
        return None
    return changed_since(known.source_agreed, known.source)


def follows_status(settings: Any) -> bool:
    """Whether a linked party that becomes inactive, or active again, becomes so on the other side."""
    return bool(getattr(settings, "inactive_parties", "leave") == "follow")


def _missing_there(view: View) -> Hold:
    """The hold of a party whose counterpart is gone, with whom it may be now."""
    assert view.link is not None
    place, id_ = view.link.target_entity, view.link.target_id
    known = {id_, *(one.contact.id for one in view.named_now)}
    alike = [one for one in view.candidates if one.party.id not in known and not one.taken_by][:3]
    shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in alike) or "nobody there"
    told = {"id": id_, "candidates": shown, "named": _named_now(view)}
    return Hold((waiting("counterpart_missing", "fact", f"{place}:{id_}", **told),))


def _named_now(view: View) -> str:
    """A sentence with the contacts that its documents stand on now, as after a merger; empty where there are none."""
    found = []
    for one in view.named_now:
        number = f"number {one.contact.account_number}; " if one.contact.account_number else ""
        whose = f"; it is the counterpart of {one.holder}" if one.holder else ""
        found.append(f"'{one.contact.name}' ({number}id {one.contact.id}{whose}) on {one.documents}")
    return f" Documents that were made on it name others now: {', '.join(found)}." if found else ""


def only_linked(decision: Decision, view: View) -> Decision:
    """The decision on a party that has no counterpart yet; in the baseline mode it is linked, and never made."""
    if view.settings.parties_baseline == "yes" and isinstance(decision, Write):
        return skip("parties_baseline", name=getattr(view.document, "name", ""))
    return decision


def _pair(view: View, way: Way) -> Pair | None:
    link, mine = view.link, view.document
    assert link is not None and isinstance(mine, Party)
    if not isinstance(link.now, Party):
        return None
    posted = link.source if isinstance(link.source, Party) else None
    base = link.base if isinstance(link.base, Party) else None
    return pair(base, link.now, posted, mine) if way.back else pair(posted, mine, base, link.now)


def _both_changed(known: Pair, held: Sequence[Field], view: View, way: Way) -> Hold:
    shown = "; ".join(f"{one.words}: {told(one, known.source)} or {told(one, known.ledger)}" for one in held)
    assert view.link is not None
    other = (
        f"{view.link.target_entity}:{view.link.target_id}"  # it shows what is there: that changes with the other side
    )
    return Hold((waiting("party_changed_on_both", "fact", other, name=known.source.name, fields=shown),))


def _nothing_to_send(known: Pair, merged: Merged, view: View, way: Way) -> Decision:
    """The other side's value stands, or nothing has changed; what both show alike is agreed."""
    source, ledger, _ = agreed_after(known, merged, ())
    agreed = Agreed(ledger, source) if way.back else Agreed(source, ledger)
    gave_way = [one for one in merged.of(*_other(way)) if one.name in merged.both]
    if gave_way:
        return _skipped("party_gives_way", gave_way, known, agreed)
    if merged.emptied and not merged.of(*_other(way)):
        emptied = [one for one in merged.fields if one.name in merged.emptied]
        return _skipped("party_value_removed", emptied, known, agreed)
    return _status_left(known, merged, agreed, view, way) or Unchanged(agreed)


def _status_left(known: Pair, merged: Merged, agreed: Agreed, view: View, way: Way) -> Skip | None:
    """One side's party is inactive and the other's is not, and no flow changes that."""
    settings = view.settings
    if known.source.active == known.ledger.active or known.source.merged_into or known.ledger.merged_into:
        return None
    if not hasattr(settings, "inactive_parties"):
        return None
    if merged.verdicts.get(STATUS.name) is Verdict.TO_SOURCE and settings.parties_back == "yes":
        return None
    if merged.verdicts.get(STATUS.name) is Verdict.TO_LEDGER:
        return None
    here = "in Zoho Books" if known.source.active else "in ServiceTitan"
    other = "in ServiceTitan" if known.source.active else "in Zoho Books"
    told_ = {"name": known.source.name, "here": here, "other": other}
    return msgspec.structs.replace(skip("party_status_left", **told_), agreed=agreed)


def _skipped(code: str, fields: Sequence[Field], known: Pair, agreed: Agreed) -> Skip:
    return msgspec.structs.replace(skip(code, name=known.source.name, fields=_words(fields)), agreed=agreed)


def _other(way: Way) -> tuple[Verdict, ...]:
    return (Verdict.TO_LEDGER,) if way.back else (Verdict.TO_SOURCE,)


def _words(fields: Sequence[Field]) -> str:
    return ", ".join(one.words for one in fields)


def _stopped(known: Pair, going: Sequence[Field], now: Party, view: View, way: Way) -> Hold | Skip | None:
    """Why a change cannot go, or not yet."""
    name, key = known.source.name, way.key(view)
    if not way.back and not now.in_full and "address" in {one.name for one in going}:
        return Hold((waiting("party_unread_there", "fact", f"parties:{now.id}", name=name, id=now.id),))
    if now.merged_into:
        return skip("counterpart_merged", name=name, into=now.merged_into)
    if not way.back and not now.active and STATUS not in going:
        told_ = {"name": name, "target": now.name, "other": ""}
        code = f"{way.kind}_inactive"
        return Hold((waiting(code, "fact", f"parties:{now.id}", **told_),))
    remittance = [one for one in going if one.name in _REMITTANCE]
    paid = way.parties == "vendors" or (not way.back and "vendor" in now.roles.split())  # a firm may be both
    if paid and remittance and "vendor_remittance_changed" not in view.released:
        mine = known.ledger if way.back else known.source
        shown = "; ".join(f"{one.words}: {told(one, now)} becomes {told(one, mine)}" for one in remittance)
        return Hold((waiting("vendor_remittance_changed", "person", key, name=name, fields=shown),))
    missing = _missing(known, now, view, way) if way.back and "address" in {one.name for one in going} else ()
    if missing:
        return Hold((waiting("address_incomplete", "source", key, name=name, missing=", ".join(missing)),))
    return None


def _missing(known: Pair, now: Party, view: View, way: Way) -> tuple[str, ...]:
    """What the address lacks; the country is none of it where the connection's settings give it."""
    address = _address(known, now, way)
    missing = missing_of(address)
    if missing != ("country",):
        return missing
    try:
        view.compose(Action.CREATE, msgspec.structs.replace(now, kind=way.kind, address=address), view.reference)
    except BadInput:
        return missing
    return ()


def missing_of(address: Address) -> tuple[str, ...]:
    """What an address lacks that ServiceTitan demands of each."""
    parts = {"street": address.street, "city": address.city, "state": address.state, "postal code": address.zip,
             "country": address.country}  # fmt: skip
    return tuple(name for name, value in parts.items() if not value.strip())


def _address(known: Pair, now: Party, way: Way) -> Address:
    """The address that goes; one without a country stays in the country of the one before."""
    mine = known.ledger.address if way.back else known.source.address
    return mine if mine.country.strip() else msgspec.structs.replace(mine, country=now.address.country)


def _update(
    known: Pair, merged: Merged, going: Sequence[Field], more: Further | None, now: Party, view: View, way: Way
) -> Decision:
    """One step with the fields that go, and nothing else: what is left out stays as it is there. One of its own makes the

    counterpart active before it is changed, or inactive afterwards.
    """
    mine = known.ledger if way.back else known.source
    status = [_status_step(mine, now, view)] if STATUS in going else []
    fields = [one for one in going if one is not STATUS]
    values: dict[str, Any] = {name: getattr(mine, name) for one in fields for name in one.attributes}
    notes = [_note(one, known, merged, way) for one in going]
    if "address" in values:
        values["address"] = _address(known, now, way)
    if "name" in values:
        values["name"], said = _name(known, now, view, way)
        notes += said
        if not way.back and (hold := name_held(known.source, values["name"], view, own=now.id)):
            return hold
    if more is not None:
        values["persons"] = more.persons
        notes.append(more.note)
    wanted = msgspec.structs.replace(Party(now.id, way.kind, now.name, active=now.active), **values)
    try:
        composed = view.compose(Action.UPDATE, wanted, "") if fields or more is not None else Composed(b"", ZERO)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", way.key(view), why=error.sentence),))
    assert view.link is not None
    entity = view.link.target_entity
    step = Step(entity, Action.UPDATE, view.reference, composed.body, target_id=now.id, number=wanted.name)
    changes = [step] if fields or more is not None else []
    steps = (*status, *changes) if mine.active else (*changes, *status)
    first = (([STATUS], None) if mine.active else (fields, more)) if len(steps) > 1 else None
    early = _agreed_on(known, merged, *first, way) if first else None
    agreed = _agreed_on(known, merged, going, more, way)
    return Write(steps, entity, (*notes, *composed.notes), agreed=agreed, early=early)


def _agreed_on(known: Pair, merged: Merged, sent: Sequence[Field], more: Further | None, way: Way) -> Agreed:
    source, ledger, answered = agreed_after(known, merged, sent)
    if more is not None:
        source = msgspec.structs.replace(source, persons=known.source.persons)
    return Agreed(ledger, source, answered) if way.back else Agreed(source, ledger, answered)


def _status_step(mine: Party, now: Party, view: View) -> Step:
    """Sets the counterpart active or inactive, as the party is."""
    assert view.link is not None
    composed = view.compose(Action.SET_STATUS, msgspec.structs.replace(now, active=mine.active), "")
    entity = view.link.target_entity
    return Step(entity, Action.SET_STATUS, view.reference, composed.body, target_id=now.id, number=now.name)


def _note(field: Field, known: Pair, merged: Merged, way: Way) -> str:
    mine, other = (known.ledger, known.source) if way.back else (known.source, known.ledger)
    said = f"{field.words}: {told(field, other)} becomes {told(field, mine)}"
    return (
        f"{said}; both sides had changed it, and {told(field, other)} gives way" if field.name in merged.both else said
    )


def _name(known: Pair, now: Party, view: View, way: Way) -> tuple[str, list[str]]:
    if way.back:
        return plain_name(known.ledger.name, known.source.id), []
    name, notes = free_name(known.source, view, own=now.id)
    return name, list(notes)
