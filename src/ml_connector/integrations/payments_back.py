"""Payments that people enter in Zoho Books, on invoices that came from ServiceTitan, back into ServiceTitan.

A payment has one link with its counterpart, whichever way it went: it is that of the flow ``payments``. So one that came from
ServiceTitan never goes back, and one that was entered there from here never comes again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations import back_changes
from ml_connector.integrations.back_rules import INVOICES, merged, on_ours, payer, type_of
from ml_connector.integrations.back_tables import MODES, STAYS, mode_key, mode_name
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import Decision, Hold, Skip, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.payment_rules import NEAR
from ml_connector.integrations.views import View


class PaymentsBack(FlowType):
    """Customer payments of Zoho Books that are nobody's counterpart, where the account's API takes payments."""

    name = "payments_back"
    title = "Payments: Zoho Books to ServiceTitan"
    source_vendor, target_vendor = "zoho_books", "servicetitan"
    priority = 5
    mirrors = mirrored = shown_in = "payments"
    writes = ("payments",)
    passed_over_with = ("payment_back_elsewhere",)
    tells_deleted = False
    lays_against_dismissed = True
    near = NEAR
    source_lists = ()
    target_lists = ("payment_types", "payments")
    tables = (MODES,)

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("payments",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        """A list tells neither what a payment is on nor what it is for."""
        return {"details": "yes"}

    def target_entity(self, document: Document) -> str:
        return "payments"

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        """None: one cheque may be several payments, and no number tells that two are the same."""
        return ""

    def looks_back(self, document: Document, settings: Settings) -> tuple[tuple[str, str, str], ...]:
        assert isinstance(document, Payment)
        return tuple((INVOICES, INVOICES, split.document.id) for split in document.splits)

    def days(self, document: Document, settings: Settings, ledger: Organisation) -> tuple[dt.date, ...]:
        assert isinstance(document, Payment)
        return (document.date,) if document.date is not None else ()

    def amounts(self, document: Document, behind: Collection[tuple[str, str]]) -> tuple[Decimal, ...]:
        """The whole, and its share of what is on ServiceTitan's invoices, which may be all that goes."""
        assert isinstance(document, Payment)
        return document.amount, total(one.amount for one in document.splits if (INVOICES, one.document.id) in behind)

    def never_goes(self, document: Document) -> bool:
        """What came from ServiceTitan, and what is on no invoice."""
        assert isinstance(document, Payment)
        return bool(document.reference) or not document.splits

    def plan(self, view: View) -> Decision:
        payment = view.document
        assert isinstance(payment, Payment)
        if view.link is not None:
            return back_changes.changed(payment, view)
        if (passed := _passed_over(payment, view)) is not None:
            return passed
        draft = Draft(payment.currency)
        target = _target(payment, view, draft)
        if draft.waits:
            return Hold(tuple(draft.waits))
        return _written(target, view, draft)


def _passed_over(payment: Payment, view: View) -> Skip | None:
    """The rules that say there is nothing to enter."""
    start = view.settings.start_date
    if payment.reference:
        return skip("payment_back_ours", reference=payment.reference)
    if not payment.active:
        return skip("payment_back_reversed")
    if payment.date is not None and payment.date < start:
        return skip("payment_back_before_start", date=str(payment.date), start=str(start))
    if not on_ours(payment, view):
        return skip("payment_back_elsewhere") if payment.splits else skip("payment_back_unapplied")
    if view.mappings[MODES].get(mode_key(payment.method), payment.date) == STAYS:
        return skip("payment_back_by_rule", name=mode_name(payment.method))
    return None


def _target(payment: Payment, view: View, draft: Draft) -> Payment:
    """The payment as ServiceTitan is to have it; what is missing goes to the draft.

    No currency is compared: what is on an invoice is in the invoice's currency, and both sides have that in one. What people
    note on it stays in Zoho Books, and nothing stands in the memo before our reference, by which a lost answer is found.
    """
    _check_ties(payment, view, draft)
    check_periods((payment.date,), view, draft)
    ours, foreign = (
        on_ours(payment, view),
        [one for one in payment.splits if (INVOICES, one.document.id) not in view.behind],
    )
    if foreign and view.settings.payments_back_mixed == "hold":
        for one in foreign:
            told = {"amount": money(one.amount, payment.currency), "number": one.document.number or one.document.id}
            draft.wait(waiting("payment_back_mixed", "link", f"{INVOICES}@{one.document.id}", **told))
    customer, splits = payer(ours, view, draft), merged(ours, view)
    amount = total(one.amount for one in splits) if foreign else payment.amount
    made = Payment(
        "", Ref(customer), amount, date=payment.date, method=Ref(type_of(payment, view, draft)), number=payment.number,
        splits=splits, unapplied=ZERO if foreign else payment.unapplied,
    )  # fmt: skip
    _check_twin(made, view, draft)
    _note(made, payment, draft)
    return made


def _note(made: Payment, payment: Payment, draft: Draft) -> None:
    if made.unapplied:
        rest = money(made.unapplied, payment.currency)
        draft.notes.append(f"{rest} of it is on no invoice and becomes the customer's credit in ServiceTitan")
    if made.amount != payment.amount:
        draft.notes.append(
            f"{money(payment.amount - made.amount, payment.currency)} of it is on no invoice of ServiceTitan's and stays in "
            "Zoho Books alone (setting payments_back_mixed)"
        )


def _check_ties(payment: Payment, view: View, draft: Draft) -> None:
    key = f"{PaymentsBack.name}:{payment.id}"
    if payment.date is None:
        draft.wait(waiting("payment_back_without_date", "source", key))
    applied = total(one.amount for one in payment.splits)
    if applied + payment.unapplied != payment.amount:
        shown = {"stated": payment.amount, "applied": applied, "unapplied": payment.unapplied}
        told = {name: money(value, payment.currency) for name, value in shown.items()}
        draft.wait(waiting("payment_back_does_not_tie", "source", key, **told))


def _check_twin(made: Payment, view: View, draft: Draft) -> None:
    """Nobody has entered it on both sides: ServiceTitan has none of the customer over the amount, of a near date."""
    if "payment_back_twin" in view.released or made.date is None:
        return
    for other in view.at_target.values():
        if (
            not isinstance(other, Payment)
            or not other.active
            or other.date is None
            or other.reference == view.reference
        ):
            continue
        same = (other.amount, other.party.id) == (made.amount, made.party.id)
        if same and made.date - NEAR <= other.date <= made.date + NEAR:
            told = {"id": other.id, "amount": money(other.amount, draft.currency), "date": str(other.date)}
            draft.wait(waiting("payment_back_twin", "person", "payment_back_twin", **told))


def _written(target: Payment, view: View, draft: Draft) -> Decision:
    try:
        composed = view.compose(Action.CREATE, target, view.reference)
    except (BadInput, Refused) as error:
        return Hold((waiting("unsuitable", "source", f"{PaymentsBack.name}:{view.source_id}", why=error.sentence),))
    step = Step(
        "payments", Action.CREATE, view.reference, composed.body, party_id=target.party.id, number=target.number,
        date=target.date, total=composed.total,
    )  # fmt: skip
    return Write((step,), "payments", (*draft.notes, *composed.notes))
