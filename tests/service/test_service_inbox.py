"""The inbox in the lane: hints come to versions once, stay while they must, and changes nobody announced are counted."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from service_ledger import TITAN, Company, PlayedTitan, bill

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Delivery
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.hearing import Hearing
from ml_connector.service.status import status
from ml_connector.service.webhooks import Webhook, add_webhook, remove_webhook
from ml_connector.sync import inbox
from ml_connector.sync.announced import OFTEN, soonest
from ml_connector.sync.flows import flows_of
from ml_connector.sync.pull import pull
from ml_connector.transport.errors import AnswerLost

pytestmark = pytest.mark.anyio
BASE, KEY = "https://sync.example.com", "k" * 40


@dataclass
class Source(PlayedTitan):
    """ServiceTitan that reads by ids, and whose walks leave a cursor."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    refuses: str = ""
    lost: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        found: list[Document] = [*self.lists.get(reading.entity, ())]
        if reading.ids:
            self.asked.append(reading.ids)
            found = [one for one in found if one.id in reading.ids]
            if self.meanwhile is not None:
                await self.meanwhile()
            if self.lost:
                self.lost -= 1
                raise AnswerLost("the vendor said nothing")
            if self.refuses in reading.ids:
                raise BadInput("that id is no number")
        rows = tuple(Row(one.id, msgspec.json.encode(one), one) for one in found)
        yield Page(rows, b"on", True, not reading.ids)


@dataclass
class World:
    company: Company
    source: Source
    hook: Webhook

    async def hint(self, *ids: int, subject: str = "inventory-bill", name: str = "inventoryBill") -> None:
        """A signed delivery for each."""
        hearing = Hearing(self.company.desk.runtime)
        for id_ in ids:
            body = json.dumps(
                {"type": f"tn.acc.{subject}-updated", "data": {name: {"id": id_}, "tenantId": 1001}}
            ).encode()
            signed = {"x-servicetitan-signature": hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()}
            await hearing.hear(self.hook.address.rpartition("/")[2], Delivery(signed, (), body))

    async def lane(self) -> Any:
        return await self.company.lane(self.company.source, self.source, TITAN)

    async def grow_old(self) -> None:
        """As if the hints had come so long ago that every list shows what they are about."""
        async with self.company.desk.runtime.database.tenant(self.company.desk.tenant_id) as session:
            await session.execute(b"update inbox set hinted_at = hinted_at - interval '5 minutes'")

    async def flows(self, lane: Any) -> list[Any]:
        async with lane.database.tenant(lane.tenant_id) as connection:
            return [
                one
                for one in await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
                if one.on
            ]

    async def take(self) -> None:
        lane = await self.lane()
        flows = await self.flows(lane)
        await inbox.age_lists(lane, flows)
        await inbox.read_hinted(lane, flows)

    async def walk(self) -> None:
        """A scheduled reading of the bills."""
        lane = await self.lane()
        for flow in await self.flows(lane):
            if flow.name == "bills":
                await pull(lane, flow, "schedule", "schedule")

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        async with self.company.desk.looking() as reading:
            return await reading.all(query)

    async def waiting(self) -> list[str]:
        return [row[0] for row in await self.rows("select object_id from inbox where taken_at is null order by 1")]

    async def bills(self) -> dict[str, int]:
        """Source id -> versions."""
        found = await self.rows(
            "select r.source_id, r.versions from record r join flow f using (flow_id) where f.name = 'bills'"
        )
        return dict(found)


@pytest.fixture
async def world(company: Company) -> World:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    source = Source()
    source.lists["bills"] = (bill("7"), bill("8"))
    return World(company, source, await add_webhook(company.desk, "servicetitan", BASE, KEY))


