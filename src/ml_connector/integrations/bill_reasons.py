"""Why bills wait or are passed over, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.bill_change_reasons import BILL_CHANGE_REASONS
from ml_connector.integrations.reason import Reason

BILL_REASONS = (
    *BILL_CHANGE_REASONS,
    # held: tax and charges
    Reason(
        "tax_unmapped",
        "Tax without a rule",
        "It carries tax of {amount} ({zone}), and nobody has said how tax of that zone is booked.",
        "Fill the row '{key}' of the mapping table tax: cost, account:<id>, tax:<id>, or shares such as "
        "'40% cost, 60% account:<id>'.",
    ),
    Reason(
        "tax_without_zone",
        "Tax of no zone, without a rule",
        "It carries tax of {amount}, ServiceTitan names no tax zone for it (receipts never have one), and nobody "
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
        "Freight, a charge or a discount without an account",
        "It carries {what} of {amount}, and no account is set for it.",
        "Set {setting} of the integration to a ledger account, or to 'lines' to spread it over the lines.",
    ),
    Reason(
        "charge_unspread",
        "A charge has no line to carry it",
        "It carries {what} of {amount}, which cannot be spread over its lines: {why}.",
        "Set {setting} of the integration to a ledger account.",
    ),
    # held: job costs
    Reason(
        "job_unmapped",
        "A job has no counterpart",
        "Job {name} has no row in the mapping table jobs, and unmapped_job says that its bills wait.",
        "Fill the row '{key}' of the mapping table jobs (an option of a reporting tag or a project, as job_as says, or "
        "'none'), or set unmapped_job to none.",
    ),
    Reason(
        "job_unusable",
        "What a job is mapped to cannot be used",
        "Job {name} is mapped to {target}, which {why}.",
        "Correct the row '{key}' of the mapping table jobs.",
    ),
    Reason(
        "projects_unread",
        "Jobs are to be projects, and projects are not read",
        "Its jobs are to become projects, as job_as says, and the connection to Zoho Books does not read projects.",
        "Set projects=yes on that connection, which takes the right ZohoBooks.projects.READ, or set job_as to tag or none.",
    ),
    # held: what can be seen of it
    Reason(
        "hidden_lines",
        "Part of it cannot be seen",
        "It says {stated}, but what can be seen of it comes to {computed}: the right {scope} is missing.",
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
    # held: identity
    Reason(
        "same_number_same_total",
        "Suspected duplicate",
        "{where} already has {what} {number} of this vendor with the same total {total} ({other}).",
        "If it is the same {what}, {same}. If it is another one, give it another number in the mapping table {table} "
        "(row '{key}').",
    ),
    Reason(
        "same_number_other_total",
        "The vendor's invoice number is used twice",
        "{where} already has {what} {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Two deliveries on one invoice? Give this one another number in the mapping table {table} (row '{key}'), "
        "or put both into one {what}.",
    ),
    Reason(
        "same_number_other_year",
        "The vendor's invoice number was used in another fiscal year",
        "{where} already has {what} {number} of this vendor in another fiscal year, with another total: {total} there, "
        "{stated} here, dated {date} ({other}).",
        "If the vendor's numbers begin anew, release it: it keeps its number, which the ledger takes once in each fiscal "
        "year. If it is the same {what}, dismiss this record; else give it another number in the mapping table {table} "
        "(row '{key}').",
        for_version=True,
    ),
    # held: by a mark of the source
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
    # passed over
    Reason(
        "not_yet",
        "Not yet at the gate",
        "It is {state}; it goes when it is {gate}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason("canceled", "Cancelled", "It is cancelled in ServiceTitan.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "has_bill",
        "The receipt has a bill of its own",
        "ServiceTitan made bill {bill} of this receipt.",
        "Nothing to do here. If the bills are to be posted, set bill_source to bills; that is possible until the first "
        "document is posted.",
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
    Reason(
        "no_mark",
        "Receipts cannot be marked",
        "It was posted from a receipt, which ServiceTitan's API cannot mark as exported.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
)
