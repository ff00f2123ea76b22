"""What every command is given: the settings, the terminal, and a desk at the chosen company."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import msgspec
from cyclopts import Parameter
from rich.console import Console

from ml_connector.cli import sandboxed
from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.connections import connections
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor, Role
from ml_connector.service.tenants import selected_tenant
from ml_connector.settings import Settings


class Exit(IntEnum):
    """How a command ended, for scripts."""

    GOOD = 0
    ATTENTION = 1  # something waits for a person, or was rejected
    BAD_INPUT = 2
    FAILED = 3  # the work could not be done: a vendor or the database is down


T = TypeVar("T")
ENDLESS = 10_000  # columns of what is no terminal: nothing is cut or broken for a pipe or a file


def _width(stream: TextIO) -> int | None:
    """The columns to write in; None for those of the terminal, or of the environment where it says."""
    return None if stream.isatty() or "COLUMNS" in os.environ else ENDLESS


@dataclass(frozen=True, slots=True)
class Cli:
    """One invocation. ``out`` takes results (with ``json`` one document), ``err`` progress and faults."""

    settings: Settings
    json: bool
    company: str
    out: Console
    err: Console

    @classmethod
    def on(cls, settings: Settings, json: bool, company: str) -> Cli:
        """For the terminal this process runs in."""
        plain: dict[str, Any] = {"highlight": False, "soft_wrap": False}
        out, err = Console(width=_width(sys.stdout), **plain), Console(width=_width(sys.stderr), stderr=True, **plain)
        return cls(settings, json, company or settings.company, out, err)

    @property
    def actor(self) -> Actor:
        """Whoever may run this program on the data is its owner; the trail names the system user."""
        return Actor(f"cli/{_user()}", Role.OWNER)

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        """Database, keys and connectors, for the time of the command."""
        async with Runtime.opened(self.settings) as runtime:
            yield runtime

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """A desk at the chosen company. Raises NotFound, BadInput when it is not clear which."""
        async with self.runtime() as runtime:
            tenant = await selected_tenant(runtime, self.company)
            yield Desk(runtime, tenant.tenant_id, self.actor)

    @asynccontextmanager
    async def vendor_desk(self) -> AsyncIterator[Desk]:
        """The same, for a command that calls vendors. Raises Refused where the sandbox and real systems would mix."""
        async with self.desk() as desk:
            sandboxed.refuse_mixed(self.settings, await connections(desk))
            yield desk

    def show(self, value: T, render: Callable[[Console, T], None]) -> None:
        """Show a result: as one JSON document, or rendered for a person."""
        if self.json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")
        else:
            render(self.out, value)

    def say(self, text: str) -> None:
        """Something to know by the way; never part of the result."""
        if not self.json:
            self.err.print(text, markup=False, soft_wrap=not self.err.is_terminal)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have a number and no name
        return "unknown"


#: The parameter by which commands get their context; it is not typed by anybody.
Given = Annotated[Cli, Parameter(parse=False)]


def pairs(words: tuple[str, ...], what: str) -> dict[str, str]:
    """``name=value`` words as a mapping; ``@file`` stands for those of a file. Raises BadInput."""
    found: dict[str, str] = {}
    for word in (one for given in words for one in _spelled_out(given)):
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"{word!r} is no {what} such as name=value.")
        found[name.strip()] = value.strip()
    return found


def _spelled_out(word: str) -> list[str]:
    """The word, or the words of the file that it names: one a line, going on in lines that begin with a blank."""
    if not word.startswith("@"):
        return [word]
    try:
        lines = Path(word[1:]).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadInput(f"The file {word[1:]} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The file {word[1:]} is no text: give one with name=value in each line.") from error
    found: list[str] = []
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and found:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.strip())
    return found


def plain(value: Any) -> Any:
    """Any result as JSON values."""
    return msgspec.to_builtins(value, enc_hook=str)
