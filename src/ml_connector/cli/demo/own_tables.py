"""The firm beside: another company in the same service, whose ServiceNow has tables of its own for bills."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.approvals import at_their_desk, numbers_of, shown_standing
from ml_connector.cli.demo.payables import FAULTS, FLOWS, KIND, fill, show, shown_places
from ml_connector.cli.demo.walk import Walk, flows_of
from ml_connector.connectors.checking import FieldThere
from ml_connector.service.status import Status
from ml_connector.service.tallies import counted

__all__ = ["FAULTS", "own_tables"]
_BILLS, _LINES = "u_ml_bill_record", "u_ml_bill_line_record"
_RECEIVED = "received"
_LEFT = 3  # bills that nobody has looked at yet
_KINDS = ("invoice: ", "invoice line: ")  # whose fields are shown one by one


async def own_tables(walk: Walk, beside: Walk) -> dict[str, Any]:
    """Set the firm up by the same doors, stage its month into its own columns, and show that neither sees the other."""
    before = _told_of(await beside.status(KIND))
    answers = walk.company["integrations"][KIND]
    _open(walk)
    await walk.connect("zoho_books")
    await walk.connect("servicenow")
    integration = await walk.integrate(KIND, answers["settings"])
    await walk.check("zoho_books", "servicenow")
    places = await shown_places(walk, _of_bills)
    walk.head(
        "Filling the mapping tables: the numbers go into their columns as text", "map suggest accounts --accept-exact"
    )
    await walk.read(integration)
    taken = await walk.accept(integration, ("accounts", "legal_entities"))
    await walk.give(integration, answers["mapping"], taken)
    _accounts(walk)
    preview = await walk.preview(integration, limit=0)
    first = await walk.live(
        integration, preview, *FLOWS, command="\n".join([*(f"live {flow}" for flow in FLOWS), "sync"])
    )
    show(walk, await stage.payables_compared(walk.file), "Zoho Books' books and their own tables, without our ledger")
    await _one_bill(walk)
    again = await walk.again(KIND)
    filled, released = await fill(walk, integration)
    there = await _decided(walk)
    books = await stage.payables_compared(walk.file, (filled,))
    show(walk, books, "Both once more, after all of that")
    return {
        "preview": {flow.flow: {"post": flow.post.count, "held": flow.hold.count} for flow in preview.flows},
        "fields": places,
        "flows": flows_of(first),
        **books,
        "second_run": {"posted": again},
        "released": released,
        "there": there,
        "apart": await _apart(walk, beside, before),
    }


def _open(walk: Walk) -> None:
    name = walk.company["name"]
    walk.head(
        f"{name}: another company in the same service, with tables of its own in ServiceNow",
        f"export ML_CONNECTOR_COMPANY={shlex.quote(name)}\n"
        f"export ML_CONNECTOR_SANDBOX={shlex.quote(os.path.relpath(walk.file))}",
    )
    walk.say(
        "Its organisation is in Zoho's European data centre, in euros and pounds; its instance has no Accounts Payable "
        "Operations. Which of our fields goes to which of its columns stands in a file that its implementer wrote."
    )


def _of_bills(found: Sequence[FieldThere]) -> Sequence[FieldThere]:
    return [one for one in found if one.what.startswith(_KINDS)]


def _accounts(walk: Walk) -> None:
    """What each account of the ledger is written as."""
    if walk.cli.json:
        return
    names = dict(
        one.split("=", 1) for one in walk.company["connection_settings"]["servicenow"]["gl_accounts"].split("; ")
    )
    made = render.table("account in Zoho Books", "is written as")
    for number in walk.company["integrations"][KIND]["mapping"]["accounts"].values():
        render.add(made, names.get(number, number), number)
    walk.cli.out.print(made)


async def _one_bill(walk: Walk) -> None:
    """A bill of several lines as it lies in their tables."""
    books = (await stage.books(walk.handover["admin"], "servicenow"))[walk.company["instance"]]
    bill, lines = max(
        ((one, _lines(books, one)) for one in books[_BILLS] if one["u_external_invoice_number"]),
        key=lambda one: len(one[1]),
    )
    walk.head(f"Bill {bill['u_supplier_invoice_number']} as it lies in their tables")
    if walk.cli.json:
        return
    made = render.table("u_line_description", "u_gl_account", "u_cost_center", "u_subtotal", right=("u_subtotal",))
    for one in lines:
        amount = render.money(Decimal(one["u_subtotal"]), one["u_currency"])
        render.add(made, one["u_line_description"], one["u_gl_account"], one["u_cost_center"], amount)
    walk.cli.out.print(made)
    total, tax = (
        render.money(Decimal(bill[name] or 0), bill["u_currency"]) for name in ("u_amount_invoiced", "u_tax_amount")
    )
    walk.say(f"Supplier {bill['u_supplier']}, legal entity {bill['u_legal_entity']}, tax {tax}, total {total}.")


def _lines(books: Mapping[str, Any], bill: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [one for one in books[_LINES] if one["u_bill"] == bill["u_external_invoice_number"]]
    return sorted(found, key=lambda one: int(one["u_erp_line_number"]))


async def _decided(walk: Walk) -> dict[str, Any]:
    """People there approve all but a few and reject one: their column says so, and it is read here."""
    walk.head("Their people approve and reject in their own table; the bookkeeper sees it here", f"standing {KIND}")
    books = (await stage.books(walk.handover["admin"], "servicenow"))[walk.company["instance"]]
    waiting = [one["u_external_invoice_number"] for one in books[_BILLS] if one["u_state"] == _RECEIVED]
    rejected, *approved = waiting[:-_LEFT]
    await at_their_desk(walk, {"act": "reject", "invoice": rejected})
    await at_their_desk(walk, *({"act": "approve", "invoice": one} for one in approved))
    walk.say(f"{counted(len(approved), 'bill')} approved there, one rejected, and {_LEFT} wait.")
    await walk.sync(KIND)
    return {"approved": len(approved), **numbers_of(await shown_standing(walk, KIND))}


async def _apart(walk: Walk, beside: Walk, before: Mapping[str, Any]) -> dict[str, Any]:
    """What each company sees of itself, and that the first stands as it did before the second came."""
    walk.head("Two companies, one service: each sees its own alone", "companies")
    firms = {one.company["name"]: await one.status(KIND) for one in (beside, walk)}
    told = {name: _told_of(status) for name, status in firms.items()}
    if not walk.cli.json:
        made = render.table("company", "documents", "bills posted or to approve")
        for name, status in firms.items():
            render.add(made, name, f"{sum(flow['read'] for flow in told[name].values()):,}", _worth(status))
        walk.cli.out.print(made)
    same = told[beside.company["name"]] == before
    walk.say(f"{beside.company['name']} stands {'as it did before' if same else 'OTHERWISE THAN BEFORE'}.")
    return {"untouched": same, "companies": told}


def _told_of(status: Status) -> dict[str, Any]:
    """By flow of what is staged: how many were read, and how they stand."""
    return {
        flow.flow: {"read": flow.read, **{word: tally.count for word, tally in flow.states.items()}}
        for one in status.integrations
        for flow in one.flows
        if flow.flow in FLOWS
    }


def _worth(status: Status) -> str:
    flows = [flow for one in status.integrations for flow in one.flows if flow.flow == "bills"]
    there = [flow.states[word] for flow in flows for word in ("posted", "awaiting approval") if word in flow.states]
    return render.sums(render.total(there).sums)
