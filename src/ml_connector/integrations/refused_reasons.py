"""What the other system refused: its own message is shown, and these words where there is none."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

REFUSED_REASONS = (
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
        "set_up_missing",
        "The other system is not set up for it",
        "A table or rule that it needs is missing there: {message}",
        "Have the administrator there add it, as 'ml-connector fields' shows; then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "field_missing",
        "A field that must be filled is empty",
        "It was refused for want of a field: {message}",
        "Fill the field at the source or by the mapping, then replay the record.",
    ),
    Reason(
        "refused_by_rule",
        "A rule of the other system refused it",
        "A rule of its own refused it: {message}",
        "Ask the administrator there what the rule demands, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "cost_center_refused",
        "The cost centre was refused",
        "A line's cost centre was refused: {message}",
        "Check the mapping of cost centres, or have the centre made there; then replay the record.",
    ),
    Reason(
        "gl_account_refused",
        "The GL account was refused",
        "A line's GL account was refused: {message}",
        "Check the mapping of accounts, or have the account made there; then replay the record.",
    ),
    Reason(
        "supplier_refused",
        "The supplier was refused",
        "The supplier it names was refused: {message}",
        "Link the vendor with the supplier that is known there, or have it made; then replay the record.",
    ),
    Reason(
        "legal_entity_refused",
        "The legal entity was refused",
        "The legal entity it names was refused: {message}",
        "Check the mapping of legal entities, then replay the record.",
    ),
    Reason(
        "currency_refused",
        "The currency was refused",
        "Its currency was refused: {message}",
        "Have the administrator there add the currency, then replay the record.",
        Acts.TENANT_ADMIN,
    ),
    Reason(
        "reference_blank",
        "It was taken in without what it is booked on",
        "It was taken in, and something that it names was left blank or is another: {message}",
        "Have the administrator there enter it and set the field map's choice action to reject; then replay the record.",
        Acts.TENANT_ADMIN,
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
        "taken_otherwise",
        "A part of it is there with other values",
        "A part of it was taken in before it was changed: {message}",
        "Correct the document there to what the source says and link the two, or undo the change and replay the record.",
    ),
    Reason(
        "paid",
        "The ledger shows it as paid or not open",
        "It is paid, part-paid or not open in the ledger: {message}",
        "Compare its payments in the ledger with the source, correct what is wrong there, then replay the record.",
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
