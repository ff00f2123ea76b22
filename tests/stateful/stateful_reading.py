"""Reading under way: what came into the ledger of it, laid beside the vendor's own books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from stateful_world import Stateful
from sync_world import Killed

from ml_connector.canonical.stamps import stamp_key
from ml_connector_sandbox import company as companies
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import Bill

Disturb = Callable[[int], None]


def of_bills(count: int, *, same_second: bool) -> Callable[[SandboxClock], Company]:
    """A company of so many bills, all last changed in one second at will, half of them at one instant."""

    def made(clock: SandboxClock) -> Company:
        company = companies.bulk(clock, count)
        if same_second:
            night = company.seed.dates.last + timedelta(days=1)
            for place, bill in enumerate(company.seed.tenant.bills):
                fraction = 1_234_567 if place % 2 else place * 131
                company.seed.tenant.bills.touch(bill.id, f"{night.isoformat()}T06:00:07.{fraction:07d}Z")
        return company

    return made


def keyed_in_one_second(world: Stateful, count: int, *, first: int = 0) -> datetime:
    """So many bills keyed by hand in Zoho Books, all last changed in one second; which."""
    seed = world.sandbox.company.seed
    at = world.sandbox.clock.now().replace(microsecond=0) - timedelta(hours=5)
    contact = next(iter(seed.contacts.values()))
    account = seed.ledger["5110"].account_id
    for place in range(first, first + count):
        line = {"account_id": account, "rate": Decimal(place + 1), "quantity": 1}
        seed.organisation.add_bill(contact, f"H-{place:04d}", seed.dates.last, [line], created=at)
    return at


async def read_source(world: Stateful, *, ask: bool = True) -> None:
    """The source's lane until what is due is read."""
    if ask:
        await world.ask()
    for _ in range(400):
        await slice_of(world, world.source)
        row = await world.one(
            "select count(*) from flow where tenant_id = %s and read_requested_by is not null", world.desk.tenant_id
        )
        if row[0] == 0:
            return
    raise AssertionError("the reading does not end")


async def slice_of(world: Stateful, connection_id: int) -> None:
    """A slice, which may be killed; then its lease has run out."""
    with suppress(Killed):
        await world.slice(connection_id)
    await world.free(connection_id)


async def versions(world: Stateful) -> dict[str, list[str]]:
    """Bill -> the stamps of its versions, oldest first."""
    rows = await world.all(
        """select r.source_id, array_agg(d.stamp order by d.version_id) from record r
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join document d on d.tenant_id = r.tenant_id and d.record_id = r.record_id
        where r.tenant_id = %s and f.name = 'bills' group by 1""",
        world.desk.tenant_id,
    )  # fmt: skip
    return {row[0]: list(row[1]) for row in rows}


async def every_version_once(world: Stateful) -> None:
    """Every bill is there as it is now, and no state of it twice."""
    found = await versions(world)
    now = {str(one.id): one for one in world.tenant.bills}
    assert found.keys() == now.keys()
    behind = {one: stamps for one, stamps in found.items() if not _is(stamps[-1], now[one])}
    assert not behind, behind
    twice = {one: stamps for one, stamps in found.items() if max(Counter(stamps).values()) > 1}
    assert not twice, twice
    backwards = {one: stamps for one, stamps in found.items() if sorted(stamps, key=stamp_key) != stamps}
    assert not backwards, backwards
    await balanced(world)


def _is(stamp: str, bill: Bill) -> bool:
    return stamp_key(stamp) == stamp_key(bill.modified_on)


async def balanced(world: Stateful) -> None:
    """Both equations of every run that has ended."""
    assert [run.imbalance for run in await world.runs() if not run.balanced] == []
    row = await world.one("select count(*) from unread where tenant_id = %s", world.desk.tenant_id)
    assert row[0] == 0


async def directory_agrees(world: Stateful) -> None:
    """Every document of Zoho Books is in the directory as it is, and none that is there counts as gone."""
    rows = await world.all(
        "select object_id, total, state from directory where tenant_id = %s and connection_id = %s and entity = 'bills'",
        world.desk.tenant_id, world.target,
    )  # fmt: skip
    known = {row[0]: row[1] for row in rows if row[2] != "gone"}
    there = {one.document_id: one.total for one in world.zoho_bills()}
    assert known == there


def at_call(world: Stateful, call: int, disturb: Disturb) -> None:
    """Have something happen at the vendor just before the ``call``-th call from now on."""
    first = world.wire.number

    def before(number: int, *_: object) -> None:
        if number == first + call:
            disturb(call)

    world.wire.before = before