async def test_what_is_hinted_at_is_read_once_ahead_of_the_rest(world: World) -> None:
    await world.hint(7, 7, 7, 9)
    await world.take()
    assert await world.bills() == {"7": 1}  # 9 is not there any more
    assert [sorted(ids) for ids in world.source.asked] == [["7", "9"]]
    assert await world.waiting() == ["9"]
    assert await world.rows("select trigger, new_versions, finished_at is not null from run") == [("webhook", 1, True)]
    assert await world.rows("select priority from work") == [(1,)]
    assert await world.rows("select 1 from feed where starts_with(name, 'flow ')") == []  # no cursor has moved
    await world.take()
    assert len(world.source.asked) == 1


async def test_what_lists_do_not_show_yet_is_read_once_more_when_they_must(world: World) -> None:
    before, world.source.lists["bills"] = world.source.lists["bills"], ()
    await world.hint(7)
    lane = await world.lane()
    assert await inbox.next_hint(lane) <= lane.clock.now()
    await world.take()
    due, now = await inbox.next_hint(lane), lane.clock.now()
    assert dt.timedelta(0) < due - now <= dt.timedelta(seconds=lane.connector.list_lag)
    assert (await world.waiting(), await world.bills()) == (["7"], {})
    await world.take()
    assert len(world.source.asked) == 1  # not before its time
    world.source.lists["bills"] = before
    await world.grow_old()
    assert await inbox.next_hint(lane) <= lane.clock.now()
    await world.take()
    assert (await world.waiting(), await world.bills(), await inbox.next_hint(lane)) == ([], {"7": 1}, None)


async def test_a_hint_that_leads_to_nothing_is_read_twice_and_what_it_missed_counts_as_unannounced(
    world: World,
) -> None:
    await world.walk()
    await world.hint(7)
    await world.take()
    await world.grow_old()
    await world.take()
    assert (await world.waiting(), len(world.source.asked)) == ([], 2)
    world.source.lists["bills"] = (bill("7", total="102.00"), bill("8"))
    await world.walk()
    [loss] = (await status(world.company.desk)).losses
    assert (loss.announced, loss.unannounced) == (0, 1)


async def test_a_new_hint_about_what_waits_is_read_at_once(world: World) -> None:
    await world.hint(9)
    await world.take()
    await world.hint(9)
    await world.take()
    assert len(world.source.asked) == 2


async def test_a_hint_that_comes_while_its_document_is_read_stays(world: World) -> None:
    async def again() -> None:
        world.source.meanwhile = None
        await world.hint(7)

    world.source.meanwhile = again
    await world.hint(7, 8)
    await world.take()
    assert await world.waiting() == ["7"]
    await world.grow_old()
    await world.take()
    assert await world.waiting() == []
    assert await world.bills() == {"7": 1, "8": 1}


async def test_one_document_that_cannot_be_asked_for_stops_nobody(world: World) -> None:
    world.source.refuses = "8"
    await world.hint(7, 8)
    await world.take()
    assert await world.bills() == {"7": 1}
    assert await world.waiting() == []


async def test_a_reading_without_an_answer_is_tried_again_and_not_for_ever(world: World) -> None:
    world.source.lost = inbox.TRIES
    await world.hint(7)
    for _ in range(inbox.TRIES):
        assert await world.waiting() == ["7"]
        with pytest.raises(AnswerLost):
            await world.take()
    assert await world.waiting() == []
    await world.hint(7)
    await world.take()
    assert await world.bills() == {"7": 1}


async def test_hints_of_flows_that_are_off_are_forgotten(world: World) -> None:
    await set_flow_mode(world.company.desk, world.company.integration, "bills", "off")
    await world.hint(7)
    await world.take()
    assert await world.waiting() == []
    assert world.source.asked == []


