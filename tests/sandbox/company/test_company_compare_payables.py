"""The comparison of payables finds what is wrong, and nothing where the books agree."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector_sandbox.compare_payables import FAULTS, PayablesComparison, compare_payables
from ml_connector_sandbox.compare_payables import main as compare_main
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicenow.inspection import company_books as there
from ml_connector_sandbox.zoho_books.inspection import company_books as here

Books = dict[str, Any]
Change = Callable[[Books], object]
INVOICE, LINE, TAX = "sn_shop_invoice", "sn_shop_invoice_line", "sn_shop_invoice_tax_line"
PAYMENT = "sn_shop_invoice_payment_detail"
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def staged() -> tuple[Books, Books, Books]:
    """The hand-over's company, Zoho Books' books, and ServiceNow's as if all that must be staged were."""
    made = seeded("matrix:zoho_books-servicenow", SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC)))
    assert made.servicenow is not None
    company, ledger, books = made.as_dict(), here(made.zoho_books), there(made.servicenow)
    instance, [organisation] = books[company["instance"]], ledger["organisations"].values()
    instance |= {INVOICE: [], LINE: [], TAX: [], PAYMENT: []}
    codes = {one["vendor_id"]: one["code"] for one in company["suppliers"]}
    for row in company["truth"]:
        if row["ends"] == "staged":
            _stage(instance, row, codes[row["vendor_id"]], company["legal_entities"], organisation)
    for payment in organisation["vendor_payments"]:
        for bill, amount in payment["bills"].items():
            instance[PAYMENT].append(_paid(bill, payment, amount))
    return company, ledger, books


def _stage(instance: Books, row: Books, code: str, entities: dict[str, str], organisation: Books) -> None:
    key, sign = row["document_id"], 1 if row["kind"] == "bill" else -1
    document = next(
        one for one in (*organisation["bills"], *organisation["vendor_credits"]) if one["document_id"] == key
    )

    def price(amount: Decimal) -> Books:
        return {"currency": row["currency"], "amount": sign * amount}

    nothing = price(Decimal(0))
    instance[INVOICE].append(
        {
            "external_invoice_number": key, "supplier_invoice_number": document["number"], "number": f"INV{key}",
            "supplier": code, "invoice_amount": price(document["total"]), "state": "received", "other_charges": nothing,
            "shipping_amount": None, "discounts": nothing, "legal_entity": entities[row["legal_entity"]],
        }
    )  # fmt: skip
    rest = document["total"] - document["tax_total"]
    for place, (center, account) in enumerate(zip(row["centers"], row["accounts"], strict=True)):
        line = {
            "invoice": key,
            "erp_line_number": str(place + 1),
            "sub_total": price(rest if place == 0 else rest - rest),
        }
        instance[LINE].append({**line, "tax_amount": None, "cost_center": center, "ledger_account": account})
    if document["tax_total"]:
        instance[TAX].append({"invoice": key, "tax_amount": price(document["tax_total"])})


def _paid(bill: str, payment: Books, amount: Decimal) -> Books:
    reference = payment["reference_number"] or payment["number"]
    price = {"currency": payment["currency_code"], "amount": amount}
    return {"invoice": bill, "payment_amount": price, "payment_reference_id": reference}


def compared(staged: tuple[Books, Books, Books], change: Change = len, **more: Any) -> PayablesComparison:
    company, ledger, books = copy.deepcopy(staged)
    change(books[company["instance"]])
    return compare_payables(company, ledger, books, **more)


def test_books_that_agree(staged: tuple[Books, Books, Books]) -> None:
    found = compared(staged)
    assert found.as_dict()["findings"] == []
    assert found.documents == 6 and found.payments == 2
    assert found.ledger == found.staged and found.paid == found.paid_there and found.ledger["USD"] > 0


def _typed(instance: Books) -> None:
    """A person keys what is staged by hand."""
    instance[INVOICE].append({**instance[INVOICE][0], "external_invoice_number": "", "number": "INV1"})


def _moved(instance: Books) -> None:
    instance[PAYMENT][0]["invoice"] = instance[PAYMENT][1]["invoice"]


def _made_again(instance: Books) -> None:
    instance["sn_fin_supplier"].append(dict(instance["sn_fin_supplier"][0]))


