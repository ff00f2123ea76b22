"""Invoices: what they come to, how far they are, and what is asked for besides the feed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.reading import Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales, translate_invoices
from ml_connector.connectors.servicetitan.translate import Unreadable, understood
from ml_connector.connectors.servicetitan.translate_invoices import InvoiceChoices
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import (
    ALL_SCOPES,
    Script,
    answer,
    asked,
    invoice,
    pages,
    resumed,
    stamp,
)

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "servicetitan" / "examples"
FEED, JOBS = "export/invoices", "jobs"
PLAIN = InvoiceChoices()
TWO = Decimal(2)
LATE = "2026-06-01T13:00:00Z"


def read(shown: dict[str, Any], job: str = "", choices: InvoiceChoices = PLAIN) -> Invoice:
    known = payloads_sales.Job(1, job, modified_on=stamp(99)) if job else None
    return translate_invoices.invoice(understood(json.dumps(shown).encode(), payloads_sales.Invoice), known, choices)


def difference(found: Invoice) -> Decimal:
    charged = total(line.amount for line in found.lines if line.chargeable)
    return found.total - (charged - found.discount + found.tax)


def line(id: int, amount: str | None, **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "Service", "quantity": "1", "price": amount, "total": amount, "taxable": True, **more}


async def rows(script: Script, reading: Reading) -> list[Row]:
    return [row for page in await pages(script, reading) for row in page.rows]


def test_a_line_names_its_entry_of_the_price_book_where_it_has_one() -> None:
    """ServiceTitan writes "none" as 0 in places."""
    items = [line(1, "10", skuId=1001, skuName="CMP"), line(2, "5", skuId=0, skuName="Freehand"), line(3, "1")]
    found = read(invoice(900001, stamp(3), items=items, subTotal="16", salesTax="0", total="16"))
    assert [(one.item, one.sku) for one in found.lines] == [(Ref("1001"), "CMP"), (Ref(), "Freehand"), (Ref(), "")]


def test_header_and_lines() -> None:
    found = read(invoice(900001, stamp(3, "7654321"), adjustmentToId=900000))
    assert (found.id, found.number, found.kind) == ("900001", "900001", "invoice")
    assert (found.date, found.due_date) == (dt.date(2026, 5, 4), dt.date(2026, 6, 3))
    assert (found.total, found.tax, found.balance) == (Decimal("216.5"), Decimal("16.5"), Decimal("116.5"))
    assert (found.customer, found.location) == (Ref("500001", "Acme Offices"), Ref("500002", "Acme HQ"))
    assert (found.tax_zone, found.adjusts) == (Ref("18050", "Travis County"), Ref("900000"))
    assert found.job == Ref("907001", "AC Repair", "J-900001")
    assert (found.terms, found.stamp) == ("Net 30", stamp(3, "7654321"))
    labor, part = found.lines
    assert (labor.tax_base, part.tax_base, part.description, part.quantity) == ("labor", "material", "Capacitor", TWO)
    assert (part.amount, part.unit_price, part.taxable) == (Decimal(80), Decimal(40), True)
    assert labor.account == Ref("4000", "Service Revenue", "4000")
    assert labor.business_unit == Ref("1026", "HVAC Service")
    assert difference(found) == 0
    assert decode(encode(found)) == found


@pytest.mark.parametrize(
    ("stated", "total", "discount"),
    [
        ("10.00", "90.00", 10),
        ("-10.00", "90.00", 10),
        ("-10.00", "100.00", 0),
        (None, "100.00", 0),
        ("5.00", "90.00", 0),
    ],
)
def test_a_discount_counts_if_the_invoice_ties_with_it(stated: str | None, total: str, discount: int) -> None:
    found = read(invoice(1, stamp(), total=total, salesTax="0.00", discountTotal=stated, items=[line(1, "100.00")]))
    assert found.discount == discount
    assert (difference(found) == 0) == (stated != "5.00")


def test_price_modifiers_are_lines() -> None:
    items = [line(1, "100.00"), line(2, "-10.00", type="PriceModifier")]
    found = read(invoice(1, stamp(), total="90.00", salesTax="0.00", discountTotal="-10.00", items=items))
    assert (found.discount, found.lines[1].tax_base, difference(found)) == (ZERO, "", ZERO)


def test_lines_that_are_not_charged_are_shown_and_add_nothing() -> None:
    items = [line(1, "100.00"), line(2, "40.00", isChargeable=False)]
    found = read(invoice(1, stamp(), total="100.00", salesTax="0.00", items=items))
    assert [one.chargeable for one in found.lines] == [True, False]
    assert (found.lines[1].amount, difference(found)) == (Decimal(40), ZERO)


def test_a_negative_adjustment() -> None:
    found = read(invoice(1, stamp(), total="-108.25", salesTax="-8.25", items=[line(1, "-100.00")], adjustmentToId=7))
    assert (found.total, found.lines[0].amount, difference(found)) == (Decimal("-108.25"), Decimal(-100), ZERO)


def test_lines_without_a_total_are_brought_to_the_cent() -> None:
    thirds = [line(n, None, price="3.3333333333") for n in (1, 2, 3)]
    found = read(invoice(1, stamp(), total="10.00", salesTax="0.00", items=thirds))
    assert [one.amount for one in found.lines] == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    with pytest.raises(Unreadable, match="total of item 1 is missing"):
        read(invoice(1, stamp(), items=[line(1, None)]))


@given(
    st.lists(st.tuples(st.decimals("-999", "999", places=2), st.booleans()), max_size=6),
    st.decimals("0", "50", places=2),
    st.decimals("0", "50", places=2),
)
def test_every_invoice_that_adds_up_ties(amounts: list[tuple[Decimal, bool]], tax: Decimal, discount: Decimal) -> None:
    items = [line(n, str(amount), isChargeable=charged) for n, (amount, charged) in enumerate(amounts, 1)]
    given = discount if items else Decimal(0)
    due = sum((amount for amount, charged in amounts if charged), Decimal(0)) - given + tax
    shown = invoice(1, stamp(), total=str(due), salesTax=str(tax), discountTotal=str(given), items=items)
    assert difference(read(shown)) == 0


@pytest.mark.parametrize(
    ("sync", "review", "job", "state"),
    [
        ("Pending", "Reviewed", "", InvoiceState.PENDING),
        ("Pending", "Reviewed", "Scheduled", InvoiceState.PENDING),
        ("Pending", "Reviewed", "Completed", InvoiceState.COMPLETED),
        ("Pending", "OnHold", "Completed", InvoiceState.KEPT_BACK),
        ("Pending", "Rejected", "", InvoiceState.KEPT_BACK),
        ("Posted", "NeedsReview", "", InvoiceState.KEPT_BACK),
        ("Posted", "ReadyForBilling", "", InvoiceState.POSTED),
        ("Exported", None, "", InvoiceState.POSTED),
        (None, None, "", InvoiceState.PENDING),
    ],
)
def test_how_far_it_has_come(sync: str | None, review: str | None, job: str, state: InvoiceState) -> None:
    found = read(invoice(1, stamp(), syncStatus=sync, reviewStatus=review), job, InvoiceChoices(jobs=bool(job)))
    assert (found.state, found.exported) == (state, sync == "Exported")
    assert found.state_words == ", ".join(
        f"{what} {word}" for what, word in (("status", sync), ("review", review), ("job", job)) if word
    )


def test_a_company_that_posts_without_reviewing() -> None:
    lax = InvoiceChoices(review_binds=False)
    assert read(invoice(1, stamp(), reviewStatus="NeedsReview"), choices=lax).state is InvoiceState.POSTED
    held = read(invoice(1, stamp(), reviewStatus="NeedsReview", syncStatus="Pending"), choices=lax)
    assert held.state is InvoiceState.KEPT_BACK


def test_nearly_everything_may_be_null() -> None:
    shown = {"id": 5, "active": True, "customer": {"id": 1, "name": None}, "createdOn": stamp(), "items": None}
    found = read(
        {**shown, "sentStatus": "NotSent", "reviewStatus": "NeedsReview", "invoiceConfiguration": "JobInvoice"}
    )
    assert (found.total, found.lines, found.complete, found.stamp) == (ZERO, (), True, stamp())
    assert not read({**shown, "total": "5.00"}).complete
    with pytest.raises(Unreadable, match="names no customer"):
        read({**shown, "customer": None})


async def test_the_feed_with_inactive_ones() -> None:
    script = Script()
    script.feeds[FEED] = [invoice(1, stamp(1)), invoice(2, stamp(2), active=False), invoice(3, stamp(3), total="x")]
    found = await rows(script, Reading("invoices", since=dt.date(2026, 3, 1)))
    assert [(row.id, getattr(row.document, "active", None)) for row in found] == [
        ("1", True),
        ("2", False),
        ("3", None),
    ]
    assert "total" in found[2].problem
    assert script.paths() == [FEED]
    assert asked(script, FEED)[0]["from"] == "2025-12-31"


async def test_items_that_the_feed_leaves_out_are_read_again_in_bulk() -> None:
    script = Script()
    script.feeds[FEED] = [invoice(id, stamp(id), items=None) for id in range(1, 71)] + [invoice(99, stamp(99))]
    script.lists["invoices"] = [invoice(id, stamp(id)) for id in range(1, 70)]
    found = {row.id: row.document for row in await rows(script, Reading("invoices"))}
    assert len(found) == 71
    assert [id for id, one in found.items() if isinstance(one, Invoice) and not one.complete] == ["70"]
    assert script.paths() == [FEED, "invoices", "invoices"]
    assert {one["activeState"] for one in asked(script, "invoices")} == {"All"}


async def test_by_ids_and_from_the_feed_an_invoice_has_one_text() -> None:
    script = Script()
    script.feeds[FEED] = [invoice(1, stamp(1))]
    script.lists["invoices"] = [dict(reversed(invoice(1, stamp(1)).items()))]
    (fed,), (listed,) = await rows(script, Reading("invoices")), await rows(script, Reading("invoices", ids=("1",)))
    assert fed.raw == listed.raw
    assert fed.document == listed.document


async def test_jobs_are_asked_for_only_where_the_gate_needs_them() -> None:
    script = Script()
    script.feeds[FEED] = [invoice(id, stamp(id), syncStatus="Pending") for id in range(1, 61)]
    script.lists[JOBS] = [{"id": 7000 + id, "jobStatus": "Completed", "modifiedOn": stamp(500)} for id in range(1, 60)]
    await rows(script, Reading("invoices"))
    assert JOBS not in script.paths()
    script.sent.clear()
    found = await rows(script, Reading("invoices", options={"gate": "completed"}))
    states = {row.id: (row.document.state, row.stamp) for row in found if isinstance(row.document, Invoice)}
    assert states["1"] == (InvoiceState.COMPLETED, stamp(500))
    assert states["60"] == (InvoiceState.PENDING, stamp(60))
    assert "job not shown" in found[-1].document.state_words  # type: ignore[union-attr]
    assert script.paths() == [FEED, JOBS, JOBS, JOBS]


async def test_a_completed_job_brings_its_invoice_although_that_did_not_change() -> None:
    script, gate = Script(), {"gate": "completed"}
    script.feeds[FEED] = [invoice(1, stamp(1), syncStatus="Pending")]
    script.lists["invoices"] = list(script.feeds[FEED])
    script.lists[JOBS] = [{"id": 7001, "jobStatus": "InProgress", "modifiedOn": stamp(2)}]
    first = await pages(script, Reading("invoices", options=gate))
    job = {"id": 7001, "jobStatus": "Completed", "invoiceId": 1, "modifiedOn": LATE}
    script.lists[JOBS] = [job, {"id": 8, "jobStatus": "Hold", "invoiceId": 0, "modifiedOn": LATE}]
    (row,) = await rows(script, Reading("invoices", first[-1].cursor, options=gate))
    assert isinstance(row.document, Invoice)
    assert (row.id, row.document.state, row.stamp) == ("1", InvoiceState.COMPLETED, LATE)


async def test_the_gate_needs_the_right_to_jobs() -> None:
    script = Script(scopes=ALL_SCOPES - {"tn.jpm.jobs:r"}, instead={JOBS: answer(403, b"")})
    script.feeds[FEED] = [invoice(1, stamp(1))]
    assert len(await rows(script, Reading("invoices"))) == 1
    with pytest.raises(NotPermitted, match=r"tn\.jpm\.jobs:r"):
        await rows(script, Reading("invoices", options={"gate": "completed"}))
    with pytest.raises(BadInput, match="posted or completed"):
        await pages(script, Reading("invoices", options={"gate": "paid"}))


async def test_resumed_after_every_page() -> None:
    script = Script(largest=7)
    script.feeds[FEED] = [invoice(id, stamp(id // 4), items=None if id % 3 else []) for id in range(1, 50)]
    script.lists["invoices"] = [invoice(id, stamp(id // 4)) for id in range(1, 50)]
    found = await resumed(script, Reading("invoices", options={"gate": "completed"}))
    assert {row.id for page in found for row in page.rows} == {str(id) for id in range(1, 50)}


@pytest.mark.shared
def test_the_published_and_the_captured_examples() -> None:
    if not EXAMPLES.exists():
        pytest.skip("the vendor's examples are not here")
    listed = json.loads((EXAMPLES / "synthetic" / "invoices-page.json").read_text())["body"]["data"]
    fed = json.loads((EXAMPLES / "synthetic" / "export-invoices-page.json").read_text())["body"]["data"]
    captured = json.loads((EXAMPLES / "captured" / "invoice-exported.prod-2022.sanitised.json").read_text())["data"]
    for shown in (*listed, *fed, *captured):
        found = read(shown)
        assert difference(found) == 0, shown["id"]
        assert decode(encode(found)) == found
    assert read(captured[0]).state is InvoiceState.POSTED
