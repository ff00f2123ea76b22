"""ServiceTitan with Zoho Books: what was received becomes bills; vendors follow as the bills need them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Any, Literal

import msgspec

from ml_connector.canonical.documents import Bill, BillState, Dimension, Document, LineKind, Party, Ref, TaxBasis
from ml_connector.canonical.money import ZERO, digits
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.tie_out import computed_total, difference
from ml_connector.connectors.base import Action, Composed, Step
from ml_connector.connectors.servicetitan.translate_bills import AP_BILLS
from ml_connector.errors import BadInput
from ml_connector.integrations.base import (
    Adopt,
    Candidate,
    Decision,
    FlowType,
    Hold,
    IntegrationType,
    Skip,
    TableType,
    Twin,
    Unchanged,
    View,
    Waiting,
    Write,
    skip,
    waiting,
)
from ml_connector.integrations.bill_rules import (
    Draft,
    charge,
    mandatory_dimensions,
    money,
    rounding_line,
    target_lines,
    tax_lines,
)
from ml_connector.integrations.bill_tables import AccountTable, BusinessUnitTable, TaxTable, VendorTable


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The integration's settings, each with its consequence.

    start_date: documents dated before it are never posted (mandatory).
    currency: the company's, where the business unit states none.
    bill_source: ``bills`` = inventory and AP bills; ``receipts`` = received purchase orders, where there are no bills.
    gate: how far a bill must have come: received, reconciled (needs AP bills) or posted.
    unseen_status: what happens at the gate received to bills whose status ServiceTitan does not show, because AP bills
        are not kept or the scope tn.acc.apbills:r is missing. ``hold`` keeps them; ``post`` posts them, and then bills
        that are cancelled, in discrepancy or marked 'do not pay' look like any other and are posted too.
    bill_date: which of ServiceTitan's dates the ledger gets.
    line_account: ``cost`` books to the expense or cost-of-sale account; ``asset`` to the inventory account, and then
        consumption is not posted by us.
    business_unit_as: whether a line's business unit becomes a reporting tag, a location, or nothing.
    business_units: only documents of these business unit ids, all if empty.
    freight_account, other_account, discount_account: a ledger account id, or ``lines`` to spread over the lines. The
        freight of a bill with landed cost by value goes into its lines in any case, as ServiceTitan allocated it.
    rounding_account, rounding_limit: where up to 0.05 a bill may go when the ledger rounds otherwise; off if empty.
    closed_through: our own closed date; the later of it and the ledger's lock holds.
    """

    start_date: dt.date
    currency: str = ""
    bill_source: Literal["bills", "receipts"] = "bills"
    gate: Literal["received", "reconciled", "posted"] = "received"
    unseen_status: Literal["hold", "post"] = "hold"
    bill_date: Literal["bill date", "post date"] = "bill date"
    line_account: Literal["cost", "asset"] = "cost"
    business_unit_as: Literal["tag", "location", "none"] = "tag"
    business_units: tuple[str, ...] = ()
    freight_account: str = ""
    other_account: str = ""
    discount_account: str = ""
    rounding_account: str = ""
    rounding_limit: Decimal = ZERO
    closed_through: dt.date | None = None

    def __post_init__(self) -> None:
        if not ZERO <= self.rounding_limit <= Decimal("0.05"):
            raise ValueError("rounding_limit must be between 0 and 0.05")
        if self.bill_source == "receipts" and self.gate == "reconciled":
            raise ValueError("receipts are never reconciled in ServiceTitan; gate must be received or posted with them")


_GATES = {"received": 0, "reconciled": 1, "posted": 2}
_SCOPE = re.compile(r"\b[a-z]+(?:\.[a-z]+)+:[rw]\b")  # as ServiceTitan writes rights, such as tn.acc.apbills:r
# A link stays; before there is one, a person may choose.
_OTHER_VENDOR = ", or fill the row '{key}' of the mapping table vendors with the id of another one"
_REACHED = {
    BillState.UNKNOWN: 0,
    BillState.RECEIVED: 0,
    BillState.DISCREPANCY: 0,
    BillState.RECONCILED: 1,
    BillState.POSTED: 2,
}


