"""Scenes of the second chapter: what is bought, what ServiceTitan is told, who moves, and what a webhook brings at once."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.walk import Walk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.tallies import counted
from ml_connector.service.tracking import TrackedBill, tracking
from ml_connector.service.webhooks import add_webhook, remove_webhook
from ml_connector.sync.states import State
from ml_connector.web.server import listening, serving

_FLOWS = ("inventory_bills", "invoices_exported", "payments_exported", "customers_back")
_NUMBER = "320 555 0142"
_PHONES = ("Phone", "MobilePhone")
_TOP = 2
_PATIENCE = 60.0  # machine seconds for an announced invoice


async def scenes(walk: Walk, integration: Integration) -> dict[str, Any]:
    """Switch on what is left, and show each; the scenes' numbers."""
    kind = integration.kind
    commands = [*(f"live {flow} --integration {kind}" for flow in _FLOWS), f"sync --integration {kind}", "tracking"]
    walk.head("What vendors bill in Xero, against what was received; nothing of it is posted", "\n".join(commands))
    for flow in _FLOWS:
        await set_flow_mode(walk.desk, integration, flow, "live")
    await walk.sync(kind)
    return {
        "tracking": await _tracked(walk),
        "marked": await _marked(walk, kind),
        "telephone": await _telephone(walk, kind),
        "webhook": await _announced(walk),
    }


async def _tracked(walk: Walk) -> dict[str, Any]:
    found = await tracking(walk.desk)
    for one in found.lists:
        if one.total.count:
            walk.say(f"{one.title}: {one.total.count:,}, {render.sums(one.total.sums)}.")
            for bill in one.bills[:_TOP] if one.name == "price_differences" else ():
                walk.say(f"  {_apart(bill)}")
    return {one.name: one.total.count for one in found.lists}


def _apart(bill: TrackedBill) -> str:
    received, billed = (render.money(one or Decimal(0), bill.currency) for one in (bill.received, bill.billed))
    return f"{bill.number} of {bill.vendor}: {received} received, {billed} billed, {bill.difference:+,} apart."


async def _marked(walk: Walk, kind: str) -> dict[str, int]:
    """By flow, how many documents ServiceTitan shows as exported since."""
    walk.head("What stands in Xero is marked as exported in ServiceTitan", "status")
    flows = {flow.flow: flow for one in (await walk.status(kind)).integrations for flow in one.flows}
    marked = {name: flows[name].tally(State.POSTED).count for name in _FLOWS if name.endswith("_exported")}
    told = " and ".join(counted(count, name.removesuffix("s_exported")) for name, count in marked.items())
    walk.say(f"{told} marked; whoever looks there sees what is in the ledger, and changes it no more by mistake.")
    return marked


# --- a telephone --------------------------------------------------------------------------------------------------


async def _telephone(walk: Walk, kind: str) -> dict[str, Any]:
    """The bookkeeper changes a customer's number in Xero: ServiceTitan has it, and nothing comes back."""
    walk.head("A customer's telephone is changed in Xero: ServiceTitan follows", f"sync --integration {kind}")
    customer, name = await _called(walk)
    wish = {
        "act": "telephone",
        "organisation": walk.company["xero_organisation_id"],
        "contact": name,
        "number": _NUMBER,
    }
    before = await _number(walk, customer)
    await stage.at_the_desk(walk.handover["admin"], "xero", wish)
    await walk.sync(kind)
    after, posted = await _number(walk, customer), await walk.posted(kind)
    await walk.sync(kind)
    echoes = await walk.posted(kind) - posted
    walk.say(
        f"{name}: {before} in ServiceTitan before, {after} now. Read again: {counted(echoes, 'change')} came back."
    )
    return {"before": before, "after": after, "echoes": echoes}


async def _called(walk: Walk) -> tuple[int, str]:
    """The first customer with one telephone whose name only he has, and who is a contact in Xero."""
    here, there = await _tenant(walk), await stage.books(walk.handover["admin"], "xero")
    contacts = there["organisations"][walk.company["xero_organisation_id"]]["contacts"]
    known = {one["name"] for one in contacts if one["is_customer"] and one["status"] == "ACTIVE"}
    names = Counter(one["name"] for one in here["customers"])
    phones = Counter(one["customer_id"] for one in _phones(here))
    for one in here["customers"]:
        if one["active"] and one["name"] in known and names[one["name"]] == 1 and phones[one["id"]] == 1:
            return one["id"], one["name"]
    raise stage.DemoFailed("No customer of the sandbox has a telephone and is in Xero.")


async def _number(walk: Walk, customer: int) -> str:
    return next(str(one["value"]) for one in _phones(await _tenant(walk)) if one["customer_id"] == customer)


def _phones(tenant: dict[str, Any]) -> list[dict[str, Any]]:
    """Of customers themselves, not of their locations."""
    found = (one for one in tenant["contacts"] if one["active"] and one["location_id"] is None)
    return [one for one in found if one["type"] in _PHONES]


async def _tenant(walk: Walk) -> dict[str, Any]:
    return await stage.tenant(walk.handover["admin"], walk.company["tenant_id"])


# --- a webhook ----------------------------------------------------------------------------------------------------


async def _announced(walk: Walk) -> dict[str, Any]:
    """With a webhook, an invoice is in Xero within seconds of its posting, and nobody asks for it."""
    walk.head("A webhook announces an invoice that is posted just now", "webhook add servicetitan")
    async with _listening(walk):
        wish = {"act": "post", "tenant": walk.company["tenant_id"]}
        began = time.monotonic()
        done = await stage.at_the_desk(walk.handover["admin"], "servicetitan", wish)
        total = await _arrived(walk, str(done["invoice"]))
        took = time.monotonic() - began
    walk.say(f"ServiceTitan posts invoice {done['invoice']} over {done['total']:,.2f} and announces it.")
    walk.say(
        f"Xero: invoice {done['invoice']} over {total:,.2f} is there {took:.1f} seconds later; nobody has asked for it."
    )
    return {"invoice": done["invoice"], "total": f"{total:.2f}", "seconds": round(took, 1)}


@asynccontextmanager
async def _listening(walk: Walk) -> AsyncIterator[None]:
    """Our address is served and entered at ServiceTitan, as long as the block runs."""
    key, admin = secrets.token_hex(20), walk.handover["admin"]
    with listening("127.0.0.1:0") as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with serving(walk.runtime, door, asyncio.Event()):
            hook = await add_webhook(walk.desk, "servicetitan", base, key)
            await stage.subscribe(admin, "servicetitan", hook.address, key)
            try:
                yield
            finally:
                await stage.unsubscribe(admin, "servicetitan")
                await remove_webhook(walk.desk, hook.name)


async def _arrived(walk: Walk, number: str) -> Decimal:
    """The total with which it stands in Xero, once it does. Raises DemoFailed when it does not come."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        books = await stage.books(walk.handover["admin"], "xero")
        documents = books["organisations"][walk.company["xero_organisation_id"]]["invoices"]
        for one in documents:
            if one["number"] == number:
                return Decimal(one["total"])
        await asyncio.sleep(0.25)
    raise stage.DemoFailed(f"Invoice {number} was announced and did not come to Xero.")
