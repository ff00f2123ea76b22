"""Expenses of Zoho Books on their way into ServiceTitan's journal: accounts, tax, and what waits or is passed over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from back_payment_world import ON, SETTINGS, TITAN, D, view
from bill_world import Rows, codes
from zoho_sales_world import sent, step, told

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, Expense
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.decisions import Decision, Hold, Unchanged
from ml_connector.integrations.expenses_back import ExpensesBack
from ml_connector.integrations.views import Ledger, Linked
from ml_connector.integrations.zoho_back import OFFER

ROWS = {"z60": "60", "z61": "61", "z10": "10", "z70": "70", "z99": "none", "z98": "98"}
TITANS = {one: Account(one, f"Account {one}") for one in ("60", "61", "10", "88")} | {
    "70": Account("70", "Closed", active=False)
}


def spent(*amounts: str, tax: str = "0", **changes: Any) -> Expense:
    """Lines on accounts z60, z61, ... paid through z10."""
    given = amounts or ("30",)
    lines = tuple(
        BillLine(str(n), D(one), description=f"Line {n}", account=Ref(f"z6{n}", f"Spent {n}"))
        for n, one in enumerate(given)
    )
    made = Expense(
        "x1", total(D(one) for one in given) + D(tax), date=ON, number="R-7", currency="USD", lines=lines, tax=D(tax),
        paid_through=Ref("z10", "Petty cash"), vendor=Ref("v1", "Beta"), memo="Fuel",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def compose(action: Action, document: Document, reference: str) -> Composed:
    """As ServiceTitan would take it, and the document for tests to look at."""
    return Composed(documents.encode(document), CONNECTOR.compose(action, document, TITAN, reference, {}).total)


def plan(expense: Expense, settings: dict[str, Any] | None = None, **changes: Any) -> Decision:
    ledger = Ledger(TITAN, TITANS, {}, {}, {})
    known = {"ledger": ledger, "mappings": {"expense_accounts": Rows(ROWS)}, "compose": compose,
             "settings": msgspec.structs.replace(SETTINGS, **(settings or {}))}  # fmt: skip
    return told(ExpensesBack().plan(view(expense, **{**known, **changes})))


def booked(decision: Decision) -> list[tuple[str, Decimal]]:
    return [(line.account.id, line.amount) for line in sent(decision).lines]


def test_an_expense_is_entered_on_servicetitans_accounts() -> None:
    decision = plan(spent("25", "5"))
    entry, one = sent(decision), step(decision)
    assert booked(decision) == [("60", 25), ("61", 5)] and entry.paid_through.id == "10"
    assert (entry.total, entry.date, entry.memo) == (30, ON, "Beta R-7")
    assert [line.description for line in entry.lines] == ["", ""], "what people note stays where it is"
    assert (one.entity, one.total, one.date, one.party_id) == ("journal_entries", 30, ON, "")


class Dated(dict[str, str]):
    """Rows that hold from ON."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:  # type: ignore[override]
        return super().get(key) if on is not None and on >= ON else None


def test_the_row_of_the_expenses_day_counts() -> None:
    rows = {"expense_accounts": Dated(ROWS)}
    assert booked(plan(spent(), mappings=rows)) == [("60", 30)]
    early = plan(spent(date=ON - dt.timedelta(days=1)), mappings=rows)
    assert codes(early) == ["expense_account_unmapped"] * 2


def test_money_that_came_back_goes_the_other_way() -> None:
    assert booked(plan(spent("-10"))) == [("60", -10)]


def test_tax_goes_with_the_lines_or_on_an_account_of_its_own() -> None:
    taxed = spent("20", "10", tax="1.00")
    assert booked(plan(taxed)) == [("60", D("20.67")), ("61", D("10.33"))]
    assert booked(plan(taxed, {"expense_tax_account": "88"})) == [("60", 20), ("61", 10), ("88", 1)]
    held = plan(taxed, {"expense_tax_account": "77"})
    assert codes(held) == ["expense_account_unusable"] and isinstance(held, Hold)
    assert (
        held.waits[0].key == "setting:expense_tax_account" and "setting expense_tax_account" in held.waits[0].sentence
    )
    assert booked(plan(spent("20"), {"expense_tax_account": "77"})) == [("60", 20)]


