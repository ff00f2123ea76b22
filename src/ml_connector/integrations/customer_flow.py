"""Customers of ServiceTitan, and their locations, in Xero: matched, else created, as documents need them; changes follow."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Waiting, Write, skip, waiting
from ml_connector.integrations.further_contacts import of_new
from ml_connector.integrations.party_changes import Way, changed, only_linked
from ml_connector.integrations.party_claims import claimed, holder_told, other_kind, still_read
from ml_connector.integrations.party_facts import facts, is_of_kind
from ml_connector.integrations.party_merge import differences
from ml_connector.integrations.party_names import free_name, name_held
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import Candidate, View

# A link stays; before there is one, a person may choose.
OTHER_CONTACT = ", or fill the row '{key}' of the mapping table {table} with the id of another one"


class Customers(FlowType):
    """Customers that a document needs: matched with Xero's contacts, else created there. Runs as needed.

    What is there already is linked as it is, and only what is changed afterwards is written; a contact's own number stays.
    One that we create carries our reference as its number.
    """

    name = "customers"
    title = "Customers: ServiceTitan to Xero"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 2
    as_needed = True
    dated = False
    source_lists = ()
    target_lists = ("parties",)
    tables = ("customers",)
    apart = ("locations",)
    party_kind = "customer"

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("customers",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return "parties"

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Party)
        return ((self.name, document.merged_into),) if document.merged_into else ()

    def plan(self, view: View) -> Decision:
        customer = view.document
        assert isinstance(customer, Party)
        if view.circle:
            return Hold((self._circling(customer, view),))
        if customer.merged_into:
            return self._merged(customer, view)
        if view.link is not None:
            return changed(view, Way(self.name, further=self._further(view)))
        if not customer.name.strip():
            return Hold((self._nameless(customer),))
        return only_linked(self._decided(customer, view), view)

    def _key(self, customer: Party) -> str:
        """What it is called in its waits, and the row of its mapping table."""
        return f"{self.name}:{customer.id}"

    def _nameless(self, customer: Party) -> Waiting:
        return waiting("customer_incomplete", "source", self._key(customer))

    def _circling(self, customer: Party, view: View) -> Waiting:
        circle = " into ".join((*view.circle, view.circle[0]))
        return waiting("merge_loop", "link", self._key(customer), name=customer.name or customer.id, circle=circle)

    def _decided(self, customer: Party, view: View) -> Decision:
        chosen = view.mappings[self.name].get(customer.id)
        if chosen not in (None, "new"):
            return self._chosen(customer, str(chosen), view)
        if chosen is None and (decision := self._matched(customer, view)) is not None:
            return decision
        return _created(customer, view, further=self._further(view))

    def _further(self, view: View) -> bool:
        """Whether further e-mail addresses become contact persons."""
        return False

    def _merged(self, customer: Party, view: View) -> Decision:
        """Merged in ServiceTitan into another, whose contact is the one: documents that still name this one go there.

        One contact has one customer of ours, so no second link is made: the survivor's is found under both.
        """
        survivor = (self.name, customer.merged_into)
        told = {"name": customer.name or customer.id, "survivor": customer.merged_into}
        if survivor in view.links:
            return skip("customer_merged_away", **told)
        waits = waiting("customer_merged", "link", f"{self.name}:{customer.merged_into}", **told)
        return Hold((waits,), (survivor,) if survivor in view.asked else ())

    def _chosen(self, customer: Party, target_id: str, view: View) -> Decision:
        party = view.ledger.parties.get(target_id)
        if party is None:
            told = {"name": customer.name, "target": target_id}
            return Hold((waiting("customer_unknown_there", "mapping", self._key(customer), **told),))
        if not is_of_kind(party, self.one_kind):
            return Hold((other_kind(self.name, customer, party),))
        found = next((one for one in view.candidates if one.party.id == target_id), Candidate(party, "", True))
        chosen = msgspec.structs.replace(found, party=party, evidence="chosen in the mapping table", proof=True)
        return self._adopted(customer, chosen, "person")

    def _matched(self, customer: Party, view: View) -> Decision | None:
        proven = [one for one in view.candidates if one.proof]
        if len(proven) == 1:
            decision = self._adopted(customer, proven[0], "matched")
            return (
                still_read(self.name, customer, proven[0], view) if isinstance(decision, Adopt) else None
            ) or decision
        if hold := claimed(self.name, customer, view.candidates):
            return hold
        alike = [one for one in view.candidates if not _another(one, customer)]
        if not alike:
            return None
        shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in alike[:3])
        told = {"name": f"'{customer.name}'", "candidates": shown}
        return Hold((waiting("customer_ambiguous", "mapping", self._key(customer), **told),))

    def _adopted(self, customer: Party, candidate: Candidate, origin: str) -> Decision:
        key = self._key(customer)
        told = {"name": customer.name, "target": candidate.party.name}
        if candidate.taken_by:
            return Hold((waiting("customer_taken", "mapping", key, **told, holder=holder_told(candidate)),))
        if not candidate.party.active:
            other = OTHER_CONTACT.format(table=self.name, key=customer.id)
            return Hold((waiting("customer_inactive", "mapping", key, **told, other=other),))
        differ = differences(self.name, customer, candidate.party)
        evidence = f"{candidate.evidence}; they differ in {', '.join(differ)}" if differ else candidate.evidence
        # None of the further contacts has been sent, so they go with the next change.
        unsent = msgspec.structs.replace(customer, persons=())
        agreed = Agreed(unsent, candidate.party) if customer.persons else None
        return Adopt("parties", candidate.party.id, origin, evidence, agreed=agreed)


class Locations(Customers):
    """Locations of customers, each a contact of its own where the setting ``contact_per`` says so. Runs as needed."""

    name = "locations"
    title = "Customers' locations: ServiceTitan to Xero"
    tables = ("locations",)
    apart = ("customers",)
    in_references = "loc"  # with both ids in it, which a contact's number has little room for

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("locations",) if settings.contact_per == "location" else ()

    def not_live(self, settings: Settings, scopes: Collection[str]) -> str:
        if settings.contact_per == "location":
            return ""
        return "Every contact is a customer's, so no location gets one: set contact_per=location first."

    def _nameless(self, customer: Party) -> Waiting:
        return waiting("location_incomplete", "source", self._key(customer))


def _another(one: Candidate, customer: Party) -> bool:
    """Whether a contact that shares no fact is surely somebody else: another customer's already, or, of a private

    person, not even of the same name.
    """
    if one.proof or _shares_fact(customer, one.party):
        return False
    return bool(one.taken_by) or (customer.private_person and name_key(one.party.name) != name_key(customer.name))


def _shares_fact(customer: Party, party: Party) -> bool:
    return not set(facts(customer)).isdisjoint(facts(party))


def _created(customer: Party, view: View, *, further: bool) -> Decision:
    name, notes = free_name(customer, view)
    if hold := name_held(customer, name, view):
        return hold
    more = of_new(customer) if further else None
    target = msgspec.structs.replace(
        customer, id="", name=name, memo="", merged_into="", reference=view.reference, kind="customer",
        persons=more.persons if more else (),
    )  # fmt: skip
    notes = (*notes, more.note) if more else notes
    composed = view.compose(Action.CREATE, target, view.reference)
    step = Step("parties", Action.CREATE, view.reference, composed.body, number=name)
    return Write((step,), "parties", (*notes, *composed.notes))
