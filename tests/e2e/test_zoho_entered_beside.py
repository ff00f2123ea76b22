"""What an accountant enters in Zoho Books beside our fields stays when ServiceTitan changes the document."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from test_zoho_bills_changed import buying
from zoho_selling_world import Selling, selling

from ml_connector.service.flows import set_flow_mode
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books import sales
from ml_connector_sandbox.zoho_books.books.documents import Document, LineItem
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def entered(document: Document, **theirs: Any) -> list[dict[str, Any]]:
    """The document's lines as a screen saves them, with ``theirs`` on the first."""
    return [
        {
            "line_item_id": one.line_item_id, "account_id": one.account_id, "item_id": one.item_id,
            "rate": str(one.rate), "quantity": str(one.quantity), "tax_id": one.tax_id, "is_billable": one.is_billable,
            **one.texts, "tags": [{"tag_id": tag.tag_id, "tag_option_id": tag.tag_option_id} for tag in one.tags],
            **(theirs if place == 0 else {}),
        }
        for place, one in enumerate(document.lines)
    ]  # fmt: skip


def beside(line: LineItem) -> dict[str, Any]:
    """What of a line is not ours."""
    tags = sorted((one.tag_id, one.tag_option_id) for one in line.tags)
    names = ("name", "unit", "customer_id", "project_id")
    own = {name: line.texts[name] for name in names}
    return {**own, "item_id": line.item_id, "billable": line.is_billable, "account": line.account_id, "tags": tags}


def an_item(books: OrganisationBooks, account: str) -> Item:
    """One that is sold and bought, and taxed unless a line says otherwise."""
    tax = books.add_tax("Their own tax", "9")
    return books.add_item("Capacitor 45/5", account, account_id=account, tax_id=tax.tax_id, unit="box")


def another_account(books: OrganisationBooks, document: Document) -> str:
    used = {one.account_id for one in document.lines}
    kind = books.accounts[document.lines[0].account_id].account_type
    return next(
        one.account_id for one in books.accounts.values() if one.account_type == kind and one.account_id not in used
    )


async def test_a_bill_keeps_item_customer_mark_and_tag_through_changes(database: Database, tmp_path: Path) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        bill = company.bought[0]
        books, there = company.sandbox.company.seed.organisation, company.there(bill)
        item, owner = an_item(books, another_account(books, there)), books.add_contact("Owner of Elm St", "customer")
        tag = books.add_reporting_tag("Truck", ["Truck 4", "Truck 5"])
        option = next(iter(tag.options.values()))
        [first, *_] = entered(there)
        theirs = {
            "item_id": item.item_id, "name": "Run capacitor", "unit": "pcs", "customer_id": owner.contact_id,
            "is_billable": True,
            "tags": [*first["tags"], {"tag_id": tag.tag_id, "tag_option_id": option.option_id}],
        }  # fmt: skip
        company.at_zoho("edit bill", bill=there.number, changes={"line_items": entered(there, **theirs)})
        was = [beside(one) for one in company.there(bill).lines]
        assert was[0]["item_id"] and was[0]["billable"] and len(was[0]["tags"]) == 1 + len(first["tags"])
        for _ in range(2):
            company.dearer(bill)
            await company.sync()
            assert await company.end(bill) == ("posted", [])
            assert company.there(bill).total == company.now(bill).amount(True)
            assert [beside(one) for one in company.there(bill).lines] == was
        before = company.sandbox.zoho_books.essence()
        company.titan.modify_bill(bill.id, summary="seen")
        await company.sync(), await company.sync()
        assert company.sandbox.zoho_books.essence() == before, "what stands beside ours is no change"


async def test_what_is_previewed_goes_as_it_is_shown_with_what_was_entered_before(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        bill = company.bought[0]
        books = company.sandbox.company.seed.organisation
        owner = books.add_contact("Owner of Elm St", "customer")
        theirs = {"customer_id": owner.contact_id, "is_billable": True}
        there = company.there(bill)
        company.at_zoho("edit bill", bill=there.number, changes={"line_items": entered(there, **theirs)})
        await set_flow_mode(company.desk, company.integration, "bills", "preview")
        company.dearer(bill)
        await company.sync()
        assert (await company.end(bill))[0] == "planned"
        await set_flow_mode(company.desk, company.integration, "bills", "live")
        await company.sync()
        assert await company.end(bill) == ("posted", [])
        kept = company.there(bill)
        assert kept.total == company.now(bill).amount(True)
        assert (kept.lines[0].texts["customer_id"], kept.lines[0].is_billable) == (owner.contact_id, True)


async def test_an_invoice_and_a_credit_note_keep_item_words_project_and_account(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        memo = company.give("CM-1", "40.00", invoice.customer_id)
        await company.sync(2)
        books, note, there = company.target, company.credit("CM-1"), company.there(invoice)
        customer = books.contacts.get(there.customer_id)
        assert customer is not None
        project = books.add_project("Elm St", customer)
        words = {"name": "Spring tune-up", "unit": "visit", "project_id": project.project_id}
        company.at_zoho("edit invoice", invoice=there.number, changes={"line_items": entered(there, **words)})
        item = an_item(books, another_account(books, note))
        changed = {"line_items": entered(note, **words, item_id=item.item_id, tax_id="")}
        sales.update_credit_note(books, note, changed)
        was = [[beside(one) for one in document.lines] for document in (company.there(invoice), company.credit("CM-1"))]
        assert was[1][0]["item_id"] == item.item_id and was[1][0]["account"] == note.lines[0].account_id

        company.dearer(invoice, "150.00")
        _repriced(company, memo.id, "45.00")
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert await company.end("credit_memos", memo.id) == ("posted", "")
        assert company.there(invoice).total == company.source.invoices[invoice.id].total
        assert company.credit("CM-1").total == Decimal(45)
        now = [[beside(one) for one in document.lines] for document in (company.there(invoice), company.credit("CM-1"))]
        assert now == was
        before = company.sandbox.zoho_books.essence()
        await company.sync(2)
        assert company.sandbox.zoho_books.essence() == before


def _repriced(company: Selling, memo: int, amount: str) -> None:
    """Somebody corrects what the memo gives."""
    table = company.source.credit_memo_items
    [line] = [one for one in table if one.memo_id == memo]
    table.modify(line.id, company.source.when(None), price=Decimal(amount))
    company.source.collecting.change_credit(memo, sub_total=Decimal(amount))
