"""The ledger's bill composed: its lines with everything that is booked on it, its number, and its payload to the cent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.connectors.writing import Action, Composed
from ml_connector.errors import BadInput
from ml_connector.integrations.bill_kinds import number_table, own_key, word
from ml_connector.integrations.bill_rules import charge, rounding_line, target_lines, tax_lines
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.taxes_there import parts_unread
from ml_connector.integrations.views import Twin, View


def entity_of(bill: Bill) -> str:
    """A net-negative bill is a vendor credit in the ledger."""
    return "bills" if bill.total >= 0 else "vendor_credits"


def booked(bill: Bill, day: dt.date | None) -> Bill:
    """The bill as it is booked: on that day, its own date in the notes. None of the source's notes reach the ledger."""
    memo = "" if day == bill.date else f"Dated {bill.date} in ServiceTitan, booked on the first open day."
    return msgspec.structs.replace(bill, date=day, memo=memo)


def all_lines(bill: Bill, view: View, settings: Settings, draft: Draft) -> None:
    """Everything that is booked on the bill but rounding, in the order in which it is sent."""
    target_lines(bill, view, draft)
    tax_lines(bill, view, draft)
    landed = bill.landed_by_value and any(line.kind in (LineKind.ITEM, LineKind.EXPENSE) for line in draft.lines)
    freight = "lines" if landed else settings.freight_account
    charge("freight", bill.shipping, "freight_account", freight, LineKind.FREIGHT, view, draft)
    charge("other charges", bill.other, "other_account", settings.other_account, LineKind.OTHER, view, draft)
    charge("a discount", -bill.discount, "discount_account", settings.discount_account, LineKind.OTHER, view, draft)


def _same_bill(twin: Twin) -> str:
    """What to do when a twin is the very bill: one of the source has its own counterpart already, or gets it."""
    if twin.entity:
        return f"link this record with {twin.id}"
    return "dismiss this record with the reason, or cancel one of the two in ServiceTitan"


def effective_number(bill: Bill, given: str | None) -> str:
    """The number that the ledger gets: one that a person has given, the vendor's, else ServiceTitan's own."""
    return given or bill.number or bill.own_number or bill.id


def number_for(bill: Bill, view: View, draft: Draft) -> str:
    """The vendor's invoice number, another one a person gave, or ServiceTitan's own, visibly. Twins claim it too."""
    given = view.mappings[number_table(bill)].get(bill.id)
    number = effective_number(bill, given)
    if not given and not bill.number:
        draft.notes.append(f"the {word(bill)} has no vendor invoice number; ServiceTitan's own {number} is used")
    if given and number_key(given) != number_key(bill.number):
        draft.notes.append(f"number {given} given by a person instead of {bill.number or 'none'}")
    for twin in view.twins:
        _twin(twin, bill, view, draft)
    return number


def _twin(twin: Twin, bill: Bill, view: View, draft: Draft) -> None:
    """Another document under the number. One of another fiscal year and another total may be another invoice: vendors begin

    anew, and the ledger takes a number once in each of its years. A person says so, and each bill keeps its number.
    """
    shown = money(twin.total, bill.currency) if twin.total is not None else "unknown"
    told = {"where": twin.where, "what": word(bill), "number": twin.number, "total": shown, "other": twin.label}
    stated, key = money(bill.total, bill.currency), f"{number_table(bill)}:{bill.id}"
    if twin.total == bill.total:
        draft.wait(waiting("same_number_same_total", "mapping", key, same=_same_bill(twin), **told))
    elif not _in_another_year(twin.date, bill.date, view.ledger.organisation.fiscal_year_start_month):
        draft.wait(waiting("same_number_other_total", "mapping", key, stated=stated, **told))
    elif "same_number_other_year" not in view.released:
        draft.wait(waiting("same_number_other_year", "mapping", key, stated=stated, date=str(bill.date), **told))


def _in_another_year(one: dt.date | None, other: dt.date | None, begins: int) -> bool:
    """Whether two days are in different fiscal years, which begin with that month; not where a day is unknown."""
    if one is None or other is None:
        return False
    first, second = (day.year - (day.month < begins) for day in (one, other))
    return first != second


def _as_it_is(line: BillLine) -> BillLine:
    return line


def composed_bill(
    action: Action, bill: Bill, target: Bill, view: View, draft: Draft,
    as_rounding: Callable[[BillLine], BillLine] = _as_it_is,
) -> Composed | None:  # fmt: skip
    """The ledger's payload of ``target`` with the draft's lines; when its own arithmetic is off by no more than is allowed,

    with a rounding line. None, with the reason in the draft, where the ledger would not take it or computes another total
    than the source's ``bill``. ``as_rounding``: the line of rounding as it is sent.
    """
    if parts_unread(draft.lines, view, draft):
        return None
    try:
        composed = _compose(action, bill, target, view, draft, as_rounding)
    except BadInput as error:
        draft.wait(waiting("unsuitable", "source", own_key(bill), why=error.sentence))
        return None
    if draft.waits:  # the rounding line's account
        return None
    if composed.total != bill.total:
        stated, theirs = money(bill.total, bill.currency), money(composed.total, bill.currency)
        told = {"stated": stated, "target": theirs}
        draft.wait(waiting("target_total_differs", "setting", "setting:rounding_account", **told))
        return None
    return composed


def _compose(
    action: Action, bill: Bill, target: Bill, view: View, draft: Draft, as_rounding: Callable[[BillLine], BillLine]
) -> Composed:  # fmt: skip
    composed = view.compose(action, with_lines(target, bill, draft), view.reference)
    apart = bill.total - composed.total
    if apart == 0 or not rounding_line(apart, view, draft) or draft.waits:
        return composed
    draft.lines[-1] = as_rounding(draft.lines[-1])
    return view.compose(action, with_lines(target, bill, draft), view.reference)


def with_lines(target: Bill, bill: Bill, draft: Draft) -> Bill:
    """The ledger's bill with the draft's lines as they are now."""
    taxed = any(line.tax_code.id for line in draft.lines)
    return msgspec.structs.replace(target, lines=tuple(draft.lines), tax=bill.tax if taxed else ZERO)


def target_bill(bill: Bill, number: str, vendor_id: str, view: View) -> Bill:
    """The ledger's bill, still without lines: a new document, so that no reference of the source reaches the target."""
    return Bill(
        id="",
        vendor=Ref(vendor_id, bill.vendor.name),
        total=bill.total,
        number=number,
        date=bill.date,
        due_date=bill.due_date,
        currency=bill.currency,
        tax_basis=TaxBasis.EXCLUSIVE,
        purchase_order=Ref(number=bill.purchase_order.number),
        memo=bill.memo,
        reference=view.reference,
    )
