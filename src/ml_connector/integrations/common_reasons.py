"""Why any document waits or is passed over, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

COMMON_REASONS = (
    # held: a value is missing
    Reason(
        "account_unmapped",
        "A GL account has no counterpart",
        "ServiceTitan account {key} is used on {lines}, and no account of the ledger is mapped to it.",
        "Fill the row '{key}' of the mapping table {table}; everything that waits for it goes on by itself.",
    ),
    Reason(
        "account_missing",
        "A line has no GL account",
        "No GL account stands in ServiceTitan on {lines}.",
        "Give it an account in ServiceTitan, or fill the row '(none)' of the mapping table {table}.",
    ),
    Reason(
        "account_inactive",
        "A mapped ledger account is inactive",
        "The ledger account {name} that the {what} names is inactive.",
        "Make it active in the ledger, or put another account into the {what}.",
    ),
    Reason(
        "account_not_postable",
        "A mapped ledger account takes no document lines",
        "The ledger does not let document lines use account {name}, which the {what} names.",
        "Put an account into the {what} that lines may use: no bank account, and none that the ledger keeps itself.",
    ),
    Reason(
        "account_unknown",
        "A mapped ledger account does not exist",
        "The {what} names ledger account {target}, which does not exist there.",
        "Correct the {what}.",
    ),
    Reason(
        "business_unit_unmapped",
        "A business unit has no counterpart",
        "Business unit {name} has no counterpart in the ledger.",
        "Fill the row '{key}' of the mapping table business_units (a tag or tracking option, a location, or 'none').",
    ),
    Reason(
        "dimension_inactive",
        "A mapped option or location is inactive",
        "The {what} that business unit {name} is mapped to is inactive or gone in the ledger.",
        "Make it active in the ledger, or correct the row '{key}' of the mapping table business_units.",
    ),
    Reason(
        "unit_unusable",
        "What a business unit is mapped to is no tag, option or location",
        "Business unit {name} is mapped to {target}, which is a project.",
        "Correct the row '{key}' of the mapping table business_units.",
    ),
    Reason(
        "tag_mandatory",
        "The ledger demands a tag that a line has no value for",
        "{ledger} demands the tag {name} on every line, and {why}.",
        "{way}",
    ),
    Reason(
        "unsuitable",
        "The ledger cannot take it as it is",
        "{why}",
        "Correct the document at its source, or the mapping or setting that is named.",
    ),
    # held: amounts and dates
    Reason(
        "does_not_tie",
        "The parts do not give the total",
        "Lines, tax and charges come to {computed}, but the total says {stated}: {difference} apart.",
        "Correct it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "lines_missing",
        "Lines are missing",
        "The total says {stated}, but what can be seen comes to {computed}. {why}",
        "Complete it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "target_total_differs",
        "The ledger would compute another total",
        "The ledger's own arithmetic makes it {target}, ServiceTitan says {stated}.",
        "Allow a rounding line in the settings (rounding_account, up to 0.05), or correct the tax rule.",
    ),
    Reason(
        "currency_unknown",
        "The currency is not known",
        "Neither the business unit nor the company states a currency for it.",
        "Set the company's currency in the integration's settings.",
    ),
    Reason(
        "currency_differs",
        "Two currencies",
        "It is in {source}, but {what} is in {target}.",
        "Nothing is converted by guess: link the party with a ledger contact in {source}.",
    ),
    Reason(
        "no_date",
        "It has no date",
        "It has no {what} in ServiceTitan.",
        "Give it a date in ServiceTitan.",
    ),
    # held: what the ledger has
    Reason(
        "already_exported",
        "Exported before we first saw it",
        "ServiceTitan says that it was exported before it was first seen here: some ledger may have it.",
        "Look for it in the ledger. If it is not there, release it; if it is, link it.",
    ),
    Reason(
        "conflict",
        "The ledger has something else under our reference",
        "Under the reference {reference} the ledger shows {other}. To be posted was: {ours}.",
        "Compare both and decide which is right: correct the one in the ledger or void it, then replay the record; or link "
        "the record with it.",
    ),
    Reason(
        "made_in_part",
        "A part of it is in the ledger already",
        "Under the reference {reference} the ledger shows {other} already, and nothing here is linked with it. To send all "
        "of it would post that part twice.",
        "See in the ledger what is there of it. Enter what is missing and link the record with it; or remove that "
        "document in the ledger, and all of it is sent.",
    ),
    Reason(
        "gone_there",
        "What is to be changed is not in the ledger any more",
        "The change or removal of document {id} cannot be made: the ledger does not show the document any more.",
        "See in the ledger who removed it and why. If it is to be there again, enter it there and link the record with it; "
        "else dismiss the record with the reason. If the ledger shows it again, it goes on by itself.",
    ),
    Reason(
        "contact_gone",
        "Its contact is not in the ledger any more",
        "It belongs on contact {contact}, which is gone in the ledger: deleted there, or merged into another one.",
        "Restore the contact in the ledger, or link its party here with the contact that stands there for it now; what waits "
        "for it goes on by itself.",
    ),
    Reason(
        "contact_unread",
        "Its contact cannot be read in the ledger",
        "It needs contact {contact} of {vendor}, whose own page could not be read: {why}.{refused}",
        "Open the contact in {vendor} and save it, or ask {vendor}'s support what is wrong with its page. It is asked for "
        "every hour, and what waits goes on by itself once it is read.",
    ),
    Reason(
        "period_closed",
        "The period is closed",
        "It is dated {date}; the ledger is closed through {closed}.",
        "Open the period, then release it; or give it a later date in ServiceTitan{way}. It keeps its date when it is "
        "released: a period that is still locked in the ledger refuses it. It never goes by itself.",
        Acts.APPROVER,
        for_version=True,
    ),
    Reason(
        "change_in_closed_period",
        "Changed in ServiceTitan, in a closed period of the ledger",
        "It stands in the ledger with the date {date}, which is closed through {closed}, and ServiceTitan has changed it: "
        "{what}. What stands in a closed period is never changed from here.",
        "Enter the difference in the ledger on an open day, as a credit note, an invoice or a payment, and dismiss this "
        "record with the reason. If the period is opened, there and in the setting closed_through, replay this record.",
    ),
    # held: the sending itself
    Reason(
        "breaker",
        "More new documents at once than usual",
        "{count} {what}{sum} came in one reading of {flow}, which knew {known} before; more than {percent} % of "
        "that at once is asked about first, and none of them was sent.",
        "Look at the source whether they are right. 'ml-connector breaker accept {key}' lets them go on, "
        "'ml-connector breaker dismiss {key} WHY' passes them over.",
    ),
    Reason(
        "never_arrives",
        "Sent again and again, and never arrived",
        "It was tried {times} times; it never got a clear answer, and was provably not there afterwards. The last time: "
        "{why}.",
        "Ask the other system's support what it has against it, or correct it at the source; then replay the record.",
    ),
    Reason(
        "unreadable_there",
        "It cannot be read before it is changed",
        "It changes {id} ({what}) in {vendor}, which is read there first, lest somebody's change is lost; since {since} it "
        "cannot be read: {why}.",
        "Open it in {vendor} and see whether it is whole; if it is, ask {vendor}'s support. It is tried again once a day "
        "and as soon as it is shown again; a replay tries it at once.",
    ),
    Reason(
        "cut_off",
        "Cut off while it was being sent, again and again",
        "Each of the {times} times it was being sent, the worker ended before there was an answer; the document was "
        "provably not there afterwards.",
        "See in the service's log and on its machine (memory, restarts) why the worker ended; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "preview_changed",
        "Changed since the preview was approved",
        "What would be posted now is not what the approved preview showed: {changes}.",
        "Look at it as it is now, then approve it again: 'ml-connector approve' takes one record, or all of them at once "
        "with --reason preview_changed.",
        Acts.APPROVER,
    ),
    Reason(
        "above_limit",
        "Above the amount that needs an approver",
        "It is over {amount}, and what is over more than {limit} waits for an approver (setting approve_above).",
        "Look at it, then approve it: 'ml-connector approve' takes one record, or all of them with --reason above_limit.",
        Acts.APPROVER,
    ),
    Reason(
        "row_unconfirmed",
        "A row of a mapping table that one person alone has seen",
        "It goes by the row '{key}' of the mapping table {table}, written by {who}; nobody else has approved anything that "
        "goes by it (setting four_eyes).",
        "Somebody else than {who} looks at it and approves it: 'ml-connector approve' takes one record, or all of them with "
        "--reason row_unconfirmed. With the first the row is confirmed, and what waits for it goes on.",
        Acts.APPROVER,
    ),
    Reason(
        "defect",
        "A defect of this product",
        "This document could not be handled ({problem}): a defect of this product.",
        "Report it with the record's number; after the correction, replay the record.",
        Acts.US,
    ),
    Reason(
        "in_two_scopes",
        "In the scope of two integrations",
        "It is in the scope of this integration and of integration {other}: both would post it.",
        "Give each of the two business units of its own (setting business_units), or turn the flow of one of them off; it "
        "goes on by itself.",
    ),
    Reason(
        "posted_elsewhere",
        "It stands in the books of another integration",
        "Integration {other} has posted it, and it stands in those books: it would be posted twice.",
        "Take it back there, payments first, and it goes on by itself; or give it its former business unit back in the "
        "source.",
    ),
    # passed over
    Reason(
        "dismissed",
        "Dismissed by a person",
        "A person said that nothing is to be done about it.",
        "Replay it if that was wrong.",
        Acts.NOBODY,
    ),
    Reason("zero", "Nothing to post", "Its total is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "before_start",
        "Before the start date",
        "It is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted; it is linked where the ledger has exactly one of "
        "the same party, number and total.",
        Acts.NOBODY,
    ),
    Reason(
        "out_of_scope",
        "Not in this integration's scope",
        "Business unit {name} is not in this integration's scope.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
)
