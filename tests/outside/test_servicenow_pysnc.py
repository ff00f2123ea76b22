"""ServiceNow's own Python client drives the emulator over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.servicenow import Instance, ServiceNowBooks, ServiceNowEmulator, small
from ml_connector_sandbox.servicenow.books.access import Acl

pytest.importorskip("pysnc", reason="ServiceNow's client is not installed")
import requests  # type: ignore[import-untyped]
from pysnc import ServiceNowClient  # type: ignore[import-untyped]
from pysnc.exceptions import (  # type: ignore[import-untyped]
    AuthenticationException,
    NotFoundException,
    RequestException,
    RoleException,
)
from requests.adapters import HTTPAdapter  # type: ignore[import-untyped]

pytestmark = pytest.mark.anyio
INSTANCE = "https://example.service-now.com"
CENTER, SUPPLIER = "cmn_cost_center", "sn_fin_supplier"


class Loopback(HTTPAdapter):  # type: ignore[misc]
    """Sends what is meant for the vendor to one port of this machine, with the vendor's name as Host."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        host = urlsplit(request.url).netloc
        request.headers["Host"] = host
        request.url = request.url.replace(f"https://{host}", f"http://127.0.0.1:{self._port}", 1)
        return super().send(request, *arguments, **options)


@dataclass
class Outside:
    """The emulator, and clients that speak to it."""

    company: ServiceNowBooks
    port: int

    @property
    def instance(self) -> Instance:
        return self.company.instances[urlsplit(INSTANCE).netloc]

    def client(self, user: str = "svc", password: str = "not-a-secret") -> Any:
        """A client of a user; it does not try again by itself."""
        session = requests.Session()
        session.trust_env = False
        session.auth = (user, password)
        session.mount("https://", Loopback(self.port))
        return ServiceNowClient(INSTANCE, session, auto_retry=False)

    async def call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """The client blocks, and the emulator runs in this loop."""
        return await asyncio.to_thread(method, *arguments)

    def fill(self, count: int) -> None:
        """So many cost centres besides the two that are there."""
        for n in range(count):
            self.instance.records.insert(CENTER, {"account_number": f"{5000 + n}", "name": f"Centre {n}"})


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    company = ServiceNowBooks(SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC)))
    small(company)
    emulator = ServiceNowEmulator(company.clock, company)
    server = SandboxServer([emulator])
    await server.start()
    yield Outside(company, server.port)
    await server.stop()


def queried(client: Any, table: str, *conditions: tuple[str, ...], size: int = 100) -> Any:
    record = client.GlideRecord(table, batch_size=size)
    for condition in conditions:
        record.add_query(*condition)
    record.query()
    return record


async def test_records_are_queried_with_values_and_display_values(outside: Outside) -> None:
    found = await outside.call(queried, outside.client(), SUPPLIER, ("legal_name", "Acme Hosting LLC"))
    assert found.get_row_count() == 1 and found.next()
    assert found.get_value("erp_supplier_code") == "SUP-1"
    supplier = outside.instance.records.find(SUPPLIER, erp_supplier_code="SUP-1")
    assert supplier is not None and found.get_value("related_company") == supplier["related_company"]
    assert found.get_display_value("related_company") == "Acme Hosting LLC"


async def test_operators_conditions_and_order(outside: Outside) -> None:
    outside.fill(5)
    client = outside.client()

    def numbers(fill: Callable[[Any], Any]) -> list[str]:
        record = client.GlideRecord(CENTER)
        fill(record)
        record.query()
        return [str(one.account_number) for one in record]

    def either(record: Any) -> None:
        record.add_query("account_number", "4100").add_or_condition("account_number", "5003")
        record.order_by_desc("account_number")

    def beginning(record: Any) -> None:
        record.add_query("name", "STARTSWITH", "Centre")
        record.add_not_null_query("account_number")
        record.add_query("account_number", ">", "5002")
        record.order_by("account_number")

    assert await outside.call(numbers, either) == ["5003", "4100"]
    assert await outside.call(numbers, beginning) == ["5003", "5004"]
    assert await outside.call(numbers, lambda record: record.add_encoded_query("account_numberIN4200,5001")) != []


