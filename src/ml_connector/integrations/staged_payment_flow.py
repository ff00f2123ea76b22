"""Payments of a ledger to vendors, staged beside their invoices: one row for every bill that was paid."""

from __future__ import annotations

from typing import ClassVar

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import total
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import STAYS, Decision, Hold, Skip, Unchanged, Write, skip, waiting
from ml_connector.integrations.drafts import is_code, money
from ml_connector.integrations.payment_rules import NEAR
from ml_connector.integrations.staged_payment import (
    as_staged,
    changes,
    check_keyed,
    how_dead,
    more_splits,
    on_older_bills,
    parts_left,
    target_payment,
)
from ml_connector.integrations.staging import REFERENCE_ROOM, Pair, Staged, shown_currency
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.supplier_parts import FLOW as VENDORS
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.integrations.views import View

ENTITY = "vendor_payments"  # what they are called at the target


class StagedPayments(FlowType):
    """What was paid on bills. Money on no bill is nothing there until it is applied."""

    name = "vendor_payments"
    priority = 5
    several_steps = True  # what is applied later is staged later, by a step of its own
    in_parts = True
    writes = (ENTITY,)
    as_linked = (VENDORS,)
    source_lists = ()
    target_lists = ("parties", "bills", ENTITY)
    near, near_in = NEAR, ENTITY
    tables: ClassVar[tuple[str, ...]] = (VENDORS, "payment_methods")
    reference_room = REFERENCE_ROOM
    pair: ClassVar[Pair]
    options: ClassVar[tuple[tuple[str, str], ...]] = ()  # of the reading
    entity: ClassVar[str] = "vendor_payments"  # of the source

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return (self.entity,)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return dict(self.options)

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return document.party.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return document.party.name

    def target_entity(self, document: Document) -> str:
        return ENTITY

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        """The vendor comes twice, as of a bill: see there."""
        assert isinstance(document, Payment)
        vendor = (VENDORS, document.party.id)
        bills = {split.document.id: ("bills", split.document.id) for split in document.splits}
        return (vendor, *bills.values(), vendor)

    def plan(self, view: View) -> Decision:
        payment = view.document
        assert isinstance(payment, Payment)
        if view.link is not None:
            return self._changed(payment, view)
        passed = self._passed_over(payment, view)
        return self._unless_left(passed, payment, view) if passed is not None else self._staged(payment, payment, view)

    def _unless_left(self, passed: Skip, payment: Payment, view: View) -> Decision:
        """Passed over, unless a part of it stands there."""
        left = parts_left(payment, view, self.pair)
        return Hold(tuple(left)) if left else passed

    def _passed_over(self, payment: Payment, view: View) -> Skip | None:
        settings: Settings = view.settings
        if not payment.active:
            return skip("void_in_ledger", what=how_dead(payment), **self.pair.words)
        if not payment.posted:  # a draft, or one that waits for approval: nothing was paid yet
            return skip("not_in_books_yet", state=payment.state or "not posted", **self.pair.words)
        if payment.amount <= 0:
            return skip("vendor_refund", amount=money(payment.amount, payment.currency), **self.pair.words)
        if payment.date is not None and payment.date < settings.start_date:
            return skip("staged_before_start", date=str(payment.date), start=str(settings.start_date))
        if not payment.splits:
            return skip("not_applied_yet", amount=money(payment.unapplied or payment.amount, payment.currency))
        return None

    def _changed(self, payment: Payment, view: View) -> Decision:
        """What is applied later is staged beside; every other change is told, since nothing staged is ever taken back."""
        assert view.link is not None
        posted = view.link.source
        if not isinstance(posted, Payment) or as_staged(posted) == as_staged(payment):
            return Unchanged()
        if (more := more_splits(posted, payment)) is not None:
            return self._staged(more, payment, view, len(posted.splits))
        told = {"what": changes(posted, payment), **self.pair.words}
        return Hold((waiting("payment_changed_after_staging", "person", "payment_changed_after_staging", **told),))

    def _staged(self, part: Payment, whole: Payment, view: View, before: int | None = None) -> Decision:
        """The rows of ``part``. ``before``: how many splits earlier versions had; None for the first step."""
        if (passed := self._only_older(part, view, before)) is not None:
            return passed
        draft = Staged(part.currency, pair=self.pair)
        self._ties(whole, draft)
        target = target_payment(part, view, draft)
        check_keyed(target, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits), draft.asked_for(PENDING))
        return self._composed(target, view, draft, before)

    def _only_older(self, part: Payment, view: View, before: int | None) -> Skip | Unchanged | None:
        """What pays nothing but bills from before the start date that are not there; None where it pays another one."""
        if not (bills := on_older_bills(part, view)):
            return None
        told = {"bills": bills, "start": str(view.settings.start_date), **self.pair.words}
        return Unchanged() if before is not None else skip("payment_of_older_bills", **told)

    def _ties(self, payment: Payment, draft: Staged) -> None:
        applied = total(split.amount for split in payment.splits)
        key = f"{self.name}:{payment.id}"
        if not is_code(payment.currency):
            told = {"currency": shown_currency(payment.currency), **draft.words}
            draft.wait(waiting("staged_currency_unknown", "setting", "setting:currency", **told))
        if payment.date is None:
            draft.wait(waiting("payment_without_date", "source", key, **draft.words))
        if applied + payment.unapplied != payment.amount:
            shown = {"stated": payment.amount, "applied": applied, "unapplied": payment.unapplied}
            told = {name: money(value, payment.currency) for name, value in shown.items()}
            draft.wait(waiting("vendor_payment_does_not_tie", "source", key, **told, **draft.words))

    def _composed(self, target: Payment, view: View, draft: Staged, before: int | None) -> Decision:
        """The step. Its rows go by the payment's own reference and their split, so that whatever they are staged with

        once more (a database that begins anew knows of no earlier step) finds them there.
        """
        reference = view.reference if before is None else f"{view.reference}-{before}"
        try:
            found = view.compose(Action.CREATE, target, view.reference)
        except BadInput as error:
            return Hold((waiting("unsuitable", "source", f"{self.name}:{view.source_id}", why=error.sentence),))
        if found.total != target.amount:
            told = {"stated": money(target.amount, target.currency), "computed": money(found.total, target.currency)}
            return Hold((waiting("payment_total_differs", "person", "payment_total_differs", **told, **draft.words),))
        step = Step(
            ENTITY, Action.CREATE, reference, found.body, party_id=target.party.id, number=target.number,
            date=target.date, total=target.amount, currency=target.currency,
        )  # fmt: skip
        notes = (*draft.notes, *found.notes)
        return Write((step,), ENTITY, notes, tuple(draft.coming), 0 if before is None else STAYS)
