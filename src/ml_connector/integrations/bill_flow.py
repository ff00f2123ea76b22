"""Bills of ServiceTitan in the ledger, and their marking as exported once they are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState, LineKind
from ml_connector.connectors.servicetitan.translate_bills import AP_BILLS
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.bill_checks import (
    bill_date,
    passed_over,
    source_checks,
    target_vendor,
)
from ml_connector.integrations.bill_rules import (
    charge,
    mandatory_dimensions,
    rounding_line,
    target_lines,
    tax_lines,
)
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.complete_vendors import check_complete
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Waiting, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, is_code, money
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.vendor_flow import OTHER_VENDOR
from ml_connector.integrations.views import Twin, View


class Bills(FlowType):
    """Inventory and AP bills, or receipts where a tenant keeps no bills, become bills; negative ones vendor credits."""

    name = "bills"
    title = "Bills: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 4
    source_lists = ("business_units",)
    target_lists = ("accounts", "tax_codes", "dimensions", "parties", "bills", "vendor_credits")
    tables = ("accounts", "tax", "business_units", "vendors", "bill_numbers")
    number_table = "bill_numbers"

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return (settings.bill_source,)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {"line_account": settings.line_account}

    def not_live(self, settings: Settings, scopes: Collection[str]) -> str:
        if settings.bill_source != "bills" or AP_BILLS in scopes or settings.gate == "posted":
            return ""
        if settings.gate == "reconciled":
            return (
                f"Only AP bills tell which bills are reconciled, and the ServiceTitan scope {AP_BILLS} is missing: add it "
                "in the developer portal and let the tenant accept the new version (seen within an hour); or set gate to "
                "received or posted."
            )
        if settings.unseen_status == "post":
            return ""
        return (
            f"The ServiceTitan scope {AP_BILLS} is missing, and without it nothing tells which bills are cancelled, in "
            "discrepancy or marked 'do not pay'. Add it in the developer portal, let the tenant accept the new version "
            "(seen within an hour); or set unseen_status to post to confirm that such bills are posted like any other."
        )

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Bill)
        return _effective_number(document, given)

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, Bill)
        date = bill_date(document, settings)
        return date is not None and date < settings.start_date

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return _entity(document)

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        return (("vendors", document.vendor.id),)

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        settings: Settings = view.settings
        if view.link is not None:
            return _already_linked(bill, view)
        passed = passed_over(bill, view, settings)
        if passed is not None:
            return passed
        bill = msgspec.structs.replace(
            bill, currency=currency_of(bill.currency, bill.business_unit, view), date=bill_date(bill, settings)
        )
        draft = Draft(bill.currency)
        day = source_checks(bill, view, settings, draft)
        if bill.complete and is_code(bill.currency):
            _target_lines(bill, view, settings, draft)
        else:  # what cannot be seen cannot be spread; accounts can be asked for already
            target_lines(bill, view, draft)
        number = _number(bill, view, draft)
        vendor_id, asks = _vendor(bill, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits), asks if _only_vendor(draft.waits) else ())
        return _composed(_booked(bill, day), number, vendor_id, view, draft)


def _booked(bill: Bill, day: dt.date | None) -> Bill:
    """The bill as it is booked: on that day, its own date in the notes. None of the source's notes reach the ledger."""
    memo = "" if day == bill.date else f"Dated {bill.date} in ServiceTitan, booked on the first open day."
    return msgspec.structs.replace(bill, date=day, memo=memo)


def _entity(bill: Bill) -> str:
    """A net-negative bill is a vendor credit in the ledger."""
    return "bills" if bill.total >= 0 else "vendor_credits"


def _only_vendor(waits: list[Waiting]) -> bool:
    return all(wait.code == "vendor_pending" for wait in waits)


def _already_linked(bill: Bill, view: View) -> Decision:
    assert view.link is not None
    posted = view.link.source
    if not isinstance(posted, Bill) or _as_posted(posted, view.settings) == _as_posted(bill, view.settings):
        return Unchanged()
    what = _changes(posted, bill, view.settings)
    return Hold((waiting("changed_after_posting", "person", "changed_after_posting", what=what),))


