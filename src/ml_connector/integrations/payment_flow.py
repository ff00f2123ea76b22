"""Customer payments of ServiceTitan in the ledger, and their marking as exported once they are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations import payment_carried
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import (
    check_currency,
    check_periods,
    check_seen,
    currency_of,
    first_open_day,
)
from ml_connector.integrations.decisions import STAYS, Adopt, Decision, Hold, Skip, Unchanged, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.exported_flow import Exported
from ml_connector.integrations.left import left_or_last, left_standing
from ml_connector.integrations.payment_anew import references_of, renumbered
from ml_connector.integrations.payment_changes import compared, removals
from ml_connector.integrations.payment_days import booked
from ml_connector.integrations.payment_others import is_others, not_ours
from ml_connector.integrations.payment_parts import Part, create, merged, wanted
from ml_connector.integrations.payment_rules import (
    NEAR,
    check_credit_twin,
    check_open,
    check_twin,
    check_whole_twin,
    is_new,
    linked_invoice,
    passed_over,
    rule_of,
    source_checks,
)
from ml_connector.integrations.payment_scope import PASSED_OVER
from ml_connector.integrations.payment_standing import (
    Change,
    is_ours,
    moved,
    on_hold,
    removed_by_hand,
    standing,
    under_change,
)
from ml_connector.integrations.payment_tables import PaymentRule
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.unread import any_unread
from ml_connector.integrations.views import View
from ml_connector.integrations.whole_payment_parts import WHOLE, wanted_whole


class Payments(FlowType):
    """Payments become payments on invoices, over- or prepayments, refunds, or credit notes where no money moves."""

    name = "payments"
    title = "Payments: ServiceTitan to Xero"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 5
    several_steps = True
    passed_over_with = PASSED_OVER
    near = NEAR
    source_lists = ("business_units", "payment_types")
    party_kind = "customer"
    target_lists: tuple[str, ...] = (
        "accounts", "dimensions", "parties", "invoices", "credit_notes", "payments", "overpayments", "prepayments",
    )  # fmt: skip
    tables = ("payment_types", "business_units")

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("payments",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return document.party.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return document.party.name

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        """None: one cheque may be several payments, and no number tells that two are the same."""
        return ""

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return "payments" if document.splits else "overpayments"

    def linkable(self, document: Document) -> tuple[str, ...]:
        """What moves no money may be a credit note, whatever its type is called; money on nothing is one of two kinds."""
        assert isinstance(document, Payment)
        advances = ("overpayments", "prepayments")
        return ("payments", "credit_notes", *advances) if document.splits else advances

    def goes_on(self, document: Document, entity: str) -> bool:
        """What is on invoices is applied to them, of an over- or prepayment."""
        assert isinstance(document, Payment)
        return entity in payment_carried.ADVANCES and bool(document.splits)

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Payment)
        return _needed(document)

    def days(self, document: Document, settings: Settings, ledger: Organisation) -> tuple[dt.date, ...]:
        """One that waits for its period may have been keyed by hand on the day it would be booked on, or in between."""
        assert isinstance(document, Payment)
        moved_to = first_open_day(document.date, settings, ledger, document)
        return tuple(day for day in (document.date, moved_to) if day is not None)

    def plan(self, view: View) -> Decision:
        payment = view.document
        assert isinstance(payment, Payment)
        unit = payment.business_unit
        payment = msgspec.structs.replace(payment, currency=currency_of(payment.currency, unit, view))
        if waits := under_change(payment.splits, view):
            return Hold(waits)
        if payment_carried.is_carried(payment, view):
            return payment_carried.carried(payment, view)
        if view.made or (view.link is not None and not _removed(view)):
            return _changed(payment, view)
        return _first(payment, view)


def _needed(payment: Payment) -> tuple[tuple[str, str], ...]:
    invoices = dict.fromkeys(("invoices", split.document.id) for split in payment.splits)
    refunded = (("payments", payment.refunds.id),) if payment.refunds.id and payment.amount < 0 else ()
    return (("customers", payment.party.id), *invoices, *refunded)


def _removed(view: View) -> bool:
    """Whether what we had posted was removed again, by an earlier version: then it is posted as if for the first time."""
    now = view.link.now if view.link is not None else None
    gone = now is not None and not getattr(now, "active", True)
    return now is not None and gone and is_ours(now, view) and not removed_by_hand(view)


def _first(payment: Payment, view: View) -> Decision:
    """A payment of which nothing stands in the ledger."""
    passed = passed_over(payment, view, view.settings)
    if passed is not None:
        return Unchanged() if view.link is not None else passed
    draft = Draft(payment.currency)
    rule = rule_of(payment, view, draft)
    if rule is not None and rule.kind == "none":
        by_rule = skip("payment_by_rule", name=payment.method.name or payment.method.id)
        return Unchanged() if view.link is not None else by_rule
    parts = _parts(payment, rule, view, draft)
    if view.link is None:
        check_seen(view, draft)
    parts = booked(parts, payment, view, draft)
    former = view.link.now if view.link is not None else None
    steps = _created(parts, len(parts) == 1, [former] if former is not None else [], payment, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    return _written(steps, 0, view.link.target_id if view.link is not None else "", view, draft)


def _parts(payment: Payment, rule: PaymentRule | None, view: View, draft: Draft) -> tuple[Part, ...]:
    """What the payment is to have in the ledger. Without a rule, the invoices it waits for are asked for already."""
    source_checks(payment, view, draft)
    check_currency(view.links.get(("customers", payment.party.id), ""), "customer", view, draft)
    if rule is not None:
        parts = wanted_whole if view.ways.whole_payments else wanted
        return parts(payment, rule, view, draft)
    for split in payment.splits:
        linked_invoice(split.document, view, draft)
    return ()


def _created(
    parts: Sequence[Part], alone: bool, former: Sequence[Document], payment: Payment, view: View, draft: Draft
) -> list[Step]:
    """The steps of new parts. ``former`` are documents that were removed for them."""
    references = references_of(parts, alone, former, view)
    for part in parts:
        if references[part.key] not in view.proven and payment.amount > 0:
            _check_target(part, references[part.key], payment, view, draft)
    if draft.waits:  # what is missing would only be told again, in other words
        return []
    made = (create(renumbered(part, former, view), references[part.key], view, draft) for part in parts)
    return [step for steps in made for step in steps]


def _check_target(part: Part, reference: str, payment: Payment, view: View, draft: Draft) -> None:
    """The invoice can take it. What is open changes with our own steps, so only a first plan looks at that, and that of

    a part which goes back onto what it was taken off.
    """
    if not view.made or reference in view.taken_off:
        for on, amount in part.places:
            check_open(on, amount, view, draft)
    if isinstance(part.document, Invoice):
        check_credit_twin(part.document, view, draft)
    elif part.key == WHOLE:
        check_whole_twin(part.document, view, draft)
    elif part.entity == "payments":
        check_twin(part.on, part.amount, part.document, view, draft)


# --- a newer version ---------------------------------------------------------------------------------------------


def _changed(payment: Payment, view: View) -> Decision:
    """A payment of which something stands in the ledger. A version that changes nothing is never held."""
    posted = view.link.source if view.link is not None else None
    before = posted if isinstance(posted, Payment) else None
    same = _alike(before, payment) and not moved(view)
    what = "the counterpart of what it is on" if moved(view) and _alike(before, payment) else _told(before, payment)
    if is_others(view):
        return not_ours(payment, before, same, what, view)
    if (hold := any_unread(what, view)) is not None:
        return Unchanged() if same else hold
    draft = Draft(payment.currency)
    anew = before is not None and before.method.id != payment.method.id
    decision = _reconciled(payment, what, anew, view, draft)
    return Unchanged() if same and isinstance(decision, Hold) and not removed_by_hand(view) else decision


def _reconciled(payment: Payment, what: str, anew: bool, view: View, draft: Draft) -> Decision:
    """The steps that make the ledger show the payment as it is now."""
    there = standing(view, draft)
    rule = rule_of(payment, view, draft) if payment.active else None
    if rule is not None and rule.kind == "none" and not anew:
        return Unchanged()
    parts = _parts(payment, rule, view, draft) if payment.active else ()
    if draft.waits:
        return on_hold(draft, view)
    change = compared(payment, parts, there, what, anew, view, draft)
    steps = _change_steps(payment, len(parts), change, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    if not steps:
        return _stands(parts, change, view)
    return _written(steps, *_counterpart(steps, change, view), view, draft)


def _stands(parts: Sequence[Part], change: Change, view: View) -> Decision:
    """All of it is there. Where nothing is linked yet, it is with the first of its parts."""
    kept = next((change.kept[part.key] for part in parts if part.key in change.kept), None)
    if view.link is not None or kept is None:
        return Unchanged()
    return Adopt(kept.entity, kept.document.id, "created", "our own references, and all of it is there")


def _change_steps(payment: Payment, parts: int, change: Change, view: View, draft: Draft) -> list[Step]:
    """Removals first, so that the invoices are open for what takes their place."""
    start = view.settings.start_date
    if change.missing and payment.date is not None and payment.date < start:
        told = {"date": str(payment.date), "start": str(start)}
        draft.wait(waiting("moved_before_start", "source", f"payments:{payment.id}", **told))
    edited = any(step.action is Action.UPDATE for step in change.applied)
    undone = change.what if change.removed or change.taken_back or edited else ""
    check_periods(change.dates, view, draft, undone)
    if change.missing:
        beside = [one.document.date for one in (*change.kept.values(), *change.removed)]
        change.missing = list(booked(change.missing, payment, view, draft, beside))
    free = view.reference not in {one.reference for one in change.kept.values()}
    former = [one.document for one in change.removed]
    created = _created(change.missing, parts == 1 and free, former, payment, view, draft)
    return [*removals(change, view, draft), *change.applied, *created]


def _counterpart(steps: Sequence[Step], change: Change, view: View) -> tuple[int, str]:
    """Which step makes the record's counterpart, and the id of the one it replaces.

    Where nothing is made in place of a removed counterpart, one that is left of the record takes it. The last one stays
    linked: it is what the record has become there.
    """
    edited = [n for n, step in enumerate(steps) if step.action is Action.UPDATE]
    if edited:
        return edited[0], ""
    linked = view.link.target_id if view.link is not None else ""
    there = view.link is None or view.link.now is None or bool(getattr(view.link.now, "active", True))
    if linked and there and linked not in {one.document.id for one in change.removed}:
        return STAYS, ""
    made = [n for n, step in enumerate(steps) if step.action is Action.CREATE and step.entity != "allocations"]
    if made:
        return made[0], linked
    if linked and left_standing(view, steps, linked) is not None:
        return STAYS, linked
    return next((n for n, step in enumerate(steps) if linked and step.target_id == linked), STAYS), ""


# --- decisions ---------------------------------------------------------------------------------------------------


def _written(steps: Sequence[Step], main: int, replaces: str, view: View, draft: Draft) -> Write:
    if main != STAYS:
        entity = steps[main].entity
    elif view.link is not None and not replaces:
        entity = view.link.target_entity
    else:
        standing = left_or_last(view, steps, replaces)
        assert standing is not None
        entity = standing.entity
    assert isinstance(view.document, Payment)
    needed = (view.links.get(pair, "") for pair in _needed(view.document))
    parties = (step.party_id for step in steps)
    new = tuple(dict.fromkeys(target for target in (*needed, *parties) if is_new(target)))
    return Write(tuple(steps), entity, tuple(dict.fromkeys(draft.notes)), new, main, replaces)


def _as_posted(payment: Payment) -> Payment:
    """What a posted payment must not differ in. Marking, batching and depositing it are its way, and no change; its

    number stands in a reference, which Xero cannot change.
    """
    splits = tuple(sorted((one.document.id, one.amount) for one in merged(payment)))
    return msgspec.structs.replace(
        payment, id="", party=Ref(payment.party.id), method=Ref(payment.method.id), refunds=Ref(payment.refunds.id),
        splits=tuple(Allocation("", Ref(id_), amount) for id_, amount in splits), business_unit=Ref(), deposit=Ref(),
        bank_account=Ref(), number="", memo="", state="", posted=True, exported=False, journal=False, currency="",
        reference="", ours=False, stamp="",
    )  # fmt: skip


def _alike(before: Payment | None, after: Payment) -> bool:
    return before is not None and _as_posted(before) == _as_posted(after)


def _told(before: Payment | None, after: Payment) -> str:
    """How two versions differ, in words."""
    if before is None:
        return "an earlier version was posted in part"
    was, is_ = _as_posted(before), _as_posted(after)
    amounts = [
        f"{name} {money(getattr(was, name))} -> {money(getattr(is_, name))}"
        for name in ("amount", "unapplied")
        if getattr(was, name) != getattr(is_, name)
    ]
    days = [f"date {was.date or 'none'} -> {is_.date or 'none'}"] if was.date != is_.date else []
    names = {"method": "type", "splits": "invoices it is on", "party": "customer", "refunds": "what it refunds"}
    others = [word for name, word in names.items() if getattr(was, name) != getattr(is_, name)]
    reversed_ = ["reversed"] if was.active and not is_.active else []
    return ", ".join([*reversed_, *amounts, *days, *others]) or "a detail"


class PaymentsExported(Exported):
    """Payments that we posted are marked as exported in ServiceTitan, once their batch is posted there."""

    name = "payments_exported"
    title = "Posted payments: marked as exported in ServiceTitan"
    follows = "payments"

    def passed_over(self, document: Document) -> Skip | None:
        assert isinstance(document, Payment)
        return None if document.posted else skip("payment_not_batched", state=document.state or "unknown")
