"""The end of the fourth chapter: a ledger in each of Zoho's eight data centres, each document at its own address."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.walk import Walk
from ml_connector.errors import BadInput
from ml_connector.service import integrating
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.tallies import counted

COMPANY = "regions mistaken"
_DATA_CENTRES = 8  # of Zoho
_FINDINGS = 3  # that are told of a ledger
_FIRM = "Lantern Comfort"  # all of it is one company here, whose ledgers are called by their towns


async def regions(walk: Walk) -> dict[str, Any]:
    """By data centre: how many bills stand there, over how much, and whether both sides agree."""
    commands = (
        "connect zoho-books --data-centre eu",
        f"integrate {KIND} --set business_units=...",
        "live bills",
        "sync",
    )
    text = "Eight data centres in one run: each grant, each call and each bill goes to its own address"
    walk.head(text, "\n".join(commands))
    quiet = Walk(replace(walk.cli, json=True), walk.runtime, walk.file)
    tenants: set[str] = set()
    joined = []
    for told in walk.company["regions"]:
        await _wrong_one(walk, quiet, told)
        joined.append(await _joined(quiet, told, tenants))
    await asyncio.gather(*(quiet.sync(str(one.integration_id)) for one in joined))
    books = await stage.regions_compared(walk.file)
    return {told["data_centre"]: _told(walk, told, books[told["data_centre"]]) for told in walk.company["regions"]}


def all_agree(numbers: Mapping[str, Any]) -> bool:
    """Whether there is a ledger in each data centre, and each agrees with ServiceTitan."""
    return len(numbers) == _DATA_CENTRES and all(one["agrees"] for one in numbers.values())


async def _wrong_one(walk: Walk, quiet: Walk, told: dict[str, Any]) -> None:
    """Somebody chooses another data centre than the account's: the answer says which it is."""
    for centre, secret in told["secrets_elsewhere"].items():
        wrong = {**told["credentials"]["zoho_books"], "data_centre": centre, "client_secret": secret}
        _as(quiet, told, {**told["credentials"], "zoho_books": wrong})
        try:
            await quiet.connect("zoho_books")
        except BadInput as error:
            walk.say(f"Chosen wrongly: {error.sentence}")
        else:
            raise stage.DemoFailed(f"A grant of {told['data_centre']} was taken for one of {centre}.")


async def _joined(quiet: Walk, told: dict[str, Any], tenants: set[str]) -> Integration:
    """A region's ledger connected, integrated for its business units alone, and mapped; its bills live.

    ``tenants``: those of ServiceTitan that are connected, to which this region's is added.
    """
    _as(quiet, told, told["credentials"])
    if told["tenant_id"] not in tenants:
        await quiet.connect("servicetitan")
        tenants.add(told["tenant_id"])
    await quiet.connect("zoho_books")
    settings = {name: str(value) for name, value in told["settings"].items()}
    ends = {"source": told["tenant_id"], "target": told["organization_id"]}
    made = await integrating.integrate(quiet.desk, KIND, settings, **ends)
    for table, rows in told["mapping"].items():
        for key, value in rows.items():
            await set_value(quiet.desk, made, table, key, value, anyway=True)
    await set_flow_mode(quiet.desk, made, "bills", "live")
    return made


def _as(quiet: Walk, told: dict[str, Any], credentials: dict[str, Any]) -> None:
    quiet.company = {**told, "name": _FIRM}
    quiet.handover = {**quiet.handover, "credentials": credentials}


def _told(walk: Walk, told: dict[str, Any], books: dict[str, Any]) -> dict[str, Any]:
    """A ledger's books against ServiceTitan's, in a line."""
    posted, agrees = books["sums"]["posted"], not books["findings"]
    sums = render.sums({currency: Decimal(amount) for currency, amount in posted.items()})
    state = "agree" if agrees else "DO NOT AGREE"
    walk.say(
        f"{told['data_centre']}, {told['name']}: {counted(books['documents'], 'bill')}, {sums}; both sides {state}."
    )
    for one in books["findings"][:_FINDINGS]:
        walk.say(f"- {one['sentence']}")
    return {"bills": books["documents"], "posted": posted, "agrees": agrees}
