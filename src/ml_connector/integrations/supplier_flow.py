"""Vendors of a ledger as suppliers where its bills are approved: matched, else created, as the documents need them."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write, skip, waiting
from ml_connector.integrations.party_claims import claimed
from ml_connector.integrations.staging import NEW, REFERENCE_ROOM, Pair
from ml_connector.integrations.supplier_parts import FLOW, missing_of, same_place, words
from ml_connector.integrations.views import Candidate, View


class Suppliers(FlowType):
    """Vendors that a bill or payment needs. The ledger's id of a vendor is its ERP supplier code. Runs as needed."""

    name = FLOW
    priority = 2
    as_needed = True
    dated = False
    strict_names = True
    source_lists = ()
    target_lists = ("parties",)
    tables = (FLOW,)
    writes = ("parties",)
    reference_room = REFERENCE_ROOM
    pair: ClassVar[Pair]
    options: ClassVar[tuple[tuple[str, str], ...]] = ()  # of the reading

    def source_entities(self, settings: Any) -> tuple[str, ...]:
        return ("parties",)

    def reading_options(self, settings: Any) -> dict[str, str]:
        return dict(self.options)

    def target_entity(self, document: Document) -> str:
        return "parties"

    def made_from(self, there: Document) -> str:
        assert isinstance(there, Party)
        return there.account_number

    def plan(self, view: View) -> Decision:
        vendor = view.document
        assert isinstance(vendor, Party)
        if view.link is not None:
            return self._linked(vendor, view)
        if not _is_vendor(vendor):
            return skip("no_vendor", name=vendor.name or vendor.id)
        key = f"{FLOW}:{vendor.id}"
        if not vendor.name.strip():
            return Hold((waiting("supplier_without_name", "source", key, **self.pair.words),))
        there = None if _is_begun(view) else self._there(vendor, view)
        return there if there is not None else self._created(vendor, view)

    def _linked(self, vendor: Party, view: View) -> Decision:
        """A supplier that is there is not changed from here; where it is paid must not drift apart unseen."""
        posted = view.link.source if view.link else None
        if not isinstance(posted, Party) or _seen(_completed(posted, vendor)) == _seen(vendor):
            return Unchanged()
        told = {"name": vendor.name, "what": _changes(posted, vendor), **self.pair.words}
        return Hold((waiting("supplier_changed", "person", f"{FLOW}:{vendor.id}", **told),))

    def _there(self, vendor: Party, view: View) -> Decision | None:
        """A link with what a person has chosen or proof names, or a hold where that is unsure; None: nobody is like it."""
        chosen = view.mappings[FLOW].get(vendor.id)
        if chosen not in (None, NEW):
            return self._chosen(vendor, str(chosen), view)
        return self._matched(vendor, view) if chosen is None else None

    def _chosen(self, vendor: Party, target_id: str, view: View) -> Decision:
        party = view.ledger.parties.get(target_id)
        if party is None:
            told = {"name": vendor.name, "id": target_id, **self.pair.words}
            return Hold((waiting("supplier_row_unknown", "mapping", f"{FLOW}:{vendor.id}", **told),))
        taken = next((one.taken_by for one in view.candidates if one.party.id == target_id), "")
        chosen = Candidate(party, "chosen in the mapping table", proof=True, taken_by=taken)
        return self._adopted(vendor, chosen, "person")

    def _matched(self, vendor: Party, view: View) -> Decision | None:
        """Linked on proof: its ERP supplier code is the ledger's id and more is alike; else as parties are matched."""
        coded = [one for one in view.candidates if one.party.account_number == vendor.id]
        proven = coded or [one for one in view.candidates if one.proof]
        if len(proven) == 1:
            return self._adopted(vendor, proven[0], "matched")
        if hold := claimed(FLOW, vendor, view.candidates):
            return hold
        found = view.candidates or _with_code(vendor, view) or _at_address(vendor, view)
        if not found:
            return None
        shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in found[:3])
        told = {"name": vendor.name, "candidates": shown, **self.pair.words}
        return Hold((waiting("supplier_ambiguous", "mapping", f"{FLOW}:{vendor.id}", **told),))

    def _adopted(self, vendor: Party, candidate: Candidate, origin: str) -> Decision:
        key, told = f"{FLOW}:{vendor.id}", {"name": vendor.name, "other": candidate.party.name, **self.pair.words}
        if candidate.taken_by:
            return Hold((waiting("supplier_taken", "mapping", key, **told),))
        if not candidate.party.active:
            return Hold((waiting("supplier_row_inactive", "mapping", key, **told),))
        return Adopt("parties", candidate.party.id, origin, candidate.evidence)

    def _created(self, vendor: Party, view: View) -> Decision:
        target = Party(
            "", "vendor", vendor.name, company=vendor.company, first_name=vendor.first_name, last_name=vendor.last_name,
            email=vendor.email, phone=vendor.phone, account_number=vendor.id, currency=vendor.currency,
            address=vendor.address, reference=view.reference, persons=vendor.persons,
        )  # fmt: skip
        try:
            composed = view.compose(Action.CREATE, target, view.reference)
        except BadInput as error:
            return Hold((waiting("unsuitable", "source", f"{FLOW}:{vendor.id}", why=error.sentence),))
        step = Step("parties", Action.CREATE, view.reference, composed.body, number=vendor.name)
        return Write((step,), "parties", (f"its ERP supplier code is {vendor.id}", *composed.notes))


