"""The third chapter: a firm's bills and payments go from Zoho Books to ServiceNow, where they are approved and paid.

What it shows in common with the firm beside it, whose instance has tables of its own, is here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.approvals import approvals
from ml_connector.cli.demo.walk import Walk, flows_of, waiting_of
from ml_connector.connectors.checking import FieldThere, Verdict
from ml_connector.service.connections import connection_named
from ml_connector.service.fields import fields
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.suggesting import suggest
from ml_connector.service.mapping.values import set_value
from ml_connector.service.tallies import counted

KIND = "zoho_books-servicenow"
COMPANY = "payables with neighbour"
FAULTS = (
    "duplicates", "missing", "unexpected", "totals_differ", "coding_differs", "suppliers_wrong", "payments_wrong",
)  # fmt: skip
FLOWS = ("bills", "vendor_credits", "vendor_payments")
_SUGGESTED = ("accounts", "legal_entities", "terms")
_PLACES = 8  # of the fields that are shown


async def payables(walk: Walk) -> dict[str, Any]:
    """Connect both, stage the month, compare, and show what becomes of it there; the chapter's numbers."""
    answers = walk.company["integrations"][KIND]
    await walk.connect("zoho_books")
    await walk.connect("servicenow")
    integration = await walk.integrate(KIND, answers["settings"])
    await walk.check("zoho_books", "servicenow")
    places = await shown_places(walk, lambda found: found[:: max(1, len(found) // _PLACES)])
    walk.head("Filling the mapping tables", "map suggest accounts --accept-exact")
    await walk.read(integration)
    taken = await walk.accept(integration, _SUGGESTED)
    await walk.give(integration, answers["mapping"], taken)
    preview = await walk.preview(integration, limit=3)
    first = await walk.live(
        integration, preview, *FLOWS, command="\n".join([*(f"live {flow}" for flow in FLOWS), "sync"])
    )
    show(walk, await stage.payables_compared(walk.file), "Zoho Books' and ServiceNow's own books, without our ledger")
    again = await walk.again(KIND)
    filled, released = await fill(walk, integration)
    made, held = await _center_made(walk, integration)
    there = await approvals(walk, KIND)
    books = await stage.payables_compared(walk.file, (filled, made))
    show(walk, books, "The two systems' books once more, after all of that")
    last = await walk.status(KIND)
    return {
        "preview": {flow.flow: {"post": flow.post.count, "held": flow.hold.count} for flow in preview.flows},
        "fields": places,
        "flows": flows_of(first),
        "flows_at_the_end": flows_of(last),
        **books,
        "second_run": {"posted": again},
        "released": released,
        "center_made": held,
        "there": there,
        "waiting": waiting_of(last),
    }


async def shown_places(
    walk: Walk, chosen: Callable[[Sequence[FieldThere]], Sequence[FieldThere]]
) -> dict[str, int]:  # fmt: skip
    """Where each field goes at this instance, those ``chosen`` one by one, and that nothing of it is missing."""
    walk.head("Where each field goes at this instance, before anything is written", "fields ServiceNow")
    found = await fields(walk.desk, await connection_named(walk.desk, "ServiceNow"))
    missing = [one for one in found.findings if one.verdict is Verdict.MISSING]
    counts = {"fields": len(found.fields), "missing": len(missing)}
    if walk.cli.json:
        return counts
    made = render.table("what", "goes to", "which is")
    shown = chosen(found.fields)
    for one in shown:
        render.add(made, one.what, one.place, one.told)
    walk.cli.out.print(made)
    state = (
        "nothing that is needed is missing"
        if found.good
        else f"{counted(len(missing), 'thing is', 'things are')} missing"
    )
    walk.say(f"{len(shown)} of {len(found.fields)} fields with their tables and columns; {state}.")
    render.lines(walk.cli.out, *(f"- {one.sentence} {one.action}" for one in missing[:5]), style="red")
    return counts


async def fill(walk: Walk, integration: Integration) -> tuple[str, dict[str, int]]:
    """The row that was filled, as ``table:key``, and what it released."""
    table, rows = next(iter(walk.company["fill_later"].items()))
    key, value = next(iter(rows.items()))
    walk.head("Filling a missing account releases what waited for it", f"map set {table} {key} {value}")
    before = await walk.posted(KIND)
    done = await set_value(walk.desk, integration, table, key, value, "the bookkeeper")
    await walk.sync(KIND)
    staged = await walk.posted(KIND) - before
    walk.say(
        f"{counted(done.released, 'bill went on by itself', 'bills went on by themselves')}; "
        f"{counted(staged, 'document is', 'documents are')} staged now, their payments among them."
    )
    return f"{table}:{key}", {"records": done.released, "staged": staged}


async def _center_made(walk: Walk, integration: Integration) -> tuple[str, dict[str, Any]]:
    """Somebody makes the cost centre that bills wait for, at ServiceNow: they go on by themselves."""
    walk.head("A missing cost centre is made in ServiceNow: what waited goes on by itself", "sync")
    waits = [row for row in walk.company["truth"] if any(one.startswith("cost_centers:") for one in row["waits"])]
    option = str(waits[0]["waits"][0])
    table, _, key = option.partition(":")
    name = next(one.name for one in await suggest(walk.desk, integration, table) if one.key == key)
    source = walk.company["connection_settings"]["servicenow"]["erp_source"]
    wish = {
        "act": "add_cost_center",
        "instance": walk.company["instance"],
        "number": "90300",
        "code": "NEW-300",
        "name": name,
        "erp_source": source,
    }
    await stage.at_the_desk(walk.handover["admin"], "servicenow", wish)
    before = await walk.posted(KIND)
    await walk.sync(KIND)
    staged = await walk.posted(KIND) - before
    walk.say(f"ServiceNow: cost centre 90300 {name} is made. {counted(staged, 'document is', 'documents are')} staged.")
    return option, {"name": name, "staged": staged}


def show(walk: Walk, books: Mapping[str, Any], text: str) -> None:
    """What was found, and the sums of both sides."""
    walk.head(text)
    if walk.cli.json:
        return
    words = ("staged twice", "missing", "not expected", "totals differ", "coding", "suppliers", "payments wrong")
    made = render.table(*words)
    render.add(made, *(books[name] for name in FAULTS))
    walk.cli.out.print(made)
    sums = {name: _sums(books["sums"][name]) for name in ("ledger", "staged", "paid", "paid_there")}
    walk.say(f"{books['documents']:,} bills and credits: {_both(sums['ledger'], sums['staged'])}.")
    walk.say(f"{books['payments']:,} payment rows: {_both(sums['paid'], sums['paid_there'])}.")
    render.lines(walk.cli.out, *_first(books["findings"]), style="red")


def _both(here: str, there: str) -> str:
    return f"{here} in Zoho Books, {'the same' if here == there else there} in ServiceNow"


def _first(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"- {one['sentence']}" for one in findings[:10]]


def _sums(sums: Mapping[str, str]) -> str:
    return render.sums({currency: Decimal(amount) for currency, amount in sums.items()})
