"""Still the first integration: what ServiceTitan sold, was paid for and gave back stands in Zoho Books, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.walk import Walk, waiting_of
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import integration_named
from ml_connector.service.status import Status
from ml_connector.service.tallies import counted

SALES = "zoho_sales"  # of the summary
FAULTS = ("duplicates", "missing", "totals_differ", "unexpected", "owed_differs")
FLOWS = ("invoices", "payments", "credit_memos")
_CHANGED = "preview_changed"
_TABLES = ("sales_accounts", "sales_tax", "payment_types")
_SUGGESTED = ("sales_accounts", "sales_tax")


async def zoho_sales(walk: Walk) -> dict[str, Any]:
    """Fill the tables of sales, post, compare, and run again; the chapter's numbers."""
    integration = await integration_named(walk.desk, KIND)
    walk.head(
        "The same two systems, now with what is sold: filling the mapping tables of sales",
        f"map suggest sales_accounts --accept-exact --integration {KIND}",
    )
    answers = walk.company["integrations"][KIND]["mapping"]
    await walk.read(integration)
    taken = await walk.accept(integration, _SUGGESTED)
    await walk.give(integration, {table: answers[table] for table in _TABLES}, taken)
    preview = await walk.preview(integration, f"preview {KIND}", limit=3)
    await walk.only(KIND, *FLOWS)
    commands = [*(f"live {flow} --integration {KIND}" for flow in FLOWS), f"sync --integration {KIND}"]
    found = await walk.live(integration, preview, *FLOWS, command="\n".join(commands))
    await _looked_at_again(walk, found)
    walk.head("What waits is planned once more, as it is by itself every hour", "replay --state held\nsync")
    await walk.look_again(KIND)
    again = await walk.again(KIND, f"sync --integration {KIND}")
    books = await stage.zoho_sales_compared(walk.file)
    show(walk, books, "What the two systems' own books say of sales, compared without asking our ledger")
    return {**books, "second_run": {"posted": again}, "waiting": waiting_of(await walk.status(KIND))}


async def _looked_at_again(walk: Walk, found: Status) -> None:
    """Approve what is another by now than its preview: a write-off's tax is known once its invoice stands in the ledger."""
    reasons = {cause.code for one in found.integrations for flow in one.flows for cause in flow.waiting}
    if _CHANGED not in reasons:
        return
    walk.head("What is another than its preview is looked at and approved again", f"approve --reason {_CHANGED}")
    approved = await approve_listed(walk.desk, await approvable(walk.desk, Filter(reason=_CHANGED)))
    walk.say(f"{counted(len(approved.record_ids), 'document')} approved.")
    await walk.sync(KIND)


async def turned_off(walk: Walk) -> None:
    """Stop the flows of sales: what is sold goes into one ledger, and the next chapter's is another."""
    integration = await integration_named(walk.desk, KIND)
    walk.head("What is sold goes into one ledger: it is turned off here before Xero", f"off {' '.join(FLOWS)}")
    for flow in FLOWS:
        await set_flow_mode(walk.desk, integration, flow, "off")
    walk.say("What is posted stays; bills go on.")


def show(walk: Walk, books: Mapping[str, Any], text: str) -> None:
    """What the comparison found."""
    walk.head(text)
    if walk.cli.json:
        return
    made = render.table("posted twice", "missing", "not expected", "totals differ", "customers who owe another sum")
    render.add(
        made, *(books[name] for name in ("duplicates", "missing", "unexpected", "totals_differ", "owed_differs"))
    )
    walk.cli.out.print(made)
    currency = walk.company["currency"]
    sums = {name: render.money(Decimal(books[name]), currency) for name in ("sold", "posted", "owed", "owed_there")}
    walk.say(f"{books['invoices']:,} invoices: {sums['sold']} in ServiceTitan, {sums['posted']} in Zoho Books.")
    walk.say(f"{books['payments']:,} payments are there, each as one, on the invoices that they were taken for.")
    walk.say(
        f"{books['customers']:,} customers owe {sums['owed']} in ServiceTitan, {sums['owed_there']} in Zoho Books."
    )
    render.lines(walk.cli.out, *(f"- {one['sentence']}" for one in books["findings"][:10]), style="red")
