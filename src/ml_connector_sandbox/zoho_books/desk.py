"""What a bookkeeper does at Zoho Books' screens while the sandbox runs, over the admin address.

Bills and credits are named by their number (with ``vendor`` where two vendors share it), payments by theirs, vendors,
tags and options by name. Amounts are in the document's currency. Sales, customers and items: ``desk_sales``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.zoho_books.books import approval, choices, contacts, payments, purchases
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.documents import Bill, VendorCredit, VendorPayment
from ml_connector_sandbox.zoho_books.books.masters import Contact, ReportingTag, TagOption
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.desk_sales import SALES_ACTS, SalesWishes
from ml_connector_sandbox.zoho_books.desk_wish import Wish
from ml_connector_sandbox.zoho_books.errors import Refused


class EditBill(Wish, tag="edit bill"):
    """``changes`` in the API's own names, such as ``{"notes": "..."}`` or a whole ``line_items``."""

    bill: str
    changes: dict[str, Any]
    vendor: str = ""


class MoveBill(Wish, tag="move bill"):
    """``to``: void, open, delete, submit, approve or reject."""

    bill: str
    to: str
    vendor: str = ""


class Pay(Wish, tag="pay"):
    """Pay bills of one vendor in full, or ``amount`` of a single one; with no bill an advance to ``vendor``."""

    bills: tuple[str, ...] = ()
    vendor: str = ""
    amount: Decimal | None = None
    mode: str = "Bank Transfer"
    reference: str = ""


class DeletePayment(Wish, tag="delete payment"):
    payment: str


class DeleteCredit(Wish, tag="delete credit"):
    credit: str


class ApplyAdvance(Wish, tag="apply advance"):
    """Let a bill take what is left of a payment, at most ``amount``."""

    payment: str
    bill: str
    amount: Decimal | None = None


class ApplyCredit(Wish, tag="apply credit"):
    """Let a bill take what is left of a vendor credit, at most ``amount``."""

    credit: str
    bill: str
    amount: Decimal | None = None


class Retag(Wish, tag="retag"):
    """Choose ``option`` of ``tag`` on every line of a bill (``on`` lines) or on its head; an empty option takes it off."""

    bill: str
    tag: str
    option: str = ""
    on: str = "lines"
    vendor: str = ""


class ChangeOption(Wish, tag="change option"):
    """Rename an option, or make it active or inactive."""

    tag: str
    option: str
    name: str = ""
    active: bool | None = None


class ChangeAddress(Wish, tag="change address"):
    """``address``: parts of the billing address in the API's names; those not named stay."""

    vendor: str
    address: dict[str, str]


Wishes = (
    EditBill
    | MoveBill
    | Pay
    | DeletePayment
    | DeleteCredit
    | ApplyAdvance
    | ApplyCredit
    | Retag
    | ChangeOption
    | ChangeAddress
    | SalesWishes
)