async def test_a_hint_about_a_list_has_it_refreshed(world: World) -> None:
    lane = await world.company.lane(world.company.target, world.company.books, TITAN)
    await world.company.plan()
    async with lane.database.tenant(lane.tenant_id) as session:
        await session.execute(
            b"""insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at)
            values (%s, %s, 'parties', 'p1', %s)""",
            [lane.tenant_id, lane.connection_id, lane.clock.now()],
        )
    await inbox.age_lists(lane, await world.flows(lane))
    aged = await world.rows("select name from feed where moved_at < '1971-01-01'")
    assert aged == [("directory parties",)]
    assert await world.waiting() == []


async def test_changes_that_nobody_announced_are_counted_once_anything_was_heard(world: World) -> None:
    await world.walk()  # from the beginning
    world.source.lists["bills"] = (bill("7", total="101.00"), bill("8"))
    await world.walk()  # nothing was ever heard of bills
    assert (await status(world.company.desk)).losses == ()
    await world.hint(8)
    await world.take()  # the same as before: no change
    world.source.lists["bills"] = (bill("7", total="102.00"), bill("8", total="102.00"), bill("9"))
    await world.hint(9)
    await world.walk()  # 8 was hinted at after its last version was read, 9 just now, 7 never
    [loss] = (await status(world.company.desk)).losses
    assert (loss.entity, loss.announced, loss.unannounced, loss.percent, loss.too_much) == ("bills", 2, 1, 33.3, True)
    world.source.lists["bills"] = (bill("7", total="103.00"),)
    await world.hint(7)
    await world.take()
    [loss] = (await status(world.company.desk)).losses
    assert (loss.announced, loss.unannounced) == (3, 1)


async def test_where_too_much_is_missed_it_is_read_sooner(world: World) -> None:
    await world.walk()
    await world.hint(9)
    lane = await world.lane()
    [flow] = [one for one in await world.flows(lane) if one.name == "bills"]
    late = lane.clock.now() + dt.timedelta(hours=9)

    async def next_read() -> dt.datetime:
        async with lane.transaction() as transaction:
            return await soonest(transaction, flow, late)

    assert await next_read() == late
    world.source.lists["bills"] = (bill("7", total="102.00"),)
    await world.walk()
    assert await next_read() <= lane.clock.now() + OFTEN
    await remove_webhook(world.company.desk, world.hook.name)
    assert await next_read() == late


async def test_a_webhook_that_never_announced_anything_is_told_once_readings_find_changes(world: World) -> None:
    async def told() -> list[str]:
        return [one for one in (await status(world.company.desk)).attention if "webhook" in one]

    await world.walk()  # from the beginning: nothing could have been announced
    assert await told() == []
    world.source.lists["bills"] = (bill("7", total="101.00"), bill("8", total="101.00"), bill("9"))
    await world.walk()
    [sentence] = await told()
    assert "'ServiceTitan' is set up and has announced nothing yet, while readings found 3 changes" in sentence
    assert "callback URL" in sentence
    assert (await status(world.company.desk)).losses == ()
    await world.hint(7, subject="unknown", name="nothing")  # rightly signed, and of nothing that is read
    assert await told() == [sentence]
    await world.hint(9)
    assert await told() == []
    world.source.lists["bills"] = (bill("7", total="102.00"),)
    await world.walk()  # heard of: what is missed counts as lost from now on
    [loss] = (await status(world.company.desk)).losses
    assert (loss.announced, loss.unannounced) == (0, 1) and await told() == []


async def test_what_a_silent_webhook_refused_is_told_with_it(world: World) -> None:
    await world.walk()
    with pytest.raises(ConnectorError):
        await Hearing(world.company.desk.runtime).hear(world.hook.address.rpartition("/")[2], Delivery({}, (), b"{}"))
    world.source.lists["bills"] = (bill("9"),)
    await world.walk()
    [sentence] = [one for one in (await status(world.company.desk)).attention if "webhook" in one]
    assert "found 1 change" in sentence and "1 delivery was refused" in sentence
    await remove_webhook(world.company.desk, world.hook.name)
    assert not any("webhook" in one for one in (await status(world.company.desk)).attention)
