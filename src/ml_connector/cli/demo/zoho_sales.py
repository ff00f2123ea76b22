"""Still the first integration: what ServiceTitan sold, was paid for and gave back stands in Zoho Books, to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.walk import Walk, waiting_of
from ml_connector.service.integrating import integration_named

SALES = "zoho_sales"  # of the summary
FAULTS = ("duplicates", "missing", "totals_differ", "unexpected", "owed_differs")
FLOWS = ("invoices", "payments", "credit_memos")
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
    commands = [*(f"live {flow} --integration {KIND}" for flow in FLOWS), f"sync --integration {KIND}"]
    await walk.live(integration, preview, *FLOWS, command="\n".join(commands))
    again = await walk.again(KIND, f"sync --integration {KIND}")
    books = await stage.zoho_sales_compared(walk.file)
    show(walk, books, "What the two systems' own books say of sales, compared without asking our ledger")
    return {**books, "second_run": {"posted": again}, "waiting": waiting_of(await walk.status(KIND))}


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