CHANGES: dict[str, tuple[str, Change]] = {
    "an invoice is not there": ("missing", lambda one: one[INVOICE].pop()),
    "an invoice is cancelled": ("missing", lambda one: one[INVOICE][0].update(state="canceled")),
    "a payment is not there": ("missing", lambda one: one[PAYMENT].pop()),
    "an invoice stands twice": ("duplicates", lambda one: one[INVOICE].append(dict(one[INVOICE][0]))),
    "an invoice is keyed by hand too": ("duplicates", _typed),
    "a payment stands twice": ("duplicates", lambda one: one[PAYMENT].append(dict(one[PAYMENT][0]))),
    "an invoice of nothing": (
        "unexpected", lambda one: one[INVOICE].append({**one[INVOICE][0], "external_invoice_number": "77"}),
    ),
    "a payment of nothing": (
        "unexpected", lambda one: one[PAYMENT].append({**one[PAYMENT][0], "payment_reference_id": "77"}),
    ),
    "another header": (
        "totals_differ", lambda one: one[INVOICE][0]["invoice_amount"].update(amount=Decimal("0.01")),
    ),
    "another line": ("totals_differ", lambda one: one[LINE][0]["sub_total"].update(amount=Decimal("0.01"))),
    "a tax line of nothing": (
        "totals_differ",
        lambda one: one[TAX].append(
            {"invoice": one[INVOICE][0]["external_invoice_number"], "tax_amount": {"currency": "USD", "amount": CENT}}
        ),
    ),
    "another currency": ("totals_differ", lambda one: one[LINE][0]["sub_total"].update(currency="EUR")),
    "another cost centre": ("coding_differs", lambda one: one[LINE][0].update(cost_center="40999")),
    "another account": ("coding_differs", lambda one: one[LINE][0].update(ledger_account="6999")),
    "another legal entity": ("coding_differs", lambda one: one[INVOICE][0].update(legal_entity="Somebody else")),
    "another supplier": ("suppliers_wrong", lambda one: one[INVOICE][0].update(supplier="SUP-1")),
    "a supplier stands twice": ("suppliers_wrong", _made_again),
    "a payment on another bill": ("payments_wrong", _moved),
    "a payment of another amount": (
        "payments_wrong", lambda one: one[PAYMENT][0]["payment_amount"].update(amount=Decimal("0.01")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_each_fault_is_found_and_told(staged: tuple[Books, Books, Books], name: str) -> None:
    kind, change = CHANGES[name]
    found = compared(staged, change)
    assert {one.kind for one in found.findings} == {kind}
    assert not found.agrees and found.as_dict()[kind] == 1 and found.findings[0].sentence


def test_every_kind_of_fault_is_tried() -> None:
    assert {kind for kind, _ in CHANGES.values()} == set(FAULTS)


def test_what_waited_for_a_row_must_be_there_once_it_is_filled(staged: tuple[Books, Books, Books]) -> None:
    [waits] = next(row["waits"] for row in staged[0]["truth"] if row["waits"])
    assert [one.kind for one in compared(staged, filled=[waits]).findings] == ["missing"]


def test_another_ending_counts_instead_of_the_truth_s(staged: tuple[Books, Books, Books]) -> None:
    key = next(row["document_id"] for row in staged[0]["truth"] if row["ends"] == "staged")
    assert [one.kind for one in compared(staged, endings={key: "held"}).findings] == ["unexpected"]
    paid = next(row["payment_id"] for row in staged[0]["payments"] if row["rows"])
    assert [one.kind for one in compared(staged, endings={paid: "held"}).findings] == ["unexpected"]


def test_what_was_deleted_since_stands_as_it_was_staged(staged: tuple[Books, Books, Books]) -> None:
    company, ledger, instance = copy.deepcopy(staged)
    paid = next(row for row in company["payments"] if row["rows"])
    bill, _ = paid["rows"][0]
    books = ledger["organisations"][company["organization_id"]]
    books["bills"] = [one for one in books["bills"] if one["document_id"] != bill]
    books["vendor_payments"] = [one for one in books["vendor_payments"] if one["payment_id"] != paid["payment_id"]]
    endings = {bill: "stands", paid["payment_id"]: "stands"}
    assert compare_payables(company, ledger, instance, endings=endings).findings == []
    there = instance[company["instance"]]
    there[PAYMENT] = [one for one in there[PAYMENT] if one["invoice"] != bill]
    there[INVOICE] = [one for one in there[INVOICE] if one["external_invoice_number"] != bill]
    found = compare_payables(company, ledger, instance, endings=endings)
    assert {one.kind for one in found.findings} == {"missing"} and len(found.findings) == 1 + len(paid["rows"])


@pytest.mark.anyio
async def test_it_asks_a_running_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "handover.json"
    async with Sandbox.running("matrix:zoho_books-servicenow") as sandbox:
        sandbox.write(file)
        assert await asyncio.to_thread(compare_main, ["--file", str(file), "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["missing"], told["documents"]) == (8, 6)
        company = sandbox.handover["company"]
        ids = [one["document_id"] for one in company["truth"]] + [one["payment_id"] for one in company["payments"]]
        endings = [f"--ending={one}=held" for one in ids]
        assert await asyncio.to_thread(compare_main, ["--file", str(file), *endings]) == 0
        assert "payments wrong" in capsys.readouterr().out
    assert await asyncio.to_thread(compare_main, ["--file", str(file)]) == 2
    assert "cannot be compared" in capsys.readouterr().err
