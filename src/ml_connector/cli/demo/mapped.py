"""Scenes of the fourth chapter: mapping tables before going live, and items and tax zones that both sides have."""

from __future__ import annotations

import csv
import io
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.known import ledgers
from ml_connector.cli.demo.walk import Walk
from ml_connector.service.differing import differences
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.coverage import Coverage, coverage
from ml_connector.service.mapping.files import import_mapping
from ml_connector.service.mapping.history import history
from ml_connector.service.mapping.simulating import simulate
from ml_connector.service.mapping.suggesting import Suggestion, suggest
from ml_connector.service.mapping.surveying import survey
from ml_connector.service.mapping.values import set_value
from ml_connector.service.tallies import counted

BUYING, SALES = ("bills", "vendor_credits"), ("invoices", "payments", "credit_memos")
_ALIGNED = ("items", "tax_zones")
_CHANGED = "tax"  # the table whose change is simulated
_SUGGESTED = ("accounts", "business_units")
_LATER = (_CHANGED, "sales_tax")  # tables that the scenes after it fill
_SHOWN = 3


async def mapped(walk: Walk, integration: Integration) -> dict[str, Any]:
    """Survey, suggest, simulate and fill; the scene's numbers."""
    before = await _covered(walk, integration)
    for flow in BUYING:
        await set_flow_mode(walk.desk, integration, flow, "preview")
    await walk.sync(KIND)
    taken = await _suggested(walk, integration)
    answers = walk.company["integrations"][KIND]["mapping"]
    await walk.give(integration, {table: rows for table, rows in answers.items() if table not in _LATER}, taken)
    await walk.sync(KIND)
    effect = await _simulated(walk, integration, answers[_CHANGED])
    after = await coverage(walk.desk, integration)
    walk.say(f"The tables know {after.percent} % of the documents now{_open(after)}.")
    return {
        "surveyed": before.documents, "covered_before": str(before.percent), "covered_after": str(after.percent), **effect,
    }  # fmt: skip


async def _covered(walk: Walk, integration: Integration) -> Coverage:
    text = "How much of the last 90 days' documents the mapping tables know, before anything goes live"
    walk.head(text, "map coverage --survey")
    await survey(walk.desk, integration)
    found = await coverage(walk.desk, integration)
    walk.say(
        f"{counted(found.documents, 'document')} dated since {found.since}, {render.sums(found.sums)}: {found.percent} % of "
        f"them find a row for every key{_open(found)}."
    )
    return found


def _open(found: Coverage) -> str:
    """Tables with keys that have no row, and how many."""
    waiting = [f"{one.table} {len(one.open)}" for one in found.tables if one.open]
    return f"; keys without a row: {', '.join(waiting)}" if waiting else ""


async def _suggested(walk: Walk, integration: Integration) -> set[tuple[str, str]]:
    """What is proposed with which evidence; what is sure is taken."""
    walk.head("Suggestions with their evidence; what is sure is taken", "map suggest accounts --accept-exact")
    for one in (await suggest(walk.desk, integration, "accounts"))[:_SHOWN]:
        walk.say(_told(one))
    return await walk.accept(integration, _SUGGESTED)


def _told(one: Suggestion) -> str:
    best = f"{one.candidates[0].name} ({one.candidates[0].evidence})" if one.candidates else "nothing is like it"
    name = one.key if one.name == one.key else f"{one.key} {one.name}"
    return f"  {name}: {best}; {counted(one.waiting, 'document waits', 'documents wait')} for it."


