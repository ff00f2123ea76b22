"""What people have entered in Zoho Books beside our fields stays when a document or an address is changed from here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from contract_line import Line
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_documents import COST, DAY, PRICE, SALES
from contract_zoho_line import step_for, zoho
from msgspec.structs import replace

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Done, Rejected
from ml_connector_sandbox.zoho_books.books import purchases
from ml_connector_sandbox.zoho_books.books.documents import LineItem
from ml_connector_sandbox.zoho_books.books.masters import Item

pytestmark = pytest.mark.anyio
NUMBER = "N-1"


async def changed(line: Line, entity: str, document: Document) -> Done:
    outcome = await line.connector.write(line.session, await step_for(line, entity, document, action=Action.UPDATE))
    assert isinstance(outcome, Done), outcome
    return outcome


def taxed_item(stage: StageOfZohoBooks) -> Item:
    """One that Zoho taxes unless a line says otherwise, on an account of its own."""
    keyed = stage.keyed
    return keyed.books.add_item(
        "Capacitor", keyed.account(BANKED), account_id=keyed.account(BANKED), tax_id=keyed.tax.tax_id, unit="box"
    )


BANKED = "5120"  # an account that is none of the documents' own


def bill_line(stage: StageOfZohoBooks, id: str, amount: str = "41.10") -> BillLine:
    return BillLine(id, Decimal(amount), "Capacitor 45/5", account=Ref(stage.keyed.account(COST)))


def bill(stage: StageOfZohoBooks, id: str, *lines: BillLine) -> Bill:
    total = sum((one.amount for one in lines), Decimal())
    return Bill(id, Ref(stage.keyed.vendor.contact_id), total, NUMBER, date=DAY, currency="USD", lines=lines)


async def test_a_line_of_a_bill_keeps_what_an_accountant_has_put_beside_the_account() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        item, code = taxed_item(stage), keyed.books.add_tax_exemption("RESALE")
        theirs = {
            "item_id": item.item_id, "name": "Run capacitor", "unit": "pcs", "customer_id": keyed.customer.contact_id,
            "is_billable": True, "tax_exemption_id": code.tax_exemption_id, "purchaseorder_item_id": "460000000001234",
        }  # fmt: skip
        there = keyed.books.add_bill(
            keyed.vendor, NUMBER, DAY, [{**keyed.line(), **theirs}, keyed.line()], **keyed.marked("bills", "MLC-1")
        )
        first, second = (one.line_item_id for one in there.lines)
        await changed(line, "bills", bill(stage, there.document_id, bill_line(stage, first), bill_line(stage, second)))
        kept, plain = keyed.books.bills.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs
        assert (kept.rate, kept.account_id, kept.tax_id) == (Decimal("41.10"), keyed.account(COST), "")
        assert shown(plain, "item_id", "customer_id", "is_billable") == {
            "item_id": "", "customer_id": "", "is_billable": False,
        }  # fmt: skip


async def test_a_new_line_of_a_bill_takes_nothing_of_the_one_that_goes() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        theirs = {**keyed.line(), "item_id": taxed_item(stage).item_id, "unit": "pcs"}
        there = keyed.books.add_bill(keyed.vendor, NUMBER, DAY, [theirs], **keyed.marked("bills", "MLC-1"))
        await changed(line, "bills", bill(stage, there.document_id, bill_line(stage, "")))
        [new] = keyed.books.bills.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(new, "item_id", "unit") == {"item_id": "", "unit": ""}


@pytest.mark.parametrize("project", ["stays", "goes", "another"])
async def test_billable_lines_of_projects(project: str) -> None:
    """A line stays billable with its project; with the project that is taken off goes the customer whose it is."""
    async with zoho() as (stage, line):
        keyed = stage.keyed
        one, other = (
            keyed.books.add_project(f"Site {n}", keyed.books.add_contact(f"Owner {n}", "customer")) for n in (1, 2)
        )
        theirs = {"project_id": one.project_id, "customer_id": one.customer_id, "is_billable": True}
        there = keyed.books.add_bill(
            keyed.vendor, NUMBER, DAY, [{**keyed.line(), **theirs}], **keyed.marked("bills", "MLC-1")
        )
        wanted = {"stays": one, "another": other}.get(project)
        named = (Ref(wanted.project_id, wanted.customer_id, "project"),) if wanted else ()
        ours = replace(bill_line(stage, there.lines[0].line_item_id), dimensions=named)
        await changed(line, "bills", bill(stage, there.document_id, ours))
        [kept] = keyed.books.bills.get(there.document_id).lines  # type: ignore[union-attr]
        assert (
            shown(kept, *theirs)
            == {
                "stays": theirs,
                "goes": {"project_id": "", "customer_id": "", "is_billable": False},
                "another": {"project_id": other.project_id, "customer_id": other.customer_id, "is_billable": False},
            }[project]
        )


async def test_a_line_of_a_vendor_credit_keeps_its_item() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        theirs = {"item_id": taxed_item(stage).item_id, "name": "Run capacitor", "unit": "pcs"}
        more = {"vendor_credit_number": NUMBER, **keyed.marked("vendor_credits", "MLC-1")}
        there = keyed.books.add_vendor_credit(keyed.vendor, DAY, [{**keyed.line(), **theirs}], **more)
        ours = bill_line(stage, there.lines[0].line_item_id, "-41.10")
        await changed(line, "vendor_credits", bill(stage, there.document_id, ours))
        [kept] = keyed.books.vendor_credits.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs and (kept.item_total, kept.tax_id) == (Decimal("41.10"), "")


# --- what is sold ------------------------------------------------------------------------------------------------


def sold_line(stage: StageOfZohoBooks, id: str, amount: str = "41.10", item: str = "") -> InvoiceLine:
    keyed = stage.keyed
    by_item = Ref(item or keyed.item.item_id)
    return InvoiceLine(id, Decimal(amount), "Tune-up", item=by_item, account=Ref(keyed.account(SALES)))


def sold(stage: StageOfZohoBooks, id: str, line: InvoiceLine, kind: str = "invoice") -> Invoice:
    return Invoice(
        id, Ref(stage.keyed.customer.contact_id), line.amount, kind, number=NUMBER, date=DAY, currency="USD",
        lines=(line,), state=InvoiceState.AUTHORISED,
    )  # fmt: skip


def beside(stage: StageOfZohoBooks) -> dict[str, Any]:
    project = stage.books.add_project("Elm St", stage.keyed.customer)
    return {"name": "Spring tune-up", "unit": "visit", "project_id": project.project_id}


async def test_a_line_of_an_invoice_keeps_name_unit_and_project_with_its_item() -> None:
    async with zoho() as (stage, line):
        keyed, theirs = stage.keyed, beside(stage)
        there = keyed.books.add_invoice(
            keyed.customer, DAY, [{**keyed.sold(), **theirs}], number=NUMBER, **keyed.marked("invoices", "MLC-1")
        )
        ours = sold_line(stage, there.lines[0].line_item_id)
        await changed(line, "invoices", sold(stage, there.document_id, ours))
        [kept] = keyed.books.invoices.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs and kept.rate == Decimal("41.10")


async def test_a_line_of_an_invoice_that_sells_another_item_is_called_by_that() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        other = keyed.books.add_item("Filter", keyed.account(COST), account_id=keyed.account(SALES), unit="pcs")
        there = keyed.books.add_invoice(
            keyed.customer, DAY, [{**keyed.sold(), **beside(stage)}], number=NUMBER,
            **keyed.marked("invoices", "MLC-1"),
        )  # fmt: skip
        ours = sold_line(stage, there.lines[0].line_item_id, item=other.item_id)
        await changed(line, "invoices", sold(stage, there.document_id, ours))
        [kept] = keyed.books.invoices.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, "item_id", "name", "unit") == {"item_id": other.item_id, "name": "Filter", "unit": "pcs"}


async def test_a_line_that_is_booked_by_account_keeps_the_item_that_was_put_on_it() -> None:
    async with zoho({"invoice_lines": "account"}, invoice_lines="account") as (stage, line):
        keyed = stage.keyed
        theirs = {"item_id": taxed_item(stage).item_id, "name": "Run capacitor", "unit": "pcs"}
        booked = {"account_id": keyed.account(SALES), "rate": PRICE, "tax_id": ""}
        there = keyed.books.add_invoice(
            keyed.customer, DAY, [{**booked, **theirs}], number=NUMBER, **keyed.marked("invoices", "MLC-1")
        )
        ours = sold_line(stage, there.lines[0].line_item_id)
        await changed(line, "invoices", sold(stage, there.document_id, ours))
        [kept] = keyed.books.invoices.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs
        assert (kept.account_id, kept.tax_id, kept.rate) == (keyed.account(SALES), "", Decimal("41.10"))


@pytest.mark.parametrize("amount", ["90.00", "95.00"])
async def test_a_discount_of_a_line_stays_as_long_as_the_line_comes_to_the_same(amount: str) -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        lines = [{**keyed.sold(Decimal(100)), "discount": "10%"}]
        there = keyed.books.add_invoice(
            keyed.customer, DAY, lines, number=NUMBER, discount_type="item_level", **keyed.marked("invoices", "MLC-1")
        )
        assert there.total == 90
        ours = sold_line(stage, there.lines[0].line_item_id, amount)
        done = await changed(line, "invoices", sold(stage, there.document_id, ours))
        [kept] = keyed.books.invoices.get(there.document_id).lines  # type: ignore[union-attr]
        assert done.document.total == Decimal(amount)  # type: ignore[union-attr]
        assert (kept.rate, kept.discount) == ((100, "10%") if amount == "90.00" else (95, "0"))


async def test_a_line_of_a_credit_note_keeps_its_account_beside_the_item_that_was_put_on_it() -> None:
    """A PUT of a credit note takes both; by the item alone the line would go to the item's account, with its tax."""
    async with zoho() as (stage, line):
        keyed, item = stage.keyed, taxed_item(stage)
        theirs = {**beside(stage), "item_id": item.item_id}
        booked = {"account_id": keyed.account(SALES), "rate": PRICE, "tax_id": ""}
        there = keyed.books.add_credit_note(
            keyed.customer, DAY, [{**booked, **theirs}], number=NUMBER, **keyed.marked("credit_notes", "MLC-1")
        )
        ours = sold_line(stage, there.lines[0].line_item_id, item=item.item_id)
        await changed(line, "credit_notes", sold(stage, there.document_id, ours, "credit note"))
        [kept] = keyed.books.credit_notes.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs
        assert (kept.account_id, kept.tax_id, kept.rate) == (keyed.account(SALES), "", Decimal("41.10"))


