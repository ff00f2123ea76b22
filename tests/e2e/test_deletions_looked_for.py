"""How deletions are looked for: walks that break off, answers that prove nothing, very much at once, what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from payables_world import Firm, payables

from ml_connector.lanes.budget import LaneBudget
from ml_connector.service.breaker import accept, dismiss, mass_changes
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector.transport.errors import NotSent
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HELD = ("held", "void_after_staging")
MOMENT = datetime(2026, 11, 18, tzinfo=UTC)
GONE = Answer(404, {}, b'{"code":1002,"message":"Bill does not exist."}', MOMENT)
UNSURE = (
    Answer(404, {}, b'{"code":5,"message":"Invalid URL Passed"}', MOMENT),
    Answer(404, {}, b"<html>not here</html>", MOMENT),
    Answer(400, {}, b'{"code":1002,"message":"Bill does not exist."}', MOMENT),
    Answer(200, {}, b'{"code":0,"message":"success"}', MOMENT),
)


async def a_day_later(firm: Firm) -> None:
    firm.jump(days=1, minutes=5)
    await firm.sync()


async def end(firm: Firm, bill: Bill) -> tuple[str, str]:
    return await firm.end("bills", bill.document_id)


def delete(firm: Firm, *bills: Bill) -> None:
    for bill in bills:
        firm.at_zoho("move bill", bill=bill.number, to="delete")


def on_the_wire(firm: Firm, answers: Callable[[Request, str], Answer | None]) -> Callable[[], None]:
    """Let ``answers`` speak in the vendor's place where it wants to; call what is returned to have it silent again."""
    send = firm.runtime.wire.send

    async def sent(request: Request, url: str, *given: Any, **options: Any) -> Answer:
        answer = answers(request, url)
        return answer if answer is not None else await send(request, url, *given, **options)

    firm.runtime.wire.send = sent  # type: ignore[method-assign]

    def silent() -> None:
        firm.runtime.wire.send = send  # type: ignore[method-assign]

    return silent