class Vendors(FlowType):
    """Vendors that a bill needs: matched with the ledger's, else created there. Runs as needed."""

    name = "vendors"
    title = "Vendors: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 2
    as_needed = True
    dated = False
    source_lists = ()
    target_lists = ("parties",)
    tables = ("vendors",)

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("vendors",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return "parties"

    def project(self, document: Document) -> Any:
        assert isinstance(document, Party)
        return (document.name, document.active, document.email, document.phone, document.address)

    def plan(self, view: View) -> Decision:
        vendor = view.document
        assert isinstance(vendor, Party)
        if view.link is not None:
            posted = view.link.source
            if posted is not None and self.project(posted) == self.project(vendor):
                return Unchanged()
            return skip("linked_already", name=vendor.name)
        if not vendor.name.strip():
            return Hold((waiting("vendor_incomplete", "source", f"vendors:{vendor.id}"),))
        chosen = view.mappings["vendors"].get(vendor.id)
        if chosen not in (None, "new"):
            return _chosen(vendor, str(chosen), view)
        if chosen is None and (decision := _matched(vendor, view.candidates)) is not None:
            return decision
        return _created(vendor, view)


def _chosen(vendor: Party, target_id: str, view: View) -> Decision:
    party = view.ledger.parties.get(target_id)
    if party is None:
        key = f"vendors:{vendor.id}"
        return Hold((waiting("vendor_unknown_there", "mapping", key, name=vendor.name, target=target_id),))
    taken = next((one.taken_by for one in view.candidates if one.party.id == target_id), "")
    return _adopted(vendor, Candidate(party, "chosen in the mapping table", True, taken_by=taken), "person")


def _matched(vendor: Party, candidates: object) -> Decision | None:
    assert isinstance(candidates, (list, tuple))
    proven = [one for one in candidates if one.proof]
    if len(proven) == 1:
        return _adopted(vendor, proven[0], "matched")
    if not candidates:
        return None
    shown = ", ".join(f"'{one.party.name}' ({one.evidence}; id {one.party.id})" for one in candidates[:3])
    key = f"vendors:{vendor.id}"
    return Hold((waiting("vendor_ambiguous", "mapping", key, name=f"'{vendor.name}'", candidates=shown),))


def _adopted(vendor: Party, candidate: Candidate, origin: str) -> Decision:
    key = f"vendors:{vendor.id}"
    if candidate.taken_by:
        return Hold((waiting("vendor_taken", "mapping", key, name=vendor.name, target=candidate.party.name),))
    if not candidate.party.active:
        told = {"name": vendor.name, "target": candidate.party.name, "other": _OTHER_VENDOR.format(key=vendor.id)}
        return Hold((waiting("vendor_inactive", "mapping", key, **told),))
    return Adopt("parties", candidate.party.id, origin, candidate.evidence)


def _created(vendor: Party, view: View) -> Decision:
    target = msgspec.structs.replace(vendor, id="", reference=view.reference, kind="vendor")
    composed = view.compose(Action.CREATE, target, view.reference)
    step = Step("parties", Action.CREATE, view.reference, composed.body, number=vendor.name)
    return Write((step,), "parties", composed.notes)


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
                "in the developer portal, let the tenant accept the new version and connect again; or set gate to "
                "received or posted."
            )
        if settings.unseen_status == "post":
            return ""
        return (
            f"The ServiceTitan scope {AP_BILLS} is missing, and without it nothing tells which bills are cancelled, in "
            "discrepancy or marked 'do not pay'. Add it in the developer portal, let the tenant accept the new version "
            "and connect again; or set unseen_status to post to confirm that such bills are posted like any other."
        )

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def number_of(self, document: Document, given: str | None) -> str:
        assert isinstance(document, Bill)
        return _effective_number(document, given)

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, Bill)
        date = _date(document, settings)
        return date is not None and date < settings.start_date

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return _entity(document)

    def needs_links(self, document: Document) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        return (("vendors", document.vendor.id),)

    def project(self, document: Document) -> Any:
        assert isinstance(document, Bill)
        return msgspec.structs.replace(document, id="", stamp="", exported=False, memo="", terms="")

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        settings: Settings = view.settings
        if view.link is not None:
            return _already_linked(bill, view)
        passed_over = _passed_over(bill, view, settings)
        if passed_over is not None:
            return passed_over
        bill = msgspec.structs.replace(bill, currency=_currency(bill, view, settings), date=_date(bill, settings))
        draft = Draft(bill.currency)
        _source_checks(bill, view, settings, draft)
        if bill.complete and _is_code(bill.currency):
            _target_lines(bill, view, settings, draft)
        else:  # what cannot be seen cannot be spread; accounts can be asked for already
            target_lines(bill, view, draft)
        number = _number(bill, view, draft)
        vendor_id, asks = _vendor(bill, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits), asks if _only_vendor(draft.waits) else ())
        return _composed(bill, number, vendor_id, view, draft)


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
    what = _changes(posted, bill)
    return Hold((waiting("changed_after_posting", "person", "changed_after_posting", what=what),))


