"""Vendors of ServiceTitan in the ledger: matched, else created, as the bills need them; changes follow."""

from __future__ import annotations

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Write, waiting
from ml_connector.integrations.party_changes import Way, changed, only_linked
from ml_connector.integrations.party_claims import claimed, holder_told, other_kind, still_read
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.integrations.party_names import free_name, name_held
from ml_connector.integrations.vendor_currencies import as_documents, currency_of_new
from ml_connector.integrations.views import Candidate, View

# A link stays; before there is one, a person may choose.
OTHER_VENDOR = ", or fill the row '{key}' of the mapping table vendors with the id of another one"


class Vendors(FlowType):
    """Vendors that a bill needs: matched with the ledger's, else created there. Runs as needed. Changes follow."""

    name = "vendors"
    title = "Vendors: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 2
    as_needed = True
    dated = False
    source_lists = ()
    target_lists = ("parties",)
    tables = ("vendors",)
    party_kind = "vendor"

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("vendors",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return "parties"

    def in_currencies(self, settings: Settings) -> bool:
        return as_documents(settings)

    def plan(self, view: View) -> Decision:
        vendor = view.document
        assert isinstance(vendor, Party)
        if view.link is not None:
            return changed(view, Way(self.name))
        if not vendor.name.strip():
            return Hold((waiting("vendor_incomplete", "source", f"vendors:{vendor.id}"),))
        return only_linked(self._decided(vendor, view), view)

    def _decided(self, vendor: Party, view: View) -> Decision:
        chosen = view.mappings["vendors"].get(vendor.id)
        if chosen not in (None, "new"):
            return _chosen(vendor, str(chosen), view, self.one_kind)
        if chosen is None and (decision := _matched(vendor, view)) is not None:
            return decision
        return _created(vendor, view)


class UniqueVendors(Vendors):
    """Vendors where a contact's name is unique: one that is taken gets ServiceTitan's number behind it."""

    title = "Vendors: ServiceTitan to Xero"
    target_vendor = "xero"


def _created(vendor: Party, view: View) -> Decision:
    currency = currency_of_new(vendor, view)
    if isinstance(currency, Hold):
        return currency
    name, notes = free_name(vendor, view)
    if hold := name_held(vendor, name, view):
        return hold
    target = msgspec.structs.replace(vendor, id="", name=name, reference=view.reference, kind="vendor")
    if currency:
        target = msgspec.structs.replace(target, currency=currency)
        notes = (*notes, f"made in {currency}, the currency of what waits for it")
    composed = view.compose(Action.CREATE, target, view.reference)
    step = Step("parties", Action.CREATE, view.reference, composed.body, number=name)
    return Write((step,), "parties", (*notes, *composed.notes))


def _chosen(vendor: Party, target_id: str, view: View, kind: str) -> Decision:
    party = view.ledger.parties.get(target_id)
    if party is None:
        key = f"vendors:{vendor.id}"
        return Hold((waiting("vendor_unknown_there", "mapping", key, name=vendor.name, target=target_id),))
    if not is_of_kind(party, kind):
        return Hold((other_kind("vendors", vendor, party),))
    found = next((one for one in view.candidates if one.party.id == target_id), Candidate(party, "", True))
    chosen = msgspec.structs.replace(found, party=party, evidence="chosen in the mapping table", proof=True)
    return _adopted(vendor, chosen, "person")


def _matched(vendor: Party, view: View) -> Decision | None:
    candidates, proven = view.candidates, [one for one in view.candidates if one.proof]
    if len(proven) == 1:
        decision = _adopted(vendor, proven[0], "matched")
        return (still_read("vendors", vendor, proven[0], view) if isinstance(decision, Adopt) else None) or decision
    if hold := claimed("vendors", vendor, candidates):
        return hold
    if not candidates:
        return None
    shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in candidates[:3])
    key = f"vendors:{vendor.id}"
    return Hold((waiting("vendor_ambiguous", "mapping", key, name=f"'{vendor.name}'", candidates=shown),))


def _adopted(vendor: Party, candidate: Candidate, origin: str) -> Decision:
    key = f"vendors:{vendor.id}"
    if candidate.taken_by:
        told = {"name": vendor.name, "target": candidate.party.name, "holder": holder_told(candidate)}
        return Hold((waiting("vendor_taken", "mapping", key, **told),))
    if not candidate.party.active:
        told = {"name": vendor.name, "target": candidate.party.name, "other": OTHER_VENDOR.format(key=vendor.id)}
        return Hold((waiting("vendor_inactive", "mapping", key, **told),))
    return Adopt("parties", candidate.party.id, origin, candidate.evidence)
