"""The tour: two chapters on one company, and two on firms with a sandbox and data of their own; what all comes to."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml_connector.cli import render
from ml_connector.cli.context import Cli, Exit
from ml_connector.cli.demo import bills, both_ways, own_tables, payables, regions, sales, stage, zoho_sales
from ml_connector.cli.demo.walk import Walk, head
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.tasks import ended
from ml_connector.lanes.worker import serve
from ml_connector.service import auditing
from ml_connector.service.connections import connections
from ml_connector.service.tallies import counted
from ml_connector.settings import Settings

OWN_TABLES = "own_tables"  # of the summary: the firm whose instance has tables of its own


async def run(cli: Cli, *, once: bool, summary: Path | None, speed: float, folder: Path) -> int:
    """The whole demonstration. Raises ConnectorError."""
    with stage.fresh(folder) as made:
        return await _run(cli, once=once, summary=summary, speed=speed, folder=made)


async def _run(cli: Cli, *, once: bool, summary: Path | None, speed: float, folder: Path) -> int:
    began = time.monotonic()
    file = folder / "sandbox.json"
    settings = Settings(data=folder / "data", sandbox=file).model_copy(update={"database_url": None})
    cli = replace(cli, settings=settings)
    head(cli, "Starting the sandbox: a heating-and-cooling company at ServiceTitan, Zoho Books and Xero")
    async with stage.sandbox(file, speed), cli.runtime() as runtime, _worker(runtime):
        numbers = await _toured(Walk(cli, runtime, file))
        async with _office(cli, folder / stage.OFFICE, speed) as firm:
            numbers |= await _at_the_office(firm)
            numbers[both_ways.BOTH] = await _between(cli, folder / stage.BOTH_WAYS, speed)
            numbers["seconds"] = round(time.monotonic() - began, 1)
            if summary is not None:
                summary.write_text(json.dumps(numbers, indent=2) + "\n")
            _verdict(cli, numbers)
            if not once:
                show_next(cli, folder, [one["company"] for one in (numbers[payables.KIND], numbers[OWN_TABLES])])
                await _stop_asked()
    return Exit.GOOD if _agrees(numbers) else Exit.FAILED


@asynccontextmanager
async def _office(cli: Cli, folder: Path, speed: float) -> AsyncIterator[Walk]:
    """The firm of the third chapter."""
    text = "Another firm: a month of 500 bills in Zoho Books, approved and paid in ServiceNow, in a sandbox of its own"
    async with _firm(cli, folder, speed, payables.COMPANY, text) as walk:
        yield walk


async def _between(cli: Cli, folder: Path, speed: float) -> dict[str, Any]:
    """The fourth chapter, whose two sandboxes end with it."""
    text = "A small firm: ServiceTitan and Zoho Books both ways, in a sandbox of its own"
    async with _firm(cli, folder, speed, both_ways.COMPANY, text) as walk:
        numbers = await both_ways.both_ways(walk)
        await _verify_audit(walk)
        numbers |= {"company": walk.company["name"], "connections": await _connections(walk)}
    text = "A firm with a ledger in each of Zoho's eight data centres, in a sandbox of its own"
    async with _firm(cli, folder.with_name(stage.REGIONS), speed, regions.COMPANY, text) as walk:
        return {**numbers, "regions": await regions.regions(walk)}


@asynccontextmanager
async def _firm(cli: Cli, folder: Path, speed: float, company: str, text: str) -> AsyncIterator[Walk]:
    """Another sandbox, and a data folder with a database of its own."""
    folder.mkdir()
    file = folder / "sandbox.json"
    settings = Settings(data=folder / "data", sandbox=file).model_copy(update={"database_url": None})
    cli = replace(cli, settings=settings)
    head(cli, text)
    async with stage.sandbox(file, speed, company), cli.runtime() as runtime, _worker(runtime):
        yield Walk(cli, runtime, file)


async def _at_the_office(walk: Walk) -> dict[str, Any]:
    """The chapter's two firms, one after the other in the same service."""
    numbers = await payables.payables(walk)
    await _verify_audit(walk)
    beside = Walk(walk.cli, walk.runtime, stage.neighbours_file(walk.file))
    own = await own_tables.own_tables(beside, walk)
    await _verify_audit(beside)
    return {
        payables.KIND: {**numbers, "company": walk.company["name"], "connections": await _connections(walk)},
        OWN_TABLES: {**own, "company": beside.company["name"]},
    }


@asynccontextmanager
async def _worker(runtime: Runtime) -> AsyncIterator[None]:
    """Dispatcher and worker in this process, as ``ml-connector up`` runs them."""
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    try:
        yield
    finally:
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 15)
        await ended(task)


