"""The small firm with tables of its own: the same each time, as many of everything as promised, compared from its tables."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector_sandbox.compare_payables import PayablesComparison, compare_payables
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, neighbours_file, seeded
from ml_connector_sandbox.servicenow.inspection import company_books as there
from ml_connector_sandbox.zoho_books.inspection import company_books as here

pytestmark = pytest.mark.anyio
Books = dict[str, Any]
BILL, LINE, TAX, PAYMENT, SUPPLIER = (
    f"u_ml_{one}_record" for one in ("bill", "bill_line", "bill_tax", "payment", "supplier")
)


def test_as_many_as_promised_and_the_same_each_time() -> None:
    first, second = (seeded("own-tables", SandboxClock.starting(START)) for _ in range(2))
    assert first.as_dict() == second.as_dict() and here(first.zoho_books) == here(second.zoho_books)
    made = first.as_dict()
    kinds = Counter((one["kind"], one["ends"]) for one in made["truth"])
    assert kinds == {
        ("bill", "staged"): 33, ("bill", "held"): 4, ("bill", "skipped"): 3, ("vendor_credit", "staged"): 1,
    }  # fmt: skip
    assert len(made["payments"]) == 25 and Counter(one["ends"] for one in made["suppliers"]) == {
        "linked": 4,
        "created": 8,
    }
    assert {one["currency"] for one in made["truth"]} == {"EUR", "GBP"}


@pytest.fixture(scope="module")
def staged() -> tuple[Books, Books, Books]:
    """The hand-over's company, its ledger's books, and its instance's as if all that must be staged were."""
    made = seeded("own-tables", SandboxClock.starting(START))
    assert made.servicenow is not None
    company, ledger, books = made.as_dict(), here(made.zoho_books), there(made.servicenow)
    instance, organisation = books[company["instance"]], ledger["organisations"][company["organization_id"]]
    codes = {one["vendor_id"]: one["code"] for one in company["suppliers"]}
    documents = {one["document_id"]: one for one in (*organisation["bills"], *organisation["vendor_credits"])}
    for row in company["truth"]:
        if row["ends"] == "staged":
            _stage(instance, row, codes[row["vendor_id"]], documents[row["document_id"]])
    for payment in organisation["vendor_payments"]:
        for bill, amount in payment["bills"].items():
            if any(row["document_id"] == bill and row["ends"] == "staged" for row in company["truth"]):
                instance[PAYMENT].append(
                    {
                        "u_bill": bill, "u_currency": payment["currency_code"], "u_payment_amount": amount,
                        "u_payment_reference_id": f"{payment['reference_number']} #0123abcd",
                    }
                )  # fmt: skip
    return company, ledger, books


def _stage(instance: Books, row: Books, code: str, document: Books) -> None:
    key, sign = row["document_id"], 1 if row["kind"] == "bill" else -1
    total, tax = sign * document["total"], sign * document["tax_total"]
    shared = {"u_currency": row["currency"]}
    instance[BILL].append(
        {
            **shared, "u_external_invoice_number": key, "u_supplier_invoice_number": document["number"], "u_supplier": code,
            "u_amount_invoiced": total, "u_state": "received", "u_other_charges": Decimal(0), "u_shipping_amount": None,
            "u_discounts": None, "u_legal_entity": row["legal_entity"],
        }
    )  # fmt: skip
    for place, (center, account) in enumerate(zip(row["centers"], row["accounts"], strict=True)):
        line = {"u_bill": key, "u_erp_line_number": str(place + 1), "u_subtotal": total - tax if not place else None}
        instance[LINE].append(
            {**shared, **line, "u_tax_amount": None, "u_cost_center": center, "u_gl_account": account}
        )
    instance[TAX].append({**shared, "u_bill": key, "u_tax_amount": tax})


def compared(staged: tuple[Books, Books, Books], change: Callable[[Books], object] = len) -> PayablesComparison:
    company, ledger, books = copy.deepcopy(staged)
    change(books[company["instance"]])
    return compare_payables(company, ledger, books)


def test_books_that_agree(staged: tuple[Books, Books, Books]) -> None:
    found = compared(staged)
    assert found.as_dict()["findings"] == []
    assert (found.documents, found.payments) == (34, 25) and found.ledger == found.staged


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("missing", lambda one: one[BILL].pop()),
        ("missing", lambda one: one[BILL][0].update(u_state="canceled")),
        ("duplicates", lambda one: one[BILL].append(dict(one[BILL][0]))),
        ("totals_differ", lambda one: one[LINE][0].update(u_subtotal=Decimal("0.01"))),
        ("totals_differ", lambda one: one[LINE][0].update(u_currency="USD")),
        ("coding_differs", lambda one: one[LINE][0].update(u_gl_account="IE-9999")),
        ("coding_differs", lambda one: one[BILL][0].update(u_legal_entity="QI02")),
        ("suppliers_wrong", lambda one: one[SUPPLIER].append(dict(one[SUPPLIER][0]))),
        ("payments_wrong", lambda one: one[PAYMENT][0].update(u_payment_amount=Decimal("0.01"))),
    ],
)
def test_each_fault_is_found(staged: tuple[Books, Books, Books], kind: str, change: Callable[[Books], object]) -> None:
    assert {one.kind for one in compared(staged, change).findings} == {kind}


async def test_neighbours_have_a_hand_over_file_each(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.json"
    async with Sandbox.running("payables with neighbour") as sandbox:
        sandbox.write(file)
        first, second = (json.loads(one.read_text()) for one in (file, neighbours_file(file)))
        assert first["hosts"] == second["hosts"] and first["clock"] == second["clock"]
        assert {"halyardfinch.service-now.com", "quaysideinstruments.service-now.com"} <= set(first["hosts"])
        assert [one["credentials"]["zoho_books"]["data_centre"] for one in (first, second)] == ["us", "eu"]
        given = [one["credentials"]["servicenow"] for one in (first, second)]
        assert not set(given[0].values()) & set(given[1].values()) - {"ml.connector"}
