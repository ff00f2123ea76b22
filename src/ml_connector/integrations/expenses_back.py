"""Expenses of Zoho Books as external journal entries of ServiceTitan, where the account's API takes them.

What is on a bill is never an expense: lines of ServiceTitan's AP bills go the other way, as lines of their bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO, split, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, Expense
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.back_tables import EXPENSES, STAYS, accounts_of
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.views import View

ENTITY = "journal_entries"
LINES = "lines"


class ExpensesBack(FlowType):
    """Each expense as an entry of its own: its accounts debited, the one that paid credited; of a refund the other way."""

    name = "expenses_back"
    title = "Expenses: Zoho Books to ServiceTitan's journal"
    source_vendor, target_vendor = "zoho_books", "servicetitan"
    priority = 5
    writes = (ENTITY,)
    tells_deleted = False
    lays_against_dismissed = True
    source_lists = ()
    target_lists = ("accounts",)
    tables = (EXPENSES,)

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("expenses",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        """A list names no account of an expense."""
        return {"details": "yes"}

    def target_entity(self, document: Document) -> str:
        return ENTITY

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        """None: what people write as a receipt's number repeats."""
        return ""

    def never_goes(self, document: Document) -> bool:
        """What nobody has paid yet."""
        assert isinstance(document, Expense)
        return not document.paid_through.id

    def plan(self, view: View) -> Decision:
        expense = view.document
        assert isinstance(expense, Expense)
        if view.link is not None:
            return _changed(expense, view)
        if (passed := _passed_over(expense, view)) is not None:
            return passed
        draft = Draft(expense.currency)
        entry = _entry(expense, view, draft)
        return Hold(tuple(draft.waits)) if draft.waits else _written(entry, view)


def _passed_over(expense: Expense, view: View) -> Skip | None:
    """The rules that say there is nothing to enter."""
    start = view.settings.start_date
    if not expense.active:
        return skip("expense_back_removed")
    if expense.date is not None and expense.date < start:
        return skip("expense_back_before_start", date=str(expense.date), start=str(start))
    if not expense.paid_through.id:
        return skip("expense_back_unpaid")
    rows = view.mappings[EXPENSES]
    left = [one for one in accounts_of(expense) if rows.get(one.id, expense.date) == STAYS]
    return skip("expense_back_by_rule", name=left[0].name or left[0].id) if left else None


def _entry(expense: Expense, view: View, draft: Draft) -> Expense:
    """The expense on ServiceTitan's accounts; what is missing goes to the draft.

    What people note on it stays in Zoho Books.
    """
    _check(expense, view, draft)
    check_periods((expense.date,), view, draft)
    lines = [
        BillLine("", line.amount, account=_account(line.account, "of a line", expense, view, draft))
        for line in _taxed(expense, view, draft)
    ]
    if expense.tax != ZERO and view.settings.expense_tax_account != LINES:
        lines.append(BillLine("", expense.tax, description="Tax", account=_tax_account(view, draft)))
    paid = _account(expense.paid_through, "which has paid", expense, view, draft)
    words = " ".join(part for part in (expense.vendor.name, expense.number) if part)
    return Expense("", expense.total, date=expense.date, lines=tuple(lines), paid_through=paid, memo=words)


def _check(expense: Expense, view: View, draft: Draft) -> None:
    key = f"{ExpensesBack.name}:{expense.id}"
    own = view.settings.currency or view.ledger.organisation.currency
    if not own:  # a foreign amount would go at its face value
        draft.wait(waiting("currency_unknown", "setting", "setting:currency"))
    elif expense.currency and expense.currency != own:
        told = {"currency": expense.currency, "own": own}
        draft.wait(waiting("expense_back_currency", "setting", "setting:currency", **told))
    if expense.date is None:
        draft.wait(waiting("expense_back_without_date", "source", key))
    computed = total(line.amount for line in expense.lines) + expense.tax
    if computed != expense.total:
        told = {"stated": money(expense.total, expense.currency), "computed": money(computed, expense.currency)}
        draft.wait(waiting("expense_back_does_not_tie", "source", key, **told))


def _taxed(expense: Expense, view: View, draft: Draft) -> tuple[BillLine, ...]:
    """Its lines as they are charged: with their tax where the setting says so, else without it."""
    lines, shares = expense.lines, _shares(expense, view.settings.currency)
    beside = view.settings.expense_tax_account != LINES
    unclear = expense.tax_basis is TaxBasis.INCLUSIVE if beside else shares is None
    if unclear:
        draft.wait(waiting("expense_back_tax_unclear", "source", f"{ExpensesBack.name}:{expense.id}"))
    elif not beside and shares is not None:
        lines = tuple(
            msgspec.structs.replace(line, amount=line.amount + share) for line, share in zip(lines, shares, strict=True)
        )
    return tuple(line for line in lines if line.amount != 0)