def taxed(*parts: tuple[str, str | None, str]) -> Expense:
    """Lines with their own tax, None where it is not shown, and their tax code."""
    lines = tuple(
        BillLine(
            str(n), D(net), account=Ref(f"z6{n}", f"Spent {n}"), tax=None if tax is None else D(tax), tax_code=Ref(code)
        )
        for n, (net, tax, code) in enumerate(parts)
    )
    tax = total(line.tax or D(0) for line in lines) or D("2.00")
    return msgspec.structs.replace(spent(), lines=lines, tax=tax, total=total(line.amount for line in lines) + tax)


def test_each_account_gets_the_tax_of_its_own_line() -> None:
    """Paper at one rate, and postage that is not taxed: shares by amount would move a dollar between the two accounts."""
    expense = taxed(("20", "2.00", "t"), ("20", "0", ""))
    assert booked(plan(expense)) == [("60", 22), ("61", 20)]
    assert booked(plan(expense, {"expense_tax_account": "88"})) == [("60", 20), ("61", 20), ("88", 2)]


def test_tax_that_nobody_says_which_line_it_is_of_waits_where_the_accounts_depend_on_it() -> None:
    unclear = taxed(("20", None, "t"), ("20", None, ""))
    assert codes(plan(unclear)) == ["expense_back_tax_unclear"]
    assert booked(plan(unclear, {"expense_tax_account": "88"})) == [("60", 20), ("61", 20), ("88", 2)]
    assert booked(plan(taxed(("20", None, "t"), ("20", None, "t")))) == [("60", 21), ("61", 21)]
    inside = spent("22", "20", tax_basis=TaxBasis.INCLUSIVE)
    assert booked(plan(inside)) == [("60", 22), ("61", 20)]
    held = plan(inside, {"expense_tax_account": "88"})
    assert codes(held) == ["expense_back_tax_unclear"] and isinstance(held, Hold)
    assert held.waits[0].key == "expenses_back:x1"


def test_what_is_charged_on_or_driven_is_entered_like_any_other() -> None:
    """Mileage is an amount, and a customer who pays for it later is invoiced: neither moves another account."""
    billable = spent(customer=Ref("c1", "Nora"), status="unbilled")
    assert booked(plan(billable)) == booked(plan(spent())) == [("60", 30)]
    assert plan(msgspec.structs.replace(billable, status="invoiced"), link=linked(billable)) == Unchanged()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"active": False}, "expense_back_removed"),
        ({"date": dt.date(2025, 12, 31)}, "expense_back_before_start"),
        ({"paid_through": Ref()}, "expense_back_unpaid"),
        ({"paid_through": Ref("z99", "Owner")}, "expense_back_by_rule"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], code: str) -> None:
    assert codes(plan(spent(**changes))) == [code]


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"paid_through": Ref("z55", "Savings")}, "expense_account_unmapped", "expense_accounts:z55"),
        ({"paid_through": Ref("z70", "Old bank")}, "expense_account_unusable", "expense_accounts:z70"),
        ({"paid_through": Ref("z98", "No bank")}, "expense_account_unusable", "expense_accounts:z98"),
        ({"currency": "CAD"}, "expense_back_currency", "setting:currency"),
        ({"date": None}, "expense_back_without_date", "expenses_back:x1"),
        ({"total": D(31)}, "expense_back_does_not_tie", "expenses_back:x1"),
    ],
)
def test_what_waits(changes: dict[str, Any], code: str, key: str) -> None:
    held = plan(spent(**changes))
    assert codes(held) == [code] and isinstance(held, Hold) and held.waits[0].key == key


def test_no_expense_goes_while_the_currency_of_the_books_is_not_known() -> None:
    ledger = Ledger(msgspec.structs.replace(TITAN, currency=""), TITANS, {}, {}, {})
    held = plan(spent(currency="CAD"), {"currency": ""}, ledger=ledger)
    assert codes(held) == ["currency_unknown"] and isinstance(held, Hold) and held.waits[0].key == "setting:currency"
    assert booked(plan(spent(), {"currency": "USD"}, ledger=ledger)) == [("60", 30)]
    assert booked(plan(spent(), {"currency": ""})) == [("60", 30)]


def test_nothing_goes_into_a_closed_period_unless_it_is_released() -> None:
    closed = {"closed_through": ON}
    assert codes(plan(spent(), closed)) == ["period_closed"]
    assert booked(plan(spent(), closed, released=frozenset(["period_closed"]))) == [("60", 30)]
    assert booked(plan(spent(date=ON + dt.timedelta(days=1)), closed)) == [("60", 30)]


