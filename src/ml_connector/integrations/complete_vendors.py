"""What is still to be entered in the ledger of a vendor that we made: tax id, form 1099, payment terms, remit-to address.

ServiceTitan tells none of it but an address, so we make vendors without. What a ledger does not tell is never missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.views import View

TAX_ID, FORM_1099, TERMS, REMIT_TO = "tax id", "form 1099", "payment terms", "remit-to address"
_NOT_READ = "its details, which could not be read yet"
_USA = ("US", "")  # editions with form 1099; where none is known it may be one


@dataclass(frozen=True, slots=True)
class Completeness:
    """Of one vendor what is ``missing``, and what its ledger does not tell; ``read``: all of it was read."""

    missing: tuple[str, ...]
    not_told: tuple[str, ...]
    read: bool

    @property
    def complete(self) -> bool:
        """Nothing is missing, as far as the ledger tells."""
        return self.read and not self.missing

    @property
    def lacks(self) -> str:
        """What is missing, in words; empty where nothing is."""
        return ", ".join(self.missing if self.read else (*self.missing, _NOT_READ))


def is_asked_for(settings: type[msgspec.Struct]) -> bool:
    """Whether an integration with such settings asks for complete vendors at all."""
    return "hold_incomplete_vendors" in settings.__struct_fields__


def completeness(vendor: Party, edition: str) -> Completeness:
    """How complete the ledger shows a vendor. ``edition``: of its books; form 1099 is asked for in the United States."""
    address = vendor.address
    shown = {
        TAX_ID: vendor.has_tax_id,
        **({FORM_1099: vendor.has_1099} if edition in _USA else {}),
        TERMS: vendor.has_terms,
        REMIT_TO: bool(address.street.strip() and address.city.strip())
        if vendor.in_full and not vendor.erased
        else None,
    }
    missing = tuple(name for name, there in shown.items() if there is False)
    not_told = tuple(name for name, there in shown.items() if there is None)
    return Completeness(missing, not_told if vendor.in_full else (), vendor.in_full)


def check_complete(vendor_id: str, name: str, view: View, draft: Draft) -> None:
    """With the setting for it, a new document waits until the vendor that we made for it is complete."""
    wanted = ("vendors", vendor_id)
    vendor = view.ledger.parties.get(view.links.get(wanted, ""))
    if view.settings.hold_incomplete_vendors == "no" or wanted not in view.created or vendor is None:
        return
    found = completeness(vendor, view.ledger.organisation.edition)
    if found.complete or "vendor_lacks_details" in view.released:
        return
    told = {"name": name or vendor.name, "lacks": found.lacks}
    draft.wait(waiting("vendor_lacks_details", "fact", f"parties:{vendor.id}", **told))
