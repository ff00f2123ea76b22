"""Deliveries over real HTTP: stored before they are answered, refused by status alone, and never a step further."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from service_ledger import Company
from web_client import Answer, Api

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import hearing
from ml_connector.service.webhooks import Webhook, add_webhook, remove_webhook, set_webhook_key, webhooks
from ml_connector.web.webhooks import MOST_BODY

pytestmark = pytest.mark.anyio
KEY = "k" * 40
BASE = "https://sync.example.com"


@pytest.fixture
async def hook(company: Company) -> Webhook:
    return await add_webhook(company.desk, "servicetitan", BASE, KEY)


def event(subject: str, id_: int, tenant: object = 1001) -> bytes:
    name = "".join(word.capitalize() if n else word for n, word in enumerate(subject.split("-")))
    return json.dumps({"type": f"tn.acc.{subject}-updated", "data": {name: {"id": id_}, "tenantId": tenant}}).encode()


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"x-servicetitan-signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def path(hook: Webhook) -> str:
    return hook.address.removeprefix(BASE)


async def send(api: Api, to: str, body: bytes, headers: dict[str, str]) -> Answer:
    address = api.address.removesuffix("/api/v1")
    async with api.client.post(address + to, data=body, headers=headers, allow_redirects=False) as answer:
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, None, found, await answer.read())


async def inbox(company: Company) -> list[tuple[Any, ...]]:
    async with company.desk.looking() as reading:
        return await reading.all("select connection_id, entity, object_id, times from inbox order by 1, 2, 3")


async def wakes(company: Company) -> int:
    async with company.desk.looking() as reading:
        return len(await reading.all("select 1 from wake where reason = 'webhook'"))


async def test_a_signed_delivery_is_stored_before_it_is_answered_and_its_lane_is_woken(
    api: Api, company: Company, hook: Webhook
) -> None:
    body = event("inventory-bill", 7)
    answer = await send(api, path(hook), body, signed(body))
    assert (answer.status, answer.raw) == (200, b"")
    assert "set-cookie" not in answer.headers
    assert await inbox(company) == [(company.source.connection_id, "bills", "7", 1)]
    assert await wakes(company) == 1
    await send(api, path(hook), body, signed(body))
    assert await inbox(company) == [(company.source.connection_id, "bills", "7", 2)]
    [now] = await webhooks(company.desk)
    assert (now.heard, now.refused, now.void, now.dropped) == (2, 0, 0, 0)
    assert now.last_heard_at is not None


@pytest.mark.parametrize("headers", [{}, {"x-servicetitan-signature": ""}, {"x-servicetitan-signature": "ab" * 32}])
async def test_what_is_not_signed_rightly_leaves_nothing_but_a_count(
    api: Api, company: Company, hook: Webhook, headers: dict[str, str]
) -> None:
    body = event("inventory-bill", 7)
    for sent in (headers, signed(body, "o" * 40), signed(body + b" ")):
        answer = await send(api, path(hook), body, sent)
        assert (answer.status, answer.raw) == (401, b"")
    assert await inbox(company) == []
    [now] = await webhooks(company.desk)
    assert (now.heard, now.refused) == (0, 3)


async def test_without_a_key_everything_is_refused_until_it_is_given(api: Api, company: Company) -> None:
    made = await add_webhook(company.desk, "servicetitan", BASE)
    body = event("inventory-bill", 7)
    for sent in (signed(body), signed(body, ""), {}):
        assert (await send(api, path(made), body, sent)).status == 401
    keyed = await set_webhook_key(company.desk, "servicetitan", KEY)
    assert keyed.address == made.address
    assert (await send(api, path(made), body, signed(body))).status == 200
    await set_webhook_key(company.desk, str(made.hook_id), "n" * 40)
    assert (await send(api, path(made), body, signed(body))).status == 401


async def test_unknown_and_removed_addresses_are_nothing(api: Api, company: Company, hook: Webhook) -> None:
    body = event("inventory-bill", 7)
    other = path(hook).replace(f"_{hook.hook_id}_", f"_{hook.hook_id + 1}_")
    for to in ("/webhooks/", "/webhooks/x", other, path(hook)[:-1] + "!", path(hook) + "/", path(hook) + "x"):
        answer = await send(api, to, body, signed(body))
        assert (answer.status, answer.raw, answer.headers.get("location")) == (404, b"", None), to
    await remove_webhook(company.desk, hook.name)
    assert (await send(api, path(hook), body, signed(body))).status == 404
    assert await webhooks(company.desk) == []


async def test_a_body_beyond_the_bound_is_refused(api: Api, company: Company, hook: Webhook) -> None:
    large = event("inventory-bill", 7) + b" " * MOST_BODY
    answer = await send(api, path(hook), large, signed(large))
    assert (answer.status, answer.raw) == (413, b"")
    fits = event("inventory-bill", 7)
    fits += b" " * (MOST_BODY - len(fits))
    assert (await send(api, path(hook), fits, signed(fits))).status == 200


DEEP = b'{"data":' + b"[" * 100_000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", DEEP, event("lead", 1), event("inventory-bill", 0)])
async def test_what_is_signed_and_not_understood_is_taken_and_counted(
    api: Api, company: Company, hook: Webhook, body: bytes
) -> None:
    assert (await send(api, path(hook), body, signed(body))).status == 200
    [now] = await webhooks(company.desk)
    assert (now.heard, now.void) == (1, 1)
    assert await inbox(company) == []


async def test_one_that_cannot_be_read_spoils_none_that_arrive_with_it(
    api: Api, company: Company, hook: Webhook
) -> None:
    bodies = [DEEP if n == 5 else event("inventory-bill", n + 1) for n in range(20)]
    answers = await asyncio.gather(*(send(api, path(hook), body, signed(body)) for body in bodies))
    assert [one.status for one in answers] == [200] * 20
    assert len(await inbox(company)) == 19


async def test_one_about_a_connection_that_is_just_removed_spoils_none_that_arrive_with_it(
    api: Api, company: Company, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = hearing._known

    async def and_one_removed(*given: Any) -> Any:
        hooks, connections = await known(*given)
        return hooks, [*connections, hearing._Connection(999_999, "servicetitan", "2002", {})]

    monkeypatch.setattr(hearing, "_known", and_one_removed)
    bodies = [event("inventory-bill", n + 1, 2002 if n == 5 else 1001) for n in range(20)]
    answers = await asyncio.gather(*(send(api, path(hook), body, signed(body)) for body in bodies))
    assert [one.status for one in answers] == [200] * 5 + [503] + [200] * 14
    assert len(await inbox(company)) == 19


async def test_an_address_that_cannot_be_is_answered_before_anything_is_sent_to_it(api: Api) -> None:
    host, port = api.address.removeprefix("http://").removesuffix("/api/v1").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /webhooks/x HTTP/1.1\r\nHost: " + host.encode() + b"\r\nContent-Length: 9\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"404"
    writer.close()


async def test_hints_about_an_organisation_that_is_not_connected_are_dropped(
    api: Api, company: Company, hook: Webhook
) -> None:
    for tenant in (999, ""):
        body = event("inventory-bill", 7, tenant)
        assert (await send(api, path(hook), body, signed(body))).status == 200
    [now] = await webhooks(company.desk)
    assert (now.heard, now.dropped) == (2, 1)
    assert await inbox(company) == [(company.source.connection_id, "bills", "7", 1)]


async def test_a_hundred_at_once_are_all_stored_and_coalesced(api: Api, company: Company, hook: Webhook) -> None:
    bodies = [event("inventory-bill", n % 10 + 1) for n in range(100)]
    bad = event("inventory-bill", 999)
    sent = [send(api, path(hook), body, signed(body)) for body in bodies] + [send(api, path(hook), bad, {})]
    answers = await asyncio.gather(*sent)
    assert [one.status for one in answers] == [200] * 100 + [401]
    assert [row[2:] for row in await inbox(company)] == sorted((str(n + 1), 10) for n in range(10))
    assert await wakes(company) < 100


async def test_companies_do_not_meet(api: Api, company: Company, other: Company, hook: Webhook) -> None:
    theirs = await add_webhook(other.desk, "servicetitan", BASE, "t" * 40)
    body = event("inventory-bill", 7)
    assert (await send(api, path(theirs), body, signed(body))).status == 401
    forged = path(theirs).replace(f"mlh_{other.desk.tenant_id}_", f"mlh_{company.desk.tenant_id}_")
    assert (await send(api, forged, body, signed(body))).status == 404
    assert (await send(api, path(theirs), body, signed(body, "t" * 40))).status == 200
    assert await inbox(company) == []
    assert [row[1:] for row in await inbox(other)] == [("bills", "7", 1)]


async def test_an_intent_to_receive_is_answered_as_xero_wants_it(api: Api, runtime: Runtime, company: Company) -> None:
    async with runtime.database.tenant(company.desk.tenant_id) as session:
        await session.execute(
            b"""insert into connection (tenant_id, grant_id, vendor, organisation_id, name, sandbox, organisation,
                    organisation_read_at, created_at)
            select tenant_id, grant_id, 'xero', 'o1', 'Xero', sandbox, organisation, now(), now() from connection
            where connection_id = %s""",
            [company.target.connection_id],
        )
    made = await add_webhook(company.desk, "xero", BASE, KEY)
    body = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"ABC"}'
    for key, status in ((KEY, 200), (f"{KEY} ", 401), (KEY, 200), ("o" * 40, 401)):
        digest = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
        answer = await send(api, path(made), body, {"x-xero-signature": digest})
        assert (answer.status, answer.raw, answer.headers.get("set-cookie")) == (status, b"", None)


async def test_the_header_of_the_setting_is_the_one_that_is_read(
    api: Api, runtime: Runtime, company: Company, hook: Webhook
) -> None:
    async with runtime.database.tenant(company.desk.tenant_id) as session:
        await session.execute(
            b"""update connection set settings = '{"webhook_header": "X-ST-Signature"}' where connection_id = %s""",
            [company.source.connection_id],
        )
    body = event("inventory-bill", 7)
    assert (await send(api, path(hook), body, signed(body))).status == 401
    assert (await send(api, path(hook), body, {"x-st-signature": signed(body).popitem()[1]})).status == 200


async def test_other_methods_and_the_api_stay_as_they_were(api: Api, hook: Webhook) -> None:
    address = api.address.removesuffix("/api/v1") + path(hook)
    async with api.client.get(address) as answer:
        assert answer.status == 405
    described = await api.get("/openapi.json")
    assert described.status == 200
    assert described.body["paths"] and not any("webhook" in one for one in described.body["paths"])


async def test_nothing_is_stored_and_the_vendor_sends_again_while_the_database_refuses(
    api: Api, runtime: Runtime, company: Company, hook: Webhook, database_url: str
) -> None:
    import psycopg

    body = event("inventory-bill", 7)
    with psycopg.connect(database_url) as blocking:
        blocking.execute("lock table inbox in access exclusive mode")
        async with runtime.database.tenant(company.desk.tenant_id) as session:
            await session.execute(b"select 1")
        task = asyncio.create_task(send(api, path(hook), body, signed(body)))
        answer = await task
        assert answer.status == 503
        assert answer.raw == b""
    assert await inbox(company) == []
    assert (await send(api, path(hook), body, signed(body))).status == 200


async def test_the_key_is_nowhere_in_the_clear(runtime: Runtime, company: Company, hook: Webhook) -> None:
    async with runtime.database.tenant(company.desk.tenant_id) as session:
        row = await (await session.execute(b"select hook::text from hook")).fetchone()
    assert row is not None
    token = hook.address.rpartition("/")[2]
    for secret in (KEY, token, KEY.encode().hex(), token.encode().hex()):
        assert secret not in row[0]
