"""``sandbox``: what goes wrong in the sandbox that ML_CONNECTOR_SANDBOX names, over its admin address."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from cyclopts import App
from rich.console import Console
from rich.text import Text

from ml_connector.cli import render
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.service.tallies import counted
from ml_connector.settings import Sandbox

_SECONDS = 10.0  # an admin address on loopback answers at once or not at all


class NotRunning(ConnectorError):
    """The sandbox of the hand-over file does not answer."""


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="sandbox", help="Let something go wrong in the running sandbox, and see what it was asked.")
    group.command(faults, help_epilogue="Example: ml-connector sandbox faults")
    group.command(kinds, help_epilogue="Example: ml-connector sandbox kinds")
    group.command(fault, help_epilogue="Example: ml-connector sandbox fault zoho_books '500 after' --call 12")
    group.command(clear, help_epilogue="Example: ml-connector sandbox clear")
    group.command(webhooks, help_epilogue="Example: ml-connector sandbox webhooks zoho_books")
    group.command(webhook, help_epilogue="Example: ml-connector sandbox webhook zoho_books twice --delivery 3")
    group.command(calls, help_epilogue="Example: ml-connector sandbox calls zoho_books --last 50")
    app.command(group)


async def faults(*, cli: Given) -> int:
    """Show which faults are pending, and which have struck."""
    cli.show(await _asked(cli, "GET", "/faults"), _faults_shown)
    return Exit.GOOD


async def kinds(*, cli: Given) -> int:
    """Show what can go wrong."""
    cli.show(await _asked(cli, "GET", "/faults/kinds"), _kinds_shown)
    return Exit.GOOD


async def fault(
    emulator: str, kind: str, *, call: int | None = None, times: int = 1, seconds: float | None = None, cli: Given
) -> int:
    """Let something go wrong at a call.

    Parameters
    ----------
    emulator
        Whose calls, such as zoho_books.
    kind
        What goes wrong; 'ml-connector sandbox kinds' shows what there is.
    call
        The number of the first call it strikes; without it, the next call it applies to.
    times
        How many calls in a row.
    seconds
        How long it takes, or what the vendor asks to wait.
    """
    body = {"kind": kind, "call": call, "times": times, "seconds": seconds}
    cli.show(await _asked(cli, "POST", f"/{emulator}/faults", body), _fault_shown)
    return Exit.GOOD


async def clear(*, cli: Given) -> int:
    """End all faults, those that stand and those of webhooks as well."""
    cli.show(await _asked(cli, "DELETE", "/faults"), _cleared_shown)
    return Exit.GOOD


async def webhooks(emulator: str, *, last: int = 20, cli: Given) -> int:
    """Show the last webhooks an emulator delivered, or tried to, and what is to go wrong with the next.

    Parameters
    ----------
    emulator
        Whose webhooks, such as zoho_books.
    last
        How many deliveries.
    """
    if last < 1:
        raise BadInput(f"--last is at least 1, not {last}.")
    found = {
        "deliveries": (await _asked(cli, "GET", f"/{emulator}/webhooks/deliveries"))[-last:],
        "pending": await _asked(cli, "GET", f"/{emulator}/webhooks/faults"),
    }
    cli.show(found, _webhooks_shown)
    return Exit.GOOD


async def webhook(
    emulator: str, kind: str, *, delivery: int | None = None, seconds: float | None = None, cli: Given
) -> int:
    """Let a webhook come twice, late, out of order, or never.

    Parameters
    ----------
    emulator
        Whose webhook, such as zoho_books.
    kind
        twice, late, out of order, or never.
    delivery
        Its number; without it, the next one.
    seconds
        How late, in sandbox seconds.
    """
    given = {"kind": kind, "delivery": delivery, "seconds": seconds}
    body = {name: value for name, value in given.items() if value is not None}
    cli.show(await _asked(cli, "POST", f"/{emulator}/webhooks/faults", body), _webhook_shown)
    return Exit.GOOD


async def calls(emulator: str, *, last: int = 20, cli: Given) -> int:
    """Show the last calls an emulator was asked, with their numbers.

    Parameters
    ----------
    emulator
        Whose calls, such as zoho_books.
    last
        How many.
    """
    if last < 1:
        raise BadInput(f"--last is at least 1, not {last}.")
    found = await _asked(cli, "GET", f"/{emulator}/calls")
    cli.show(found[-last:], _calls_shown)
    return Exit.GOOD


async def _asked(cli: Cli, method: str, path: str, body: Any = None) -> Any:
    """What the admin address answers. Raises BadInput with its sentence, or where there is no sandbox; NotRunning."""
    admin = _admin(cli)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.request(method, f"{admin}{path}", json=body) as answer,
        ):
            text = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotRunning(f"The sandbox of {cli.settings.sandbox} does not answer: start it again.") from error
    if answer.status >= 400:
        sentence = text.strip().rstrip(".")
        raise BadInput(f"The sandbox refused it: {sentence}.")
    return json.loads(text)


def _admin(cli: Cli) -> str:
    if cli.settings.sandbox is None:
        raise BadInput("There is no sandbox: start one, and set ML_CONNECTOR_SANDBOX to its file.")
    return Sandbox.read(cli.settings.sandbox).admin


def _faults_shown(console: Console, found: dict[str, dict[str, Any]]) -> None:
    made = render.table("emulator", "fault", "from call", "times", "struck call", right=("from call", "times"))
    for name, one in found.items():
        for pending in one["pending"]:
            render.add(made, name, pending["kind"], _call(pending), pending["times"], "pending")
        for fired in one["fired"]:
            render.add(made, name, fired["kind"], _call(fired), fired["times"], fired["struck"])
    if made.row_count:
        console.print(made)
    render.lines(console, *(f"{name}: {counted(one['calls'], 'call')} so far." for name, one in found.items()))


def _kinds_shown(console: Console, found: list[dict[str, Any]]) -> None:
    made = render.table("kind", "what happens", "lasts", "person")
    render.keep_whole(made, "kind")
    for one in found:
        lasts, person = "until cleared" if one["standing"] else "", "needed" if one["needs_person"] else ""
        render.add(made, one["name"], one["what"], lasts, person)
    console.print(made)


def _fault_shown(console: Console, found: dict[str, Any]) -> None:
    where = "the next call it applies to" if found["call"] is None else f"call {found['call']}"
    render.lines(console, f"'{found['kind']}' strikes {where}.")


def _webhook_shown(console: Console, found: dict[str, Any]) -> None:
    which = "the next delivery" if found["delivery"] is None else f"delivery {found['delivery']}"
    render.lines(console, f"'{found['kind']}' happens to {which}.")


def _webhooks_shown(console: Console, found: dict[str, Any]) -> None:
    made = render.table("delivery", "event", "of", "state", "attempts", "fault", right=("delivery", "attempts"))
    for one in found["deliveries"]:
        render.add(made, one["number"], one["event"], one["object_id"], one["status"], one["attempts"], one["fault"])
    if made.row_count:
        console.print(made)
    else:
        render.lines(console, "Nothing was delivered yet.")
    for one in found["pending"]:
        _webhook_shown(console, one)


def _cleared_shown(console: Console, found: dict[str, int]) -> None:
    render.lines(console, f"{counted(found['cleared'], 'fault')} ended.")


def _calls_shown(console: Console, found: list[dict[str, Any]]) -> None:
    made = render.table("call", "answer", "fault", "request", right=("call", "answer"))
    for one in found:
        request = f"{one['method']} {one['host']}{one['path']}{'?' if one['query'] else ''}{one['query']}"
        render.add(made, one["number"], one["status"] or "-", one["fault"], Text(request))
    console.print(made)


def _call(fault: dict[str, Any]) -> str:
    return "next" if fault["call"] is None else str(fault["call"])
