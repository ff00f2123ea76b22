"""What people have entered beside our fields, taken over into a change of the document or the contact. Pure.

Zoho replaces lines and addresses whole (FACTS 6): what a PUT does not name of them is lost. A line stays where the change
names it by its id. The fields are those that the published PUT of each document takes (bundle of July 2026); ``sent`` is the
body of a change, ``shown`` what Zoho Books shows of the document just before.

Not taken over: an account beside the item of an invoice's line, and fields that people have made for its lines, since that
PUT lists neither; serial numbers, which no answer of every document shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.connectors.json_fields import Fields, amount, child, children, text

LINES, ID, ADDRESS = "line_items", "line_item_id", "billing_address"
_ITEM, _TAX, _PROJECT, _CUSTOMER, _BILLABLE = "item_id", "tax_id", "project_id", "customer_id", "is_billable"

# What says something of the item goes on only with that item, what says something of the tax only with that tax.
_OF_ITEM: Mapping[str, tuple[str, ...]] = {
    "bills": ("name", "unit", "product_type"),
    "vendor_credits": ("name", "unit"),
    "invoices": ("name", "unit", "product_type"),
    "credit_notes": ("name", "unit", "product_type", "account_id"),
}
_OF_TAX: Mapping[str, tuple[str, ...]] = {
    "bills": (
        "reverse_charge_tax_id", "acquisition_vat_id", "reverse_charge_vat_id", "tds_tax_id", "tax_treatment_code",
    ),
    "vendor_credits": ("reverse_charge_tax_id", "tds_tax_id", "tax_treatment_code"),
    "invoices": ("tds_tax_id", "tax_treatment_code"),
    "credit_notes": ("tds_tax_id", "tax_treatment_code"),
}  # fmt: skip
_OF_LINE: Mapping[str, tuple[str, ...]] = {
    "bills": ("purchaseorder_item_id",),
    "vendor_credits": (),
    "invoices": ("expense_id", "expense_receipt_name", "time_entry_ids"),
    "credit_notes": (),
}
DOCUMENTS = frozenset(_OF_LINE)
_SOLD = frozenset(["invoices", "credit_notes"])
# Where a setting of the connection gives one of these to every line, an accountant's own value stands before that.
_CODES: Mapping[str, tuple[str, ...]] = {
    "bills": ("hsn_or_sac",),
    "vendor_credits": ("hsn_or_sac",),
    **dict.fromkeys(sorted(_SOLD), ("hsn_or_sac", "sat_item_key_code", "unitkey_code")),
}
_EXEMPTION, _EXEMPTING = ("tax_exemption_id", "tax_exemption_code"), frozenset(["bills", "credit_notes"])
_CUSTOM, _CUSTOMISED = "item_custom_fields", frozenset(["bills", "vendor_credits", "credit_notes"])
_OF_ADDRESS = ("attention", "phone", "fax")
_BLANK: tuple[Any, ...] = (None, "", [])


def concerns(entity: str, sent: Fields) -> bool:
    """Whether the change replaces something that people may have added to."""
    if entity == "parties":
        return ADDRESS in sent
    return entity in DOCUMENTS and any(text(line, ID) for line in children(sent, LINES))


def document(entity: str, sent: Fields, shown: Fields) -> dict[str, Any]:
    """The body with what stands beside ours on the lines that stay. Raises Unreadable."""
    there = {id_: line for line in children(shown, LINES) if (id_ := text(line, ID))}
    same_customer = text(sent, _CUSTOMER) == text(shown, _CUSTOMER)
    lines = [
        _line(entity, line, there[id_], same_customer) if (id_ := text(line, ID)) in there else line
        for line in children(sent, LINES)
    ]
    return {**sent, LINES: lines}


def contact(sent: Fields, shown: Fields) -> dict[str, Any]:
    """The body with whom the address is addressed to and its telephones, of which we have nothing of our own."""
    return {**sent, ADDRESS: {**_filled(child(shown, ADDRESS), _OF_ADDRESS), **child(sent, ADDRESS)}}


def _line(entity: str, ours: Fields, there: Fields, same_customer: bool) -> dict[str, Any]:
    line = {**ours, **_unnamed(ours, there, _OF_LINE[entity])}
    if text(ours, _ITEM) in ("", text(there, _ITEM)):
        line |= _with_item(entity, ours, there)
    if text(ours, _TAX) == text(there, _TAX):
        line = {**_exempted(entity, line, there), **_unnamed(ours, there, _OF_TAX[entity])}
    if entity == "bills":
        line |= _billed(ours, there)
    if entity in _SOLD:
        line |= _discounted(ours, there)
        line |= _unnamed(ours, there, (_PROJECT,)) if same_customer else {}
    return {**line, **_customised(there)} if entity in _CUSTOMISED else line


def _with_item(entity: str, ours: Fields, there: Fields) -> dict[str, Any]:
    """The item with what it is called and coded as; its name before ours, which stood for it."""
    found = {**_unnamed(ours, there, (_ITEM, *_OF_ITEM[entity])), **_filled(there, _CODES[entity])}
    if not text(there, _ITEM):
        return found
    if not text(ours, _ITEM):
        found |= _filled(there, ("name",))
    # A line with an item that names no tax may get the item's own.
    return found if text(ours, _TAX) else {**found, _TAX: ""}


def _exempted(entity: str, line: dict[str, Any], there: Fields) -> dict[str, Any]:
    """The exemption, by one of its names; where the PUT lists none, only in the place of the one that we send."""
    own = next((name for name in _EXEMPTION if text(there, name)), "")
    if not own or (entity not in _EXEMPTING and not any(name in line for name in _EXEMPTION)):
        return line
    return {**{name: value for name, value in line.items() if name not in _EXEMPTION}, own: there[own]}


def _billed(ours: Fields, there: Fields) -> dict[str, Any]:
    """The customer that a bought line is for. One who came with a project that is taken off goes with it."""
    customer, billable = text(there, _CUSTOMER), there.get(_BILLABLE) is True
    if text(ours, _PROJECT):
        return {_BILLABLE: billable} if customer == text(ours, _CUSTOMER) else {}
    return {_CUSTOMER: customer, _BILLABLE: billable} if customer and not text(there, _PROJECT) else {}


def _discounted(ours: Fields, there: Fields) -> dict[str, Any]:
    """The discount with the price that it is off, where the line comes to what ours does: amounts are the source's."""
    off, price, pieces = (amount(there, name) for name in ("discount_amount", "rate", "quantity"))
    same = pieces == amount(ours, "quantity") and price * pieces - off == amount(ours, "rate") * pieces
    return {"rate": there["rate"], "discount": there["discount"]} if off and same and "discount" in there else {}


def _customised(there: Fields) -> dict[str, Any]:
    """Fields that people have made for lines, each by its id."""
    filled = ((text(one, "custom_field_id") or text(one, "customfield_id"), one) for one in children(there, _CUSTOM))
    found = [
        {"custom_field_id": id_, "value": one["value"]} for id_, one in filled if id_ and one.get("value") not in _BLANK
    ]
    return {_CUSTOM: found} if found else {}


def _unnamed(ours: Fields, there: Fields, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in _filled(there, names).items() if name not in ours}


def _filled(there: Fields, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: there[name] for name in names if there.get(name) not in _BLANK}
