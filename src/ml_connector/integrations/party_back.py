"""Customers and vendors that people change or enter in the ledger, back in ServiceTitan."""

from __future__ import annotations

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Write, skip, waiting
from ml_connector.integrations.party_changes import Way, changed, follows_status
from ml_connector.integrations.party_claims import contact_claimed, still_read
from ml_connector.integrations.party_merge import differences
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import Candidate, View


class PartiesBack(FlowType):
    """Contacts of one role. A linked one is merged with its counterpart; another is matched, and made where that is set.

    Whether somebody is active travels only where the setting ``inactive_parties`` says so.
    """

    source_vendor, target_vendor = "xero", "servicetitan"
    priority = 3
    dated = False
    begins_anew = True  # a first invoice or bill gives a contact its role, and leaves its stamp
    source_lists = ()
    tables = ()

    @property
    def target_lists(self) -> tuple[str, ...]:
        return (self.parties,)

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("parties",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return self.parties

    def plan(self, view: View) -> Decision:
        contact = view.document
        assert isinstance(contact, Party)
        if contact.merged_into:
            return skip("contact_merged_away", name=contact.name, into=contact.merged_into)
        followed = view.link is not None and not contact.deleted and follows_status(view.settings)
        if not contact.active and not followed:
            return skip("contact_archived", name=contact.name)
        if view.apart:
            return skip("contact_of_location", name=contact.name)
        if view.link is not None:
            return changed(view, Way(self.mirrors, back=True))
        if self.party_kind not in contact.roles.split():
            code = "contact_of_another_role" if contact.roles else "contact_without_documents"
            return skip(code, name=contact.name, role=self.party_kind)
        return self._unlinked(contact, view)

    def _unlinked(self, contact: Party, view: View) -> Decision:
        alike = [one for one in view.candidates if not one.party.merged_into]
        proven = [one for one in alike if one.proof]
        if len(proven) == 1 and not proven[0].taken_by:
            decision = self._adopted(contact, proven[0])
            return (
                still_read(self.name, contact, proven[0], view) if isinstance(decision, Adopt) else None
            ) or decision
        if hold := contact_claimed(self.name, self.mirrors, contact, alike):
            return hold
        if view.settings.parties_baseline == "yes":
            return skip("parties_baseline", name=contact.name)
        if view.settings.new_from_ledger == "skip":
            return skip("contact_not_wanted", name=contact.name, role=self.party_kind)
        chosen = [key for key, id_ in view.mappings[self.mirrors].items() if id_ == contact.id]
        alike += [Candidate(view.ledger.parties[key], "chosen in the mapping table", False) for key in chosen
                  if key in view.ledger.parties and key not in {one.party.id for one in alike}]  # fmt: skip
        if alike and "contact_ambiguous" not in view.released:
            return self._ambiguous(contact, alike)
        return self._created(contact, view)

    def _adopted(self, contact: Party, candidate: Candidate) -> Adopt | Skip:
        if not candidate.party.active:
            told = {"name": contact.name, "other": candidate.party.name, "id": candidate.party.id}
            return skip("contact_inactive_there", role=self.party_kind, **told)
        other = differences(self.mirrors, candidate.party, contact)
        evidence = f"{candidate.evidence}; they differ in {', '.join(other)}" if other else candidate.evidence
        agreed = Agreed(contact, candidate.party)
        return Adopt(self.parties, candidate.party.id, "matched", evidence, agreed=agreed)

    def _ambiguous(self, contact: Party, alike: list[Candidate]) -> Hold:
        shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in alike[:3])
        told = {"name": contact.name, "candidates": shown, "role": self.party_kind}
        return Hold((waiting("contact_ambiguous", "link", f"{self.name}:{contact.id}", **told),))

    def _created(self, contact: Party, view: View) -> Decision:
        """A new one. Where nobody says whether a contact is a person, one is that is called as its own contact person."""
        person = name_key(f"{contact.first_name} {contact.last_name}")
        private = self.party_kind == "customer" and (contact.private_person or person == name_key(contact.name) != "")
        wanted = msgspec.structs.replace(
            contact,
            id="",
            kind=self.party_kind,
            reference=view.reference,
            private_person=private,
            account_number="",
        )
        try:
            composed = view.compose(Action.CREATE, wanted, view.reference)
        except BadInput as error:
            wait = waiting("contact_incomplete", "source", f"{self.name}:{contact.id}", name=contact.name,
                           why=error.sentence)  # fmt: skip
            return Hold((wait,))
        step = Step(self.parties, Action.CREATE, view.reference, composed.body, number=wanted.name)
        return Write((step,), self.parties, composed.notes, agreed=Agreed(contact))


class CustomersBack(PartiesBack):
    """Contacts with an invoice."""

    name = "customers_back"
    title = "Customers: Xero to ServiceTitan"
    mirrors = parties = "customers"
    party_kind = "customer"


class VendorsBack(PartiesBack):
    """Contacts with a bill."""

    name = "vendors_back"
    title = "Vendors: Xero to ServiceTitan"
    mirrors = parties = "vendors"
    party_kind = "vendor"
