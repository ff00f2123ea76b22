"""Zoho's documents as canonical ones. Pure; unknown fields are ignored, a missing required one raises ``Unreadable``.

``field`` is everywhere the API name of the unique custom field that holds our reference ("" = it stands in the notes).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ml_connector.canonical.master_data import Account, Dimension, Party, TaxCode
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Address, Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.json_fields import Fields, Unreadable, amount, child, children, needed, needed_amount, text
from ml_connector.connectors.zoho_books.values import day

REFERENCE_LINE = "ml-connector reference: "
BANK_DETAILS = frozenset(["bank_accounts", "cards", "checks", "upi_mandates", "vpa_list", "paypal_details"])
TAX_IDS = ("tax_id_value", "gst_no", "vat_reg_no", "tax_reg_no")  # ``tax_id`` is the id of a tax rate
UNKEPT = BANK_DETAILS.union(TAX_IDS)
NOT_KEPT = "[not kept]"  # in the place of a tax id: that there is one may be known
PROJECT = "project"  # in place of the tag of a line's dimension: it is a project, its customer's id in ``name``
_USUAL_TERMS = "Due on Receipt"  # of every contact to which nobody has given others

# Draft and approval states are not in the general ledger yet; `overdue` is only an open bill past its due date.
_STATES = {
    "draft": BillState.DRAFT,
    "pending_approval": BillState.DRAFT,
    "approved": BillState.DRAFT,
    "rejected": BillState.DRAFT,
    "open": BillState.OPEN,
    "unpaid": BillState.OPEN,
    "overdue": BillState.OPEN,
    "partially_paid": BillState.PARTLY_PAID,
    "paid": BillState.PAID,
    "closed": BillState.PAID,  # a vendor credit that is used up
    "void": BillState.CANCELED,
}
_NOT_FOR_LINES = frozenset(["accounts_receivable", "accounts_payable"])


def bill(row: Fields, field: str) -> Bill:
    """A bill of the list (no lines, ``complete`` False) or in full detail. Raises Unreadable."""
    document = Bill(
        id=needed(row, "bill_id"),
        number=text(row, "bill_number"),
        due_date=day(row, "due_date"),
        **_shown(row, field, 1),
    )
    return _with_lines(document, row, 1) if "line_items" in row else document


def vendor_credit(row: Fields, field: str) -> Bill:
    """A vendor credit: a bill with every amount negated. Raises Unreadable.

    ``credits`` are the bills it is applied to; a list row shows none.
    """
    document = Bill(
        id=needed(row, "vendor_credit_id"), number=text(row, "vendor_credit_number"), **_shown(row, field, -1)
    )
    if "line_items" not in row:
        return document
    return replace(_with_lines(document, row, -1), credits=applied(row, "bills_credited", "bill_id", "bill_number"))


def applied(row: Fields, key: str, id_: str, number: str) -> tuple[Allocation, ...]:
    """What credits and bills show of each other, under ``key``; each part names the other document. Raises Unreadable."""
    return tuple(
        Allocation(
            text(one, "vendor_credit_bill_id"),
            Ref(needed(one, id_), number=text(one, number)),
            needed_amount(one, "amount"),
            loose_day(one),
        )
        for one in children(row, key)
    )


def _shown(row: Fields, field: str, sign: int) -> dict[str, Any]:
    """What bills and vendor credits show alike; a list shows no lines."""
    state, owed, left = _state(row), needed_amount(row, "total"), amount(row, "balance")
    return {
        "vendor": Ref(needed(row, "vendor_id"), text(row, "vendor_name")),
        "total": owed if sign > 0 else -owed,
        "date": day(row, "date"),
        "currency": text(row, "currency_code"),
        "purchase_order": Ref(number=text(row, "reference_number")),
        "location": location_of(row),
        "memo": _memo(row),
        "state": state,
        "active": state is not BillState.CANCELED,
        "balance": (left if sign > 0 else -left) if text(row, "balance") else None,
        "exchange_rate": amount(row, "exchange_rate") or None,
        "reference": reference(row, field),
        "complete": False,
        "stamp": text(row, "last_modified_time"),
    }


def party(row: Fields, field: str) -> Party:
    """A contact; a list shows neither its tax id nor its address. Bank details are not looked at. Raises Unreadable.

    A contact has one type for good, and no document is needed to know it: its kind is its only role.
    """
    has_tax_id = any(text(row, name) for name in TAX_IDS) if "billing_address" in row else None
    kind = needed(row, "contact_type")
    return Party(
        id=needed(row, "contact_id"),
        kind=kind,
        roles=kind,
        name=needed(row, "contact_name"),
        active=text(row, "status") != "inactive",
        company=text(row, "company_name"),
        first_name=text(row, "first_name"),
        last_name=text(row, "last_name"),
        email=text(row, "email"),
        phone=text(row, "phone") or text(row, "mobile"),
        account_number=text(row, "contact_number"),
        currency=text(row, "currency_code"),
        private_person=text(row, "customer_sub_type") == "individual" and text(row, "contact_type") == "customer",
        address=_address(child(row, "billing_address")),
        memo=_memo(row),
        reference=reference(row, field),
        stamp=text(row, "last_modified_time"),
        has_tax_id=has_tax_id,
        has_terms=_terms(row),
        has_1099=_settled_1099(row, has_tax_id),
        in_full="billing_address" in row,
        **(_of_customer(row) if kind == "customer" else {}),
    )


def _of_customer(row: Fields) -> dict[str, Any]:
    """What the ledger keeps of customers alone: no limit is shown as 0, and whether one is taxed only in some editions."""
    taxable = row.get("is_taxable")
    return {
        "credit_limit": amount(row, "credit_limit") or None,
        "tax_exempt": not taxable if isinstance(taxable, bool) else None,
    }


def _terms(row: Fields) -> bool | None:
    """Whether somebody has given the contact terms: nothing tells those that all begin with from the same ones chosen."""
    usual = text(row, "payment_terms") in ("", "0") and text(row, "payment_terms_label") in ("", _USUAL_TERMS)
    return None if usual else True


def _settled_1099(row: Fields, has_tax_id: bool | None) -> bool | None:
    """Zoho knows a yes and a no, which is also what is there before anybody has decided. Who has entered the tax id and

    left the box empty has; None where the row does not tell.
    """
    track = row.get("track_1099")
    return True if track is True else has_tax_id if track is False else None


def account(row: Fields, field: str = "") -> Account:
    """A general-ledger account; receivable and payable control accounts are not for bill lines. Raises Unreadable."""
    kind = text(row, "account_type")
    return Account(
        id=needed(row, "account_id"),
        name=needed(row, "account_name"),
        number=text(row, "account_code"),
        type=kind,
        active=row.get("is_active") is not False,
        postable=kind not in _NOT_FOR_LINES,
        currency=text(row, "currency_code"),
        stamp=text(row, "last_modified_time"),
    )


def tax_code(row: Fields, field: str = "") -> TaxCode:
    """A tax or a tax group. Raises Unreadable."""
    prefix = "tax_group" if "tax_group_id" in row else "tax"
    rate = amount(row, f"{prefix}_percentage") / 100 if text(row, f"{prefix}_percentage") else None
    inactive = text(row, "status") == "inactive" or row.get("is_inactive") is True or row.get("is_active") is False
    return TaxCode(
        id=needed(row, f"{prefix}_id"),
        name=needed(row, f"{prefix}_name"),
        rate=rate,
        active=not inactive,
        stamp=text(row, "last_modified_time"),
        parts=_parts(row, rate),
    )


def _parts(row: Fields, rate: Decimal | None) -> tuple[Decimal, ...]:
    """The rates of a group's taxes. None where one is reckoned on another's tax, or they are not what the group takes."""
    taxes = children(row, "taxes")
    rates = tuple(amount(one, "tax_percentage") / 100 for one in taxes)
    plain = all(text(one, "tax_type") in ("tax", "") for one in taxes)
    return rates if len(rates) > 1 and plain and total(rates) == rate else ()


def tax_parts(taxes: Sequence[Fields]) -> tuple[Decimal, ...]:
    """How much each of several taxes on a line takes."""
    return tuple(amount(one, "tax_amount") for one in taxes) if len(taxes) > 1 else ()


def tags(row: Fields) -> tuple[Ref, ...]:
    """The reporting tags of a document or line: id = option, number = its tag."""
    return tuple(
        Ref(text(tag, "tag_option_id"), text(tag, "tag_option_name"), text(tag, "tag_id"))
        for tag in children(row, "tags")
        if text(tag, "tag_option_id")
    )


def _project(row: Fields) -> tuple[Ref, ...]:
    id_ = text(row, "project_id")
    return (Ref(id_, text(row, "customer_id"), PROJECT),) if id_ else ()


def all_options(options: Sequence[Any]) -> Iterator[Any]:
    """Every row of a tag's option tree, children after their parent, as it came; the pseudo row of no option left out."""
    for option in options:
        if not isinstance(option, dict):
            yield option
        elif text(option, "option_id") != "untagged":
            yield option
            yield from all_options(children(option, "children"))


