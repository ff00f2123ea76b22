"""Webhooks from the emulators to the running server: what they hint at is in the ledger without a scheduled reading.

Twice, late, out of order and never leave the same books behind; what never arrives, the next reading finds.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ml_connector.service.scheduling import schedule
from ml_connector.service.webhooks import Webhook, add_webhook, webhooks
from ml_connector.service.working import working
from ml_connector.web.server import listening, serving
from ml_connector_sandbox.kernel.webhooks import LATE, NEVER, OUT_OF_ORDER, TWICE, WebhookFault
from ml_connector_sandbox.zoho_books.books.purchases import delete_bill

LOOKS = 300
KEY = "k" * 40
pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@dataclasses.dataclass
class Hooked:
    """A company whose bills are live, whose next scheduled reading is next year, and that hears ServiceTitan."""

    company: Any
    hook: Webhook
    look: Callable[[], Awaitable[None]]

    @property
    def tenant(self) -> Any:
        return self.company.sandbox.company.seed.tenant

    @property
    def titan(self) -> Any:
        return self.company.sandbox.servicetitan.webhooks

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.company.desk.looking() as reading:
            return await reading.all(query, *values)

    async def until(self, met: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(LOOKS):
            if await met():
                return
            await self.look()
        raise AssertionError("it never came to that")

    async def ended(self, bill_id: int, state: str) -> None:
        async def met() -> bool:
            return (await self.company.ends()).get(str(bill_id), ("", ""))[0] == state

        await self.until(met)

    async def taken(self) -> None:
        """Until every delivery that goes out has arrived and every hint was taken."""

        async def met() -> bool:
            moving = [one for one in self.titan.as_dicts() if one["status"] in ("waiting", "retrying")]
            return not moving and not await self.rows("select 1 from inbox where taken_at is null")

        await self.until(met)

    async def triggers(self) -> list[str]:
        return [row[0] for row in await self.rows("select distinct trigger from run where started_at > %s", self.began)]

    began: Any = None

    def add_bill(self, number: str) -> int:
        """One more of a bill that is there already, by another number."""
        like = next(one for one in self.tenant.bills if (one.active and one.purchase_order_id is None) or one.active)
        made = self.tenant.add_bill(dataclasses.replace(like, id=0, reference_number=number, vendor_number=number))
        return int(made.id)


@asynccontextmanager
async def hooked(running: Any, **more: Any) -> AsyncIterator[Hooked]:
    async with running("small", **more) as company:
        await company.live()
        await company.sync()
        for flow in ("vendors", "bills"):
            await schedule(company.desk, company.integration, flow, "0 0 1 1 *")
        with listening("127.0.0.1:0") as door:
            base = f"http://127.0.0.1:{door.getsockname()[1]}"
            async with serving(company.runtime, door, asyncio.Event()), working(company.runtime) as work:
                hook = await add_webhook(company.desk, "servicetitan", base, KEY)
                made = Hooked(company, hook, work.pause)
                made.titan.subscribe(hook.address, secret=KEY)
                made.began = company.desk.clock.now()
                yield made


async def test_a_new_bill_is_posted_and_a_changed_one_is_read_without_a_scheduled_reading(running) -> None:
    async with hooked(running) as world:
        new = world.add_bill("HOOK-1")
        await world.ended(new, "posted")
        changed = next(id for id, (state, _) in (await world.company.ends()).items() if state == "posted")
        world.tenant.modify_bill(int(changed), summary="seen by the office")
        await world.until(lambda: _versions(world, changed, 2))
        await world.taken()
        assert await world.triggers() == ["webhook"]
        [hook] = await webhooks(world.company.desk)
        assert (hook.refused, hook.heard > 1) == (0, True)


async def _versions(world: Hooked, source_id: str, count: int) -> bool:
    rows = await world.rows("select versions from record where source_id = %s and versions >= %s", source_id, count)
    return bool(rows)


@pytest.mark.parametrize("kind", [TWICE, LATE, OUT_OF_ORDER])
async def test_however_they_arrive_each_bill_is_posted_once(running, kind: str) -> None:
    async with hooked(running) as world:
        next_ = len(world.titan.deliveries) + 1
        for n in range(3):
            world.titan.disturb(WebhookFault(kind, next_ + 2 * n))
        bills = [world.add_bill(f"HOOK-{n}") for n in range(4)]
        for bill in bills:
            world.tenant.modify_bill(bill, summary="changed at once")
        for bill in bills:
            await world.until(lambda bill=bill: _settled(world, bill))
        await world.taken()
        held = world.company.sandbox.company.seed.organisation.bills
        assert sorted(one.number for one in held if "HOOK-" in one.number) == [f"HOOK-{n}" for n in range(4)]
        assert await world.triggers() == ["webhook"]


async def _settled(world: Hooked, bill: int) -> bool:
    rows = await world.rows("select 1 from link where entity = 'bills' and source_id = %s", str(bill))
    return bool(rows)


async def test_what_never_arrives_the_next_reading_finds(running) -> None:
    async with hooked(running) as world:
        world.titan.disturb(WebhookFault(NEVER))
        lost = world.add_bill("HOOK-LOST")
        heard = world.add_bill("HOOK-HEARD")
        await world.ended(heard, "posted")
        assert str(lost) not in await world.company.ends()
        await schedule(world.company.desk, world.company.integration, "bills", "* * * * *")
        await world.ended(lost, "posted")
        assert "schedule" in await world.triggers()


async def test_what_lists_show_later_than_its_webhook_comes_is_posted_without_a_scheduled_reading(running) -> None:
    async with hooked(running) as world:
        world.company.sandbox.servicetitan.set_switches({"read_after_write_lag_seconds": 150})
        new = world.add_bill("HOOK-LAG")
        await world.ended(new, "posted")
        assert await world.triggers() == ["webhook"]


async def test_a_forged_delivery_changes_nothing(running) -> None:
    async with hooked(running) as world:
        await world.titan.unsubscribe()
        world.titan.subscribe(world.hook.address, secret="f" * 40)
        world.add_bill("HOOK-FORGED")

        async def refused() -> bool:
            return (await webhooks(world.company.desk))[0].refused > 0

        await world.until(refused)
        assert await world.rows("select 1 from inbox") == []
        assert await world.triggers() == []


async def test_hints_of_a_flow_that_is_off_are_forgotten(running) -> None:
    from ml_connector.service.flows import set_flow_mode

    async with hooked(running) as world:
        await set_flow_mode(world.company.desk, world.company.integration, "bills", "off")
        world.add_bill("HOOK-OFF")

        async def hinted() -> bool:
            return bool(await world.rows("select 1 from inbox where entity = 'bills' and taken_at is not null"))

        await world.until(hinted)
        assert await world.triggers() == []


async def test_a_bill_deleted_in_zoho_has_the_list_of_bills_read_again(running) -> None:
    async with hooked(running) as world:
        zoho, company = world.company.sandbox.zoho_books.webhooks, world.company.sandbox.company
        token = "t" * 20
        hook = await add_webhook(world.company.desk, "zoho-books", world.hook.address.partition("/webhooks")[0], token)
        zoho.subscribe(hook.address, secret=token)
        # Every other reason to read it again lies a year ahead.
        before = "select 1 from feed where name = 'directory bills' and moved_at > %s"
        at = world.company.desk.clock.now()
        delete_bill(company.seed.organisation, next(iter(company.seed.organisation.bills)))

        async def read_again() -> bool:
            hinted = await world.rows("select 1 from inbox where entity = 'bills' and hinted_at >= %s", at)
            return bool(hinted) and bool(await world.rows(before, at))

        await world.until(read_again)
        heard = {one.name: (one.heard > 0, one.refused) for one in await webhooks(world.company.desk)}
        assert heard["Zoho Books"] == (True, 0)