async def test_the_exemption_that_an_accountant_chose_stands_before_that_of_the_settings() -> None:
    async with zoho({"tax_exemption": "460000000000001"}, country="US") as (stage, line):
        keyed, code = stage.keyed, stage.books.add_tax_exemption("RESALE")
        theirs = {"tax_exemption_id": code.tax_exemption_id}
        there = keyed.books.add_bill(
            keyed.vendor, NUMBER, DAY, [{**keyed.line(), **theirs}], **keyed.marked("bills", "MLC-1")
        )
        await changed(line, "bills", bill(stage, there.document_id, bill_line(stage, there.lines[0].line_item_id)))
        [kept] = keyed.books.bills.get(there.document_id).lines  # type: ignore[union-attr]
        assert shown(kept, *theirs) == theirs


async def test_a_document_that_is_gone_before_its_change_is_refused_as_that() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        there = keyed.books.add_bill(keyed.vendor, NUMBER, DAY, [keyed.line()], **keyed.marked("bills", "MLC-1"))
        ours = bill(stage, there.document_id, bill_line(stage, there.lines[0].line_item_id))
        purchases.delete_bill(keyed.books, there)
        outcome = await line.connector.write(line.session, await step_for(line, "bills", ours, action=Action.UPDATE))
        assert isinstance(outcome, Rejected) and (outcome.code, outcome.reason) == ("1002", "not_found")


