"""``explain``: a record's whole life."""

from __future__ import annotations

import json

from rich.console import Console
from rich.padding import Padding

from ml_connector.cli import render
from ml_connector.cli.clearing import show_one as show_deposit
from ml_connector.cli.context import Exit, Given
from ml_connector.cli.tracking import show_one
from ml_connector.service.explaining import Life, Link
from ml_connector.service.explaining import explain as whole_life


async def explain(record: str, *, cli: Given) -> int:
    """Tell a record's whole life: read, decided, sent, answered, and by whom.

    Parameters
    ----------
    record
        A document's number, its id in either system, or #record.
    """
    async with cli.desk() as desk:
        life = await whole_life(desk, record)
    cli.show(life, show_life)
    return Exit.ATTENTION if life.versions[-1].waits or (life.link and life.link.action) else Exit.GOOD


def show_life(console: Console, life: Life) -> None:
    """A record's life, the newest state first and then everything in order."""
    newest = life.versions[-1]
    amount = f", {render.money(newest.amount, newest.currency)}" if newest.amount else ""
    dated = f" of {newest.date}" if newest.date else ""
    render.lines(
        console,
        f"Record #{life.record_id}: {life.flow} {newest.number or life.source_id}{dated}, {life.party}{amount}",
        style="bold",
    )
    state = (life.link.standing if life.link else "") or newest.state
    told = f"It is {state}" + (f": {newest.why}." if newest.why else ".")
    render.lines(console, told, f"Reference {life.reference}, id at the source {life.source_id}.")
    if life.link:
        linked = (
            f"{life.link.target_entity} {life.link.target_id} ({life.link.origin}, {render.instant(life.link.made_at)})"
        )
        standing = f" It is {life.link.status} there." if life.link.status else ""
        render.lines(console, f"Its counterpart: {linked}.{standing}")
        if life.link.trouble:
            _trouble(console, life.link)
    show_one(console, life.tracking)
    show_deposit(console, life.deposit)
    for wait in newest.waits:
        render.lines(console, f"  {wait.sentence}", style="yellow")
        console.print(Padding(render.plain_text(wait.action), (0, 0, 0, 4), expand=False))
    for double in life.doubles:
        render.lines(console, f"Double {double.double_id}: {double.sentence}", style="red" if double.open else "")
    _versions(console, life)
    _intents(console, life)
    _timeline(console, life)


def _trouble(console: Console, link: Link) -> None:
    """What is wrong with it there, and who does what; a finding of ours is half a sentence, the target's own a whole one."""
    ours = link.trouble[:1].islower()
    render.lines(console, f"  It {link.trouble}." if ours else f"  {link.trouble}", style="yellow")
    if link.action:
        console.print(Padding(render.plain_text(link.action), (0, 0, 0, 4), expand=False))


def _versions(console: Console, life: Life) -> None:
    made = render.table(
        "version", "read (UTC)", "number", "amount", "state", title="Versions", right=("version", "amount")
    )
    for one in life.versions:
        amount = render.money(one.amount, one.currency)
        render.add(made, one.sequence, render.instant(one.read_at), one.number, amount, render.state(one.state))
    console.print(made)


def _intents(console: Console, life: Life) -> None:
    for one in life.intents:
        render.lines(
            console,
            f"Step {one.step + 1}, {one.action} {one.entity}: {one.state} ({render.instant(one.made_at)})",
            style="bold",
        )
        console.print(
            Padding(render.plain_text(json.dumps(one.body, indent=1, ensure_ascii=False)), (0, 0, 0, 4), expand=False)
        )
    for call in life.exchanges:
        shared = f", one of {call.documents} documents in this call" if call.documents > 1 else ""
        told = f"{call.method} {call.url} -> {call.status} ({call.milliseconds} ms{shared})"
        render.lines(console, f"  {render.instant(call.at)} {told}")


_QUIET = ("decision", "step", "intent", "waits")


def _timeline(console: Console, life: Life) -> None:
    made = render.table("when (UTC)", "what", "by", "details", title="Its life")
    for entry in life.timeline:
        details = ", ".join(f"{name} {value}" for name, value in entry.details.items() if name not in _QUIET and value)
        waits = "; ".join(str(wait[-1]) for wait in entry.details.get("waits", ()))
        render.add(made, render.instant(entry.at), entry.kind, entry.actor, entry.note or waits or details)
    console.print(made)