def _as_posted(bill: Bill, settings: Settings) -> Bill:
    """What a posted bill must not differ in. Received, reconciled and posted are its way, and no change.

    An order is known by its id: its number shows as soon as the right to read orders is there.
    """
    stopped = bill.state in (BillState.CANCELED, BillState.DISCREPANCY)
    return msgspec.structs.replace(
        bill, id="", stamp="", exported=False, memo="", terms="", balance=None, complete=True, hidden_reason="",
        state=bill.state if stopped else BillState.RECEIVED, purchase_order=Ref(bill.purchase_order.id),
        own_bill=Ref(),
        post_date=bill.post_date if settings.bill_date == "post date" else None,
    )  # fmt: skip


def _changes(before: Bill, after: Bill) -> str:
    shown = ("total", "number", "date", "due_date", "post_date", "tax", "shipping", "other", "discount", "state")
    named = ("lines", "vendor", "tax_zone", "business_unit", "job", "purchase_order", "active", "do_not_pay")
    changed = [name for name in (*shown, *named) if getattr(before, name) != getattr(after, name)]
    told = [f"{name} {_shown(before, name)} -> {_shown(after, name)}" if name in shown else name for name in changed]
    return ", ".join(told).replace("_", " ") or "a detail"


def _shown(bill: Bill, name: str) -> str:
    value = getattr(bill, name)
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)


def _date(bill: Bill, settings: Settings) -> dt.date | None:
    return bill.post_date if settings.bill_date == "post date" else bill.date


def _currency(bill: Bill, view: View, settings: Settings) -> str:
    unit = view.source_lists["business_units"].get(bill.business_unit.id)
    stated = unit.currency if isinstance(unit, Dimension) else ""
    return bill.currency or stated or settings.currency or view.source.currency


def _passed_over(bill: Bill, view: View, settings: Settings) -> Skip | Adopt | None:
    """The rules that say there is nothing to write; they go before everything that could hold."""
    date = _date(bill, settings)
    if (not_ours := _not_ours(bill, settings)) is not None:
        return not_ours
    if not bill.active or bill.state is BillState.CANCELED:
        return skip("canceled")
    if date is not None and date < settings.start_date:
        return _before_start(bill, view, date, settings)
    if _REACHED.get(bill.state, 2) < _GATES[settings.gate] and not _undecided(bill, settings):
        state = BillState.RECEIVED if bill.state is BillState.UNKNOWN else bill.state
        return skip("not_yet", state=str(state), gate=settings.gate)
    if bill.total == 0 and bill.complete and difference(bill) == 0:
        return skip("zero")
    return None


def _not_ours(bill: Bill, settings: Settings) -> Skip | None:
    """Documents of another integration or of the source that is not set, and receipts whose bill is the document."""
    if f"{bill.source_kind}s" != settings.bill_source:
        return skip("other_source", kind=bill.source_kind, source=settings.bill_source)
    if bill.own_bill.id:
        return skip("has_bill", bill=bill.own_bill.id)
    if settings.business_units and bill.business_unit.id not in settings.business_units:
        return skip("out_of_scope", name=bill.business_unit.name or "(none)")
    return None


