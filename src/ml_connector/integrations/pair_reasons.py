"""Why customers and vendors wait or are passed over on their way between two systems that both keep them."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

PAIR_REASONS = (
    # held
    Reason(
        "vendor_remittance_changed",
        "A vendor's e-mail or address has changed",
        "Where vendor {name} is written to and paid has changed: {fields}.",
        "Ask the vendor by a number you know whether that is so; then release it, or correct it where it was changed.",
        for_version=True,
    ),
    Reason(
        "party_changed_on_both",
        "Changed on both sides",
        "{name} was changed in ServiceTitan and in the ledger, and nobody's value is set to stand: {fields}.",
        "Correct one side, or release the record of the side whose value is to stand.",
        for_version=True,
        for_both=True,
    ),
    Reason(
        "counterpart_missing",
        "The counterpart is not shown any more",
        "The counterpart {id} of this party is not in the list of its system.{named} Like it is {candidates}.",
        "Look whether it was deleted or merged there; it goes on by itself when it is shown again. Where another one is left "
        "for it, link this record with that one.",
    ),
    Reason(
        "party_unread_there",
        "A change waits for the ledger's contact",
        "The address of {name} was changed in ServiceTitan, and the ledger's contact {id} is known by its row in a list "
        "alone, which has no address.",
        "Nothing to do: it is read by itself, and the change goes on.",
        Acts.NOBODY,
    ),
    Reason(
        "address_incomplete",
        "The address is not whole",
        "The changed address of {name} has no {missing}, and ServiceTitan takes only whole addresses.",
        "Complete the address in the ledger; it goes on by itself.",
    ),
    Reason(
        "contact_incomplete",
        "ServiceTitan cannot take the contact as it is",
        "The contact {name} is not in ServiceTitan yet. {why}",
        "Complete it in the ledger; it goes on by itself.",
    ),
    Reason(
        "contact_ambiguous",
        "A contact looks like one that ServiceTitan has",
        "The contact {name} looks like {candidates} in ServiceTitan, but that is no proof, or it is linked to another one.",
        "Link it with the right one, or release it: then it becomes a new {role} in ServiceTitan.",
    ),
    Reason(
        "status_refused",
        "It cannot be made active or inactive there",
        "{name} is to become {status} as on the other side, and that was refused: {why}",
        "Settle what is open there, or whatever it names. It is tried again once a day, and at once with a replay.",
    ),
    # passed over
    Reason(
        "party_gives_way",
        "The other side's value stands",
        "{name} was changed on both sides; of {fields} the other side's value stands, and nothing is sent.",
        "Nothing to do; it comes over if the flow from there is on. Whose value stands is the setting owners.",
        Acts.NOBODY,
    ),
    Reason(
        "party_value_removed",
        "A value was removed",
        "Of {name} was removed: {fields}. The other side keeps what it has.",
        "Remove it on the other side too, if it is to go there.",
        Acts.NOBODY,
    ),
    Reason(
        "party_status_left",
        "Inactive on one side only",
        "{name} is inactive {here}, and active {other}; nothing is changed because of that.",
        "Make it active again, or inactive on the other side too, if it is to be so on both; with inactive_parties=follow "
        "what changes from then on is carried over.",
        Acts.BOOKKEEPER,
    ),
    Reason(
        "parties_baseline",
        "Linked only",
        "{name}: the setting parties_baseline is on, so nothing is made or changed.",
        "Turn parties_baseline off when everything that is there is linked.",
        Acts.NOBODY,
    ),
    Reason(
        "counterpart_merged",
        "The counterpart was merged into another",
        "The counterpart of {name} was merged into {into}, which has a counterpart of its own.",
        "Merge the two on this side as well.",
    ),
    Reason(
        "contact_merged_away",
        "Merged into another contact",
        "The ledger has merged {name} into the contact {into}, which its link has gone over to.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_archived",
        "Not active in the ledger",
        "The contact {name} is archived, inactive or deleted in the ledger; nothing is changed because of that.",
        "Nothing to do; restore it in the ledger if it is needed again.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_inactive_there",
        "Inactive in ServiceTitan",
        "The contact {name} is ServiceTitan's {role} {other} ({id}), which is inactive there; it is neither linked nor made.",
        "Nothing to do. If it is needed again, make it active in ServiceTitan, then replay the contact.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_of_another_role",
        "Not of this kind",
        "The contact {name} has no document in the ledger that would make it a {role}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_without_documents",
        "No document yet",
        "The contact {name} has neither an invoice nor a bill in the ledger, so nobody can tell that it is a {role}.",
        "Nothing to do: it is looked at again when it changes.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_of_location",
        "A location's contact",
        "The contact {name} is that of a customer's location (setting contact_per); what changes in it stays in the ledger.",
        "Nothing to do; change the location in ServiceTitan if it is wrong there.",
        Acts.NOBODY,
    ),
    Reason(
        "not_written_back",
        "Not written back",
        "The contact {name} was changed in the ledger, and this integration writes nothing back to ServiceTitan.",
        "Set parties_back to yes in the one integration whose ledger may change customers and vendors of ServiceTitan.",
        Acts.NOBODY,
    ),
    Reason(
        "contact_not_wanted",
        "Not in ServiceTitan",
        "The contact {name} is a {role} of the ledger alone, and new ones are not made in ServiceTitan.",
        "Set new_from_ledger to create if they are to be.",
        Acts.NOBODY,
    ),
)
