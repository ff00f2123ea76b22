"""``audit``: prove the trail, and hand it out."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console

from ml_connector.audit import Verification
from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given, plain
from ml_connector.errors import BadInput
from ml_connector.service import auditing
from ml_connector.service.tallies import counted


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="audit", help="The audit trail: everything that happened, in a chain that shows any change.")
    group.command(verify, help_epilogue="Example: ml-connector audit verify")
    group.command(export, help_epilogue="Example: ml-connector audit export trail.jsonl --since 2026-01-01")
    app.command(group)


async def verify(*, anchor: str = "", cli: Given) -> int:
    """Prove that nothing of the trail was altered, removed or added.

    Parameters
    ----------
    anchor
        What an earlier verification noted, kept outside the database.
    """
    expected = auditing.anchor_of(anchor) if anchor else None
    async with cli.desk() as desk:
        found = await auditing.verify_audit(desk, expected)
    head = f"{found.head.chain_no}:{found.head.hash.hex()}" if found.head else ""
    if cli.json:
        shown = {
            "intact": found.intact, "links": found.links, "events": found.events, "erased": found.erased,
            "anchor": head,
            "faults": [fault._asdict() for fault in found.faults],
        }  # fmt: skip
        cli.show(plain(shown), lambda *_: None)
    else:
        _verified(cli.out, found, head)
    return Exit.GOOD if found.intact else Exit.ATTENTION


def _verified(console: Console, found: Verification, head: str) -> None:
    render.lines(console, *(fault.sentence for fault in found.faults), style="red")
    if found.intact:
        render.lines(
            console, f"The trail is intact: {counted(found.events, 'event')} in {counted(found.links, 'link')}."
        )
        if found.erased:
            told = counted(found.erased, "event was rewritten", "events were rewritten")
            render.lines(
                console, f"{told} without the data of a person who was erased; the trail tells when and by whom."
            )
        console.print(render.plain_text(f"Anchor, to be kept elsewhere: {head}"), soft_wrap=True)


async def export(file: Path | None = None, *, since: str = "", until: str = "", cli: Given) -> int:
    """Write the trail as JSON lines, with its details readable.

    Parameters
    ----------
    file
        Where to write it; without one it goes to the terminal.
    since
        From this day on (UTC).
    until
        Until before this day (UTC).
    """
    first, last = _instant("since", since), _instant("until", until)
    lines = 0
    async with cli.desk() as desk:
        try:
            out = file.open("wb") if file else sys.stdout.buffer
        except OSError as error:
            raise BadInput(f"{file} cannot be written: {error.strerror}.") from error
        try:
            async for line in auditing.export_audit(desk, first, last):
                out.write(line)
                lines += 1
        finally:
            out.flush()
            if file:
                out.close()
    if file:
        cli.show({"file": str(file), "links": lines}, _written)
    return Exit.GOOD


def _written(console: Console, found: dict[str, Any]) -> None:
    render.lines(console, f"{counted(found['links'], 'link')} written to {found['file']}.")


def _instant(name: str, text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC) if text else None
    except ValueError as error:
        raise BadInput(f"--{name} {text!r} is no date such as 2026-01-31.") from error
