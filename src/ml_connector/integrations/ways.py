"""What a ledger allows: the facts about it that rules ask for which write into more than one of them.

A rule that asks for none of these is the same for every ledger. Where a vendor's facts leave something open, the stricter
way stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BRACKETS = str.maketrans("<>", "()")


@dataclass(frozen=True, slots=True)
class Ways:
    """One ledger. ``title`` is what people call it, as sentences do.

    ``one_kind``: a contact is customer or vendor for good, so a firm that is both is two contacts; else one may be both.
    ``tells_survivor``: a contact that was merged names the one that is left; else it is simply not there any more.
    ``unique_names``: no two live contacts have one name, so a namesake gets another; where it is False an organisation may
    have them so, see ``party_names.names_unique``. ``inactive_keep_names``: the name of an inactive contact is taken, too.
    ``name_limit`` is how many characters a contact's name has at most.

    ``sales_accounts`` and ``sales_tax`` are the mapping tables of what is sold. ``names_exempt``: a line that is not taxed
    names a tax type all the same. ``sells_items``: a line of a sale names an item, and is booked on the item's account.
    ``links_zones``: a flow links the source's tax zones with its taxes, beside the mapping table.
    ``edits_paid``: of an invoice on which something stands, words, coding and head may be changed; ``takes_off``: what our
    payments and credits settle of it can be taken off for a change, document by document.

    ``whole_payments``: a payment is one document on all its invoices, whose rest is unused money; what is applied later, and
    any other change, is a change of that one. Else it is one on each invoice, and the rest a document of its own.
    ``lists_in_part``: a list shows neither lines of a document nor what is applied, so each is read by its id for those.
    ``keeps_references``: no two documents of a list have one reference of ours, and what is void keeps its own.
    """

    title: str
    one_kind: bool
    tells_survivor: bool
    name_limit: int
    unique_names: bool
    inactive_keep_names: bool
    sales_accounts: str
    sales_tax: str
    names_exempt: bool
    sells_items: bool
    links_zones: bool
    edits_paid: bool
    takes_off: bool
    whole_payments: bool
    lists_in_part: bool
    keeps_references: bool


XERO = Ways(
    "Xero", one_kind=False, tells_survivor=True,
    name_limit=255, unique_names=True, inactive_keep_names=False, sales_accounts="accounts", sales_tax="tax",
    names_exempt=True, sells_items=False, links_zones=False, edits_paid=True, takes_off=True, whole_payments=False,
    lists_in_part=False,
    keeps_references=False,
)  # fmt: skip
# Names may be twice by a preference that newer organisations have on; where it is off, nobody tells whether an inactive
# contact or one of the other kind has its name too, so each has. The limit is told as 100 and as 200. Bills have tables of
# their own for accounts and tax. What may be changed of a paid invoice is told nowhere, so nothing is; a payment is on
# several invoices there, so none of them is taken off it alone. Nobody tells whether a void document's unique value is free
# again (FACTS 7), so it is taken for held.
ZOHO = Ways(
    "Zoho Books", one_kind=True, tells_survivor=False,
    name_limit=100, unique_names=False, inactive_keep_names=True, sales_accounts="sales_accounts", sales_tax="sales_tax",
    names_exempt=False, sells_items=True, links_zones=True, edits_paid=False, takes_off=False, whole_payments=True,
    lists_in_part=True, keeps_references=True,
)  # fmt: skip

LEDGERS: Mapping[str, Ways] = {"xero": XERO, "zoho_books": ZOHO}

# By ledger and flow: what it writes there that bears fields of the organisation's tax edition. Its connection's settings give
# them, and ``Connector.preflight`` tells what is missing. A write-off among the payments is a credit note.
IN_EDITIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "zoho_books": {
        "vendors": ("parties",), "customers": ("parties",), "locations": ("parties",), "items": ("items",),
        "bills": ("bills", "vendor_credits"), "vendor_credits": ("vendor_credits",),
        "invoices": ("credit_notes", "invoices"), "credit_memos": ("credit_notes",),
        "payments": ("credit_notes", "payments"),
    },
}  # fmt: skip


def spelled(name: str) -> str:
    """A contact's name for comparison, as the strictest ledger spells it.

    Without angle brackets, which Xero takes none of, and without spaces in front, behind or doubled.
    """
    return " ".join(name.translate(_BRACKETS).split())
