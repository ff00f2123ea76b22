"""Why an item or a tax zone has no counterpart, or is passed over, and what waits for one, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

_ITEM_ROW = "row '{row}' of the mapping table items with the id of the item of {ledger} that stands for it"
_ZONE_ROW = "row '{row}' of the mapping table sales_tax with the id of the tax of {ledger} that it is"
_CODE_ROW = (
    "Fill the row '{key}' of the mapping table {table}, which counts for all of them; or give each its own {what}."
)

_LINES = (
    Reason(
        "line_item_pending",
        "An item is not in the ledger yet",
        "The item {item}, which is sold on {lines}, has no counterpart in {ledger} yet.",
        "See the record of {item} in the flow items: once it is linked or created, this goes on by itself; or fill the row "
        "'{row}' of the mapping table items.",
    ),
    Reason(
        "line_item_ended",
        "An item ended in ServiceTitan before it had a counterpart",
        "ServiceTitan's {key}, sold on {lines}, is inactive in the price book, and no active item of {ledger} is mapped to "
        "it or has its code.",
        "Fill the row '{key}' of the mapping table {table} with the item of {ledger} that stands for it.",
    ),
    Reason(
        "line_item_gone",
        "The counterpart of an item is gone",
        "The item {target} of {ledger}, which was the counterpart of what is sold on {lines}, does not exist there any more.",
        "Fill the row '{key}' of the mapping table {table} with the item that takes its place.",
    ),
    Reason(
        "sales_tax_pending",
        "A tax zone has no tax in the ledger yet",
        "It carries tax of {amount} of the zone {zone}, which has no counterpart in the ledger yet.",
        "See the record of {zone} in the flow tax_zones: once it is linked or created, this goes on by itself; or fill the "
        "row '{zone}' of the mapping table sales_tax.",
    ),
    Reason(
        "tax_link_unusable",
        "The counterpart of a tax zone cannot be used",
        "The tax zone {zone} is linked with the tax {target} of the ledger, which cannot be used: {why}.",
        "Fill the row '{zone}' of the mapping table sales_tax with the tax that takes its place, or mend that one in the "
        "ledger.",
    ),
)

_ITEMS = (
    Reason(
        "item_by_row",
        "The mapping table says it",
        "What is sold of {key} goes by the row '{key}' of the mapping table items.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "item_not_sold",
        "Inactive in the price book",
        "{name} is inactive in ServiceTitan, so no counterpart is looked for. A document on it says which row to fill.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "item_without_code",
        "No code in the price book",
        "{name} has no code in ServiceTitan, so nothing can be matched with it.",
        "Give it a code in ServiceTitan, and it is read again by itself.",
    ),
    Reason(
        "item_differs",
        "It differs from its counterpart",
        "{name} is linked, and differs from its counterpart in {ledger} in {what}; nothing is changed there.",
        "Change the side that is wrong, or leave both: lines state their own price, and are booked on the account of the "
        "ledger's item.",
    ),
    Reason(
        "item_code_twice",
        "Several items of one code",
        "One code stands for {mine} in ServiceTitan and for {theirs} in {ledger}, so none is linked by itself.",
        _CODE_ROW.replace("{what}", "code"),
    ),
    Reason(
        "item_taken",
        "Its item belongs to another one",
        "The item {target} of {ledger} has the code of {name}, and is the counterpart of {holder} already.",
        "Fill the row '{key}' of the mapping table {table} with the right item, which may be the same one.",
    ),
    Reason(
        "item_alike",
        "An item may be there under another code",
        "No item of {ledger} has the code of {name}, and this may be it: {alike}.",
        "If it is, give that one the code in {ledger}, or fill the "
        + _ITEM_ROW
        + "; if it is not, give that one a code of its own.",
    ),
    Reason(
        "item_not_there",
        "No item has its code",
        "No active item of {ledger} has the code of {name}.",
        "Make it in {ledger} with that code, or fill the "
        + _ITEM_ROW
        + "; or set new_items to yes, and such items are made from here.",
    ),
)

_ZONES = (
    Reason(
        "zone_by_row",
        "The mapping table says it",
        "Sales of the zone {key} go by the row '{key}' of the mapping table sales_tax.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "zone_inactive_here",
        "Inactive in ServiceTitan",
        "The tax zone {name} is inactive in ServiceTitan, so no counterpart is looked for. A document on it says which row "
        "to fill.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "zone_differs",
        "It differs from its counterpart",
        "The tax zone {name} is linked, and differs from its counterpart in {what}; nothing is changed there, and the link "
        "stays, before which a row '{row}' of the mapping table sales_tax counts.",
        "Mend the side that is wrong. Rows go by names: one under a former name counts no more.",
    ),
    Reason(
        "zone_name_twice",
        "Several of one name",
        "One name stands for {mine} in ServiceTitan and for {theirs} in {ledger}, so none is linked by itself.",
        _CODE_ROW.replace("{what}", "name"),
    ),
    Reason(
        "zone_taken",
        "Its tax belongs to another zone",
        "The tax {target} of {ledger} has the name of the zone {name}, and is the counterpart of another zone already.",
        "Fill the " + _ZONE_ROW + ", which may be the same one.",
    ),
    Reason(
        "zone_rate_differs",
        "The rates differ",
        "The zone {name} takes {rate} in ServiceTitan, and {ledger} has {target}.",
        "Mend the rate of the side that is wrong, and it is matched by itself; or fill the " + _ZONE_ROW + ".",
    ),
    Reason(
        "zone_not_there",
        "No tax has its name",
        "No tax or tax group of {ledger} is called {name}.{known}",
        "Fill the " + _ZONE_ROW + "; or set new_taxes to yes, and such taxes are made from here.",
    ),
    Reason(
        "zone_alike",
        "A tax may be there under another name",
        "No tax or tax group of {ledger} is called {name}, and one of the same rate has a like name.{known}",
        "If it is the same, fill the "
        + _ZONE_ROW
        + "; if it is not, make the zone's tax in {ledger} under its name, and it is matched by itself.",
    ),
    Reason(
        "zone_without_rate",
        "A zone of no one rate cannot be made",
        "No tax or tax group of {ledger} is called {name}, and the zone has no one rate by which it could be made.{known}",
        "Make it in {ledger} as it is to be, and fill the " + _ZONE_ROW + ".",
    ),
)

ITEM_REASONS = (*_LINES, *_ITEMS, *_ZONES)