async def test_a_walk_that_breaks_off_proves_nothing_and_goes_on(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        gone, *others = (firm.bill() for _ in range(4))
        await firm.sync()
        delete(firm, gone)
        firm.sandbox.company.zoho_books_switches.max_per_page = 2
        walked: list[str] = []

        def breaks(request: Request, url: str) -> Answer | None:
            query = dict(request.query)
            if url.endswith("/bills") and "date_start" in query:
                walked.append(query.get("last_modified_time", ""))
                if len(walked) == 2:
                    raise NotSent("nobody listens there")
            return None

        silent = on_the_wire(firm, breaks)
        firm.jump(days=1, minutes=5)
        await firm.sync(rounds=1, quiet=False)
        assert len(walked) == 2 and (await end(firm, gone))[0] == "posted"
        firm.jump(minutes=30)
        await firm.sync()
        assert await end(firm, gone) == HELD
        assert walked[0] == "" and "" not in walked[1:]  # it went on where it was
        assert {(await end(firm, one))[0] for one in others} == {"posted"}
        silent()


async def test_only_the_word_that_it_does_not_exist_counts(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        delete(firm, bill)
        for answer in UNSURE:
            silent = on_the_wire(firm, lambda _, url, say=answer: say if bill.document_id in url else None)  # type: ignore[misc]
            await a_day_later(firm)
            silent()
            assert (await end(firm, bill))[0] == "posted", answer.body
        await a_day_later(firm)
        assert await end(firm, bill) == HELD


async def test_what_is_shown_again_after_all_is_as_it_was(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        firm.sandbox.company.zoho_books_switches.list_lag_seconds = 90 * 86_400.0
        silent = on_the_wire(firm, lambda _, url: GONE if bill.document_id in url else None)
        await a_day_later(firm)
        assert await end(firm, bill) == HELD
        silent()
        firm.sandbox.company.zoho_books_switches.list_lag_seconds = 0.0
        await a_day_later(firm)
        assert (await end(firm, bill))[0] == "unchanged"
        delete(firm, bill)
        await a_day_later(firm)
        assert await end(firm, bill) == HELD


async def test_very_much_at_once_is_asked_about_first(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, {"breaker_floor": 3, "breaker_percent": 10}) as firm:
        first, more = [firm.bill() for _ in range(3)], [firm.bill() for _ in range(3)]
        await firm.sync()
        assert await mass_changes(firm.desk, everything=True) == []
        delete(firm, *first)
        await a_day_later(firm)
        assert {(await end(firm, one))[0] for one in first} == {"posted"}
        [asked] = await mass_changes(firm.desk)
        assert (asked.affected, asked.entity) == (3, "bills")
        [problem] = [one.problem for one in (await status(firm.desk)).connections if one.problem]
        assert "no longer shows 3 of the" in problem and "ml-connector breaker" in problem
        await accept(firm.desk, asked.breaker_id)
        await firm.sync()
        assert {await end(firm, one) for one in first} == {HELD}
        delete(firm, *more)
        await a_day_later(firm)
        [asked] = await mass_changes(firm.desk)
        await dismiss(firm.desk, asked.breaker_id, "the Zoho user had lost the Boston location")
        last = firm.bill()
        await firm.sync()
        delete(firm, last)
        await a_day_later(firm)
        assert {(await end(firm, one))[0] for one in more} == {"posted"} and await end(firm, last) == HELD


async def test_one_wrong_answer_to_a_hint_deletes_nothing_and_two_do(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        kept, gone = firm.bill(), firm.bill()
        await firm.sync()
        wrong = [kept.document_id]

        def says(request: Request, url: str) -> Answer | None:
            if wrong and url.endswith(f"/bills/{wrong[0]}"):
                wrong.clear()
                return GONE
            return None

        silent = on_the_wire(firm, says)
        delete(firm, gone)
        async with firm.desk.changing() as change:
            for one in (kept, gone):
                await change.run(
                    """insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at)
                    values (%s, %s, 'bills', %s, %s)""",
                    firm.desk.tenant_id, firm.integration.source_id, one.document_id, firm.desk.clock.now(),
                )  # fmt: skip
        await firm.sync()
        silent()
        assert wrong == [] and await end(firm, kept) in (("posted", ""), ("unchanged", ""))
        assert await end(firm, gone) == HELD


async def test_a_vendor_that_was_deleted_or_merged_away_is_told_and_its_bills_stand(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        send, gone = firm.runtime.wire.send, bill.vendor_id

        async def without_the_vendor(request: Request, url: str, *given: Any, **options: Any) -> Answer:
            if url.endswith(f"/contacts/{gone}"):
                return GONE
            answer = await send(request, url, *given, **options)
            if not url.endswith("/contacts"):
                return answer
            body = json.loads(answer.body)
            body["contacts"] = [one for one in body["contacts"] if one["contact_id"] != gone]
            return replace(answer, body=json.dumps(body).encode())

        firm.runtime.wire.send = without_the_vendor  # type: ignore[method-assign]
        await a_day_later(firm)
        assert await firm.end("vendors", gone) == ("held", "supplier_changed")
        assert "active yes -> no" in await firm.why("vendors", gone)
        assert (await end(firm, bill))[0] == "posted" and len(firm.invoices(bill)) == 1


async def test_it_waits_until_the_day_has_calls_to_spare(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        delete(firm, bill)
        with monkeypatch.context() as spent:
            spent.setattr(LaneBudget, "surplus", lambda _: 0)
            await a_day_later(firm)
        assert (await end(firm, bill))[0] == "posted"
        await firm.sync()
        assert await end(firm, bill) == HELD


async def test_a_hint_at_what_does_not_exist_any_more_is_enough(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        delete(firm, bill)
        async with firm.runtime.database.tenant(firm.desk.tenant_id) as connection:
            await connection.execute(
                b"""insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at)
                select %s, %s, 'bills', unnest(%s::text[]), %s""",
                [firm.desk.tenant_id, firm.integration.source_id, [bill.document_id, "999"], firm.desk.clock.now()],
            )
        await firm.sync()
        assert await end(firm, bill) == HELD