def _shares(expense: Expense, currency: str) -> Sequence[Decimal] | None:
    """The tax of each line: its own, or its share where all are of one tax code; None where nobody tells."""
    lines = expense.lines
    own = [line.tax for line in lines if line.tax is not None]
    if len(own) == len(lines) and total(own) == expense.tax:
        return own
    if expense.tax == ZERO:
        return [ZERO for _ in lines]
    if not any(line.amount for line in lines) or len({line.tax_code.id for line in lines}) > 1:
        return None
    return split(expense.tax, [abs(line.amount) for line in lines], expense.currency or currency)


def _account(account: Ref, role: str, expense: Expense, view: View, draft: Draft) -> Ref:
    """ServiceTitan's account for one of Zoho's, on the day of the expense."""
    target = view.mappings[EXPENSES].get(account.id, expense.date)
    if target is None:
        told = {"name": account.name or account.id or "(none)", "role": role}
        draft.wait(waiting("expense_account_unmapped", "mapping", f"{EXPENSES}:{account.id}", **told))
        return Ref()
    return _checked(
        target, f"row '{account.id}' of the mapping table {EXPENSES}", f"{EXPENSES}:{account.id}", view, draft
    )


def _tax_account(view: View, draft: Draft) -> Ref:
    chosen = view.settings.expense_tax_account
    return _checked(chosen, "setting expense_tax_account", "", view, draft)


def _checked(target: str, what: str, row: str, view: View, draft: Draft) -> Ref:
    """An account of ServiceTitan's, which ``row`` of a mapping table names, or a setting where that is empty."""
    account = view.ledger.accounts.get(target)
    if account is None or not account.active:
        kind, key = ("mapping", row) if row else ("setting", "setting:expense_tax_account")
        draft.wait(waiting("expense_account_unusable", kind, key, what=what, target=target))
    return Ref(target)


def _written(entry: Expense, view: View) -> Decision:
    try:
        composed = view.compose(Action.CREATE, entry, view.reference)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"{ExpensesBack.name}:{view.source_id}", why=error.sentence),))
    step = Step(ENTITY, Action.CREATE, view.reference, composed.body, date=entry.date, total=composed.total)
    return Write((step,), ENTITY, composed.notes)


def _changed(expense: Expense, view: View) -> Decision:
    """Held with both versions: an entry there is changed by people alone.

    The other version is the one that was entered or, where people have dismissed a change since, what they dismissed: what
    the entry is now nobody reads.
    """
    assert view.link is not None
    posted = view.link.source
    if not isinstance(posted, Expense) or _same_money(posted, expense):
        return Unchanged()
    told = {"name": view.reference, "there": _told(posted) if posted.active else "deleted"}
    if not expense.active:
        return Hold((waiting("expense_back_deleted", "person", "expense_back_deleted", **told),))
    what = f"it is {_told(expense)} now"
    return Hold((waiting("expense_back_changed", "person", "expense_back_changed", what=what, **told),))


def _same_money(posted: Expense, expense: Expense) -> bool:
    """Whether amounts, accounts and the day are the same, and so is what stands.

    Lines are compared as far as both versions tell their tax: where one shows the lines of a tax-inclusive expense with
    their tax, both with it; else the tax of each where both tell it.
    """
    inside = _may_be_gross(posted) != _may_be_gross(expense)
    by_line = all(line.tax is not None for one in (posted, expense) for line in one.lines)
    one, other = (_as_posted(it, with_tax=inside, by_line=by_line) for it in (posted, expense))
    return one == other


def _may_be_gross(expense: Expense) -> bool:
    """Whether lines may be with tax: no tax of its own, and no line says that it has none either."""
    return expense.tax == ZERO and all(line.tax is None for line in expense.lines)


def _as_posted(expense: Expense, *, with_tax: bool, by_line: bool) -> Expense:
    """What a posted one must not differ in. ``with_tax``: its lines with the tax that they tell."""
    lines = []
    for line in expense.lines:
        tax = line.tax or ZERO
        amount = line.amount + tax if with_tax else line.amount
        told = tax or None if by_line and not with_tax else None
        if amount != 0 or told:
            lines.append(BillLine("", amount, account=Ref(line.account.id), tax=told))
    return Expense(
        "", expense.total, date=expense.date, currency=expense.currency, lines=tuple(lines),
        tax=ZERO if with_tax else expense.tax, paid_through=Ref(expense.paid_through.id), active=expense.active,
    )  # fmt: skip


def _told(expense: Expense) -> str:
    accounts = ", ".join(f"{line.account.name or line.account.id} {money(line.amount)}" for line in expense.lines)
    paid = expense.paid_through.name or expense.paid_through.id
    tax = f", tax {money(expense.tax)}" if expense.tax else ""
    return f"{money(expense.total, expense.currency)} of {expense.date or 'no date'} ({accounts}{tax}; paid through {paid})"
