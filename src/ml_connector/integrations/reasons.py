"""Why a document waits, is passed over, or was refused: a code, a sentence a bookkeeper understands, and the way out.

Sentences are templates; their fields are filled where the facts are known.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.errors import Acts


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``action`` says what to do; ``acts`` who does it; ``title`` heads all that wait for it.

    ``for_version``: where a person may release it, they do so for the version they saw, and for no later one.
    """

    code: str
    title: str
    sentence: str
    action: str
    acts: Acts = Acts.BOOKKEEPER
    for_version: bool = False


_ALL = (
    # held: a value is missing
    Reason(
        "account_unmapped",
        "A GL account has no counterpart",
        "ServiceTitan account {key} is used on {lines}, and no account of the ledger is mapped to it.",
        "Fill the row '{key}' of the mapping table accounts; everything that waits for it goes on by itself.",
    ),
    Reason(
        "account_missing",
        "A line has no GL account",
        "The bill's {lines} carries no GL account in ServiceTitan.",
        "Give the item or expense an account in ServiceTitan, or fill the row '(none)' of the mapping table accounts.",
    ),
    Reason(
        "account_inactive",
        "A mapped ledger account is inactive",
        "The ledger account {name} that the {what} names is inactive.",
        "Make it active in the ledger, or put another account into the {what}.",
    ),
    Reason(
        "account_not_postable",
        "A mapped ledger account takes no bill lines",
        "The ledger does not let bill lines use account {name}, which the {what} names.",
        "Put an expense, cost or asset account into the {what}.",
    ),
    Reason(
        "account_unknown",
        "A mapped ledger account does not exist",
        "The {what} names ledger account {target}, which does not exist there.",
        "Correct the {what}.",
    ),
    Reason(
        "tax_unmapped",
        "Tax without a rule",
        "The bill carries tax of {amount} ({zone}), and nobody has said how tax of that zone is booked.",
        "Fill the row '{key}' of the mapping table tax: cost, account:<id>, tax:<id>, or shares such as "
        "'40% cost, 60% account:<id>'.",
    ),
    Reason(
        "tax_without_zone",
        "Tax of no zone, without a rule",
        "The bill carries tax of {amount}, ServiceTitan names no tax zone for it (receipts never have one), and nobody "
        "has said how such tax is booked.",
        "Fill the row '{key}' of the mapping table tax{other}: cost, account:<id>, tax:<id>, or shares such as "
        "'40% cost, 60% account:<id>'.",
    ),
    Reason(
        "tax_rule_unusable",
        "A tax rule cannot be applied",
        "The rule '{rule}' for {zone} cannot be applied: {why}.",
        "Correct the row '{key}' of the mapping table tax.",
    ),
    Reason(
        "freight_unmapped",
        "Freight without an account",
        "The bill carries {what} of {amount}, and no account is set for it.",
        "Set {setting} of the integration to a ledger account, or to 'lines' to spread it over the lines.",
    ),
    Reason(
        "charge_unspread",
        "A charge has no line to carry it",
        "The bill carries {what} of {amount}, which cannot be spread over its lines: {why}.",
        "Set {setting} of the integration to a ledger account.",
    ),
    Reason(
        "business_unit_unmapped",
        "A business unit has no counterpart",
        "Business unit {name} has no counterpart in the ledger.",
        "Fill the row '{key}' of the mapping table business_units (a tag option, a location, or 'none').",
    ),
    Reason(
        "dimension_inactive",
        "A mapped tag option or location is inactive",
        "The {what} that business unit {name} is mapped to is inactive or gone in the ledger.",
        "Make it active in the ledger, or correct the row '{key}' of the mapping table business_units.",
    ),
    Reason(
        "tag_mandatory",
        "The ledger demands a tag we have no value for",
        "The ledger demands the tag {name} on every line, and no mapping gives it a value.",
        "Map the business units to options of {name}, or make the tag optional in the ledger.",
    ),
    Reason(
        "unsuitable",
        "The ledger cannot take it as it is",
        "{why}",
        "Correct the document at its source, or the mapping or setting that is named.",
    ),
    # held: a party
    Reason(
        "vendor_pending",
        "The vendor is not in the ledger yet",
        "Vendor {name} is being brought to the ledger first.",
        "Nothing to do here: the bill follows by itself.",
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
        "Vendor {name} points to the ledger's {target}, which is already linked to another ServiceTitan vendor.",
        "Decide in the mapping table vendors which of the two it is; give the other one 'new'.",
    ),
    Reason(
        "vendor_unknown_there",
        "A mapped ledger vendor does not exist",
        "The mapping table sends vendor {name} to the ledger's contact {target}, which does not exist there.",
        "Correct the row '{key}' of the mapping table vendors.",
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
    # held: amounts
    Reason(
        "does_not_tie",
        "The bill's parts do not give its total",
        "The lines, tax and freight come to {computed}, but the bill says {stated}: {difference} apart.",
        "Correct the bill in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "hidden_lines",
        "Part of the bill cannot be seen",
        "The bill says {stated}, but what can be seen of it comes to {computed}: the right {scope} is missing.",
        "Let the ServiceTitan administrator accept the app's newest version with the scope {scope}: seen within an hour.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "status_unseen",
        "The bill's status cannot be seen",
        "{why}",
        "{first}; or set unseen_status to post: then every bill without a status goes, also those that are cancelled, in "
        "discrepancy or marked 'do not pay'.",
    ),
    Reason(
        "never_reconciled",
        "Whether the bill is reconciled cannot be seen",
        "Bills go when they are reconciled, and only AP bills tell. {why}",
        "{first}; or set gate to received or posted.",
    ),
    Reason(
        "lines_missing",
        "Lines of the bill are missing",
        "The bill says {stated}, but what can be seen of it comes to {computed}. {why}",
        "Complete the bill in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "target_total_differs",
        "The ledger would compute another total",
        "The ledger's own arithmetic makes this bill {target}, ServiceTitan says {stated}.",
        "Allow a rounding line in the settings (rounding_account, up to 0.05), or correct the tax rule.",
    ),
    Reason(
        "currency_unknown",
        "The currency is not known",
        "Neither the business unit nor the company states a currency for this bill.",
        "Set the company's currency in the integration's settings.",
    ),
    Reason(
        "currency_differs",
        "Two currencies",
        "The bill is in {source}, but {what} is in {target}.",
        "Nothing is converted by guess: give the vendor a ledger contact in {source}.",
    ),
    # held: identity
    Reason(
        "same_number_same_total",
        "Suspected duplicate",
        "{where} already has bill {number} of this vendor with the same total {total} ({other}).",
        "If it is the same bill, {same}. If it is another one, give it another number in the mapping table bill_numbers "
        "(row '{key}').",
    ),
    Reason(
        "same_number_other_total",
        "The vendor's invoice number is used twice",
        "{where} already has bill {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Two deliveries on one invoice? Give this one another number in the mapping table bill_numbers (row '{key}'), "
        "or put both into one bill.",
    ),
    Reason(
        "breaker",
        "More new documents at once than usual",
        "{count} new documents{sum} came in one reading of {flow}, which knew {known} before; more than {percent} % of "
        "that at once is asked about first, and none of them was sent.",
        "Look at the source whether they are right. 'ml-connector breaker accept {key}' lets them go on, "
        "'ml-connector breaker dismiss {key} WHY' passes them over.",
    ),
    Reason(
        "already_exported",
        "Exported before we first saw it",
        "ServiceTitan says that this bill was exported before it was first seen here: some ledger may have it.",
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
        "never_arrives",
        "Sent again and again, and never arrived",
        "It was tried {times} times; it never got a clear answer, and was provably not there afterwards. The last time: "
        "{why}.",
        "Ask the other system's support what it has against it, or correct it at the source; then replay the record.",
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
        "changed_after_posting",
        "Changed after it was posted",
        "The bill was changed in ServiceTitan after it was posted: {what}.",
        "Compare both versions; correct the bill in the ledger or in ServiceTitan.",
    ),
    # held: permission and time
    Reason(
        "period_closed",
        "The period is closed",
        "The bill is dated {date}; the ledger is closed through {closed}.",
        "Open the period, then release it; or give the bill a later date in ServiceTitan. It keeps its date when it is "
        "released: a period that is still locked in the ledger refuses it. It never goes by itself.",
        Acts.APPROVER,
        for_version=True,
    ),
    Reason(
        "discrepancy",
        "The bill has a discrepancy",
        "ServiceTitan marks this bill as having a discrepancy.",
        "Settle it in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "do_not_pay",
        "Marked 'do not pay'",
        "ServiceTitan marks this bill 'do not pay'.",
        "Take the mark away in ServiceTitan when it is settled.",
    ),
    Reason(
        "no_date",
        "The bill has no date",
        "The bill has no {what} in ServiceTitan.",
        "Give it a date in ServiceTitan.",
    ),
    Reason(
        "preview_changed",
        "Changed since the preview was approved",
        "What would be posted now is not what the approved preview showed: {changes}.",
        "Look at it as it is now, then release it; where its flow is in preview it is shown and approved again.",
        Acts.APPROVER,
    ),
    Reason(
        "defect",
        "A defect of this product",
        "This document could not be handled ({problem}): a defect of this product.",
        "Report it with the record's number; after the correction, replay the record.",
        Acts.US,
    ),
    # skipped
    Reason(
        "not_yet",
        "Not yet at the gate",
        "The bill is {state}; it goes when it is {gate}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("canceled", "Cancelled", "The bill is cancelled in ServiceTitan.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "has_bill",
        "The receipt has a bill of its own",
        "ServiceTitan made bill {bill} of this receipt.",
        "Nothing to do here. If the bills are to be posted, set bill_source to bills; that is possible until the first "
        "document is posted.",
        Acts.NOBODY,
    ),
    Reason(
        "dismissed",
        "Dismissed by a person",
        "A person said that nothing is to be done about it.",
        "Replay it if that was wrong.",
        Acts.NOBODY,
    ),
    Reason(
        "other_source",
        "Read before bill_source was changed",
        "It is a {kind}, and bill_source says that {source} are posted: the same delivery never goes twice.",
        "Nothing to do here. If such documents are to be posted instead, change bill_source back; that is possible until "
        "the first document is posted.",
        Acts.NOBODY,
    ),
    Reason("zero", "Nothing to post", "The bill's total is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "before_start",
        "Before the start date",
        "The bill is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted; it is linked where the ledger has exactly one bill of "
        "the same vendor, number and total.",
        Acts.NOBODY,
    ),
    Reason(
        "no_mark",
        "Receipts cannot be marked",
        "It was posted from a receipt, which ServiceTitan's API cannot mark as exported.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "linked_already",
        "Linked already",
        "{name} is linked; what changes in ServiceTitan afterwards is not sent.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("not_needed", "Not needed yet", "No document needs it.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "out_of_scope",
        "Not in this integration's scope",
        "Business unit {name} is not in this integration's scope.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
)

# Refused by the other system: its own message is shown, and these words where there is none.
_REFUSED = (
    Reason(
        "rejected",
        "The other system said no",
        "It was refused: {message}",
        "Correct the record or its mapping, then replay it.",
    ),
    Reason(
        "invalid_value",
        "The ledger does not accept a value",
        "A value was refused: {message}",
        "Check the mapping of the field that is named, then replay the record.",
    ),
    Reason(
        "too_long",
        "A text is too long for the ledger",
        "A text was refused as too long: {message}",
        "Shorten it at the source; it is read again by itself.",
    ),
    Reason(
        "not_found",
        "Something it refers to is gone in the ledger",
        "An account, vendor, tax or document it refers to no longer exists: {message}",
        "Correct the mapping that names it, then replay the record.",
    ),
    Reason(
        "inactive_account",
        "Something it uses is inactive in the ledger",
        "An account or contact it uses is inactive: {message}",
        "Make it active in the ledger, or change the mapping; then replay the record.",
    ),
    Reason(
        "tag_missing",
        "The ledger demands a tag",
        "A tag that the ledger demands is missing: {message}",
        "Fill the mapping table of that tag, then replay the record.",
    ),
    Reason(
        "no_lines",
        "The ledger sees no lines",
        "It was refused as having no lines: {message}",
        "Add a line at the source; it is read again by itself.",
    ),
    Reason(
        "duplicate_number",
        "The ledger has this number already",
        "The number is used already: {message}",
        "Compare the two; link them if they are the same, else give this one another number.",
    ),
    Reason(
        "duplicate_name",
        "The ledger has this name already",
        "The name is used already: {message}",
        "Link the two, or allow duplicate names in the ledger; then replay the record.",
    ),
    Reason(
        "not_permitted",
        "The connection lacks a right",
        "The connection may not do this: {message}",
        "Correct the role of the user who consented, or connect again; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "wrong_organisation",
        "The user who consented is not of this organisation",
        "The user who consented does not belong to this organisation: {message}",
        "Invite that user there, or connect again as somebody who belongs to it; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "plan_expired",
        "The ledger's subscription has expired",
        "The organisation's plan or trial has expired: {message}",
        "Renew it, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "feature_disabled",
        "A feature is turned off in the ledger",
        "A feature it needs is turned off: {message}",
        "Turn it on in the organisation, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
)

REASONS = {reason.code: reason for reason in (*_ALL, *_REFUSED)}
#: Reasons whose release by a person is meant for one version.
FOR_VERSION = tuple(reason.code for reason in REASONS.values() if reason.for_version)


def sentence(code: str, fields: dict[str, str]) -> str:
    """The sentence of a reason with its fields filled. Raises KeyError on an unknown code or a missing field."""
    return REASONS[code].sentence.format(**fields)


def action(code: str, fields: dict[str, str]) -> str:
    """What to do about it, in words."""
    return REASONS[code].action.format(**fields)
