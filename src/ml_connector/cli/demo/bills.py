"""The first chapter: what ServiceTitan received becomes bills in Zoho Books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.walk import Walk, flows_of
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.replaying import replay
from ml_connector.service.tallies import counted

KIND = "servicetitan-zoho_books"
_ONLY_LIKE = "vendor_ambiguous"
FAULTS = ("duplicates", "missing", "totals_differ", "unexpected", "wrong_vendor")


async def bills(walk: Walk) -> dict[str, Any]:
    """Connect both, and show every promise; the chapter's numbers."""
    await walk.connect("servicetitan")
    await walk.connect("zoho_books")
    integration = await walk.integrate(KIND, walk.company["settings"])
    await walk.check("servicetitan", "zoho_books")
    walk.head("Filling the mapping tables", "map suggest accounts --accept-exact")
    await walk.read(integration)
    taken = await walk.accept(integration, ("accounts", "business_units"))
    await walk.give(integration, walk.company["mapping"], taken)
    preview = await walk.preview(integration)
    await walk.only(KIND, "bills")
    first = await walk.live(integration, preview, "bills", command="live bills\nsync")
    _show(walk, await _compared(walk), "What the two systems' own books say, compared without asking our ledger")
    again = await walk.again(KIND)
    filled, released = await _fill(walk, integration)
    replayed = await _replay(walk, integration, filled)
    books = await _compared(walk, (filled,))
    _show(walk, books, "The two systems' books once more, after all of that")
    return {
        "flows": flows_of(first),
        "flows_at_the_end": flows_of(await walk.status(KIND)),
        **{name: books[name] for name in FAULTS},
        "findings": books["findings"],
        "second_run": {"posted": again},
        "released": released,
        "replay": replayed,
        "sums": {"posted": books["sums"]["posted"]},
    }


async def _compared(walk: Walk, filled: Sequence[str] = ()) -> dict[str, Any]:
    """Both systems' books, compared without asking our ledger."""
    ledger = await stage.organisation(walk.handover["admin"], walk.company["organization_id"])
    return await stage.compared(walk.file, filled, posted=made_meanwhile(walk.company, ledger))


def made_meanwhile(company: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[str]:
    """Ids of bills of vendors that were only like another's contact, and have one of their own in the ledger by now.

    Such a vendor waits until that contact is another's; it is looked at again within the hour, of which a slow machine
    sees the end while the chapter runs.
    """
    references = {str(value) for one in ledger["contacts"] for value in one["custom"].values()}
    return [
        row["bill_id"]
        for row in company["truth"]
        if row["because"] == _ONLY_LIKE
        and f"servicetitan-{company['tenant_id']}-vendors-{row['vendor_id']}" in references
    ]


async def _fill(walk: Walk, integration: Integration) -> tuple[str, dict[str, int]]:
    """The row that was filled, as ``table:key``, and what it released."""
    table, rows = "accounts", walk.company["fill_later"]["accounts"]
    key, value = next(iter(rows.items()))
    walk.head("Filling a missing mapping releases what waited for it", f"map set {table} {key} {value}")
    before = await walk.posted(KIND)
    done = await set_value(walk.desk, integration, table, key, value, "the bookkeeper")
    await walk.sync(KIND)
    posted = await walk.posted(KIND) - before
    went = counted(done.released, "bill went on by itself", "bills went on by themselves")
    walk.say(f"{went}; {counted(posted, 'of them is', 'of them are')} posted now.")
    return f"{table}:{key}", {"records": done.released, "posted": posted}


async def _replay(walk: Walk, integration: Integration, filled: str) -> dict[str, int]:
    walk.head("A replay cannot post twice", "replay --flow bills --state posted")
    before = await _documents(walk, filled)
    done = await replay(walk.desk, Filter(integration_id=integration.integration_id, flow="bills", state="posted"))
    await walk.sync(KIND)
    posted = await _documents(walk, filled) - before
    walk.say(f"{counted(done.count, 'posted bill')} planned again; {counted(posted, 'document')} posted.")
    return {"replayed": done.count, "posted": posted}


async def _documents(walk: Walk, filled: str) -> int:
    return int((await stage.compared(walk.file, (filled,)))["documents"])


def _show(walk: Walk, books: Mapping[str, Any], text: str) -> None:
    walk.head(text)
    made = render.table("posted twice", "missing", "not expected", "totals differ", "posted in all")
    posted = render.sums({currency: Decimal(amount) for currency, amount in books["sums"]["posted"].items()})
    names = ("duplicates", "missing", "unexpected", "totals_differ")
    render.add(made, *(books[name] for name in names), posted)
    if not walk.cli.json:
        walk.cli.out.print(made)
        render.lines(walk.cli.out, *(f"- {one['sentence']}" for one in books["findings"][:10]), style="red")
