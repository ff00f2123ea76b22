"""The comparison of receivables finds what is wrong, and nothing where the books agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ml_connector_sandbox import company
from ml_connector_sandbox.compare_sales import SalesComparison, compare_sales
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.emulator import ServiceTitanEmulator
from ml_connector_sandbox.xero.inspection import company_books

KIND = "servicetitan-xero"
COUNT = 12
Books = dict[str, Any]


@pytest.fixture(scope="module")
def sold() -> tuple[Books, Books, Books]:
    """The company's part of a hand-over file, ServiceTitan's books, and Xero's with all of it posted and paid."""
    clock = SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC))
    made = company.bulk_sales(clock, COUNT)
    here, there = ServiceTitanEmulator(clock, made.servicetitan).books(), company_books(made.xero)
    organisation = there["organisations"][made.access.xero_organisation_id]
    organisation["invoices"] = [
        {
            "number": one.reference_number, "type": "ACCREC", "status": "PAID", "total": one.total,
            "contact_id": f"contact {one.customer_id}", "due": one.balance,
        }
        for one in made.seed.tenant.invoices
    ]  # fmt: skip
    return made.as_dict(), here, there


MEMO = {
    "reference_number": "CM-1", "memo_date": "2026-11-10", "sub_total": Decimal("40.00"), "tax": Decimal("3.30"),
    "sync_status": "Posted", "active": True, "splits": [], "id": 999_000_001,
}  # fmt: skip
Change = Callable[[list[dict[str, Any]]], object]


def compared(sold: tuple[Books, Books, Books], change: Change = len) -> SalesComparison:
    ours, here, there = copy.deepcopy(sold)
    [organisation] = there["organisations"].values()
    change(organisation["invoices"])
    return compare_sales(ours, here, there)


def test_books_that_agree(sold: tuple[Books, Books, Books]) -> None:
    found = compared(sold)
    assert found.agrees and found.invoices == COUNT and found.customers > 1
    assert found.sold == found.posted > 0 and found.owed == found.owed_there == 0


CHANGES: dict[str, Change] = {
    "missing": lambda there: there.pop(),
    "duplicates": lambda there: there.append(dict(there[0])),
    "unexpected": lambda there: there.append({**there[0], "number": "TYPED-1", "contact_id": "somebody"}),
    "totals_differ": lambda there: there[0].update(total=there[0]["total"] + Decimal("0.01")),
    "owed_differs": lambda there: there[0].update(due=there[0]["due"] + Decimal("0.01")),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_each_fault_is_found_and_told(sold: tuple[Books, Books, Books], kind: str) -> None:
    found = compared(sold, CHANGES[kind])
    assert not found.agrees and found.count(kind) == 1
    assert {one.kind for one in found.findings} == {kind}
    assert found.as_dict()[kind] == 1 and found.as_dict()["findings"][0]["sentence"]


def test_what_is_void_in_xero_is_missing(sold: tuple[Books, Books, Books]) -> None:
    assert compared(sold, lambda there: there[0].update(status="VOIDED", due=Decimal(0))).count("missing") == 1


def with_memo(sold: tuple[Books, Books, Books], note: Decimal | None, **changes: Any) -> SalesComparison:
    """The books with a credit memo at ServiceTitan and, unless None, a credit note of an amount in Xero."""
    ours, here, there = copy.deepcopy(sold)
    [tenant], [organisation] = here["tenants"].values(), there["organisations"].values()
    customer = tenant["invoices"][0]["customer_id"]
    tenant["credit_memos"] = [{**MEMO, "customer_id": customer, **changes}]
    if note is not None:
        shown = {"number": "CM-1", "type": "ACCRECCREDIT", "status": "AUTHORISED", "total": note, "due": note}
        organisation["credit_notes"] = [{**shown, "contact_id": f"contact {customer}"}]
    return compare_sales(ours, here, there)


def test_a_credit_memo_is_there_once_to_the_cent_and_owed_less(sold: tuple[Books, Books, Books]) -> None:
    found = with_memo(sold, Decimal("43.30"))
    assert found.agrees and found.credit_memos == 1 and found.owed == found.owed_there == Decimal("-43.30")
    assert {one.kind for one in with_memo(sold, None).findings} == {"missing", "owed_differs"}
    assert {one.kind for one in with_memo(sold, Decimal("40.00")).findings} == {"totals_differ", "owed_differs"}
    for aside in ({"sync_status": "Pending"}, {"active": False}, {"memo_date": "2020-01-01"}):
        assert with_memo(sold, None, **aside).agrees, aside
