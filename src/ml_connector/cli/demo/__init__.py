"""The demonstration: the whole product on the sandbox, step by step, as a bookkeeper and an implementer would use it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ml_connector.cli.context import Given


def mount(app: App) -> None:
    """Add this command."""
    app.command(demo, help_epilogue="Example: ml-connector demo --once --summary summary.json")


async def demo(
    *,
    once: Annotated[bool, Parameter(negative=())] = False,
    summary: Path | None = None,
    speed: float = 60.0,
    folder: Path = Path(".demo"),
    cli: Given,
) -> int:
    """Run the product on the sandbox, with a seeded heating-and-cooling company.

    No account anywhere is needed, and nothing outside this machine is called.

    Parameters
    ----------
    once
        End after the tour; otherwise everything keeps running until Ctrl-C.
    summary
        Write the tour's numbers to this JSON file.
    speed
        Sandbox seconds per second; limits and schedules keep to the sandbox's clock.
    folder
        Where the demonstration keeps its data; it is made anew every time.
    """
    from ml_connector.cli.demo.tour import run  # half a second that no other command needs

    return await run(cli, once=once, summary=summary, speed=speed, folder=folder)
