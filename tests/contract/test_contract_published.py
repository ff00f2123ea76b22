"""Everything that goes over the wire while whole companies are worked off, held against the published documents.

What no company drives yet is driven by the stage: everything read, written, looked up and checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import contract_published as published
import pytest
from contract_set import Sets
from contract_stage import actions, readable

import rig.company
from joined import joined
from ml_connector.connectors.writing import Done
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.protocols import Lease
from ml_connector.transport.wire import Wire
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(
        not published.VENDORS.is_dir(),
        reason="the vendors' published documents are not beside the checkout (../shared)",
    ),
]

SALES = "servicetitan-xero"
# Every flow that can go, so that every kind of call is made.
_MODES = {
    "customers": "as needed", "vendors": "as needed", "invoices": "live", "payments": "live", "purchase_orders": "live",
}  # fmt: skip
LONG_AGO = timedelta(hours=5)


@dataclass
class Heard:
    """Every exchange; ``met`` are the known exceptions that were seen, of all tests here together."""

    met: set[str]
    exchanges: list[tuple[str, Request, str, Answer]] = field(default_factory=list)

    def note(self, url: str, request: Request, answer: Answer) -> None:
        parts = urlsplit(url)
        if "oauth" in parts.path or "connect/token" in parts.path:
            return
        self.exchanges.append((published.vendor_of(parts.netloc), request, parts.path, answer))

    def differences(self) -> set[str]:
        found: set[str] = set()
        for vendor, request, path, answer in self.exchanges:
            names = [name for name, _ in request.query]
            found |= published.differences(
                vendor, request.method, path, names, request.body or b"", answer.status, answer.body,
                self.met,
            )  # fmt: skip
        return found


@dataclass
class Proved:
    """What the tests of this file have seen, and which of them ran."""

    met: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def proved() -> Proved:
    return Proved()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, proved: Proved) -> Heard:
    """What every wire of this process sends and is answered."""
    found, send = Heard(proved.met), Wire.send
    proved.ran.add(request.node.name)

    async def listening(
        self: Wire, request: Request, url: str, headers: Mapping[str, str], *, allowed: frozenset[str], timeout: float,
        lease: Lease | None = None,
    ) -> Answer:  # fmt: skip
        answer = await send(self, request, url, headers, allowed=allowed, timeout=timeout, lease=lease)
        found.note(url, request, answer)
        return answer

    monkeypatch.setattr(Wire, "send", listening)
    return found


@pytest.mark.parametrize("kind", ["small", "receipts", pytest.param("demo", marks=pytest.mark.slow)])
async def test_requests_and_answers_are_as_published(
    database: Database, tmp_path: Path, heard: Heard, kind: str
) -> None:
    async with joined(database, tmp_path, kind) as company:
        # The demo adds a field everywhere on purpose, and bills of a generation newer than the published document.
        for emulator in company.sandbox.server.emulators.values():
            emulator.set_switches({"extra_fields": False})
        company.sandbox.servicetitan.set_switches({"newer_bill_fields": False})
        heard.exchanges.clear()
        await company.fill_mappings()
        quiet = await company.go()
        assert quiet.progress.ended
        posted = company.books()[1]["organisations"][company.company["organization_id"]]["bills"]
        assert len(posted) > len(company.company["seeded_documents"])
    assert len(heard.exchanges) > 30
    assert "\n".join(sorted(heard.differences())) == ""


@pytest.mark.parametrize("kind", [f"matrix:{SALES}", pytest.param("contractor", marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
async def test_a_whole_run_of_sales_is_as_published(
    database: Database, tmp_path: Path, heard: Heard, kind: str
) -> None:
    """Every call of the integration of ServiceTitan and Xero, the connecting included."""
    async with Sandbox.running(kind, speed=60.0, limits=False) as sandbox:
        for emulator in sandbox.server.emulators.values():
            emulator.set_switches({"extra_fields": False})
        sandbox.servicetitan.set_switches({"newer_bill_fields": False})
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await rig.company.joined(runtime, sandbox.handover, SALES, _MODES)
            await syncing.request_sync(desk, integration)
            assert (await syncing.wait_until_quiet(desk, integration, patience=60.0)).done
        calls = {(vendor, request.method) for vendor, request, _, _ in heard.exchanges}
        assert calls >= {("xero", "PUT"), ("xero", "GET"), ("servicetitan", "GET")}
    assert "\n".join(sorted(heard.differences())) == ""


# ServiceNow publishes no such document: its sheet and its own client (tests/outside) stand for one.
each_vendor = pytest.mark.parametrize("vendor", sorted({vendor for vendor, _, _ in actions()} - {"servicenow"}))


@each_vendor
async def test_reading_every_entity_is_as_published(playing: Sets, heard: Heard, vendor: str) -> None:
    """Whole, what changed, by ids, and the check of each."""
    async with playing(vendor) as set:
        for entity in sorted(readable(set.line.connector.vendor)):
            ids = set.stage.fill(entity, 4, set.line.clock.now() - LONG_AGO)
            first = await set.line.walk(entity)
            await set.line.walk(entity, first.cursor)
            await set.line.by_ids(entity, ids)
        await set.line.connector.check(set.line.session, sorted(readable(set.line.connector.vendor)))
        assert len(heard.exchanges) > 3 * len(readable(set.line.connector.vendor))
    assert "\n".join(sorted(heard.differences())) == ""


@each_vendor
async def test_every_write_is_as_published(playing: Sets, heard: Heard, vendor: str) -> None:
    """Alone and, where the vendor takes several, together; with the look-up after it."""
    async with playing(vendor) as set:
        organisation = await set.line.connector.organisation(set.line.session)
        for _, entity, action in [one for one in actions() if one[0] == vendor]:
            names = [f"MLC-{entity}-{action.name}-{place}" for place in range(3)]
            one, *together = [set.stage.step(entity, action, name, organisation) for name in names]
            heard.exchanges.clear()
            outcomes = [await set.line.connector.write(set.line.session, one)]
            if set.line.connector.batches.get((entity, action), 1) > 1:
                outcomes += await set.line.connector.write_batch(set.line.session, together)
            assert all(isinstance(outcome, Done) for outcome in outcomes), (entity, action, outcomes)
            await set.line.connector.find(set.line.session, one)
            assert any(not request.safe for _, request, _, _ in heard.exchanges)
            assert "\n".join(sorted(heard.differences())) == ""


def test_no_known_exception_is_unused(proved: Proved, request: pytest.FixtureRequest) -> None:
    mine = {one.name for one in request.session.items if one.path == request.path and "heard" in one.fixturenames}  # type: ignore[attr-defined]
    if mine != proved.ran or not any("contractor" in name for name in mine):
        pytest.skip("only some of the tests that meet exceptions have run")
    assert sorted(published.unused(proved.met)) == []


def test_a_misspelt_field_of_an_open_schema_is_seen() -> None:
    body = b'{"Invoices": [{"Type": "ACCREC", "Refrence": "a"}]}'
    found = published.differences("xero", "PUT", "/api.xro/2.0/Invoices", ["unitdp"], body, 200, b'{"Invoicez": []}')
    assert found == {
        "xero PUT /Invoices request.Invoices.Refrence: not published",
        "xero PUT /Invoices answer.Invoicez: not published",
    }


def test_the_check_sees_what_is_not_published() -> None:
    found = published.differences("zoho_books", "GET", "/books/v3/bills", ["vendor_id", "vendor"], b"", 200, b"[]")
    assert found == {
        "zoho_books GET /bills query.vendor: not published",
        "zoho_books GET /bills answer.: [] is not of type 'object'",
    }