def _as_posted(bill: Bill, settings: Settings) -> Bill:
    """What a posted bill must not differ in. Received, reconciled and posted are its way, and no change.

    Whatever it names is known by its id: a vendor that is renamed changes no bill, and an order's number shows as soon as
    the right to read orders is there. Accounts of lines are the ledger's matter: which of an item's accounts is read is
    a setting.
    """
    stopped = bill.state in (BillState.CANCELED, BillState.DISCREPANCY)
    named = ("vendor", "tax_zone", "business_unit", "location", "job")
    return msgspec.structs.replace(
        bill, id="", stamp="", exported=False, memo="", terms="", balance=None, complete=True, hidden_reason="", hidden_by="",
        state=bill.state if stopped else BillState.RECEIVED, purchase_order=Ref(bill.purchase_order.id),
        ordered=None, ordered_on=None, order_sent_on=None, own_bill=Ref(),
        lines=tuple(_line_as_posted(line) for line in bill.lines),
        post_date=bill.post_date if settings.bill_date == "post date" else None,
        **{name: _by_id(getattr(bill, name)) for name in named},
    )  # fmt: skip


def _line_as_posted(line: BillLine) -> BillLine:
    unit, job, location = (_by_id(one) for one in (line.business_unit, line.job, line.location))
    return msgspec.structs.replace(line, account=Ref(), business_unit=unit, job=job, location=location)


def _by_id(one: Ref) -> Ref:
    return Ref(one.id) if one.id else one


def _changes(before: Bill, after: Bill, settings: Settings) -> str:
    shown = ("total", "number", "date", "due_date", "post_date", "tax", "shipping", "other", "discount", "state")
    named = ("lines", "vendor", "tax_zone", "business_unit", "job", "purchase_order", "active", "do_not_pay")
    was, is_ = _as_posted(before, settings), _as_posted(after, settings)
    changed = [name for name in (*shown, *named) if getattr(was, name) != getattr(is_, name)]
    told = [f"{name} {_shown(before, name)} -> {_shown(after, name)}" if name in shown else name for name in changed]
    return ", ".join(told).replace("_", " ") or "a detail"


def _shown(bill: Bill, name: str) -> str:
    value = getattr(bill, name)
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)


def _target_lines(bill: Bill, view: View, settings: Settings, draft: Draft) -> None:
    target_lines(bill, view, draft)
    tax_lines(bill, view, draft)
    landed = bill.landed_by_value and any(line.kind in (LineKind.ITEM, LineKind.EXPENSE) for line in draft.lines)
    freight = "lines" if landed else settings.freight_account
    charge("freight", bill.shipping, "freight_account", freight, LineKind.FREIGHT, view, draft)
    charge("other charges", bill.other, "other_account", settings.other_account, LineKind.OTHER, view, draft)
    charge("a discount", -bill.discount, "discount_account", settings.discount_account, LineKind.OTHER, view, draft)
    mandatory_dimensions(view, draft)


def _same_bill(twin: Twin) -> str:
    """What to do when a twin is the very bill: one of the source has its own counterpart already, or gets it."""
    if twin.entity:
        return f"link this record with {twin.id}"
    return "dismiss this record with the reason, or cancel one of the two in ServiceTitan"


def _effective_number(bill: Bill, given: str | None) -> str:
    return given or bill.number or bill.own_number or bill.id


def _number(bill: Bill, view: View, draft: Draft) -> str:
    """The vendor's invoice number, another one a person gave, or ServiceTitan's own, visibly. Twins claim it too."""
    given = view.mappings["bill_numbers"].get(bill.id)
    number = _effective_number(bill, given)
    if not given and not bill.number:
        draft.notes.append(f"the bill has no vendor invoice number; ServiceTitan's own {number} is used")
    if given and number_key(given) != number_key(bill.number):
        draft.notes.append(f"number {given} given by a person instead of {bill.number or 'none'}")
    for twin in view.twins:
        same = twin.total == bill.total
        code = "same_number_same_total" if same else "same_number_other_total"
        shown = money(twin.total, bill.currency) if twin.total is not None else "unknown"
        fields = {"where": twin.where, "number": twin.number, "total": shown, "other": twin.label}
        if same:
            fields["same"] = _same_bill(twin)
        else:
            fields["stated"] = money(bill.total, bill.currency)
        draft.wait(waiting(code, "mapping", f"bill_numbers:{bill.id}", **fields))
    return number