async def _simulated(walk: Walk, integration: Integration, rows: dict[str, str]) -> dict[str, Any]:
    """What a file would do, then the same file taken, and who changed what."""
    file = walk.file.with_name(f"{_CHANGED}.csv")
    file.write_text(_csv(rows), encoding="utf-8")
    walk.head(
        "What a file of rows would do is shown before it is taken; then it is, and who changed what stays known",
        f"map simulate {_CHANGED} {file.name} --anyway\nmap import {_CHANGED} {file.name} --anyway\nmap history {_CHANGED}",
    )
    found = await simulate(walk.desk, integration, _CHANGED, _csv(rows), anyway=True)
    wait = sum(found.waits.values())
    walk.say(
        f"Simulated: {counted(len(found.rows), 'row')}, {counted(found.goes_on.count, 'waiting document')} would go on "
        f"({render.sums(found.goes_on.sums)}), {wait} would wait for something else still."
    )
    done = await import_mapping(walk.desk, integration, _CHANGED, _csv(rows), anyway=True)
    await walk.sync(KIND)
    walk.say(f"Taken: {counted(done.added, 'row')}; {counted(done.released, 'document')} went on to be planned again.")
    for one in (await history(walk.desk, integration, _CHANGED)).changes[:_SHOWN]:
        to = f"{one.key} to {one.name or one.value}, {one.days}"
        walk.say(f"  {one.at:%Y-%m-%d %H:%M}: {one.who} {one.what} {to}.")
    return {"simulated_goes_on": found.goes_on.count, "rows": done.added}


def _csv(rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("source_key", "target_key", "note"))
    writer.writerows((key, value, "as the accountant said") for key, value in rows.items())
    return out.getvalue()


# --- items and tax zones ------------------------------------------------------------------------------------------


async def aligned(walk: Walk, integration: Integration) -> dict[str, Any]:
    """Items and taxes are linked, their differences shown, and what is missing is made once a setting says so."""
    commands = [f"live {' '.join(_ALIGNED)} --as-needed", *(f"live {flow}" for flow in SALES), "sync"]
    text = "What is sold: items and tax zones are linked where both sides have them; nothing is made"
    walk.head(text, "\n".join([*commands, "map differences items"]))
    before = len(await _items(walk))
    for flow in _ALIGNED:
        await set_flow_mode(walk.desk, integration, flow, "as needed")
    for flow in SALES:
        await set_flow_mode(walk.desk, integration, flow, "live")
    await walk.sync(KIND)
    found = {flow: await differences(walk.desk, integration, flow) for flow in _ALIGNED}
    made = len(await _items(walk)) - before
    linked = {flow: one.linked for flow, one in found.items()}
    walk.say(f"{counted(linked['items'], 'item')} and {counted(linked['tax_zones'], 'tax zone')} linked, {made} made.")
    for one in found["items"].differing:
        walk.say(f"  {one.name}: {', '.join(one.what)}. It stays as it is.")
    taken = await _alike(walk, integration)
    return {
        "linked": linked, "made_unasked": made, "differ": len(found["items"].differing), "taken": taken,
        "made": await _made(walk, before),
    }  # fmt: skip


async def _alike(walk: Walk, integration: Integration) -> int:
    """What documents wait for and is only like something there: a person takes it over. How many were."""
    found = [(table, one) for table in ("items", "sales_tax") for one in await suggest(walk.desk, integration, table)]
    waited = [(table, one) for table, one in found if one.candidates and one.waiting]
    commands = [f"map set {table} '{one.key}' {one.candidates[0].value}" for table, one in waited]
    walk.head("What is only alike is suggested, and a person says it", "\n".join(["map suggest items", *commands]))
    for table, one in waited:
        walk.say(_told(one))
        await set_value(walk.desk, integration, table, one.key, one.candidates[0].value)
    return len(waited)


async def _made(walk: Walk, before: int) -> int:
    walk.head("The rest is made because a setting says so", "settings --set new_items=yes --set new_taxes=yes\nsync")
    integration = await integration_named(walk.desk, KIND)
    await change_settings(walk.desk, integration, {"new_items": "yes", "new_taxes": "yes"})
    await walk.sync(KIND)
    made = len(await _items(walk)) - before
    walk.say(f"{counted(made, 'item')} made in Zoho Books, each once, for what invoices name.")
    return made


async def _items(walk: Walk) -> list[Any]:
    return list((await ledgers(walk))["items"])
