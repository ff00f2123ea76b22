"""What an invoice must pass before it is planned: its scope and gate, that it ties, its period, currency and customer."""

from __future__ import annotations

import datetime as dt

from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.canonical.tie_out import invoiced_total
from ml_connector.integrations.checks import check_currency, check_periods, check_seen
from ml_connector.integrations.customer_flow import OTHER_CONTACT
from ml_connector.integrations.debtors import LOCATIONS, contact_of, debtor
from ml_connector.integrations.decisions import Adopt, Skip, skip, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import Twin, View

DRAFTS = "draft when completed"
_GATES = {"posted": InvoiceState.POSTED, DRAFTS: InvoiceState.COMPLETED, "completed": InvoiceState.COMPLETED}
_WAY = (InvoiceState.PENDING, InvoiceState.COMPLETED, InvoiceState.POSTED)
NUMBERS, MEMO_NUMBERS = "invoice_numbers", "credit_memo_numbers"
_BATCHED = ("status Posted", "status Exported")  # how ServiceTitan's state reads where a reviewer's word goes before it


def is_memo(invoice: Invoice) -> bool:
    """Whether it is a credit memo of the source, and no invoice: its total is positive."""
    return invoice.kind == "credit note"


def is_credit(invoice: Invoice) -> bool:
    """A net-negative invoice is a credit note in the ledger, and so is a credit memo."""
    return invoice.total < 0 or is_memo(invoice)


def own_key(invoice: Invoice) -> str:
    """What waits for its correction at the source is kept under."""
    return f"{'credit_memos' if is_memo(invoice) else 'invoices'}:{invoice.id}"


def number_table(invoice: Invoice) -> str:
    """The mapping table in which a person gives it another number."""
    return MEMO_NUMBERS if is_memo(invoice) else NUMBERS


def entity_of(invoice: Invoice) -> str:
    """What an invoice is called in the ledger."""
    return "credit_notes" if is_credit(invoice) else "invoices"


def is_nothing(invoice: Invoice) -> bool:
    """Whether there is nothing to post: its total is zero, and so are its parts."""
    return invoice.total == 0 and invoice.complete and invoiced_total(invoice) == 0


# --- passed over -------------------------------------------------------------------------------------------------


def passed_over(invoice: Invoice, view: View) -> Skip | Adopt | None:
    """The rules that say there is nothing to write; they go before everything that could hold."""
    settings: Settings = view.settings
    unit = invoice.business_unit
    if settings.business_units and unit.id not in settings.business_units:
        return skip("out_of_scope", name=unit.name or "(none)")
    if not invoice.active:
        return skip("invoice_inactive")
    if invoice.date is not None and invoice.date < settings.start_date:
        return _before_start(invoice, view)
    if (waits := not_at_gate(invoice, settings)) is not None:
        return waits
    if is_nothing(invoice):
        charged = any(line.chargeable and line.amount for line in invoice.lines)
        return skip("zero") if charged else skip("empty")
    return None


def not_at_gate(invoice: Invoice, settings: Settings) -> Skip | None:
    """Why an invoice does not go yet. One that a reviewer keeps back although its batch is posted is held instead."""
    if invoice.state is InvoiceState.KEPT_BACK:
        words = invoice.state_words or str(invoice.state)
        return None if batched(invoice) else skip("kept_back", words=words)
    gate = _GATES[settings.invoice_gate]
    if is_memo(invoice) or (is_credit(invoice) and settings.invoice_gate == DRAFTS):
        gate = InvoiceState.POSTED  # a credit note is not made as a draft, and a memo has no job to be completed
    if invoice.state in _WAY and _WAY.index(invoice.state) < _WAY.index(gate):
        return skip("invoice_not_yet", state=str(invoice.state), gate=str(gate))
    return None


def batched(invoice: Invoice) -> bool:
    """Whether its batch is posted in ServiceTitan, whatever a reviewer says of it."""
    told = invoice.exported or any(words in invoice.state_words for words in _BATCHED)
    return told or invoice.state is InvoiceState.POSTED


def wanted_state(invoice: Invoice, settings: Settings) -> InvoiceState:
    """What it is to be in the ledger: a draft until its batch is posted, where the gate says so."""
    drafted = settings.invoice_gate == DRAFTS and invoice.state is not InvoiceState.POSTED
    return InvoiceState.DRAFT if drafted else InvoiceState.AUTHORISED


def _before_start(invoice: Invoice, view: View) -> Skip | Adopt:
    """Linked with the one document of the ledger that is its equal, so that a payment on it finds it."""
    equal = [twin for twin in view.twins if twin.entity and not twin.taken and _size(twin) == abs(invoice.total)]
    if len(equal) == 1:
        evidence = f"dated before the start date; the ledger has customer, number {equal[0].number} and total"
        return Adopt(equal[0].entity, equal[0].id, "matched", evidence)
    return skip("before_start", date=str(invoice.date), start=str(view.settings.start_date))


def _size(twin: Twin) -> object:
    return None if twin.total is None else abs(twin.total)


# --- held --------------------------------------------------------------------------------------------------------


