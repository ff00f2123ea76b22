"""Why a sale waits for the items of its lines, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

_BY_ACCOUNT = (
    "or set invoice_lines of the connection to 'account', if {ledger} takes lines without an item, and replay it"
)

LINE_ITEM_REASONS = (
    Reason(
        "line_item_unmapped",
        "An item has no counterpart",
        "ServiceTitan's {key} is sold on {lines}, and no active item of {ledger} is mapped to it or has its code.",
        "Fill the row '{key}' of the mapping table {table}, or make the item in {ledger} and fill it then; "
        + _BY_ACCOUNT
        + ".",
    ),
    Reason(
        "line_item_missing",
        "A line names no item",
        "No item stands in ServiceTitan on {lines}, and {ledger} wants one on every line.",
        "Fill the row '{key}' of the mapping table {table} with the item that stands for such lines; "
        + _BY_ACCOUNT
        + ".",
    ),
    Reason(
        "line_item_unknown",
        "A mapped item does not exist",
        "The mapping table sends {key} to the item {target}, which {ledger} does not have.",
        "Correct the row '{key}' of the mapping table {table}.",
    ),
    Reason(
        "line_item_inactive",
        "An item is inactive in the ledger",
        "The item {item} of {ledger}, which stands for {lines}, is inactive there.",
        "Make it active in {ledger}, and it goes on by itself; or name another one in the row '{row}' of the mapping table "
        "items.",
    ),
    Reason(
        "line_item_account",
        "An item is booked on another account",
        "The item {item} of {ledger}, which stands for {lines}, is booked on {theirs}; the line's account is mapped to "
        "{account}.",
        "Give the item that account in {ledger}, and it goes on by itself; or name another item in the row '{row}' of the "
        "mapping table items, or correct the mapping of the account.",
    ),
)
