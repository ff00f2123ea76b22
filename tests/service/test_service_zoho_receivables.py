"""Which of a ledger's lists open items stand in, and that unused money of a whole payment is among them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.integrations import servicetitan_xero, servicetitan_zoho_books
from ml_connector.integrations.offers import together
from ml_connector.integrations.zoho_bills import OFFER as BILLS
from ml_connector.integrations.zoho_sales import OFFER as SALES
from ml_connector.service.owed import Books
from ml_connector.service.receivables import lists_of, open_there

D = Decimal
BOTH = together([BILLS, SALES])
ZOHO = dataclasses.replace(
    servicetitan_zoho_books.INTEGRATION, flows=BOTH.flows, tables=BOTH.tables, clearing=BOTH.clearing
)


def test_lists_are_those_of_the_ledgers_own_ways() -> None:
    assert lists_of(servicetitan_xero.INTEGRATION) == (
        "parties", "invoices", "credit_notes", "overpayments", "prepayments",
    )  # fmt: skip
    assert lists_of(ZOHO) == ("parties", "invoices", "credit_notes", "payments")
    kept = {name for flow in ZOHO.flows for name in flow.target_lists}
    assert set(lists_of(ZOHO)) <= kept


def test_unused_money_of_a_payment_is_open() -> None:
    books, day = Books({"zc1": Party("zc1", "customer", "Jane Doe")}), dt.date(2026, 6, 9)
    part = (Allocation("a1", Ref("zi1"), D(60)),)
    paid = Payment("zp1", Ref("zc1"), D(100), date=day, currency="USD", splits=part, unapplied=D(40))
    shown = open_there(paid, books, "USD", None)
    assert shown is not None and (shown.kind, shown.balance, shown.cause) == ("unapplied", D(-40), "unapplied")
    used = Payment("zp2", Ref("zc1"), D(60), PaymentKind.PAYMENT, day, "USD", splits=part)
    assert open_there(used, books, "USD", None) is None


def test_deposits_are_laid_against_what_moves_money() -> None:
    rules = ZOHO.clearing
    assert rules is not None and rules.money == ("payments", "refunds")
    assert ZOHO.flow(rules.deposits).target_vendor == ZOHO.flow(rules.payments).target_vendor == "zoho_books"
    assert ZOHO.table(rules.table).target_entity == "accounts"
    assert rules.account("account:z610") == "z610" and rules.account("write-off:z860") == ""
