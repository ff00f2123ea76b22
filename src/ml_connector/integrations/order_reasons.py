"""Why purchase orders wait or are passed over, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

ORDER_REASONS = (
    # held
    Reason(
        "order_account_unmapped",
        "Lines of orders have no account",
        "No account of the ledger is named for {lines} of the order; ServiceTitan shows none on orders.",
        "Fill the row '{key}' of the mapping table order_accounts; rows '(tax)' and '(shipping)' may name other accounts.",
    ),
    Reason(
        "order_does_not_tie",
        "The order's parts do not give its total",
        "Lines, tax and shipping come to {computed}, but the order says {stated}: {difference} apart.",
        "Correct the order in ServiceTitan; it is read again by itself.",
    ),
    Reason(
        "order_total_differs",
        "The ledger would compute another total of an order",
        "The ledger's own arithmetic makes this order {target}, ServiceTitan says {stated}.",
        "Correct its lines in ServiceTitan, or set order_lines to total.",
    ),
    Reason(
        "order_without_number",
        "An order without a number",
        "The order has no number in ServiceTitan, and the ledger knows orders by theirs.",
        "Fill the row '{key}' of the mapping table order_numbers, or give it a number in ServiceTitan.",
    ),
    Reason(
        "order_vendor_pending",
        "The order's vendor is not in the ledger yet",
        "Vendor {name} is not in the ledger yet.",
        "Nothing to do here: the vendor is brought there first, and the order follows by itself.",
        Acts.NOBODY,
    ),
    Reason(
        "order_vendor_unknown",
        "The order's vendor cannot be read",
        "Vendor {name} ({key}) of this order is not in ServiceTitan's list of vendors.",
        "Check the vendor in ServiceTitan, or fill the row '{key}' of the mapping table vendors.",
    ),
    Reason(
        "order_same_total",
        "Suspected duplicate of an order",
        "{where} already has order {number} of this vendor with the same total {total} ({other}).",
        "If it is the same order, {same}. If it is another one, give it another number in the mapping table order_numbers "
        "(row '{key}').",
    ),
    Reason(
        "order_other_total",
        "An order number is used twice",
        "{where} already has order {number} of this vendor, with another total: {total} there, {stated} here ({other}).",
        "Give this one another number in the mapping table order_numbers (row '{key}'), or correct one of the two.",
    ),
    Reason(
        "order_number_elsewhere",
        "Suspected duplicate: the order's number is taken",
        "{where} has number {number} on {taken} over {total} ({other}). This order is over {stated}, and the ledger takes "
        "each number once.",
        "Give this one another number in the mapping table order_numbers (row '{key}'){instead}.",
    ),
    Reason(
        "order_billed",
        "Changed after it was billed",
        "Order {number} is billed in the ledger, and ServiceTitan changed it since: {what}.",
        "Compare the order with its bill ({id} is the order's id); correct what is wrong, then dismiss this version with the "
        "reason.",
    ),
    Reason(
        "order_gone",
        "The order was deleted in the ledger",
        "Order {id} was deleted in the ledger, and ServiceTitan changed it since: {what}.",
        "See who deleted it and why. Cancel it in ServiceTitan if that was right; else enter it in the ledger under another "
        "number and link the record with it.",
    ),
    Reason(
        "order_not_ours",
        "A linked order was changed",
        "The order was changed in ServiceTitan: {what}. The ledger's {number} ({id}) was not entered from here.",
        "Change it in the ledger as far as that is right, then dismiss this version with the reason.",
    ),
    Reason(
        "order_lines_unpaired",
        "Lines cannot be told apart",
        "Lines of order {number} were changed in the ledger and in ServiceTitan ({what}), and nothing tells which is which.",
        "Change the order in the ledger as far as that is right, then dismiss this version with the reason.",
    ),
    # passed over
    Reason(
        "order_canceled", "Order cancelled", "The order is cancelled in ServiceTitan.", "Nothing to do.", Acts.NOBODY
    ),
    Reason("order_empty", "Nothing ordered", "The order has no amounts.", "Nothing to do.", Acts.NOBODY),
    Reason(
        "order_before_start",
        "Order before the start date",
        "The order is dated {date}, before the start date {start}.",
        "Nothing to do: what was before the start is never posted; it is linked where the ledger has exactly one order of "
        "the same vendor, number and total.",
        Acts.NOBODY,
    ),
)
