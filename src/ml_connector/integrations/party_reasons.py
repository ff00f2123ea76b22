"""Why vendors, and parties at all, wait or are passed over, in a bookkeeper's words. Customers are with the invoices."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

PARTY_REASONS = (
    # held
    Reason(
        "vendor_pending",
        "The vendor is not in the ledger yet",
        "Vendor {name} is not in the ledger yet.",
        "Nothing to do here: the vendor is brought there first, and the bill follows by itself.",
        Acts.NOBODY,
    ),
    Reason(
        "vendor_flow_off",
        "The vendor is not in the ledger, and the vendors flow is off",
        "Vendor {name} has no counterpart in the ledger, and the flow that could bring it is off.",
        "Turn the vendors flow on, or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "vendor_unknown",
        "The vendor cannot be read",
        "Vendor {name} ({key}) of this bill is not in ServiceTitan's list of vendors.",
        "Check the vendor in ServiceTitan; if it was merged, fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "vendor_ambiguous",
        "A vendor looks like one that is there already",
        "Vendor {name} looks like {candidates} in the ledger, but a name alone is no proof.",
        "Fill the row '{key}' of the mapping table vendors with the right contact's id, or with 'new'.",
    ),
    Reason(
        "vendor_taken",
        "A ledger vendor is claimed twice",
        "Vendor {name} points to the ledger's {target}, which is already linked to another ServiceTitan vendor{holder}.",
        "Decide in the mapping table vendors which of the two it is; give the other one 'new'.",
    ),
    Reason(
        "party_claimed",
        "Several of the source point to one of the target",
        "The party '{name}' ({key}) and {others} all point to {target} (id {id}) on the same proof ({evidence}); only "
        "one can be it.",
        "Fill the row of the one that it is in the mapping table {table} with {id}, and those of the others with 'new'; or "
        "merge them, or correct or deactivate the wrong one, where they were entered.",
    ),
    Reason(
        "contact_claimed",
        "Several contacts of the ledger point to one of the source",
        "The contacts '{name}' ({contact}) and {others} all point to ServiceTitan's {target} (id {key}) on the same proof "
        "({evidence}), and only one can be it.",
        "Fill the row '{key}' of the mapping table {table} with the id of the right contact; or, in the ledger, merge the "
        "contacts, or correct or archive the wrong one.",
    ),
    Reason(
        "party_claimed_too",
        "Another one points to the same",
        "{other} points to it, too.",
        "What is decided about one of them frees the others.",
    ),
    Reason(
        "party_still_read",
        "The source is still being read",
        "{name} is like {target} ({evidence}), and is linked once all of its source has been read: another one may be like "
        "it, too.",
        "Nothing to do: it goes on by itself when the reading ends.",
        Acts.NOBODY,
    ),
    Reason(
        "merge_loop",
        "Mergers lead in a circle",
        "ServiceTitan says that {name} was merged, and the mergers lead back to where they began: {circle}. So nobody is "
        "left whose contact could be theirs, and no link was moved.",
        "Have it put right in ServiceTitan: once one of them is shown there as not merged, all go on by themselves.",
    ),
    Reason(
        "vendor_unknown_there",
        "A mapped ledger vendor does not exist",
        "The mapping table sends vendor {name} to the ledger's contact {target}, which does not exist there.",
        "Correct the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "contact_of_other_kind",
        "A mapped ledger contact is of another kind",
        "The mapping table {table} sends {name} to the ledger's contact {target} ({id}), which is a {role} there; a firm "
        "that is customer and vendor has two contacts in that ledger.",
        "Correct the row '{key}' of the mapping table {table}.",
    ),
    Reason(
        "vendor_inactive",
        "The vendor is inactive in the ledger",
        "The ledger's vendor {target} for {name} is inactive.",
        "Make it active in the ledger{other}.",
    ),
    Reason(
        "vendor_incomplete",
        "A vendor lacks a name",
        "Vendor {key} has no name in ServiceTitan.",
        "Give it a name in ServiceTitan.",
    ),
    Reason(
        "party_shares_contact",
        "It shares a contact that is still to be made",
        "{name} is to have one contact with the {role} {key} of ServiceTitan, and that contact is not in the ledger yet.",
        "Nothing to do where the flow {flow} is live or runs as needed: the contact is made first. Else approve the {role} "
        "{key} there.",
    ),
    Reason(
        "vendor_lacks_details",
        "A vendor that we made is not complete",
        "Vendor {name} was made in the ledger from here, and still lacks there: {lacks}.",
        "Enter it in the ledger: what waits goes by itself once that is read. An approver may release a single document, or "
        "set hold_incomplete_vendors to no.",
    ),
    # passed over
    Reason(
        "party_erased",
        "Erased",
        "The data of this party were erased here; nothing is written of it.",
        "Nothing to do; a link that it has is used on.",
        Acts.NOBODY,
    ),
    Reason("not_needed", "Not needed yet", "No document needs it.", "Nothing to do.", Acts.NOBODY),
)
