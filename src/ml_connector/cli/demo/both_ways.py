"""The fourth chapter: a small firm whose two systems were kept by hand for years, and what goes from each to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.entered import entered
from ml_connector.cli.demo.known import known
from ml_connector.cli.demo.mapped import aligned, mapped
from ml_connector.cli.demo.walk import Walk
from ml_connector.service.integrating import Integration

BOTH = "both_ways"  # of the summary
COMPANY = "both-ways"
FAULTS = ("duplicates", "missing", "unexpected", "totals_differ", "owed_differs", "wrong_vendor", "parties_differ")
_OWN = {"parties_baseline": "yes", "parties_back": "yes", "owners": "customers.phone=hold"}


async def both_ways(walk: Walk) -> dict[str, Any]:
    """Link what is there, map, post, and let both sides change; the chapter's numbers."""
    await walk.connect("servicetitan")
    await walk.connect("zoho_books")
    integration = await walk.integrate(KIND, {**walk.company["settings"], **_OWN})
    _not_possible(walk, integration)
    await walk.check("servicetitan", "zoho_books")
    parties = await known(walk, integration)
    tables = await mapped(walk, integration)
    items = await aligned(walk, integration)
    documents = await entered(walk, integration)
    again = await walk.again(KIND)
    books = await _compared(walk)
    return {
        "parties": parties, "mapping": tables, "items": items, "documents": documents, **books,
        "second_run": {"posted": again},
    }  # fmt: skip


def kept_its_word(numbers: Mapping[str, Any]) -> bool:
    """Whether every scene came to what it tells: nothing written by a baseline, nothing made unasked, all that goes back."""
    parties, documents = numbers["parties"], numbers["documents"]
    here, there = parties["on_both_sides_at_the_end"]
    went_back = documents["payments_back"] == documents["journal_entries"] == 1
    linked = parties["baseline_wrote_nothing"] and here == there and not numbers["items"]["made_unasked"]
    return bool(linked and went_back and documents["vendor_credits"])


def _not_possible(walk: Walk, integration: Integration) -> None:
    """What the vendors' APIs do not allow, as ``integrate`` tells it."""
    walk.say(f"Not possible, whoever asks; {len(integration.not_possible)} things, as 'integrate' tells them:")
    for one in integration.not_possible:
        walk.say(f"- {one}")


async def _compared(walk: Walk) -> dict[str, Any]:
    """Bills and credits, sales, and parties of both sides, without our ledger."""
    walk.head("Both systems' own books, compared without asking our ledger")
    bought = await stage.compared(walk.file, credits=True)
    sold = await stage.zoho_sales_compared(walk.file)
    parties = await stage.parties_compared(walk.file)
    names = ("duplicates", "missing", "unexpected", "totals_differ")
    books = {name: bought[name] + sold[name] for name in names}
    books |= {"owed_differs": sold["owed_differs"], "wrong_vendor": bought["wrong_vendor"]}
    books["parties_differ"] = len(parties["findings"])
    findings = [*bought["findings"], *sold["findings"], *parties["findings"]]
    if not walk.cli.json:
        made = render.table(*(name.replace("_", " ") for name in FAULTS))
        render.add(made, *(books[name] for name in FAULTS))
        walk.cli.out.print(made)
        render.lines(walk.cli.out, *(f"- {one['sentence']}" for one in findings[:10]), style="red")
    walk.say(
        f"{bought['documents']} bills and vendor credits, {sold['invoices']} invoices, {sold['payments']} payments and "
        f"{parties['linked']} customers and vendors stand on both sides."
    )
    counts = {name: sold[name] for name in ("invoices", "payments")} | {"parties_on_both_sides": parties["linked"]}
    return {**books, "bought": bought["documents"], **counts, "findings": findings}
