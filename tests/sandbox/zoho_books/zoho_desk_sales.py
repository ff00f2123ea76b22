"""Invoices, credit notes and customer payments of the small company, written as an application would."""

from __future__ import annotations

from typing import Any

from zoho_world import Answer, Sandbox


def customer_id(sandbox: Sandbox, name: str = "acme corp") -> str:
    return sandbox.books.contacts.having("name", name)[0].contact_id


def item_id(sandbox: Sandbox, name: str = "Service call", **more: Any) -> str:
    """The item of that name, made when it is not there: 95 an hour, sold to Sales."""
    for one in sandbox.books.items.having("name", name):
        return one.item_id
    return sandbox.books.add_item(name, can_be_purchased=False, **{"rate": 95, **more}).item_id


def invoice_body(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    line = {"item_id": item_id(sandbox), "rate": 100, "quantity": 1}
    return {"customer_id": customer_id(sandbox), "date": "2026-06-09", "line_items": [line], **more}


async def post_invoice(sandbox: Sandbox, number: str = "", **more: Any) -> Answer:
    """With a number the flag is sent that lets it count."""
    body = invoice_body(sandbox, **more)
    if not number:
        return await sandbox.api("POST", "/invoices", body)
    return await sandbox.api(
        "POST", "/invoices", body | {"invoice_number": number}, ignore_auto_number_generation="true"
    )


async def sent(sandbox: Sandbox, number: str = "", **more: Any) -> dict[str, Any]:
    """An invoice that is owed."""
    answer = await post_invoice(sandbox, number, **more)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body["invoice"]
    assert (await sandbox.api("POST", f"/invoices/{made['invoice_id']}/status/sent")).status == 200
    return made


async def shown(sandbox: Sandbox, made: dict[str, Any]) -> dict[str, Any]:
    """The invoice as it stands now."""
    found: dict[str, Any] = (await sandbox.get(f"/invoices/{made['invoice_id']}")).body["invoice"]
    return found


async def receive(sandbox: Sandbox, amount: Any, *parts: tuple[dict[str, Any], Any], **more: Any) -> Answer:
    """A payment of the customer; ``parts``: an invoice and what it takes."""
    invoices = [{"invoice_id": one["invoice_id"], "amount_applied": part} for one, part in parts]
    body = {"customer_id": customer_id(sandbox), "payment_mode": "Check", "amount": amount, "date": "2026-06-09"}
    return await sandbox.api("POST", "/customerpayments", {**body, "invoices": invoices, **more})


async def credit_note(sandbox: Sandbox, rate: Any = 40, **more: Any) -> dict[str, Any]:
    """An open credit note of one line on the Sales account."""
    line = {"account_id": sandbox.books.sales_account.account_id, "rate": rate, "quantity": 1}
    body = {"customer_id": customer_id(sandbox), "date": "2026-06-09", "line_items": [line], **more}
    answer = await sandbox.api("POST", "/creditnotes", body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body["creditnote"]
    return made


def balances(sandbox: Sandbox) -> dict[str, Any]:
    """Account name -> debits less credits."""
    books = sandbox.books
    return {books.accounts[key].account_name: amount for key, amount in books.ledger.balances().items()}