async def test_pages_are_turned_until_the_total(outside: Outside) -> None:
    outside.fill(11)

    def every(size: int) -> tuple[int, list[str]]:
        found = queried(outside.client(), CENTER, size=size)
        return found.get_row_count(), [str(one.sys_id) for one in found]

    for size in (4, 13, 100):
        total, ids = await outside.call(every, size)
        assert total == len(ids) == len(set(ids)) == 13

    def limited() -> list[str]:
        record = outside.client().GlideRecord(CENTER)
        record.limit, record.fields = 5, "account_number"
        record.query()
        return list(record.fields or []) + [str(one.account_number) for one in record]

    assert (await outside.call(limited))[:2] == ["sys_id", "account_number"]
    assert len(await outside.call(limited)) == 2 + 5


async def test_a_record_is_inserted_changed_and_deleted(outside: Outside) -> None:
    client = outside.client("boss")

    def kept() -> str:
        record = client.GlideRecord(CENTER)
        record.initialize()
        record.account_number, record.name = "4711", "Kiln"
        return str(record.insert())

    def change(id_: str) -> str:
        record = client.GlideRecord(CENTER)
        assert record.get(id_)
        record.name = "Kilns"
        return str(record.update())

    def remove(id_: str) -> bool:
        record = client.GlideRecord(CENTER)
        return bool(record.get(id_) and record.delete())

    id_ = await outside.call(kept)
    row = outside.instance.records.get(CENTER, id_)
    assert row is not None and (row["account_number"], row["name"]) == ("4711", "Kiln")
    assert await outside.call(change, id_) == id_
    row = outside.instance.records.get(CENTER, id_)
    assert row is not None and (row["account_number"], row["name"]) == ("4711", "Kilns")
    assert await outside.call(remove, id_)
    assert outside.instance.records.get(CENTER, id_) is None


async def test_a_batch_answers_each_request(outside: Outside) -> None:
    client = outside.client()
    answers: list[Any] = []

    def ask() -> None:
        record = client.GlideRecord(CENTER)
        record.add_query("account_number", "4100")
        client.batch_api.list(record, answers.append)
        client.batch_api.get(client.GlideRecord(CENTER), "0" * 32, answers.append)
        client.batch_api.execute()

    await outside.call(ask)
    first, second = answers
    assert (first.status_code, second.status_code) == (200, 404)
    assert [one["account_number"]["value"] for one in first.json()["result"]] == ["4100"]
    assert second.json()["error"]["message"] == "No Record found"


async def test_refusals_are_told_apart(outside: Outside) -> None:
    def refused(user: str, password: str, table: str) -> None:
        queried(outside.client(user, password), table)

    with pytest.raises(AuthenticationException, match="User"):
        await outside.call(refused, "svc", "wrong", CENTER)
    with pytest.raises(RequestException, match="Invalid table"):
        await outside.call(refused, "svc", "not-a-secret", "u_no_such_table")

    def absent() -> bool:
        return bool(outside.client().GlideRecord(CENTER).get("0" * 32))

    assert not await outside.call(absent)

    def removed() -> None:
        outside.client().table_api.delete(_known(outside.client(), CENTER))

    outside.instance.access.acls.append(Acl(table=CENTER, operation="delete", roles=frozenset({"keeper"})))
    with pytest.raises(RoleException):
        await outside.call(removed)
    with pytest.raises(NotFoundException):
        await outside.call(outside.client("boss").table_api.get, outside.client().GlideRecord(CENTER), "0" * 32)


def _known(client: Any, table: str) -> Any:
    record = queried(client, table)
    assert record.next()
    return record


async def test_rows_are_imported_through_a_staging_table(outside: Outside) -> None:
    body = {"u_account_number": "4900", "u_name": "Yard", "u_erp_source": "ZOHO"}

    def stage() -> Any:
        client = outside.client()
        made = client.session.post(f"{client.instance}/api/now/import/sn_fcms_intg_imp_cost_center", json=body)
        return made.json()

    answer = await outside.call(stage)
    assert answer["result"][0]["status"] == "inserted"
    found = await outside.call(queried, outside.client(), CENTER, ("account_number", "4900"))
    assert found.get_row_count() == 1