def _undecided(bill: Bill, settings: Settings) -> bool:
    """Whether waiting for the gate would be for ever, or would hide something: then the bill is held instead."""
    unseen = bill.state is BillState.UNKNOWN and settings.gate == "reconciled"
    return unseen or bill.state is BillState.DISCREPANCY


def _before_start(bill: Bill, view: View, date: dt.date, settings: Settings) -> Skip | Adopt:
    """Linked with the one document of the ledger that is its equal, so that what happens to it later finds it."""
    equal = [twin for twin in view.twins if twin.entity and twin.total == bill.total]
    if len(equal) == 1:
        evidence = f"dated before the start date; the ledger has vendor, number {equal[0].number} and total"
        return Adopt(equal[0].entity, equal[0].id, "matched", evidence)
    return skip("before_start", date=str(date), start=str(settings.start_date))


def _source_checks(bill: Bill, view: View, settings: Settings, draft: Draft) -> None:
    """What must be right in the source before anything is translated."""
    if bill.state is BillState.DISCREPANCY:
        draft.wait(waiting("discrepancy", "source", f"bills:{bill.id}"))
    if bill.state is BillState.UNKNOWN:
        _status_unseen(bill, settings, draft)
    if bill.do_not_pay:
        draft.wait(waiting("do_not_pay", "source", f"bills:{bill.id}"))
    if bill.date is None:
        draft.wait(waiting("no_date", "source", f"bills:{bill.id}", what=settings.bill_date))
    if view.first_seen_exported and "already_exported" not in view.released:
        draft.wait(waiting("already_exported", "person", "already_exported"))
    _ties(bill, draft)
    _period(bill, view, settings, draft)
    _currencies(bill, view, draft)


def _status_unseen(bill: Bill, settings: Settings, draft: Draft) -> None:
    scope = _SCOPE.search(bill.hidden_reason)
    if settings.gate == "reconciled":
        kind, key = ("fact", f"scope:{scope[0]}") if scope else ("source", f"bills:{bill.id}")
        draft.wait(waiting("never_reconciled", kind, key, why=bill.hidden_reason, first=_first(scope)))
    elif settings.unseen_status == "hold":
        told = {"why": bill.hidden_reason, "first": _first(scope)}
        draft.wait(waiting("status_unseen", "setting", "setting:unseen_status", **told))


def _first(scope: re.Match[str] | None) -> str:
    """What helps without a decision: a right, where that is what is missing."""
    if scope is None:
        return "Look at the bill in ServiceTitan"
    return (
        f"Let the ServiceTitan administrator accept the app's newest version with the scope {scope[0]}, then reconnect"
    )


def _ties(bill: Bill, draft: Draft) -> None:
    apart = difference(bill)
    shown = {"stated": money(bill.total, bill.currency), "computed": money(computed_total(bill), bill.currency)}
    scope = _SCOPE.search(bill.hidden_reason)
    if not bill.complete and scope is not None:
        draft.wait(waiting("hidden_lines", "fact", f"scope:{scope[0]}", scope=scope[0], **shown))
    elif not bill.complete:
        draft.wait(waiting("lines_missing", "source", f"bills:{bill.id}", why=bill.hidden_reason, **shown))
    elif apart != 0:
        key = f"bills:{bill.id}"
        draft.wait(waiting("does_not_tie", "source", key, difference=money(apart, bill.currency), **shown))


def _period(bill: Bill, view: View, settings: Settings, draft: Draft) -> None:
    locks = [day for day in (settings.closed_through, view.ledger.organisation.locked_through) if day is not None]
    if bill.date is None or not locks or bill.date > max(locks) or "period_closed" in view.released:
        return
    draft.wait(waiting("period_closed", "person", "period_closed", date=str(bill.date), closed=str(max(locks))))


