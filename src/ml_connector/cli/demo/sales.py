"""The second chapter: what ServiceTitan sold, was paid for and ordered stands in Xero, and each customer owes the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.scenes import scenes
from ml_connector.cli.demo.walk import Walk, flows_of, waiting_of
from ml_connector.service.clearing.report import clearing
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration

KIND = "servicetitan-xero"
FAULTS = ("duplicates", "missing", "totals_differ", "unexpected", "owed_differs")
FLOWS = ("invoices", "payments", "credit_memos", "purchase_orders")
_SUGGESTED = ("accounts", "tax", "business_units")
_BY = 12  # what the office adds to a price afterwards, in the company's currency


async def sales(walk: Walk) -> dict[str, Any]:
    """Connect Xero beside, post, compare, carry one later change over, and show the rest; the chapter's numbers."""
    answers = walk.company["integrations"][KIND]
    await walk.connect("xero")
    integration = await walk.integrate(KIND, answers["settings"])
    await walk.check("xero")
    walk.head("Filling the mapping tables", f"map suggest accounts --accept-exact --integration {KIND}")
    await walk.read(integration)
    taken = await walk.accept(integration, _SUGGESTED)
    await walk.give(integration, answers["mapping"], taken)
    preview = await walk.preview(integration, f"preview {KIND}", limit=3)
    commands = [*(f"live {flow} --integration {KIND}" for flow in FLOWS), f"sync --integration {KIND}"]
    first = await walk.live(integration, preview, *FLOWS, command="\n".join(commands))
    books = await stage.sales_compared(walk.file)
    _show(walk, books, "What ServiceTitan's and Xero's own books say, compared without asking our ledger")
    again = await walk.again(KIND, f"sync --integration {KIND}")
    changed = await _change(walk)
    banked = await _banked(walk, integration)
    shown = await scenes(walk, integration)
    books = await stage.sales_compared(walk.file)
    _show(walk, books, "The two systems' books once more, after all of that")
    last = await walk.status(KIND)
    return {
        "preview": {
            flow.flow: {"post": flow.post.count, "sums": {name: str(amount) for name, amount in flow.post.sums.items()}}
            for flow in preview.flows
        },
        "flows": flows_of(first),
        "flows_at_the_end": flows_of(last),
        **books,
        "second_run": {"posted": again},
        "changed": changed,
        "clearing": banked,
        **shown,
        "waiting": waiting_of(last),
    }


async def _change(walk: Walk) -> dict[str, Any]:
    """The office changes a price after the invoice was posted: Xero follows."""
    walk.head("An invoice is changed in ServiceTitan after it was posted: Xero follows", f"sync --integration {KIND}")
    wish = {"act": "reprice", "tenant": walk.company["tenant_id"], "by": _BY}
    done = await stage.at_the_desk(walk.handover["admin"], "servicetitan", wish)
    number = str(done["invoice"])
    before = await _total(walk, number)
    await walk.sync(KIND)
    after = await _total(walk, number)
    walk.say(f"ServiceTitan: a price of invoice {number} goes up; {done['before']:,.2f} becomes {done['after']:,.2f}.")
    walk.say(f"Xero: invoice {number} stood at {before:,.2f} and stands at {after:,.2f}; it is the same document.")
    return {
        "invoice": number,
        "servicetitan": f"{done['after']:.2f}",
        "xero_before": f"{before:.2f}",
        "xero": f"{after:.2f}",
    }


async def _banked(walk: Walk, integration: Integration) -> dict[str, Any]:
    """The bank deposits against the clearing accounts: by account, what it should stand at."""
    commands = f"live deposits --integration {KIND}\nclearing {KIND}"
    walk.head("What went to the bank, against the clearing accounts in Xero; nothing of it is posted", commands)
    await set_flow_mode(walk.desk, integration, "deposits", "live")
    await walk.sync(KIND)
    found = await clearing(walk.desk, KIND)
    used = [one for one in found.accounts if one.booked.count]
    for one in used:
        walk.say(f"{one.label}: {' '.join(one.sentences)}")
    return {
        "deposits": found.read.count,
        "to_look_at": len(found.deposits),
        "expected": {one.number: {name: str(amount) for name, amount in one.expected.items()} for one in used},
    }


async def _total(walk: Walk, number: str) -> Decimal:
    books = await stage.books(walk.handover["admin"], "xero")
    documents = books["organisations"][walk.company["xero_organisation_id"]]["invoices"]
    return next(Decimal(one["total"]) for one in documents if one["number"] == number)


def _show(walk: Walk, books: Mapping[str, Any], text: str) -> None:
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
    walk.say(f"{books['invoices']:,} invoices: {sums['sold']} in ServiceTitan, {sums['posted']} in Xero.")
    walk.say(f"{books['customers']:,} customers owe {sums['owed']} in ServiceTitan, {sums['owed_there']} in Xero.")
    render.lines(walk.cli.out, *(f"- {one['sentence']}" for one in books["findings"][:10]), style="red")
