"""Webhooks as a person sets them up: who may, what is refused, and what the audit trail tells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from service_ledger import Company

from ml_connector.audit import export
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.webhooks import add_webhook, remove_webhook, set_webhook_key, webhooks

pytestmark = pytest.mark.anyio
BASE, KEY = "https://sync.example.com", "k" * 40


async def test_an_address_is_made_and_shown_again(company: Company) -> None:
    made = await add_webhook(company.desk, "servicetitan", f" {BASE}/in/ ", KEY)
    assert made.address.startswith(f"{BASE}/in/webhooks/mlh_{company.desk.tenant_id}_{made.hook_id}_")
    assert "developer portal" in made.place
    other = await add_webhook(company.desk, "zoho-books", BASE, "t" * 12, "Books")
    assert await webhooks(company.desk) == [made, other]
    assert made.address != other.address


@pytest.mark.parametrize(
    "base",
    ["sync.example.com", "http://sync.example.com", "https://", "https://a.example?x=1", "https://u:p@a.example",
     "https://a.example:99999", "ftp://a.example"],
)  # fmt: skip
async def test_an_address_nobody_can_send_to_is_refused(company: Company, base: str) -> None:
    with pytest.raises(BadInput, match="no address that vendors can send to"):
        await add_webhook(company.desk, "servicetitan", base, KEY)
    assert await webhooks(company.desk) == []


@pytest.mark.parametrize("key", ["k" * 31, "k" * 65, "k" * 40 + "\n", f"{'k' * 20} {'k' * 20}"])
async def test_a_key_that_cannot_be_is_refused(company: Company, key: str) -> None:
    with pytest.raises(BadInput, match="32 to 64"):
        await add_webhook(company.desk, "servicetitan", BASE, key)
    made = await add_webhook(company.desk, "servicetitan", BASE)
    with pytest.raises(BadInput, match="32 to 64"):
        await set_webhook_key(company.desk, made.name, key)
    assert not (await webhooks(company.desk))[0].keyed


async def test_what_has_no_use_is_refused(company: Company) -> None:
    with pytest.raises(NotFound, match="xerox"):
        await add_webhook(company.desk, "xerox", BASE, KEY)
    with pytest.raises(Refused, match="not connected"):
        await add_webhook(company.desk, "xero", BASE, KEY)
    await add_webhook(company.desk, "servicetitan", BASE, KEY)
    with pytest.raises(BadInput, match="already"):
        await add_webhook(company.desk, "servicetitan", BASE, KEY)
    for name in ("7", "a\nb\x00", "n" * 101):
        with pytest.raises(BadInput, match="needs a name"):
            await add_webhook(company.desk, "servicetitan", BASE, KEY, name)
    with pytest.raises(NotFound, match="nothing"):
        await remove_webhook(company.desk, "nothing")
    await add_webhook(company.desk, "servicetitan", BASE, KEY, "Second")
    with pytest.raises(BadInput, match="Several"):
        await remove_webhook(company.desk, "servicetitan")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
async def test_only_owners_set_webhooks_up_and_operators_look(company: Company, role: Role) -> None:
    made = await add_webhook(company.desk, "servicetitan", BASE, KEY)
    desk = replace(company.desk, actor=Actor("cli/ben", role))
    for attempt in (
        lambda: add_webhook(desk, "servicetitan", BASE, KEY, "Another"),
        lambda: set_webhook_key(desk, made.name, KEY),
        lambda: remove_webhook(desk, made.name),
    ):
        with pytest.raises(NotAllowed):
            await attempt()
    if role is Role.OPERATOR:
        assert await webhooks(desk) == [made]
    else:
        with pytest.raises(NotAllowed):
            await webhooks(desk)


async def test_the_trail_tells_who_and_never_the_key(company: Company) -> None:
    desk = company.desk
    made = await add_webhook(desk, "servicetitan", BASE, KEY)
    await set_webhook_key(desk, made.name, "n" * 40)
    await remove_webhook(desk, made.name)
    told = b"".join([line async for line in export(desk.runtime.database, desk.tenant_id, await desk.sealer())])
    for kind in (b"webhook added", b"webhook key set", b"webhook removed"):
        assert told.count(kind) == 1
    assert KEY.encode() not in told
    assert b"n" * 40 not in told
    assert made.address.rpartition("/")[2].encode() not in told
