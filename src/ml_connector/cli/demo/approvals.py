"""What people at ServiceNow do with the firm's bills, and how the bookkeeper sees it here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ml_connector.cli.demo import stage
from ml_connector.cli.demo.walk import Walk
from ml_connector.cli.standing import show_standing
from ml_connector.service.standing import StandingReport, standing
from ml_connector.service.tallies import counted

_INVOICE = "sn_shop_invoice"
_WAITS = "pending_approval"
_LEFT = 12  # invoices that nobody has looked at yet
_JOB = 6  # runs of the job of every half hour, each moves an invoice one step at most
_CLOSED = "Posting period 10/2026 is closed for company code 1000"


async def approvals(walk: Walk, kind: str) -> dict[str, Any]:
    """The job runs, all but a few are approved and posted, one is rejected, and the posting of one fails."""
    walk.head("People at ServiceNow approve, reject and pay; the bookkeeper sees it here", f"standing {kind}")
    for _ in range(_JOB):
        await at_their_desk(walk, {"act": "run_job"})
    waiting, paid = await _waiting(walk), await _paid(walk)
    rejected, failed = [one for one in waiting if one not in paid][:2]
    approved = [one for one in waiting if one not in (rejected, failed)][:-_LEFT]
    for one in approved:
        await at_their_desk(walk, {"act": "approve", "invoice": one}, {"act": "post", "invoice": one})
    await at_their_desk(walk, {"act": "reject", "invoice": rejected})
    wish = {"act": "fail_posting", "invoice": failed, "message": _CLOSED}
    await at_their_desk(walk, {"act": "approve", "invoice": failed}, wish)
    walk.say(
        f"{counted(len(approved), 'invoice')} approved and posted there, one rejected, one could not be posted, and "
        f"{_LEFT} wait."
    )
    await walk.sync(kind)
    found = await shown_standing(walk, kind)
    mended = await _mended(walk, kind, failed)
    return {"approved": len(approved), **numbers_of(found), "stuck_once_posted": mended}


async def shown_standing(walk: Walk, kind: str) -> StandingReport:
    """How all of it stands, and what does not go on."""
    found = await standing(walk.desk, kind)
    if not walk.cli.json:
        show_standing(walk.cli.out, found)
    return found


async def _mended(walk: Walk, kind: str, invoice: str) -> int:
    """The period is opened and the invoice is sent to the ERP once more; how many are stuck then."""
    await at_their_desk(walk, {"act": "send", "invoice": invoice}, {"act": "post", "invoice": invoice})
    await walk.sync(kind)
    found = await standing(walk.desk, kind)
    walk.say(f"The period is opened and the invoice posted there: {len(found.stuck)} are left to look at.")
    return len(found.stuck)


def numbers_of(found: StandingReport) -> dict[str, Any]:
    """How many documents stand there in which state, and how many a person has to look at, by what is wrong."""
    states: Counter[str] = Counter()
    for one in found.stages:
        states[one.state] += one.count
    return {"states": dict(states), "stuck": dict(Counter(one.finding for one in found.stuck))}


async def _waiting(walk: Walk) -> list[str]:
    """External numbers of bills that wait for approval there, in the order they came."""
    books = await stage.books(walk.handover["admin"], "servicenow")
    rows = books[walk.company["instance"]][_INVOICE]
    found = [one for one in rows if one["state"] == _WAITS and one["external_invoice_number"]]
    return [one["external_invoice_number"] for one in found if one["type"] != "credit_memo"]


async def _paid(walk: Walk) -> set[str]:
    """Ids of bills on which something is paid in the ledger."""
    books = await stage.books(walk.handover["admin"], "zoho_books")
    payments = books["organisations"][walk.company["organization_id"]]["vendor_payments"]
    return {bill for one in payments for bill in one["bills"]}


async def at_their_desk(walk: Walk, *wishes: Mapping[str, Any]) -> None:
    """What people at the firm's instance do, one after the other. Raises DemoFailed."""
    for wish in wishes:
        await stage.at_the_desk(walk.handover["admin"], "servicenow", {**wish, "instance": walk.company["instance"]})