def carried_out(company: ZohoBooksBooks, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a body asks for; tells what was done. Raises ValueError, with a sentence, on what cannot be done."""
    try:
        asked = msgspec.convert(wish, Wishes, strict=False)
    except msgspec.ValidationError as error:
        acts = ", ".join(repr(one.__struct_config__.tag) for one in _ACTS)
        raise ValueError(f"the desk takes one of the acts {acts}, with its fields: {error}") from error
    books = company.organisations.get(asked.organisation)
    if books is None:
        known = ", ".join(sorted(company.organisations)) or "none"
        raise ValueError(f"there is no organisation {asked.organisation!r}; there are: {known}")
    try:
        return _ACTS[type(asked)](books, asked)
    except Refused as refusal:
        raise ValueError(f"Zoho Books refuses: {refusal.message}") from refusal


def _edit(books: OrganisationBooks, wish: EditBill) -> dict[str, Any]:
    old = _bill(books, wish.bill, wish.vendor)
    kept = purchases.update_bill(books, old, dict(wish.changes))
    return {"bill": kept.number, "before": old.total, "after": kept.total}


def _move(books: OrganisationBooks, wish: MoveBill) -> dict[str, Any]:
    bill = _bill(books, wish.bill, wish.vendor)
    before = bill.state
    if wish.to == "delete":
        purchases.delete_bill(books, bill)
    elif wish.to in ("void", "open"):
        purchases.set_bill_state(books, bill, wish.to)
    else:
        steps = {"submit": "pending_approval", "approve": "approved", "reject": "rejected"}
        if wish.to not in steps:
            raise ValueError(f"a bill goes to void, open, delete, submit, approve or reject, not to {wish.to!r}")
        approval.move(books, bill, steps[wish.to])
    return {"bill": bill.number, "before": before, "after": "deleted" if wish.to == "delete" else bill.state}


def _pay(books: OrganisationBooks, wish: Pay) -> dict[str, Any]:
    bills = [_bill(books, one, wish.vendor) for one in wish.bills]
    if not bills and (not wish.vendor or wish.amount is None):
        raise ValueError("name the bills that are paid, or vendor and amount of an advance")
    if len(bills) > 1 and wish.amount is not None:
        raise ValueError("several bills are paid in full; leave the amount out, or name one bill")
    vendor = purchases.vendor_by_id(books, bills[0].vendor_id) if bills else _vendor(books, wish.vendor)
    parts = [(one, wish.amount or one.balance) for one in bills]
    total = sum((amount for _, amount in parts), Decimal(0)) or wish.amount or Decimal(0)
    made = books.add_payment(
        vendor, total, books.today(), parts, books.undeposited_funds.account_id,
        payment_mode=wish.mode, reference_number=wish.reference,
    )  # fmt: skip
    return {"payment": made.number, "payment_id": made.payment_id, "amount": made.amount, "bills": list(wish.bills)}


def _delete_payment(books: OrganisationBooks, wish: DeletePayment) -> dict[str, Any]:
    made = _payment(books, wish.payment)
    freed = sorted(bill.number for part in made.applied if (bill := books.bills.get(part.bill_id)))
    payments.delete_payment(books, made)
    return {"payment": made.number, "amount": made.amount, "bills": freed}


def _delete_credit(books: OrganisationBooks, wish: DeleteCredit) -> dict[str, Any]:
    credit = _credit(books, wish.credit)
    purchases.delete_vendor_credit(books, credit)
    return {"credit": credit.number, "total": credit.total}


def _apply_advance(books: OrganisationBooks, wish: ApplyAdvance) -> dict[str, Any]:
    made = _payment(books, wish.payment)
    bill = _bill(books, wish.bill, purchases.vendor_by_id(books, made.vendor_id).contact_name)
    amount = wish.amount or min(made.balance, bill.balance)
    payments.apply_advance(books, made, bill, amount)
    return {"payment": made.number, "bill": bill.number, "amount": amount, "left": made.balance}


def _apply_credit(books: OrganisationBooks, wish: ApplyCredit) -> dict[str, Any]:
    credit = _credit(books, wish.credit)
    bill = _bill(books, wish.bill, purchases.vendor_by_id(books, credit.vendor_id).contact_name)
    amount = wish.amount or min(credit.balance, bill.balance)
    books.apply_credit(credit, bill, amount)
    return {"credit": credit.number, "bill": bill.number, "amount": amount, "left": credit.balance}


def _retag(books: OrganisationBooks, wish: Retag) -> dict[str, Any]:
    bill, tag = _bill(books, wish.bill, wish.vendor), _tag(books, wish.tag)
    chosen = _option(tag, wish.option).option_id if wish.option else ""
    new = [{"tag_id": tag.tag_id, "tag_option_id": chosen}] if chosen else []
    if wish.on not in ("lines", "head"):
        raise ValueError(f"a tag is chosen on 'lines' or on the 'head', not on {wish.on!r}")
    places = [bill.tags] if wish.on == "head" else [line.tags for line in bill.lines]
    for place in places:
        kept = [{"tag_id": one.tag_id, "tag_option_id": one.tag_option_id} for one in place if one.tag_id != tag.tag_id]
        place[:] = choices.read_tags(books, {"tags": [*kept, *new]})
    books.touch(bill)
    return {"bill": bill.number, "tag": tag.tag_name, "option": wish.option, "on": wish.on}


def _change_option(books: OrganisationBooks, wish: ChangeOption) -> dict[str, Any]:
    option = _option(_tag(books, wish.tag), wish.option)
    option.option_name = wish.name or option.option_name
    option.active = option.active if wish.active is None else wish.active
    return {"option_id": option.option_id, "before": wish.option, "after": option.option_name, "active": option.active}


def _change_address(books: OrganisationBooks, wish: ChangeAddress) -> dict[str, Any]:
    vendor = _vendor(books, wish.vendor)
    before = dict(vendor.billing_address)
    kept = contacts.update(books, vendor, {"billing_address": before | wish.address})
    return {"vendor": kept.contact_name, "before": before, "after": dict(kept.billing_address)}


def _bill(books: OrganisationBooks, number: str, vendor: str = "") -> Bill:
    found = books.bills.having("bill_number", number)
    if vendor:
        found = [one for one in found if purchases.vendor_by_id(books, one.vendor_id).contact_name == vendor]
    if len(found) != 1:
        raise ValueError(f"there are {len(found)} bills {number!r}; name a bill by number and vendor")
    return found[0]


def _payment(books: OrganisationBooks, number: str) -> VendorPayment:
    found = [one for one in books.vendor_payments if one.number == number]
    found = found or [one for one in books.vendor_payments if one.reference_number == number]
    if len(found) != 1:
        raise ValueError(
            f"there are {len(found)} vendor payments {number!r}; name a payment by its number or reference"
        )
    return found[0]


def _credit(books: OrganisationBooks, number: str) -> VendorCredit:
    for one in books.vendor_credits.having("vendor_credit_number", number):
        return one
    raise ValueError(f"there is no vendor credit {number!r}")


def _vendor(books: OrganisationBooks, name: str) -> Contact:
    for one in books.contacts.having("name", name.casefold()):
        if one.contact_type == "vendor":
            return one
    raise ValueError(f"there is no vendor {name!r}")


def _tag(books: OrganisationBooks, name: str) -> ReportingTag:
    for one in books.reporting_tags.values():
        if one.tag_name == name:
            return one
    raise ValueError(f"there is no reporting tag {name!r}")


def _option(tag: ReportingTag, name: str) -> TagOption:
    for one in tag.options.values():
        if one.option_name == name:
            return one
    raise ValueError(f"the reporting tag {tag.tag_name!r} has no option {name!r}")


_ACTS: dict[type[Wish], Callable[[OrganisationBooks, Any], dict[str, Any]]] = {
    EditBill: _edit,
    MoveBill: _move,
    Pay: _pay,
    DeletePayment: _delete_payment,
    DeleteCredit: _delete_credit,
    ApplyAdvance: _apply_advance,
    ApplyCredit: _apply_credit,
    Retag: _retag,
    ChangeOption: _change_option,
    ChangeAddress: _change_address,
    **SALES_ACTS,
}