def _vendor(bill: Bill, view: View, draft: Draft) -> tuple[str, tuple[tuple[str, str], ...]]:
    wanted = ("vendors", bill.vendor.id)
    key = f"vendors:{bill.vendor.id}"
    name = bill.vendor.name or bill.vendor.id
    target = target_vendor(bill, view)
    if target:
        party = view.ledger.parties.get(target)
        if party is not None and not party.active:
            other = "" if wanted in view.links else OTHER_VENDOR.format(key=bill.vendor.id)
            told = {"name": name, "target": party.name, "other": other}
            draft.wait(waiting("vendor_inactive", "fact", f"parties:{target}", **told))
        check_complete(bill.vendor.id, name, view, draft)
        return target, ()
    if wanted in view.asked:
        draft.wait(waiting("vendor_pending", "link", key, name=name))
        return "", (wanted,)
    code = "vendor_unknown" if "vendors" in view.brings else "vendor_flow_off"
    draft.wait(waiting(code, "link", key, name=name))
    return "", ()


def _composed(bill: Bill, number: str, vendor_id: str, view: View, draft: Draft) -> Decision:
    try:
        composed = _compose(bill, number, vendor_id, view, draft)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"bills:{bill.id}", why=error.sentence),))
    if draft.waits:  # the rounding line's account
        return Hold(tuple(draft.waits))
    if composed.total != bill.total:
        stated, theirs = money(bill.total, bill.currency), money(composed.total, bill.currency)
        told = {"stated": stated, "target": theirs}
        return Hold((waiting("target_total_differs", "setting", "setting:rounding_account", **told),))
    entity = _entity(bill)
    step = Step(
        entity, Action.CREATE, view.reference, composed.body, party_id=vendor_id, number=number,
        date=bill.date, total=bill.total, currency=bill.currency,
    )  # fmt: skip
    new = (vendor_id,) if vendor_id.startswith("new: ") else ()
    return Write((step,), entity, (*draft.notes, *composed.notes), new)


def _compose(bill: Bill, number: str, vendor_id: str, view: View, draft: Draft) -> Composed:
    """The ledger's payload; when its own arithmetic is off by no more than is allowed, with a rounding line."""
    composed = view.compose(Action.CREATE, _target_bill(bill, number, vendor_id, view, draft), view.reference)
    apart = bill.total - composed.total
    if apart == 0 or not rounding_line(apart, view, draft) or draft.waits:
        return composed
    return view.compose(Action.CREATE, _target_bill(bill, number, vendor_id, view, draft), view.reference)


def _target_bill(bill: Bill, number: str, vendor_id: str, view: View, draft: Draft) -> Bill:
    """The ledger's bill: a new document, so that no reference of the source reaches the target."""
    taxed = any(line.tax_code.id for line in draft.lines)
    return Bill(
        id="",
        vendor=Ref(vendor_id, bill.vendor.name),
        total=bill.total,
        number=number,
        date=bill.date,
        due_date=bill.due_date,
        currency=bill.currency,
        tax_basis=TaxBasis.EXCLUSIVE,
        lines=tuple(draft.lines),
        tax=bill.tax if taxed else ZERO,
        purchase_order=Ref(number=bill.purchase_order.number),
        memo=bill.memo,
        reference=view.reference,
    )


class BillsExported(Exported):
    """Bills that we posted are marked as exported in ServiceTitan; receipts of purchase orders take no mark."""

    name = "bills_exported"
    title = "Posted bills: marked as exported in ServiceTitan"
    follows = "bills"

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Bill)
        return skip("no_mark") if document.source_kind != "bill" else None
