"""Deliveries of each vendor that are forged, unsigned, too large or not understood: a status, a count, and nothing more."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from service_ledger import Company
from test_web_webhooks import BASE, inbox, path, send, wakes
from web_client import Api

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.webhooks import Webhook, add_webhook, webhooks
from ml_connector.web.webhooks import MOST_BODY

pytestmark = pytest.mark.anyio
KEY = "k" * 40


@dataclass(frozen=True)
class Sender:
    """How a vendor signs."""

    vendor: str
    header: str
    sign: Callable[[str, bytes], str]
    named: bytes  # a delivery that names a document

    def headers(self, body: bytes, key: str = KEY) -> dict[str, str]:
        return {self.header: self.sign(key, body), "content-type": "application/json"}


def _hex(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def _base64(key: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


SENDERS = (
    Sender(
        "servicetitan",
        "x-servicetitan-signature",
        _hex,
        b'{"type":"tn.acc.bill-updated","data":{"bill":{"id":7},"tenantId":1001}}',
    ),
    Sender("zoho_books", "x-zoho-webhook-signature", _hex, b'{"bill":{"bill_id":"46"}}'),
    Sender(
        "xero",
        "x-xero-signature",
        _base64,
        b'{"events":[{"resourceId":"6f1b3d97-8c2e-4a40-9d55-3e907c2b8f14","eventCategory":"INVOICE","tenantId":"o1"}]}',
    ),
)


@pytest.fixture(params=SENDERS, ids=lambda one: one.vendor)
def sender(request: pytest.FixtureRequest) -> Sender:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def hook(runtime: Runtime, company: Company, sender: Sender) -> Webhook:
    async with runtime.database.tenant(company.desk.tenant_id) as session:
        await session.execute(
            b"""insert into connection (tenant_id, grant_id, vendor, organisation_id, name, sandbox, organisation,
                    organisation_read_at, created_at)
            select tenant_id, grant_id, 'xero', 'o1', 'Xero', sandbox, organisation, now(), now() from connection
            where connection_id = %s""",
            [company.target.connection_id],
        )
    return await add_webhook(company.desk, sender.vendor, BASE, KEY)


async def counts(company: Company) -> tuple[int, int, int]:
    [found] = await webhooks(company.desk)
    return found.heard, found.void, found.refused


async def test_a_signature_that_is_wrong_or_missing(api: Api, company: Company, hook: Webhook, sender: Sender) -> None:
    body = sender.named
    good = sender.headers(body)[sender.header]
    wrong = ["", good[:-2], good + good, "é" * len(good), sender.sign("o" * 40, body), sender.sign(KEY, body + b" ")]
    for one in [{}, *({sender.header: text.encode().decode("latin-1")} for text in wrong)]:
        answer = await send(api, path(hook), body, {"content-type": "application/json", **one})
        assert (answer.status, answer.raw) == (401, b""), one
    assert await inbox(company) == [] and await wakes(company) == 0
    assert await counts(company) == (0, 0, 1 + len(wrong))
    assert (await send(api, path(hook), body, sender.headers(body))).status == 200
    assert await inbox(company) != []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"null", b"[[]]", b'{"events":5,"type":[],"bill":7}', b"[" * 50_000, b'{"a":' * 50_000],
)
async def test_a_body_that_is_not_understood(
    api: Api, company: Company, hook: Webhook, sender: Sender, body: bytes
) -> None:
    answer = await send(api, path(hook), body, sender.headers(body))
    assert (answer.status, answer.raw) == (200, b"")
    assert await inbox(company) == [] and await wakes(company) == 0
    assert await counts(company) == (1, 1, 0)


async def test_a_body_that_is_too_large(api: Api, company: Company, hook: Webhook, sender: Sender) -> None:
    body = sender.named + b" " * MOST_BODY
    answer = await send(api, path(hook), body, sender.headers(body))
    assert (answer.status, answer.raw) == (413, b"")
    assert await inbox(company) == [] and await counts(company) == (0, 0, 0)
