"""Why what the ledger has does not go back into ServiceTitan, or waits on its way, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

BACK_REASONS = (
    # held
    Reason(
        "payment_mode_unmapped",
        "A payment mode without a payment type",
        "Nobody has said which payment type of ServiceTitan payments of mode {name} are.",
        "Fill the row '{key}' of the mapping table payment_modes: a payment type's id, or none for payments that are not to "
        "be entered in ServiceTitan.",
    ),
    Reason(
        "payment_mode_unusable",
        "The payment type of a mode is gone",
        "The row '{mode}' of the mapping table payment_modes names payment type {type}, which ServiceTitan does not have.",
        "Correct the row; it goes on by itself.",
    ),
    Reason(
        "payment_back_does_not_tie",
        "A payment's parts do not give its amount",
        "The payment is over {stated}, but {applied} of it is on invoices and {unapplied} on none.",
        "Correct the payment in Zoho Books; it is read again by itself.",
    ),
    Reason(
        "payment_back_without_date",
        "A payment without a date",
        "The payment has no date in Zoho Books.",
        "Give it one there; it is read again by itself.",
    ),
    Reason(
        "payment_back_mixed",
        "Also on an invoice that is not ServiceTitan's",
        "Of the payment {amount} is on invoice {number}, which is nobody's counterpart in ServiceTitan, and the rest on "
        "invoices that are.",
        "Link that invoice, or split the payment in Zoho Books; or set payments_back_mixed to part, and such payments go "
        "with their share on ServiceTitan's invoices alone.",
    ),
    Reason(
        "payment_back_customers",
        "On invoices of several customers",
        "The payment is on invoices of several customers of ServiceTitan ({customers}), where a payment is of one.",
        "Split it in Zoho Books, a payment for each customer; or enter it in ServiceTitan by hand and dismiss this record.",
    ),
    Reason(
        "payment_back_unread",
        "The invoice is not known here any more",
        "It is on invoice {number}, of which no version is kept here, so nothing says whose it is.",
        "Read the invoices again ('ml-connector sync'), then replay the payment.",
    ),
    Reason(
        "payment_back_invoice_void",
        "The invoice is void in ServiceTitan",
        "It is on invoice {number}, which is void in ServiceTitan.",
        "Take it off that invoice in Zoho Books, or enter it in ServiceTitan by hand and dismiss this record.",
    ),
    Reason(
        "payment_back_exceeds",
        "More than is open in ServiceTitan",
        "Invoice {number} has {open} open in ServiceTitan, and {amount} of the payment is on it.",
        "Look whether the payment is in ServiceTitan already, and link it with that one (link); or release it: ServiceTitan "
        "then takes it or refuses it.",
        for_version=True,
    ),
    Reason(
        "payment_back_twin",
        "ServiceTitan has one like it",
        "ServiceTitan has payment {id} of the customer over {amount} of {date}, which is nobody's counterpart.",
        "Link the two if they are one payment (link); release it if they are two: then it is entered in ServiceTitan.",
        for_version=True,
    ),
    Reason(
        "payment_back_changed",
        "Changed after it was entered in ServiceTitan",
        "The payment has changed in Zoho Books since it was entered in ServiceTitan as payment {id}, or since a change of it "
        "was dismissed: {what}. There it stands as {there}.",
        "Correct payment {id} in ServiceTitan, and this goes on by itself; or undo the change in Zoho Books.",
    ),
    Reason(
        "payment_back_deleted",
        "Deleted after it was entered in ServiceTitan",
        "The payment was deleted in Zoho Books since it was entered in ServiceTitan as payment {id}, where it stands as "
        "{there}.",
        "Delete payment {id} in ServiceTitan too, and this goes on by itself; or enter the payment in Zoho Books again.",
    ),
    Reason(
        "expense_account_unmapped",
        "An account of an expense has no counterpart",
        "Account {name} of Zoho Books, {role}, has no counterpart among ServiceTitan's GL accounts.",
        "Fill the row '{key}' of the mapping table expense_accounts: the id of a GL account, or none for an account whose "
        "expenses are not to be entered in ServiceTitan.",
    ),
    Reason(
        "expense_account_unusable",
        "The GL account of an expense is gone",
        "The {what} names GL account {target}, which ServiceTitan does not have or has switched off.",
        "Correct the {what}; it goes on by itself.",
    ),
    Reason(
        "expense_back_currency",
        "An expense in another currency",
        "The expense is in {currency}, and ServiceTitan's books are in {own}.",
        "Enter it in ServiceTitan by hand in {own}, and dismiss this record with the reason.",
    ),
    Reason(
        "expense_back_without_date",
        "An expense without a date",
        "The expense has no date in Zoho Books.",
        "Give it one there; it is read again by itself.",
    ),
    Reason(
        "expense_back_does_not_tie",
        "An expense's lines do not give its total",
        "The expense is over {stated}, but its lines and tax come to {computed}.",
        "Correct it in Zoho Books; it is read again by itself.",
    ),
    Reason(
        "expense_back_tax_unclear",
        "An expense whose lines are taxed differently",
        "Zoho Books does not show how much of the expense's tax is on each of its lines, which are not taxed alike.",
        "Enter it in Zoho Books as an expense for each tax; or enter it in ServiceTitan by hand and dismiss this record.",
    ),
    Reason(
        "expense_back_changed",
        "Changed after it was entered in ServiceTitan",
        "The expense has changed in Zoho Books since it was entered in ServiceTitan as journal entry {name}, or since a "
        "change of it was dismissed: {what}. Then it was {there}.",
        "Correct journal entry {name} in ServiceTitan by hand and dismiss this record; or undo the change in Zoho Books.",
    ),
    Reason(
        "expense_back_deleted",
        "Deleted after it was entered in ServiceTitan",
        "The expense was deleted in Zoho Books since it was entered in ServiceTitan as journal entry {name}, or since a "
        "change of it was dismissed. Then it was {there}.",
        "Delete journal entry {name} in ServiceTitan by hand and dismiss this record; or enter the expense anew.",
    ),
    # passed over
    Reason(
        "expense_back_removed",
        "Deleted before it went",
        "The expense was deleted in Zoho Books before it was entered in ServiceTitan.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "expense_back_before_start",
        "From before the start date",
        "The expense is of {date}, before the start date {start}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "expense_back_unpaid",
        "Nobody has been paid yet",
        "The expense names no account that has paid it.",
        "Nothing to do: once it is paid, it is looked at again.",
        Acts.NOBODY,
    ),
    Reason(
        "expense_back_by_rule",
        "Not entered by rule",
        "The mapping table expense_accounts says that expenses on account {name} are not entered in ServiceTitan.",
        "Nothing to do; change the row if they are to be.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_ours",
        "It came from ServiceTitan",
        "It bears the reference {reference} of a payment that came from ServiceTitan.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_reversed",
        "Deleted before it went",
        "It was deleted in Zoho Books before it was entered in ServiceTitan.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_before_start",
        "From before the start date",
        "It is of {date}, before the start date {start}.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_unapplied",
        "On no invoice",
        "It is on no invoice in Zoho Books, so nothing says whose it is in ServiceTitan.",
        "Nothing to do: once it is applied to an invoice it is looked at again.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_elsewhere",
        "On no invoice of ServiceTitan's",
        "No invoice that it is on is the counterpart of one of ServiceTitan's.",
        "Nothing to do: once one of them becomes one, it is looked at again.",
        Acts.NOBODY,
    ),
    Reason(
        "payment_back_by_rule",
        "Not entered by rule",
        "The mapping table payment_modes says that payments of mode {name} are not entered in ServiceTitan.",
        "Nothing to do; change the row if they are to be.",
        Acts.NOBODY,
    ),
)