# --- contacts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["vendor", "customer"])
async def test_an_address_keeps_whose_attention_telephone_and_fax_it_has(kind: str) -> None:
    async with zoho() as (stage, line):
        theirs = {"attention": "Accounts receivable", "phone": "320-555-0101", "fax": "320-555-0102"}
        old = {"address": "12 Elm St", "street2": "Unit 4", "city": "St. Cloud", "state": "MN", "zip": "56301"}
        there = stage.books.add_contact(
            "Acme", kind, billing_address={**old, **theirs}, **stage.keyed.marked("parties", "MLC-1")
        )
        moved = Party(there.contact_id, kind, "Acme", address=Address("9 Oak Ave", "", "Sartell", "MN", "56377", "USA"))
        await changed(line, "parties", moved)
        kept = stage.books.contacts.get(there.contact_id)
        assert kept is not None
        assert {name: value for name, value in kept.billing_address.items() if value} == {
            "address": "9 Oak Ave", "city": "Sartell", "state": "MN", "zip": "56377", "country": "USA", **theirs,
        }  # fmt: skip


def shown(line: LineItem, *names: str) -> dict[str, Any]:
    own = {"item_id": line.item_id, "is_billable": line.is_billable}
    return {name: own.get(name, line.texts.get(name, "")) for name in names}
