"""A vendor's credits that are applied to bills, as payments of these bills where the settings say so."""

from __future__ import annotations

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, skip, waiting
from ml_connector.integrations.drafts import money
from ml_connector.integrations.staged_bill import IN_THE_BOOKS, how_dead, is_dead
from ml_connector.integrations.staged_payment import as_staged, changes, more_splits, target_payment
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair, Staged
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.integrations.views import View


def as_payment(credit: Bill) -> Payment:
    """A credit as the payment of the bills that it is applied to. A credit's total is negative, its parts are not."""
    applied = total(part.amount for part in credit.credits)
    dates = [part.date for part in credit.credits if part.date is not None]
    return Payment(
        id=credit.id, party=credit.vendor, amount=applied, date=max(dates, default=credit.date), currency=credit.currency,
        number=credit.number or credit.id, splits=credit.credits, active=not is_dead(credit), state=credit.status,
    )  # fmt: skip


class AppliedCredits(StagedPayments):
    """Applied credits: with the setting ``list`` only told, else one row for every bill."""

    name = "applied_credits"
    entity = "vendor_credits"
    tables = ("vendors",)

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        return super().needs_links(as_payment(document), settings)

    def plan(self, view: View) -> Decision:
        credit = view.document
        assert isinstance(credit, Bill)
        payment = as_payment(credit)
        if view.link is not None:
            return self._newer(payment, view)
        passed = self._left(credit, payment, view.settings)
        return self._unless_left(passed, payment, view) if passed is not None else self._rows(payment, view)

    def _left(self, credit: Bill, payment: Payment, settings: Settings) -> Skip | None:
        if not payment.active:
            return skip("void_in_ledger", what=how_dead(credit), **self.pair.words)
        if not payment.splits:
            return skip("not_applied_yet", amount=money(-credit.total, credit.currency))
        if settings.applied_credits == "list" or credit.state not in IN_THE_BOOKS:
            return _listed(payment, self.pair)
        if payment.date is not None and payment.date < settings.start_date:
            return skip("staged_before_start", date=str(payment.date), start=str(settings.start_date))
        return None

    def _newer(self, payment: Payment, view: View) -> Decision:
        posted = as_payment(view.link.source) if view.link and isinstance(view.link.source, Bill) else payment
        before, after = _known(posted), _known(payment)
        if as_staged(before) == as_staged(after):
            return Unchanged()
        if (more := more_splits(before, after)) is None:
            told = {"what": changes(posted, payment), **self.pair.words}
            return Hold((waiting("payment_changed_after_staging", "person", "payment_changed_after_staging", **told),))
        part = msgspec.structs.replace(payment, splits=more.splits)
        if view.settings.applied_credits == "list":
            return _listed(part, self.pair)
        return self._rows(part, view, len(posted.splits))

    def _rows(self, part: Payment, view: View, before: int | None = None) -> Decision:
        if (passed := self._only_older(part, view, before)) is not None:
            return passed
        draft = Staged(part.currency, pair=self.pair)
        target = target_payment(part, view, draft, view.settings.applied_credits)
        if draft.waits:
            return Hold(tuple(draft.waits), draft.asked_for(PENDING))
        return self._composed(target, view, draft, before)


def _listed(payment: Payment, pair: Pair) -> Skip:
    applied = total(split.amount for split in payment.splits)
    return skip("credit_listed", amount=money(applied, payment.currency), **pair.words)


def _known(payment: Payment) -> Payment:
    """What must not change of a credit's parts; its whole amount and last day move with every further application."""
    bare = as_staged(payment)
    return Payment(
        id="", party=bare.party, amount=ZERO, currency=bare.currency, number=bare.number, active=bare.active,
        splits=payment.splits,
    )  # fmt: skip
