"""What all comparisons share: the running sandbox's books, and a command line that tells what was found."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp

from ml_connector_sandbox.kernel import exact


class Compared(Protocol):
    """What a comparison found."""

    @property
    def agrees(self) -> bool:
        """Nothing is wrong."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts as texts."""


_C = TypeVar("_C", bound=Compared)


async def running_books(handover: Mapping[str, Any], *vendors: str) -> list[Any]:
    """The books of the running sandbox that a hand-over file names, vendor by vendor. Raises aiohttp.ClientError."""
    found = []
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        for vendor in vendors:
            async with session.get(f"{handover['admin']}/{vendor}/books") as answer:
                found.append(exact.loads(await answer.read()))
    return found


def run(
    name: str,
    about: str | None,
    arguments: Sequence[str] | None,
    compare: Callable[..., Awaitable[_C]],
    told: Callable[[_C], str],
    *,
    endings: bool = False,
    credits: bool = False,
) -> int:
    """0: the books agree; 1: they do not; 2: they could not be compared, with one sentence why.

    ``compare`` gets the hand-over; with ``endings`` also ``filled`` and ``endings``, what goes otherwise than the truth
    table says. With ``credits`` also whether AP credits are posted. ``told`` is what people are shown.
    """
    given = _parser(name, about, endings, credits).parse_args(arguments)
    expected = {"filled": given.filled, "endings": dict(given.ending)} if endings else {}
    expected |= {"credits": given.credits} if credits else {}
    try:
        handover = json.loads(given.file.read_text())
        found = asyncio.run(_awaited(compare(handover, **expected)))
    except (OSError, ValueError, KeyError, aiohttp.ClientError) as error:
        print(f"the books cannot be compared: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False) if given.json else told(found))
    return 0 if found.agrees else 1


async def _awaited(comparing: Awaitable[_C]) -> _C:
    return await comparing


def _parser(name: str, about: str | None, endings: bool, credits: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m ml_connector_sandbox.{name}", description=about)
    add = parser.add_argument
    add("--file", type=Path, required=True, help="the running sandbox's hand-over file")
    add("--json", action="store_true", help="print JSON")
    if credits:
        add("--credits", action="store_true", help="AP credits are posted as vendor credits, too")
    if endings:
        add("--filled", action="append", default=[], metavar="TABLE:KEY", help="a mapping row filled meanwhile")
        about = "a document that shall end otherwise than the truth table says"
        add("--ending", action="append", default=[], type=_ending, metavar="ID=ENDING", help=about)
    return parser


def _ending(text: str) -> tuple[str, str]:
    """``ID=ENDING`` of a command line. Raises ArgumentTypeError."""
    document_id, separator, ends = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=ENDING")
    return document_id, ends
