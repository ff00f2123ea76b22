"""What a bill must pass before it is planned: whose it is, how far it has come, that it ties, its period and currency."""

from __future__ import annotations

import datetime as dt

from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.tie_out import computed_total, difference
from ml_connector.integrations.bill_kinds import is_credit, own_key
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.checks import booked_on, check_seen
from ml_connector.integrations.decisions import Adopt, Skip, skip, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.vendor_currencies import check_vendor_currency, contact_in
from ml_connector.integrations.views import View

_GATES = {"received": 0, "reconciled": 1, "posted": 2}
_REACHED = {
    BillState.UNKNOWN: 0,
    BillState.RECEIVED: 0,
    BillState.DISCREPANCY: 0,
    BillState.RECONCILED: 1,
    BillState.POSTED: 2,
}


def bill_date(bill: Bill, settings: Settings) -> dt.date | None:
    """The source's date that counts; a vendor's credit shows one alone."""
    return bill.post_date if settings.bill_date == "post date" and not is_credit(bill) else bill.date


def passed_over(bill: Bill, view: View, settings: Settings) -> Skip | Adopt | None:
    """The rules that say there is nothing to write; they go before everything that could hold."""
    date = bill_date(bill, settings)
    if (not_ours := _not_ours(bill, settings)) is not None:
        return not_ours
    if not bill.active or bill.state is BillState.CANCELED:
        return skip("canceled")
    if date is not None and date < settings.start_date:
        return _before_start(bill, view, date, settings)
    if (early := not_at_gate(bill, settings)) is not None:
        return early
    if bill.total == 0 and bill.complete and difference(bill) == 0:
        return skip("zero")
    return None


def not_at_gate(bill: Bill, settings: Settings) -> Skip | None:
    """Why it does not go yet, by the setting ``gate``; None where it has come far enough, or never would."""
    if _REACHED.get(bill.state, 2) >= _GATES[settings.gate] or _undecided(bill, settings):
        return None
    state = BillState.RECEIVED if bill.state is BillState.UNKNOWN else bill.state
    return skip("not_yet", state=str(state), gate=settings.gate)


def _not_ours(bill: Bill, settings: Settings) -> Skip | None:
    """Documents of another integration or of the source that is not set, and receipts whose bill is the document."""
    if not is_credit(bill) and f"{bill.source_kind}s" != settings.bill_source:
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


def source_checks(bill: Bill, view: View, settings: Settings, draft: Draft) -> dt.date | None:
    """What must be right in the source before anything is translated; the day that the bill is booked on."""
    if bill.state is BillState.DISCREPANCY:
        draft.wait(waiting("discrepancy", "source", own_key(bill)))
    if bill.do_not_pay:
        draft.wait(waiting("do_not_pay", "source", own_key(bill)))
    check_whole(bill, settings, draft)
    check_seen(view, draft)
    day = booked_on(bill.date, view, draft)
    check_vendor_currency(bill, target_vendor(bill, view), view, draft)
    return day


def check_whole(bill: Bill, settings: Settings, draft: Draft) -> None:
    """All that is posted of a bill, or changed on it, can be seen: how far it has come, its date, and lines that tie."""
    if bill.state is BillState.UNKNOWN:
        _status_unseen(bill, settings, draft)
    if bill.date is None:
        draft.wait(waiting("no_date", "source", own_key(bill), what=settings.bill_date))
    _ties(bill, draft)


def _status_unseen(bill: Bill, settings: Settings, draft: Draft) -> None:
    told = {"why": bill.hidden_reason, "first": _first(bill.hidden_by)}
    if settings.gate == "reconciled":
        kind, key = ("fact", f"scope:{bill.hidden_by}") if bill.hidden_by else ("source", own_key(bill))
        draft.wait(waiting("never_reconciled", kind, key, **told))
    elif settings.unseen_status == "hold":
        draft.wait(waiting("status_unseen", "setting", "setting:unseen_status", **told))


def _first(scope: str) -> str:
    """What helps without a decision: a right, where that is what is missing."""
    if not scope:
        return "Look at the bill in ServiceTitan"
    return (
        f"Let the ServiceTitan administrator accept the app's newest version with the scope {scope}; it is seen "
        "within an hour"
    )


def _ties(bill: Bill, draft: Draft) -> None:
    apart = difference(bill)
    shown = {"stated": money(bill.total, bill.currency), "computed": money(computed_total(bill), bill.currency)}
    if not bill.complete and bill.hidden_by:
        draft.wait(waiting("hidden_lines", "fact", f"scope:{bill.hidden_by}", scope=bill.hidden_by, **shown))
    elif not bill.complete:
        draft.wait(waiting("lines_missing", "source", own_key(bill), why=bill.hidden_reason, **shown))
    elif apart != 0:
        draft.wait(waiting("does_not_tie", "source", own_key(bill), difference=money(apart, bill.currency), **shown))


def target_vendor(bill: Bill, view: View) -> str:
    """The ledger's id of the bill's vendor: the one that a person has chosen for the bill's currency, else the linked one,

    else one that a person has chosen where no record of it can be brought.
    """
    if contact := contact_in(bill.vendor.id, bill.currency, view):
        return contact
    wanted = ("vendors", bill.vendor.id)
    chosen = view.mappings["vendors"].get(bill.vendor.id) or ""
    usable = wanted not in view.asked and chosen in view.ledger.parties
    return view.links.get(wanted) or (chosen if usable else "")
