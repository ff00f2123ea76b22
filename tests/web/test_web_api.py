"""Records, replays, plans and approvals over HTTP: the same as on the command line."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from service_ledger import Company, bill
from web_client import Api, previewed, settled, token

from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.approving import Shown, approve_shown
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mine(api: Api, company: Company) -> Api:
    return api.as_(await token(company, "read", "replay", "approve"))


async def posted(company: Company, *numbers: str) -> None:
    await previewed(company, *numbers)
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await settled(company)
    company.books.written.clear()


async def states(company: Company) -> dict[str, str]:
    found = await records(company.desk, Filter(flow="bills"))
    return {one.source_id: one.state for one in found.records}


async def test_records_come_page_by_page_and_amounts_as_text(mine: Api, company: Company) -> None:
    await previewed(company, "1", "2", "3")
    first = await mine.get("/records", flow="bills", limit=2)
    second = await mine.get("/records", flow="bills", limit=2, after=first.body["after"])
    assert [one["number"] for one in (*first.body["records"], *second.body["records"])] == ["INV-1", "INV-2", "INV-3"]
    assert second.body["after"] == 0
    assert {one["amount"] for one in first.body["records"]} == {"100.00"}
    assert first.body["total"] == {"planned": {"count": 3, "sums": {"USD": "300.00"}}}
    narrowed = await mine.get("/records", flow="bills", since="2026-08-05", until="2026-08-05", number="inv 2")
    assert [one["number"] for one in narrowed.body["records"]] == ["INV-2"]
    life = await mine.get(f"/records/{first.body['records'][0]['record_id']}")
    assert life.body["versions"][0]["amount"] == "100.00" and life.body["timeline"][0]["kind"] == "read"


async def test_the_status_is_the_command_lines(mine: Api, company: Company) -> None:
    await previewed(company, "1")
    found = await mine.get("/status")
    bills = next(one for one in found.body["integrations"][0]["flows"] if one["flow"] == "bills")
    assert bills["states"]["planned"] == {"count": 1, "sums": {"USD": "100.00"}}
    told = found.body["integrations"][0]["not_possible"]
    assert told == list(INTEGRATION.not_possible) and any("Tax zones" in one for one in told)


@pytest.mark.parametrize("chosen", ["record", "filter", "text", "run", "dates"])
async def test_a_replay_is_previewed_and_made_and_posts_nothing_twice(mine: Api, company: Company, chosen: str) -> None:
    await posted(company, "1", "2")
    life = await mine.get("/records", flow="bills", number="INV-1")
    record_id = life.body["records"][0]["record_id"]
    run = (await mine.get(f"/records/{record_id}")).body["versions"][0]["run_id"]
    body: dict[str, Any] = {
        "record": {"record": f"#{record_id}"}, "text": {"text": "inv-1"},
        "filter": {"flow": "bills", "state": "posted"}, "run": {"run": run},
        "dates": {"flow": "bills", "since": "2026-08-01", "until": "2026-08-31"},
    }[chosen]  # fmt: skip
    count = 1 if chosen in ("record", "text") else 2
    shown = await mine.post("/replays/preview", body)
    tally = {"count": count, "sums": {"USD": f"{count}00.00"}}
    assert shown.body == {"total": tally, "states": {"posted": tally}}
    assert await states(company) == {"1": "posted", "2": "posted"}
    done = await mine.post("/replays", body, "once")
    assert done.body["count"] == count and len(done.body["runs"]) == 1
    assert "staged" in (await states(company)).values()
    await settled(company)
    assert await states(company) == {"1": "posted", "2": "posted"} and company.books.written == []


async def test_plans_are_approved_as_they_were_shown(mine: Api, company: Company) -> None:
    await previewed(company, "1", "2", "3")
    found = await mine.get("/plans", flow="bills")
    assert found.body["total"] == {"count": 3, "sums": {"USD": "300.00"}} and found.body["after"] == 0
    shown = {one["number"]: {"record_id": one["record_id"], "digest": one["digest"]} for one in found.body["plans"]}
    body = found.body["plans"][0]["decision"]["steps"][0]["body"]
    assert body["bill_number"] == "INV-1" and body["line_items"][0]["rate"] == 100
    wrong = {**shown["INV-2"], "digest": "0" * 64}
    done = await mine.post("/approvals", {"plans": [shown["INV-1"], wrong]}, "k1")
    assert done.body["record_ids"] == [shown["INV-1"]["record_id"]]
    assert done.body["total"] == {"count": 1, "sums": {"USD": "100.00"}}
    assert "is not the one that was shown any more" in done.body["refused"][0]["sentence"]
    again = await mine.post("/approvals", {"plans": [shown["INV-1"]]}, "k2")
    assert "was approved already, by token/read replay approve owner on" in again.body["refused"][0]["sentence"]
    await settled(company)
    assert await states(company) == {"1": "posted", "2": "planned", "3": "planned"}


async def test_what_is_above_the_amount_is_approved_here_too_and_by_nobody_who_has_mapped_it(
    mine: Api, company: Company
) -> None:
    await change_settings(company.desk, company.integration, {"approve_above": "USD=50", "four_eyes": "yes"})
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(bill("1"))
    await settled(company)
    assert await states(company) == {"1": "held"}
    found = await mine.get("/plans", flow="bills", reason="above_limit")
    shown = [{"record_id": one["record_id"], "digest": one["digest"]} for one in found.body["plans"]]
    assert len(shown) == 1
    refused = await approve_shown(company.desk, [Shown(shown[0]["record_id"], shown[0]["digest"])])
    assert "is yours: you have written the row" in refused.refused[0].sentence
    done = await mine.post("/approvals", {"plans": shown}, "k1")
    assert done.body["refused"] == [] and done.body["total"] == {"count": 1, "sums": {"USD": "100.00"}}
    await settled(company)
    assert await states(company) == {"1": "posted"}


async def test_the_same_key_brings_the_same_answer_and_does_nothing_again(mine: Api, company: Company) -> None:
    await posted(company, "1")
    body = {"flow": "bills", "state": "posted"}
    first = await mine.post("/replays", body, "night-1")
    again = await mine.post("/replays", body, "night-1")
    assert first.raw == again.raw and again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    async with company.desk.looking() as reading:
        runs = await reading.one("select count(*) from run where kind = 'replay'")
    assert runs == (1,)
    other = await mine.post("/replays", {"flow": "bills"}, "night-1")
    assert other.status == 409 and "was used for another request already" in other.detail
    missing = await mine.post("/replays", body)
    assert missing.status == 400 and "header.Idempotency-Key: it is missing." in missing.detail


async def test_the_same_key_at_the_same_moment_is_carried_out_once(mine: Api, company: Company) -> None:
    await posted(company, "1", "2")
    found = await asyncio.gather(*(mine.post("/replays", {"flow": "bills"}, "k") for _ in range(6)))
    done = [one for one in found if one.status == 200]
    assert done and len({one.raw for one in done}) == 1
    assert all("still under way" in one.detail for one in found if one.status != 200)
    async with company.desk.looking() as reading:
        assert await reading.one("select count(*) from run where kind = 'replay'") == (1,)


async def test_a_key_whose_request_failed_may_be_sent_again(mine: Api, company: Company) -> None:
    nothing = await mine.post("/replays", {"flow": "bills", "state": "posted"}, "k")
    assert nothing.status == 404 and "No record that can be replayed fits" in nothing.detail
    await posted(company, "1")
    assert (await mine.post("/replays", {"flow": "bills", "state": "posted"}, "k")).status == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"flow": "bils"}, "There is no flow 'bils'; there are"),
        ({"run": 987654}, "There is no run 987654"),
        ({"flow": "bills", "state": "lost"}, "'lost' is no state of a record"),
        ({"since": "2026-08-31", "until": "2026-08-01"}, "No document is dated from 2026-08-31 to 2026-08-01"),
        ({"record": "#987654"}, "There is no record '#987654'"),
        ({}, "A replay needs to know of what"),
    ],
)
async def test_what_does_not_exist_gets_a_sentence(mine: Api, company: Company, body: Any, told: str) -> None:
    for path in ("/replays", "/replays/preview"):
        found = await mine.post(path, body, "k")
        assert found.status in (400, 404) and told in found.detail and found.body["acts"] == "bookkeeper"


@pytest.mark.parametrize(
    ("body", "where", "sentence"),
    [
        ({"flow": 7}, "body.flow", "it must be text."),
        ({"run": "7"}, "body.run", "it must be a whole number."),
        ({"run": 7.5}, "body.run", "it must be a whole number."),
        ({"run": 10**30}, "body.run", "it must be 9223372036854775807 or less."),
        ({"run": 0}, "body.run", "it must be 1 or more."),
        ({"since": 20260801}, "body.since", "it must be a day such as 2026-01-31."),
        ({"since": "2026-02-30"}, "body.since", "it must be a day such as 2026-01-31."),
        ({"flow": "a\0b"}, "body.flow", "it holds characters that cannot stand there."),
        ({"flow": "x" * 300}, "body.flow", "it is longer than 200 characters."),
        ({"amount": 5}, "body.amount", "there is no such field here."),
        (["bills"], "body", "it must be an object, sent as application/json."),
    ],
)
async def test_what_is_wrong_in_a_body_is_told_with_its_place(mine: Api, body: Any, where: str, sentence: str) -> None:
    found = await mine.post("/replays", body, "k")
    assert found.status == 400 and found.headers["content-type"] == "application/problem+json"
    assert found.body["errors"] == [{"where": where, "sentence": sentence}]
    assert f"{where}: {sentence}" in found.detail


async def test_what_is_wrong_in_an_address_is_told_with_its_place(mine: Api) -> None:
    for query, told in (
        ({"limit": 0}, "query.limit: it must be 1 or more."), ({"limit": "x"}, "query.limit: it must be a whole number."),
        ({"colour": "red"}, "query.colour: there is no such field here."), ({"after": -1}, "query.after: it must be 0"),
        ({"since": "yesterday"}, "query.since: it must be a day such as"),
    ):  # fmt: skip
        found = await mine.get("/records", **query)
        assert found.status == 400 and told in found.detail
    assert (await mine.get("/records/x")).body["errors"][0]["where"] == "path.record_id"
    assert (await mine.get("/nothing")).status == 404
    assert (await mine.call("DELETE", "/records")).status == 405


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[" * 100_000, b'{"flow": "\xff"}', b"NaN"])
async def test_a_body_that_is_no_request_is_refused(mine: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    found = await mine.call("POST", "/replays", data=body, headers=headers)
    assert found.status == 400 and found.detail.startswith("The request cannot be understood")


async def test_a_body_is_bounded(mine: Api) -> None:
    async def parts() -> Any:  # without a Content-Length
        for _ in range(40):
            yield b" " * 65536

    for data in (b" " * (2 << 20), parts()):
        found = await mine.call("POST", "/replays", data=data, headers={"Content-Type": "application/json"})
        assert (
            found.status == 413 and found.detail == "The body is too large: at most 1 MiB is taken; send it in parts."
        )


async def test_no_amount_comes_in_as_a_number(mine: Api) -> None:
    """Nothing that is asked for is an amount: what FastAPI reads through binary floats is never money."""
    schemas = (await mine.get("/openapi.json")).body["components"]["schemas"]
    for name in ("RecordFilter", "Approval", "ShownPlan"):
        assert (
            '"number"'
            not in msgspec.json.encode([one.get("type") for one in schemas[name]["properties"].values()]).decode()
        )


async def test_a_bill_of_odd_cents_is_shown_to_the_cent(mine: Api, company: Company) -> None:
    await previewed(company)
    await company.read(bill("7", total="0.10"), bill("8", total="9007199254740993.07"))
    await settled(company)
    found = await mine.get("/plans", flow="bills")
    assert [one["amount"] for one in found.body["plans"]] == ["0.10", "9007199254740993.07"]
    sent = found.body["plans"][1]["decision"]["steps"][0]
    assert sent["body"]["line_items"][0]["rate"] == "9007199254740993.07" and sent["total"] == "9007199254740993.07"
