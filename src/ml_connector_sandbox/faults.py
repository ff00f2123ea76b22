"""``python -m ml_connector_sandbox.faults``: let something go wrong at a call or webhook of a running sandbox."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp


class AdminRefused(Exception):
    """The admin address refused; the text is its sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: the sandbox refused it, with its sentence; 2: there is no sandbox to ask."""
    given = _parser().parse_args(arguments)
    try:
        admin = str(json.loads(given.file.read_text())["admin"])
        print(asyncio.run(_done(admin, given)))
    except AdminRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, aiohttp.ClientError) as error:
        print(f"the sandbox of {given.file} cannot be asked: {error}", file=sys.stderr)
        return 2
    return 0


async def _done(admin: str, given: argparse.Namespace) -> str:
    async with aiohttp.ClientSession(admin) as session:
        match given.verb:
            case "kinds":
                return _kinds(await _asked(session, "GET", "/faults/kinds"))
            case "add":
                body = {"kind": given.kind, "call": given.call, "times": given.times, "seconds": given.seconds}
                return f"added: {_fault(await _asked(session, 'POST', f'/{given.emulator}/faults', body))}"
            case "webhook":
                named = {"delivery": given.delivery, "seconds": given.seconds}
                body = {"kind": given.kind, **{name: one for name, one in named.items() if one is not None}}
                made = await _asked(session, "POST", f"/{given.emulator}/webhooks/faults", body)
                which = "the next delivery" if made["delivery"] is None else f"delivery {made['delivery']}"
                return f"added: {made['kind']}, {which}"
            case "clear":
                return f"cleared: {(await _asked(session, 'DELETE', '/faults'))['cleared']}"
            case _:
                return _listed(await _asked(session, "GET", "/faults"))


async def _asked(session: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with session.request(method, path, json=body) as answer:
        text = await answer.text()
        if answer.status >= 400:
            raise AdminRefused(text.strip())
        return json.loads(text)


def _kinds(kinds: list[dict[str, Any]]) -> str:
    return "\n".join(f"{one['name']:<17}{one['what']}{_marks(one)}" for one in kinds)


def _marks(kind: dict[str, Any]) -> str:
    marks = [word for word, on in (("standing", kind["standing"]), ("needs a person", kind["needs_person"])) if on]
    return f" ({', '.join(marks)})" if marks else ""


def _listed(found: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, one in found.items():
        lines.append(f"{name}: {one['calls']} {'call' if one['calls'] == 1 else 'calls'} so far")
        lines += [f"  pending: {_fault(fault)}" for fault in one["pending"]]
        lines += [f"  struck call {fault['struck']}: {fault['kind']}" for fault in one["fired"]]
    return "\n".join(lines)


def _fault(fault: dict[str, Any]) -> str:
    where = "at the next call" if fault["call"] is None else f"from call {fault['call']}"
    seconds = "" if fault["seconds"] is None else f", {fault['seconds']:g} s"
    return f"{fault['kind']} {where}, {fault['times']} x{seconds}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml_connector_sandbox.faults", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="the running sandbox's hand-over file")
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("list", help="what is pending, and what has struck (the default)")
    verbs.add_parser("kinds", help="what can go wrong")
    verbs.add_parser("clear", help="end all faults, those of webhooks too")
    adding = verbs.add_parser("add", help="let something go wrong")
    adding.add_argument("emulator", help="such as servicetitan")
    adding.add_argument("kind", help="such as '500 after'")
    adding.add_argument("--call", type=int, help="the first numbered call it strikes (default: the next one)")
    adding.add_argument("--times", type=int, default=1, help="how many calls in a row (default 1)")
    adding.add_argument("--seconds", type=float, help="what it means depends on the kind")
    disturbing = verbs.add_parser("webhook", help="let a webhook come twice, late, out of order, or never")
    disturbing.add_argument("emulator", help="such as zoho_books")
    disturbing.add_argument("kind", help="twice, late, 'out of order' or never")
    disturbing.add_argument("--delivery", type=int, help="the numbered delivery (default: the next one)")
    disturbing.add_argument("--seconds", type=float, help="how late, in sandbox seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