def test_everything_that_is_missing_is_told_at_once() -> None:
    held = plan(spent("1", "2", "3", currency="CAD", paid_through=Ref("z55", "Savings")))
    assert sorted(codes(held)) == ["expense_account_unmapped", "expense_account_unmapped", "expense_back_currency"]


# --- once it is there --------------------------------------------------------------------------------------------


def linked(before: Expense) -> Linked:
    return Linked("journal_entries", "guid", None, before)


@pytest.mark.parametrize(
    "changes", [{}, {"memo": "Gas"}, {"stamp": "later"}, {"vendor": Ref("v2")}, {"status": "billed"}]
)
def test_words_change_nothing(changes: dict[str, Any]) -> None:
    assert plan(spent(**changes), link=linked(spent())) == Unchanged()


@pytest.mark.parametrize(
    ("after", "code", "words"),
    [
        (spent("31"), "expense_back_changed", "31.00 USD of 2026-06-09"),
        (spent(date=dt.date(2026, 6, 10)), "expense_back_changed", "of 2026-06-10"),
        (spent(paid_through=Ref("z11", "Bank")), "expense_back_changed", "paid through Bank"),
        (spent(active=False), "expense_back_deleted", "30.00 USD of 2026-06-09"),
    ],
)
def test_a_change_is_held_with_both_versions(after: Expense, code: str, words: str) -> None:
    held = plan(after, link=linked(spent()))
    assert codes(held) == [code] and isinstance(held, Hold)
    assert words in held.waits[0].sentence and "30.00 USD of 2026-06-09 (Spent 0 30.00; paid through Petty cash)" in (
        held.waits[0].sentence
    )


def told_before(*amounts: str, tax: str = "0") -> Expense:
    """As versions before 2026-11 kept it: no line's tax, and of a tax-inclusive one the gross amounts alone."""
    return spent(*amounts, tax=tax)


def untaxed(amount: str) -> Expense:
    """One whose line says that it bears no tax."""
    expense = spent(amount)
    return msgspec.structs.replace(
        expense, lines=tuple(msgspec.structs.replace(one, tax=D("0")) for one in expense.lines)
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (told_before("42"), untaxed("42")),
        (told_before("22", "20"), taxed(("20", "2.00", "t"), ("20", "0", ""))),  # tax inside
        (told_before("44"), taxed(("40", "4.00", "t"))),
        (told_before("20", "20", tax="2"), taxed(("20", "2.00", "t"), ("20", "0", ""))),  # tax beside
        (taxed(("20", "2.00", "t"), ("20", "0", "")), spent("22", "20", tax_basis=TaxBasis.INCLUSIVE)),
    ],
)
def test_tax_that_only_one_version_tells_by_line_changes_nothing(before: Expense, after: Expense) -> None:
    assert plan(after, link=linked(before)) == Unchanged()
    assert plan(msgspec.structs.replace(after, memo="Gas"), link=linked(before)) == Unchanged()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (told_before("22", "20"), taxed(("20", "0", ""), ("20", "2.00", "t"))),  # other accounts are charged
        (told_before("20", "20", tax="2"), taxed(("21", "1.00", "t"), ("19", "1.00", "t"))),
        (told_before("42"), taxed(("40", "4.00", "t"))),
        (taxed(("20", "2.00", "t"), ("20", "0", "")), taxed(("20", "0", ""), ("20", "2.00", "t"))),
        (spent("42"), taxed(("20", "2.00", "t"), ("20", "0", ""))),
        (untaxed("42"), taxed(("40", "2.00", "t"))),  # an account of its own may have to get the tax
        (spent("40", tax="2"), spent("42", tax="0", date=dt.date(2026, 6, 10))),
    ],
)
def test_tax_that_moves_money_is_a_change(before: Expense, after: Expense) -> None:
    assert codes(plan(after, link=linked(before))) == ["expense_back_changed"]


def test_one_whose_deletion_was_dismissed_is_held_when_it_stands_again() -> None:
    held = plan(spent(), link=linked(spent(active=False)))
    assert codes(held) == ["expense_back_changed"] and isinstance(held, Hold)
    assert "it is 30.00 USD" in held.waits[0].sentence and "Then it was deleted" in held.waits[0].sentence


def test_which_accounts_an_expense_shows() -> None:
    table = next(one for one in OFFER.tables if one.name == "expense_accounts")
    assert list(table.shown_keys(spent("25", "0"))) == [("z60", "Spent 0"), ("z10", "Petty cash")]
    assert table.back and list(table.shown_keys(TITANS["60"])) == []
