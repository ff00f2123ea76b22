"""Subscriptions and faults over the admin address: what is shown, and what is refused with a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from webhook_world import ZOHO_SECRET, World, running

pytestmark = pytest.mark.anyio
TITAN, ZOHO = "servicetitan", "zoho_books"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


async def test_subscriptions_are_listed_without_their_secret_and_removed(world: World) -> None:
    number = await world.subscribe(ZOHO, ["bill.created"], secret=ZOHO_SECRET)
    await world.subscribe(ZOHO, [])
    _, rows = await world.admin("GET", "zoho_books/webhooks")
    assert rows[0] == {
        "number": number, "url": world.receiver.url, "events": ["bill.created"], "method": "POST", "company": "",
        "signed": True,
    }  # fmt: skip
    assert {"bill.created", "vendorpayment.created", "contact.updated"} <= {*rows[1]["events"]}, "all of them"
    assert (await world.admin("DELETE", f"zoho_books/webhooks/{number}"))[0] == 200
    world.add_bill()
    await world.until(ZOHO, 1, "delivered")
    assert (await world.admin("DELETE", "zoho_books/webhooks"))[1] == {"removed": 1}
    world.add_bill("HAND-2")
    assert len(await world.deliveries(ZOHO)) == 1


LOCAL = "http://127.0.0.1:9/hooks"


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("zoho_books/webhooks", {}, "'url' is missing"),
        ("zoho_books/webhooks", {"url": "https://hooks.example.com/x"}, "must lead to this machine"),
        ("zoho_books/webhooks", {"url": 7}, "url must be a text"),
        ("zoho_books/webhooks", {"url": LOCAL, "events": ["bill.paid"]}, "there is no event 'bill.paid'"),
        ("zoho_books/webhooks", {"url": LOCAL, "events": "bill.created"}, "events must be a list"),
        ("zoho_books/webhooks", {"url": LOCAL, "secret": "short"}, "12 to 50 letters and digits"),
        ("servicetitan/webhooks", {"url": LOCAL, "secret": "x" * 31}, "32 to 64 characters"),
        ("servicetitan/webhooks", {"url": LOCAL, "method": "PUT"}, "there is no method 'PUT'"),
        ("servicetitan/webhooks", {"url": LOCAL, "colour": 1}, "'colour' is unknown here"),
        ("servicetitan/webhooks", [1], "must be a JSON object"),
        ("servicetitan/webhooks/faults", {"kind": "thrice"}, "there is no kind 'thrice'"),
        ("servicetitan/webhooks/faults", {"delivery": 1}, "'kind' is missing"),
        ("servicetitan/webhooks/faults", {"kind": "late", "seconds": "5"}, "seconds must be a number"),
        ("servicetitan/webhooks/faults", {"kind": "late", "seconds": -1}, "more than 0"),
        ("servicetitan/webhooks/faults", {"kind": "never", "seconds": 1}, "of the kind 'late' only"),
        ("servicetitan/webhooks/faults", {"kind": "never", "delivery": 0}, "a whole number from 1"),
    ],
)
async def test_bad_bodies_get_one_sentence(world: World, path: str, body: Any, sentence: str) -> None:
    status, said = await world.admin("POST", path, body)
    assert status == 400
    assert sentence in said
    assert said.count("\n") == 1
    assert (await world.admin("GET", path))[1] == []


async def test_a_delivery_that_has_gone_cannot_be_disturbed(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    status, said = await world.admin("POST", "servicetitan/webhooks/faults", {"kind": "never", "delivery": 1})
    assert (status, said) == (400, "delivery 1 has been sent; the next one is 2\n")


async def test_unknown_names_and_numbers_are_not_found(world: World) -> None:
    assert (await world.admin("GET", "sage/webhooks"))[0] == 404
    assert await world.admin("DELETE", "zoho_books/webhooks/4") == (404, "there is no subscription 4\n")
