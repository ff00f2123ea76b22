"""Where invoices stand in ServiceNow: in status, in standing and in each record's life, with a bookkeeper's sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from payables_world import INVOICES, Firm, payables

from ml_connector.service.status import FlowStatus, Status, status
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FIRST = 5  # bills of the firm itself that are staged before
THERE = {
    "draft": "draft", "received": "received", "exceptions": "exceptions_found", "pending": "pending_approval",
    "approved": "approved", "sent": "pending_payment", "paid": "paid", "rejected": "rejected", "cancelled": "canceled",
    "failed": "approved",
}  # fmt: skip


def flow(found: Status, name: str) -> FlowStatus:
    return next(one for integration in found.integrations for one in integration.flows if one.flow == name)


def decide(firm: Firm, bills: dict[str, Bill]) -> None:
    """What Accounts Payable does with each of them."""
    ids = {name: bill.document_id for name, bill in bills.items()}
    where = {"external_invoice_number": ids["received"]}
    firm.there("set", table=INVOICES, where=where, values={"state": "received"})
    firm.there("mark_exceptions", invoice=ids["exceptions"])
    firm.there("submit", invoice=ids["pending"])
    for name in ("approved", "sent", "paid", "failed"):
        firm.there("approve", invoice=ids[name])
    firm.there("post", invoice=ids["sent"])
    firm.there("post", invoice=ids["paid"])
    firm.there("mark_paid", invoice=ids["paid"])
    firm.there("reject", invoice=ids["rejected"])
    firm.there("cancel", invoice=ids["cancelled"])
    firm.there("fail_posting", invoice=ids["failed"], message="Period 2026-10 is closed")


async def test_every_state_of_an_invoice_is_told(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bills = {name: firm.bill(firm.line(str(100 + n))) for n, name in enumerate(THERE)}
        await firm.sync()
        decide(firm, bills)
        await firm.sync()
        lives = {name: await firm.life("bills", bill.document_id) for name, bill in bills.items()}
        assert {name: life.link.status for name, life in lives.items() if life.link} == THERE
        assert "Period 2026-10 is closed" in lives["failed"].link.trouble  # type: ignore[union-attr]
        words = {name: life.link.standing for name, life in lives.items() if life.link}
        assert words["rejected"] == words["cancelled"] == "stopped there" and words["approved"] == words["failed"] == ""
        assert words["pending"] == words["exceptions"] == "awaiting approval"
        rejected = lives["rejected"].link
        assert rejected is not None and rejected.trouble == "was rejected in ServiceNow"
        assert rejected.action.startswith("Ask who rejected it. If it is not owed, void it in Zoho Books;")
        stuck = {name: await firm.stuck(bill.number) for name, bill in bills.items()}
        findings = {name: one.finding for name, one in stuck.items() if one is not None}
        assert findings == {
            "exceptions": "trouble",
            "rejected": "rejected",
            "cancelled": "canceled",
            "failed": "trouble",
        }
        [task] = firm.rows("sn_shop_erp_error_task")
        assert stuck["failed"] is not None and task["number"] in stuck["failed"].why
        assert stuck["exceptions"] is not None and "found exceptions" in stuck["exceptions"].why
        told = await status(firm.desk)
        bill_flow = flow(told, "bills")
        counts = {word: tally.count for word, tally in bill_flow.states.items()}
        assert counts == {"posted": 4, "awaiting approval": 4 + FIRST, "stopped there": 2, "held": 1, "skipped": 1}
        assert bill_flow.states["stopped there"].sums == {"USD": bills["rejected"].total + bills["cancelled"].total}
        # The fifth and sixth are of the firm's own first bills: one is paid, one partly paid before it is approved there.
        assert any(one.startswith("bills: 6 documents do not go on in ServiceNow") for one in told.attention)


async def test_what_was_mended_there_is_told_no_more(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        firm.there("approve", invoice=bill.document_id)
        firm.there("fail_posting", invoice=bill.document_id, message="Vendor is blocked")
        await firm.sync()
        assert (found := await firm.stuck(bill.number)) is not None and "Vendor is blocked" in found.why
        firm.there("send", invoice=bill.document_id)
        firm.there("post", invoice=bill.document_id)
        await firm.sync()
        assert await firm.stuck(bill.number) is None
        assert (await firm.life("bills", bill.document_id)).link.status == "pending_payment"  # type: ignore[union-attr]


async def test_the_job_of_the_instance_brings_an_invoice_on(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        seen = []
        for _ in range(4):
            firm.jump(minutes=31)
            await firm.sync()
            seen.append((await firm.life("bills", bill.document_id)).link.status)  # type: ignore[union-attr]
        assert seen[-1] == "pending_approval" and seen[0] != seen[-1]
        assert len(firm.invoices(bill)) == 1