def tag_option(tag: Fields, option: Fields, demanded_of: str = "") -> Dimension:
    """One option of a reporting tag; a tag that is inactive or a draft is demanded of nothing. Raises Unreadable.

    ``demanded_of``: see Dimension; no list of Zoho's tells it.
    """
    usable = tag.get("is_active") is not False and tag.get("is_draft") is not True
    return Dimension(
        id=needed(option, "option_id"),
        kind="reporting_tag",
        name=needed(option, "option_name"),
        set=Ref(id=needed(tag, "tag_id"), name=text(tag, "tag_name")),
        active=usable and option.get("is_active") is not False,
        mandatory=usable and tag.get("is_mandatory") is True,
        demanded_of=demanded_of,
    )


def location(row: Fields) -> Dimension:
    """A location (older organisations say branch). Raises Unreadable."""
    prefix = "location" if "location_id" in row else "branch"
    flag = row.get("is_location_active", row.get("is_active"))
    return Dimension(
        id=needed(row, f"{prefix}_id"),
        kind="location",
        name=needed(row, f"{prefix}_name"),
        active=flag is not False and text(row, "status") != "inactive",
    )


def reference(row: Fields, field: str) -> str:
    """Our reference as the row shows it: custom field, its column in a list, else the last line of the notes."""
    if not field:
        last = text(row, "notes").rstrip().rpartition("\n")[2]
        return last.removeprefix(REFERENCE_LINE).strip() if last.startswith(REFERENCE_LINE) else ""
    shown = text(child(row, "custom_field_hash"), field) or text(row, field)
    named = (f for f in children(row, "custom_fields") if field in (text(f, "api_name"), text(f, "placeholder")))
    return shown or next((text(f, "value") for f in named), "")