def source_checks(invoice: Invoice, view: View, draft: Draft, there: dt.date | None = None, changes: str = "") -> None:
    """What must be right in the source before anything is translated.

    ``there``: the date it has in the ledger, where it is changed: that touches the period it stands in and the one it
    goes to. ``changes``: what that changes of what is in the ledger's books, in words, see ``period``.
    """
    key = own_key(invoice)
    if invoice.state is InvoiceState.KEPT_BACK:
        draft.wait(waiting("kept_back_posted", "source", key, words=invoice.state_words))
    if invoice.date is None:
        draft.wait(waiting("no_date", "source", key, what="invoice date"))
    if view.link is None:
        check_seen(view, draft)
    tie(invoice, draft)
    check_periods((invoice.date, there), view, draft, changes)
    check_currency(contact_of(invoice, view), "customer", view, draft)


def tie(invoice: Invoice, draft: Draft) -> None:
    """Lines, discount and tax give the total to the cent, or it waits for its correction."""
    key, computed = own_key(invoice), invoiced_total(invoice)
    shown = {"stated": money(invoice.total, invoice.currency), "computed": money(computed, invoice.currency)}
    if not invoice.complete:
        draft.wait(waiting("lines_missing", "source", key, why="ServiceTitan shows no lines of it.", **shown))
    elif computed != invoice.total:
        apart = money(invoice.total - computed, invoice.currency)
        draft.wait(waiting("does_not_tie", "source", key, difference=apart, **shown))


# --- whose it is -------------------------------------------------------------------------------------------------


def customer(invoice: Invoice, view: View, draft: Draft) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The contact, and the customer or location whose own flow must bring it first."""
    whose = debtor(invoice, view.settings)
    if target := contact_of(invoice, view):
        party = view.ledger.parties.get(target)
        if party is not None and not party.active:
            other = "" if whose.pair in view.links else OTHER_CONTACT.format(table=whose.flow, key=whose.id)
            told = {"name": whose.name, "target": party.name, "other": other}
            draft.wait(waiting("customer_inactive", "fact", f"parties:{target}", **told))
        return target, ()
    if whose.pair in view.asked:
        draft.wait(waiting("customer_pending", "link", whose.key, name=whose.name))
        return "", (whose.pair,)
    code = "location_unknown" if whose.flow == LOCATIONS else "customer_unknown"
    if whose.flow not in view.brings:
        code = "customer_flow_off"
    draft.wait(waiting(code, "link", whose.key, name=whose.name))
    return "", ()


# --- its number --------------------------------------------------------------------------------------------------


def own_number(invoice: Invoice) -> str:
    """ServiceTitan's own number, without the integration's prefix; its id where it has none."""
    return invoice.number or invoice.id


def number(invoice: Invoice, view: View, draft: Draft) -> str:
    """The number in the ledger: a person's, else ServiceTitan's own behind the prefix. Twins claim it too."""
    given = view.mappings[number_table(invoice)].get(invoice.id)
    found = given or _corrected(invoice, view, draft) or view.settings.number_prefix + own_number(invoice)
    if not given and not invoice.number:
        draft.notes.append(f"it has no number; {found} of ServiceTitan's id is used")
    if given and number_key(given) != number_key(invoice.number):
        draft.notes.append(f"number {given} given by a person instead of {invoice.number or 'none'}")
    for twin in view.twins:
        _twin(twin, invoice, draft)
    return found


def instead_of(twin: Twin) -> str:
    """What a person may do instead of giving another number, where a document of the ledger has it."""
    return f"; or link this record with {twin.id}, if the two are one" if twin.entity else ""


def _corrected(invoice: Invoice, view: View, draft: Draft) -> str:
    """The number of the invoice that an adjustment corrects with ``-CR`` behind it, where the setting wants it."""
    if not (is_credit(invoice) and invoice.adjusts.id and view.settings.number_of_adjustments == "invoice"):
        return ""
    original = view.counterpart("invoices", invoice.adjusts.id)
    known = original.number if isinstance(original, Invoice) else invoice.adjusts.number
    if not known:
        draft.notes.append("the number of the invoice it corrects is not known, so it goes under its own")
    return f"{known}-CR" if known else ""


def _twin(twin: Twin, invoice: Invoice, draft: Draft) -> None:
    same = _size(twin) == abs(invoice.total)
    code = "invoice_twice" if same else "invoice_number_taken"
    shown = money(twin.total, invoice.currency) if twin.total is not None else "unknown"
    fields = {"where": twin.where, "number": twin.number, "total": shown, "other": twin.label}
    if twin.taken:
        code = "invoice_number_elsewhere"
        fields |= {"taken": twin.taken, "stated": money(invoice.total, invoice.currency), "instead": instead_of(twin)}
    elif same:
        by_hand = "dismiss this record with the reason, or make one of the two inactive in ServiceTitan"
        fields["same"] = f"link this record with {twin.id}" if twin.entity else by_hand
    else:
        fields["stated"] = money(invoice.total, invoice.currency)
    draft.wait(waiting(code, "mapping", f"{number_table(invoice)}:{invoice.id}", **fields))