def _currencies(bill: Bill, view: View, draft: Draft) -> None:
    if not _is_code(bill.currency):
        draft.wait(waiting("currency_unknown", "setting", "setting:currency"))
        return
    party = view.ledger.parties.get(_target_vendor(bill, view))
    key, what, target = "organisation", "the ledger", view.ledger.organisation.currency
    if party is not None and party.currency:
        key, what, target = f"parties:{party.id}", f"the vendor's ledger contact {party.name}", party.currency
    if target and target != bill.currency:
        draft.wait(waiting("currency_differs", "fact", key, source=bill.currency, target=target, what=what))


def _is_code(currency: str) -> bool:
    try:
        return bool(digits(currency) >= 0)
    except ValueError:
        return False


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


def _target_vendor(bill: Bill, view: View) -> str:
    """The ledger's id of the bill's vendor: linked, else chosen by a person where no record of it can be brought."""
    wanted = ("vendors", bill.vendor.id)
    chosen = view.mappings["vendors"].get(bill.vendor.id) or ""
    usable = wanted not in view.asked and chosen in view.ledger.parties
    return view.links.get(wanted) or (chosen if usable else "")


def _vendor(bill: Bill, view: View, draft: Draft) -> tuple[str, tuple[tuple[str, str], ...]]:
    wanted = ("vendors", bill.vendor.id)
    key = f"vendors:{bill.vendor.id}"
    name = bill.vendor.name or bill.vendor.id
    target = _target_vendor(bill, view)
    if target:
        party = view.ledger.parties.get(target)
        if party is not None and not party.active:
            other = "" if wanted in view.links else _OTHER_VENDOR.format(key=bill.vendor.id)
            told = {"name": name, "target": party.name, "other": other}
            draft.wait(waiting("vendor_inactive", "fact", f"parties:{target}", **told))
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
        reference=view.reference,
    )


class BillsExported(FlowType):
    """Bills that we posted are marked as exported in ServiceTitan, which locks them there. It never undoes a posting."""

    name = "bills_exported"
    title = "Posted bills: marked as exported in ServiceTitan"
    source_vendor = target_vendor = "servicetitan"
    priority = 6
    dated = False
    follows = "bills"
    source_lists = target_lists = tables = ()

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def project(self, document: Document) -> Any:
        return document.id

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        if view.link is not None or bill.exported:
            return Unchanged()
        if bill.source_kind != "bill":
            return skip("no_mark")
        composed = view.compose(Action.MARK_EXPORTED, bill, view.reference)
        step = Step("bills", Action.MARK_EXPORTED, view.reference, composed.body, target_id=bill.id)
        return Write((step,), self.name, composed.notes)


INTEGRATION = IntegrationType(
    kind="servicetitan-zoho_books",
    title="ServiceTitan with Zoho Books",
    source_vendor="servicetitan",
    source_title="ServiceTitan",
    target_vendor="zoho_books",
    target_title="Zoho Books",
    flows=(Vendors(), Bills(), BillsExported()),
    tables=(
        AccountTable("accounts", "ServiceTitan GL account (number, else name)", "Zoho account id", "accounts", "accounts"),
        TaxTable(
            "tax", "ServiceTitan tax zone (name); without one 'business unit <id>', else (no zone)",
            "cost | account:<id> | tax:<id> | shares of these",
            "tax_zones", "tax_codes", ("cost",),
        ),
        BusinessUnitTable(
            "business_units", "ServiceTitan business unit id", "Zoho tag option id, location id, or none",
            "business_units", "dimensions", ("none",),
        ),
        VendorTable("vendors", "ServiceTitan vendor id", "Zoho contact id, or new", "vendors", "parties", ("new",)),
        TableType("bill_numbers", "ServiceTitan bill id", "the number to use instead", "", ""),
    ),
    settings=Settings,
    fixed_once_posted=("gate", "bill_source"),
    skipped_by_settings=("before_start", "not_yet", "other_source", "out_of_scope"),
    not_possible=("Tax zones cannot be created in ServiceTitan by its API.",),
)  # fmt: skip
