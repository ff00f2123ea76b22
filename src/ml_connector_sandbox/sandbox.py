"""The running sandbox: a seeded company behind its vendors' emulators on loopback, and the file that says where."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ml_connector_sandbox import company as companies
from ml_connector_sandbox.company import Company, office, workshop
from ml_connector_sandbox.company.both_ways import both_ways
from ml_connector_sandbox.company.matrix_xero import matrix_xero
from ml_connector_sandbox.company.matrix_xero_changed import matrix_xero_changed
from ml_connector_sandbox.company.matrix_zoho_changed import matrix_zoho_changed
from ml_connector_sandbox.company.parties import parties
from ml_connector_sandbox.company.regions import regions, regions_mistaken
from ml_connector_sandbox.company.trader import trader
from ml_connector_sandbox.company.xero_payables import xero_payables
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.servicenow import ServiceNowEmulator
from ml_connector_sandbox.servicetitan.emulator import ServiceTitanEmulator
from ml_connector_sandbox.xero import XeroEmulator
from ml_connector_sandbox.zoho_books import ZohoBooksEmulator

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
_COMPANIES: dict[str, Callable[[SandboxClock], Company]] = {
    "demo": companies.demo,
    "small": companies.small,
    # One ledger in each of Zoho's data centres, of four ServiceTitan tenants.
    "regions": regions,
    "regions mistaken": regions_mistaken,
    "receipts": companies.receipts_only,
    "contractor": companies.contractor,
    # Small, by item: buys, sends back and sells, and keeps its books in Zoho Books.
    "trader": trader,
    # Both sides kept by hand for years: everything that the pair exchanges, and little of it.
    "both-ways": both_ways,
    # A firm of its own: bills out of Zoho Books, approved and paid in ServiceNow.
    "payables": office.office,
    "payables changed": office.office_changed,
    # A small firm whose instance has tables of its own, alone, and at the same vendors as the firm above.
    "own-tables": workshop.workshop,
    "payables with neighbour": workshop.office_with_neighbour,
    # A small one of its own: bills out of Xero.
    "xero-payables": xero_payables,
    # For the fault matrix: one for every integration, by its kind, and one that goes on after it was read.
    "matrix:servicetitan-zoho_books": companies.matrix,
    "matrix:servicetitan-zoho_books changed": matrix_zoho_changed,
    "matrix:servicetitan-xero": companies.matrix_sales,
    "matrix:servicetitan-xero changed": companies.matrix_sales_changed,
    "matrix:zoho_books-servicenow": office.matrix_office,
    "matrix:zoho_books-servicenow changed": office.matrix_office_changed,
    "matrix:xero-servicenow": matrix_xero,
    "matrix:xero-servicenow changed": matrix_xero_changed,
}
# For measuring: as many ordinary documents as are asked for.
_MANY: dict[str, Callable[[SandboxClock, int], Company]] = {
    "bulk": companies.bulk,
    "sold": companies.bulk_sales,
    "billed": office.bulk_office,
}
KINDS = (
    f"{', '.join(_COMPANIES)}, bulk:<number of bills>, sold:<number of invoices, each with its payment>, "
    "billed:<number of bills, every other one paid>, or parties:<number of customers>,<number of vendors>"
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox under way. ``handover`` is what the hand-over file says; ``servicenow`` is None where the company has
    no instance there. ``neighbour`` is what that of its neighbour says, None where it has none."""

    clock: SandboxClock
    company: Company
    servicetitan: ServiceTitanEmulator
    zoho_books: ZohoBooksEmulator
    xero: XeroEmulator
    servicenow: ServiceNowEmulator | None
    server: SandboxServer
    handover: dict[str, Any]
    neighbour: dict[str, Any] | None = None

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        company: str | Company = "demo",
        *,
        speed: float = 1.0,
        start: datetime = START,
        limits: bool | None = None,
        port: int = 0,
        admin_port: int = 0,
    ) -> AsyncIterator[Sandbox]:
        """Serve a company, by its kind or ready-made, on 127.0.0.1; 0 picks free ports.

        ``speed``: sandbox seconds per second. ``limits``: whether the vendors' limits are kept, None as the company
        says. A ready-made company brings its own clock. Raises ValueError on an unknown kind, OSError on a taken port.
        """
        made = seeded(company, SandboxClock.starting(start, speed)) if isinstance(company, str) else company
        clock = made.servicetitan.clock
        kept = made.limits if limits is None else limits
        for switches in (made.servicetitan_switches, made.zoho_books_switches, made.xero_switches):
            switches.limits = kept
        made.zoho_books_switches.auto_consent = made.xero_switches.auto_consent = True
        servicetitan = ServiceTitanEmulator(clock, made.servicetitan, made.servicetitan_switches)
        zoho_books = ZohoBooksEmulator(clock, made.zoho_books, made.zoho_books_switches)
        xero = XeroEmulator(clock, made.xero, made.xero_switches)
        servicenow = _servicenow(made, kept)
        server = SandboxServer([servicetitan, zoho_books, xero, *([servicenow] if servicenow else [])])
        try:
            await server.start(port, admin_port)
            told = [_handover(clock, one, server) for one in (made, made.neighbour) if one is not None]
            yield cls(clock, made, servicetitan, zoho_books, xero, servicenow, server, *told)
        finally:
            await server.stop()

    def write(self, path: Path) -> None:
        """Write the hand-over file in one step: it is there whole or not at all. Only its owner may read it.

        That of a neighbour lies beside it, and is there before.
        """
        if self.neighbour is not None:
            _written(neighbours_file(path), self.neighbour)
        _written(path, self.handover)


def neighbours_file(path: Path) -> Path:
    """Where the hand-over file of a company's neighbour lies, beside its own."""
    return path.with_name(f"{path.stem}-neighbour{path.suffix}")


def _written(path: Path, handover: dict[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(handover, file, ensure_ascii=False)
    beside.replace(path)


def is_known(kind: str) -> bool:
    """Whether there is a company of this very name; not for those made with a number."""
    return kind in _COMPANIES


def seeded(kind: str, clock: SandboxClock) -> Company:
    """The company of this kind. Raises ValueError on an unknown kind."""
    name, _, count = kind.partition(":")
    if name == "parties":
        return parties(clock, *_two_counts(kind, count))
    if name in _MANY and count.isdecimal() and int(count) > 0:
        return _MANY[name](clock, int(count))
    if kind not in _COMPANIES:
        raise ValueError(f"there is no company {kind!r}; there are: {KINDS}")
    return _COMPANIES[kind](clock)


def _two_counts(kind: str, text: str) -> tuple[int, int]:
    counts = text.split(",")
    if len(counts) != 2 or not all(one.isdecimal() for one in counts):
        raise ValueError(f"{kind!r} names no two numbers; write parties:<number of customers>,<number of vendors>")
    return int(counts[0]), int(counts[1])


def _servicenow(company: Company, limits: bool) -> ServiceNowEmulator | None:
    if company.servicenow is None:
        return None
    company.servicenow.switches.limits, company.servicenow.switches.auto_consent = limits, True
    return ServiceNowEmulator(company.servicenow.clock, company.servicenow)


def _handover(clock: SandboxClock, company: Company, server: SandboxServer) -> dict[str, Any]:
    return {
        "clock": clock.as_dict(),
        "hosts": server.hosts(),
        "admin": f"http://127.0.0.1:{server.admin_port}",
        "credentials": company.access.as_dict(),
        "company": company.as_dict(),
    }
