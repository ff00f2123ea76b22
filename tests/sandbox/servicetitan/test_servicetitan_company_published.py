"""All deposits and credit memos of the company that sells, page by page against the vendor's document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import servicetitan_published as published
from servicetitan_world import Client

from ml_connector_sandbox import company
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.servicetitan import ServiceTitanEmulator, Switches

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(not published.DOCUMENT.exists(), reason=published.SKIP_REASON),
]

DEPOSITS, MEMOS = "accounting/bank-deposits", "accounting/credit-memos"


@pytest.fixture(scope="module")
def made() -> Company:
    return company.contractor(SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC), 1.0))


@pytest.fixture
def switches() -> Switches:
    return Switches(limits=False)


@pytest.fixture
async def seller(made: Company, switches: Switches) -> AsyncIterator[Client]:
    """A client of the company; it holds every 200 against the document."""
    access = made.access
    server = SandboxServer([ServiceTitanEmulator(made.seed.tenant.clock, made.servicetitan, switches)])
    await server.start()
    async with aiohttp.ClientSession() as session:
        client = Client(session, server.port, app_key=access.app_key, tenant=access.tenant_id)
        answer = await client.ask_token(client_id=access.client_id, client_secret=access.client_secret)
        client.token = answer.body["access_token"]
        yield client
    await server.stop()


async def every(client: Client, path: str, size: int = 7) -> list[dict[str, Any]]:
    rows, number, more = list[dict[str, Any]](), 0, True
    while more:
        number += 1
        answer = await client.get(path, page=number, pageSize=size)
        assert answer.status == 200, answer.text
        page = answer.body
        rows, more = rows + page["data"], page["hasMore"]
    return rows


async def test_every_deposit_adds_up_and_its_payments_name_it(seller: Client, made: Company) -> None:
    rows = await every(seller, DEPOSITS)
    assert len(rows) == len(made.seed.tenant.bank_deposits) > 40
    payments = {row["id"]: row for row in await every(seller, "accounting/payments", 50)}
    named = {row["id"] for row in payments.values() if row["deposit"]}
    for row in rows:
        inside = await every(seller, f"{DEPOSITS}/{row['id']}/transactions")
        assert sum(Decimal(one["total"]) for one in inside) == row["grossAmount"] == row["netAmount"] + row["fees"]
        for one in inside:
            expected = {name: value for name, value in payments[one["id"]].items() if name != "refundedPaymentId"}
            assert one == expected and one["deposit"]["id"] == row["id"]
            named.remove(one["id"])
    assert not named


async def test_every_credit_memo_is_what_is_applied_and_what_is_left(seller: Client) -> None:
    rows = await every(seller, MEMOS)
    assert {(len(row["appliedTo"]), row["balance"]) for row in rows} == {(0, 40), (1, 0)}
    for row in rows:
        assert sum(one["appliedAmount"] for one in row["appliedTo"]) + row["balance"] == row["total"]
        lines = (await seller.get(f"{MEMOS}/credit-memo-items", creditMemoIds=row["id"])).body["data"]
        assert [(one["creditMemoId"], one["total"]) for one in lines] == [(row["id"], row["subTotal"])]
        assert lines[0]["revenueGeneralLedgerAccount"]["number"] == "4900"


async def test_invoices_agree_with_the_deposits_where_that_is_what_depositedon_says(
    seller: Client, switches: Switches
) -> None:
    days: dict[int, str] = {}
    for row in await every(seller, DEPOSITS):
        for one in await every(seller, f"{DEPOSITS}/{row['id']}/transactions"):
            for part in one["appliedTo"]:
                days[part["appliedTo"]] = max(days.get(part["appliedTo"], ""), row["depositDate"])
    switches.deposited_on_is_the_bank_deposit = True
    invoices = {row["id"]: row["depositedOn"] for row in await every(seller, "accounting/invoices", 100)}
    assert len(days) > 250 and {number: day for number, day in invoices.items() if day} == days