async def _toured(walk: Walk) -> dict[str, Any]:
    """The company's two chapters, and what is checked of everything at the end; the numbers of the summary."""
    numbers = await bills.bills(walk)
    numbers[zoho_sales.SALES] = await zoho_sales.zoho_sales(walk)
    await zoho_sales.turned_off(walk)
    numbers[sales.KIND] = await sales.sales(walk)
    await _verify_audit(walk)
    return {**numbers, "company": walk.company["name"], "connections": await _connections(walk)}


async def _verify_audit(walk: Walk) -> None:
    walk.head("Every step is in the audit trail, chained", "audit verify")
    found = await auditing.verify_audit(walk.desk)
    state = "intact" if found.intact else "NOT INTACT"
    walk.say(f"{counted(found.events, 'event')} in {counted(found.links, 'link')}: {state}.")


async def _connections(walk: Walk) -> list[dict[str, Any]]:
    found = []
    for one in await connections(walk.desk):
        seen = await stage.statistics(walk.handover["admin"], one.vendor)
        refreshes = seen.get("refreshes", seen.get("tokens_issued", 0))
        found.append(
            {
                "name": one.name,
                "vendor": one.vendor,
                "calls": seen["calls"],
                "http_429": seen["http_429"],
                "token_refreshes": refreshes,
            }
        )
    return found


def _agrees(numbers: Mapping[str, Any]) -> bool:
    chapters = (
        (numbers, bills.FAULTS), (numbers[zoho_sales.SALES], zoho_sales.FAULTS), (numbers[sales.KIND], sales.FAULTS),
        (numbers[payables.KIND], payables.FAULTS), (numbers[OWN_TABLES], own_tables.FAULTS),
        (numbers[both_ways.BOTH], both_ways.FAULTS),
    )  # fmt: skip
    wrong = any(one["second_run"]["posted"] or any(one[name] for name in faults) for one, faults in chapters)
    apart, between = numbers[OWN_TABLES]["apart"]["untouched"], numbers[both_ways.BOTH]
    kept = both_ways.kept_its_word(between) and regions.all_agree(between["regions"])
    return bool(apart) and kept and not wrong


def _verdict(cli: Cli, numbers: Mapping[str, Any]) -> None:
    if cli.json:
        print(json.dumps(numbers, indent=2))
        return
    cli.out.print()
    good = "Nothing posted twice, nothing missing, every total ties to the cent, every customer owes the same."
    bad = "THE BOOKS DO NOT AGREE; see above."
    style = "bold green" if _agrees(numbers) else "bold red"
    render.lines(cli.out, good if _agrees(numbers) else bad, style=style)
    firms = ("The third chapter's two firms", payables.KIND), ("The fourth chapter's firm", both_ways.BOTH)
    for whose, known in ((numbers["company"], numbers), *((whose, numbers[name]) for whose, name in firms)):
        calls = (
            f"{one['name']} {one['calls']:,} ({one['http_429']} refused for a limit)" for one in known["connections"]
        )
        render.lines(cli.out, f"{whose}, calls: {', '.join(calls)}.")
    render.lines(cli.out, f"The tour took {numbers['seconds']} seconds.")


def show_next(cli: Cli, folder: Path, firms: Sequence[str]) -> None:
    """What a person may try while the demonstration runs; ``firms``: the third chapter's, by their names."""
    if cli.json:
        return
    head(cli, "It keeps running. In another terminal, try")
    for line in _next_lines(folder, firms):
        cli.out.print(render.plain_text(line), soft_wrap=True)
    render.lines(cli.out, "Ctrl-C ends it and leaves nothing behind.")


def _next_lines(folder: Path, firms: Sequence[str]) -> tuple[str, ...]:
    """What to paste into another terminal; a path is too long for many screens, and a broken line cannot be pasted."""
    program = Path(sys.argv[0]).name
    program = shlex.quote(os.path.relpath(sys.argv[0])) if program == "ml-connector" else "ml-connector"
    return (
        f"  export ML_CONNECTOR_DATA={shlex.quote(str(folder / 'data'))}",
        f"  export ML_CONNECTOR_SANDBOX={shlex.quote(str(folder / 'sandbox.json'))}",
        f"  {program} status",
        f"  {program} records --state held",
        f"  {program} explain INV-10401",
        f"  {program} records --flow payments --state held",
        f"  {program} map suggest vendors --integration {bills.KIND}",
        f"  export ML_CONNECTOR_DATA={shlex.quote(str(folder / stage.OFFICE / 'data'))}",
        f"  export ML_CONNECTOR_SANDBOX={shlex.quote(str(folder / stage.OFFICE / 'sandbox.json'))}",
        *(f"  {program} --company {shlex.quote(name)} standing" for name in firms),
    )


async def _stop_asked() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
