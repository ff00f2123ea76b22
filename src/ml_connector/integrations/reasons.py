"""Why a document waits, is passed over, or was refused: a code, a sentence a bookkeeper understands, and the way out.

Sentences are templates; their fields are filled where the facts are known.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.errors import Acts


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``action`` says what to do; ``acts`` who does it; ``title`` heads all that wait for it."""

    code: str
    title: str
    sentence: str
    action: str
    acts: Acts = Acts.BOOKKEEPER


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
        "Nothing to do here: the bill follows by itself. If the vendor itself waits, settle that first.",
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
        "Make it active in the ledger, or map {name} to another vendor.",
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
        "Let the ServiceTitan administrator accept the app's newest version with the scope {scope}, then reconnect.",
        Acts.TENANT_ADMIN,
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
        "If it is the same bill, link or void one of them; if not, give this one another number in the mapping table "
        "bill_numbers (row '{key}').",
    ),
    Reason(
        "same_number_other_total",
        "The vendor's invoice number is used twice",
        "{where} already has bill {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Two deliveries on one invoice? Give this one another number in the mapping table bill_numbers (row '{key}'), "
        "or put both into one bill.",
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
        "Under the reference {reference} the ledger shows {other}, which is not what was to be posted.",
        "Compare both versions and decide which is right.",
    ),
    Reason(
        "changed_after_posting",
        "Changed after it was posted",
        "The bill was changed in ServiceTitan after it was posted: {what}.",
        "Compare both versions; correct the bill in the ledger or in ServiceTitan.",
    ),
    Reason(
        "two_scopes",
        "In the scope of two integrations",
        "Business unit {name} of this bill belongs to no single scope of this integration.",
        "Correct the business units in the integration's settings.",
    ),
    # held: permission and time
    Reason(
        "period_closed",
        "The period is closed",
        "The bill is dated {date}; the ledger is closed through {closed}.",
        "Open the period, or release it with another posting date. A person decides; it never goes by itself.",
        Acts.APPROVER,
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
        "What would be posted now is not what the approved preview showed.",
        "Look at the preview again and approve it.",
        Acts.APPROVER,
    ),
    Reason(
        "rejected",
        "The ledger said no",
        "The ledger refused it: {message}",
        "{action}",
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
    Reason("zero", "Nothing to post", "The bill's total is zero.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "before_start",
        "Before the start date",
        "The bill is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is linked, never posted.",
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
        "{name} is linked; later changes are not sent while vendors move as needed.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("not_needed", "Not needed yet", "No document needs it.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "has_bill",
        "Has a bill of its own",
        "This receipt has its own bill in ServiceTitan.",
        "Nothing to do.",
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

REASONS = {reason.code: reason for reason in _ALL}


def sentence(code: str, fields: dict[str, str]) -> str:
    """The sentence of a reason with its fields filled. Raises KeyError on an unknown code or a missing field."""
    return REASONS[code].sentence.format(**fields)


def action(code: str, fields: dict[str, str]) -> str:
    """What to do about it, in words."""
    return REASONS[code].action.format(**fields)