def as_kept(row: Fields) -> dict[str, object]:
    """A contact as it may be stored: without bank details, and of a tax id only that there is one."""
    tax_ids = {name: NOT_KEPT for name in TAX_IDS if row.get(name) not in (None, "")}
    return {name: value for name, value in row.items() if name not in BANK_DETAILS} | tax_ids


def _state(row: Fields) -> BillState:
    word = needed(row, "status").lower()
    if word not in _STATES:
        raise Unreadable(f"status {word!r} is none that Zoho documents")
    return _STATES[word]


def _memo(row: Fields) -> str:
    return words_of(text(row, "notes"))


def words_of(shown: str) -> str:
    """A text without our reference, where that is its last line."""
    body, _, last = shown.rstrip().rpartition("\n")
    return body if last.startswith(REFERENCE_LINE) else shown


def location_of(row: Fields) -> Ref:
    """The location of a document or line; older organisations say branch."""
    return Ref(
        text(row, "location_id") or text(row, "branch_id"), text(row, "location_name") or text(row, "branch_name")
    )


def loose_day(row: Fields) -> dt.date | None:
    """The day a credit was applied on. The published sample spells this one date as "27 Dec 2016"; what is no ISO date is

    left out, it decides nothing.
    """
    try:
        return day(row, "date")
    except Unreadable:
        return None


def _address(row: Fields) -> Address:
    return Address(
        street=text(row, "address"),
        street2=text(row, "street2"),
        city=text(row, "city"),
        state=text(row, "state") or text(row, "state_code"),
        zip=text(row, "zip") or text(row, "zipcode"),
        country=text(row, "country"),
    )


def _with_lines(head: Bill, row: Fields, sign: int) -> Bill:
    """The head with lines, tax, adjustment and discount.

    A tax-inclusive document counts as inclusive only when its lines alone give the total; where the API states lines
    net of tax, it is exclusive with its tax stated, so that the tie-out holds either way.
    """
    inclusive = row.get("is_inclusive_tax") is True
    gross = tuple(_line(line, sign, "item_total_inclusive_of_tax") for line in children(row, "line_items"))
    other, discount = sign * amount(row, "adjustment"), sign * _discount(row)
    head = replace(head, other=other, discount=discount, complete=True)
    if inclusive and total(line.amount for line in gross) - discount + other == head.total:
        return replace(head, lines=gross, tax_basis=TaxBasis.INCLUSIVE)
    net = tuple(_line(line, sign, "item_total") for line in children(row, "line_items"))
    tax = sign * (amount(row, "tax_total") or total(amount(t, "tax_amount") for t in children(row, "taxes")))
    return replace(head, lines=net, tax=tax)


def _discount(row: Fields) -> Decimal:
    """A discount on the document; one on lines is already inside their totals."""
    return amount(row, "discount_total") if text(row, "discount_type") == "entity_level" else ZERO


def _line(row: Fields, sign: int, amount_field: str) -> BillLine:
    stated = sign * (amount(row, amount_field) or amount(row, "item_total"))
    parts = [text(row, "name"), text(row, "description")]
    tax_id = text(row, "tax_id")
    taxes = children(row, "line_item_taxes")
    return BillLine(
        id=text(row, "line_item_id"),
        amount=stated,
        description="\n".join(part for part in parts if part),
        sku=text(row, "sku"),
        quantity=amount(row, "quantity"),
        unit_cost=sign * amount(row, "rate"),
        account=Ref(text(row, "account_id"), text(row, "account_name"), text(row, "account_code")),
        tax_code=Ref(tax_id, text(row, "tax_name"), text(row, "tax_percentage")) if tax_id else Ref(),
        dimensions=(*tags(row), *_project(row)),
        location=location_of(row),
        tax=sign * total(amount(tax, "tax_amount") for tax in taxes) if taxes else None,
        tax_parts=tuple(sign * one for one in tax_parts(taxes)),
    )