def _is_vendor(party: Party) -> bool:
    """Where one list has customers and vendors, the roles tell; a party without any may be about to become a vendor."""
    return "vendor" in party.roles.split() if party.roles else party.kind != "customer"


def _is_begun(view: View) -> bool:
    """Whether the supplier is there that this vendor's creation, lost or refused in a part, has left.

    Its address and contacts may be missing: the same creation goes again, of which only what is missing is sent.
    """
    ours = (one for one in view.candidates if one.party.reference == view.reference)
    return any(one.party.active and not one.taken_by for one in ours)


def _with_code(vendor: Party, view: View) -> list[Candidate]:
    """Suppliers that have the vendor's code and nothing else in common with it: a person looks."""
    same = [one for one in view.ledger.parties.values() if one.account_number == vendor.id]
    return [Candidate(one, "its ERP supplier code", proof=False) for one in same]


def _at_address(vendor: Party, view: View) -> list[Candidate]:
    """Suppliers of another name that are paid at the very address: one more would be the same firm twice."""
    first = name_key(vendor.name).split()[:1]
    same = [
        one for one in view.ledger.parties.values()
        if same_place(vendor.address, one.address) and name_key(one.name).split()[:1] == first
    ]  # fmt: skip
    return [Candidate(one, "its address and how its name begins", proof=False) for one in same]


def _seen(vendor: Party) -> tuple[object, ...]:
    """What of a vendor decides whom is paid, and where."""
    return (vendor.name, vendor.active, vendor.email, vendor.address, vendor.currency)


def _completed(before: Party, after: Party) -> Party:
    """The vendor as it was, its address completed where it lacked something: what was nowhere is not diverted."""
    parts = zip(msgspec.structs.astuple(before.address), msgspec.structs.astuple(after.address), strict=True)
    completed = missing_of(before.address) and all(not was.strip() or was == is_ for was, is_ in parts)
    return msgspec.structs.replace(before, address=after.address) if completed else before


def _changes(before: Party, after: Party) -> str:
    shown = {"name": (before.name, after.name), "e-mail": (before.email or "none", after.email or "none"),
             "currency": (before.currency or "none", after.currency or "none"),
             "remit-to address": (words(before.address), words(after.address)),
             "active": (_yes(before.active), _yes(after.active))}  # fmt: skip
    return "; ".join(f"{name} {was} -> {now}" for name, (was, now) in shown.items() if was != now) or "a detail"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
