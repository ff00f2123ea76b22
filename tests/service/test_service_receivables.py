"""What customers owe on both sides, laid side by side: who differs, by how much, and why; ServiceTitan's answer is played."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from selling_by_hand import BEND, CONTACTS, ON, Selling, invoice, make_selling

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.reading import OpenItem
from ml_connector.errors import Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import receivables
from ml_connector.service.desk import Desk
from ml_connector.service.owed import Compared
from ml_connector.service.receivables import compare, mention
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.working import Work

pytestmark = pytest.mark.anyio
D = Decimal
BAKERY = "p9"
EARLY = dt.date(2026, 6, 1)


@pytest.fixture(autouse=True)
def another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process works; its lanes are played here."""

    @asynccontextmanager
    async def working(_: Runtime) -> AsyncIterator[Work]:
        yield Work(None)

    monkeypatch.setattr(receivables, "working", working)


@pytest.fixture
async def selling(desk: Desk) -> Selling:
    """The bakery is in Xero under its name; nothing is linked."""
    made = await make_selling(desk)
    made.world.xero.lists["parties"] = (*CONTACTS, Party(BAKERY, "customer", "Bend Bakery"))
    return made


def owed(id: str, balance: str = "100.00", **changes: Any) -> OpenItem:
    """An open invoice of the bakery at ServiceTitan."""
    made = OpenItem("invoice", id, BEND.id, BEND.name, D(balance), f"N-{id}", ON)
    return msgspec.structs.replace(made, **changes)


def due(id: str, balance: str = "100.00", **changes: Any) -> Invoice:
    """The same in Xero."""
    made = Invoice(
        f"x{id}", Ref(BAKERY, "Bend Bakery"), D("100.00"), number=f"N-{id}", date=ON, currency="USD",
        state=InvoiceState.AUTHORISED, balance=D(balance),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


async def laid(
    selling: Selling, here: list[OpenItem] | list[dict[str, str]], at: dt.date | None = None, **there: Any
) -> Compared:
    """Compare what ServiceTitan's lane answers with Xero's lists as they are shown."""
    selling.world.xero.lists.update(there)
    await selling.world.plan()
    desk, sealer = selling.desk, await selling.desk.sealer()
    asking = asyncio.create_task(compare(desk, selling.world.integration, at))
    answers = [sealer.seal(b"answer", msgspec.json.encode(one)) for one in (here, [])]
    while not asking.done():
        await asyncio.sleep(0.02)
        async with desk.changing() as change:
            await change.run(
                """update question set answered_at = now(), answer = case what when 'open items' then %s else %s end
                where tenant_id = %s and answered_at is null""",
                *answers, desk.tenant_id,
            )  # fmt: skip
    return await asking


def causes(found: Compared) -> dict[str, tuple[int, Decimal]]:
    return {part.cause: (part.count, part.amount) for one in found.differing for part in one.differences}


async def test_equal_books_agree_though_nothing_is_linked_yet(selling: Selling) -> None:
    found = await laid(selling, [owed("1"), owed("2", "30.00")], invoices=(due("1"), due("2", "30.00")))
    assert (found.differing, found.customers) == ((), 1)
    assert found.here == found.there == {"USD": D("130.00")}


async def test_each_difference_has_its_cause_and_they_sum_to_it(selling: Selling) -> None:
    here = [
        owed("1"), owed("2", "30.00"), owed("3", "5.00", date=EARLY), owed("4", "7.00", posted=False),
        OpenItem("unapplied", BEND.id, BEND.id, BEND.name, D("-20.00")),
    ]  # fmt: skip
    there = (
        due("2", "50.00"), due("9", "11.00"), due("8", "13.00", date=EARLY), due("7", "99.00", state=InvoiceState.DRAFT),
        due("6", "17.00", reference="st-1001-invoices-6"),
    )  # fmt: skip
    advance = Payment("o1", Ref(BAKERY), D("25.00"), PaymentKind.OVERPAYMENT, ON, "USD", unapplied=D("8.00"))
    credit = due("c1", "2.00", kind="credit note", number="C-1")
    found = await laid(selling, here, invoices=there, overpayments=(advance,), credit_notes=(credit,))
    [one] = found.differing
    assert (one.customer, one.source_id, one.target_id) == ("Bend Bakery", BEND.id, BAKERY)
    assert (one.here, one.there) == (D("122.00"), D("81.00"))
    assert causes(found) == {
        "not yet": (1, D("100.00")), "other balance": (1, D("-20.00")), "before start": (2, D("-8.00")),
        "not posted": (1, D("7.00")), "keyed by hand": (1, D("-11.00")), "ours": (1, D("-17.00")),
        "unapplied": (1, D("-10.00")),
    }  # fmt: skip
    assert sum(part.amount for part in one.differences) == one.here - one.there
    assert set(found.causes) == set(causes(found))


async def test_an_invoice_that_is_held_says_so(selling: Selling) -> None:
    await selling.read(invoices=(invoice("1", BEND),), payments=(), purchase_orders=())
    await selling.plan()  # no table is filled: it waits for its account
    assert causes(await laid(selling, [owed("1")])) == {"held": (1, D("100.00"))}


async def test_going_live_mentions_what_the_last_comparison_shows_now(selling: Selling) -> None:
    desk, integration = selling.desk, selling.world.integration
    assert "was not compared yet" in await mention(desk, integration, "invoices")
    await laid(selling, [owed("1")])
    assert (await mention(desk, integration, "payments")).startswith("1 customer owes otherwise in ")
    assert await mention(desk, integration, "vendors") == ""
    selling.world.xero.lists["invoices"] = (due("1"),)
    await selling.world.plan()
    assert await mention(desk, integration, "invoices") == ""


async def test_only_documents_until_a_day_are_compared(selling: Selling) -> None:
    later = ON + dt.timedelta(days=1)
    found = await laid(selling, [owed("1"), owed("2", date=later)], ON, invoices=(due("1"), due("3", date=later)))
    assert (found.differing, found.here) == ((), {"USD": D("100.00")})


async def test_contacts_of_one_name_are_not_taken_for_each_other(selling: Selling) -> None:
    twins = (*CONTACTS, Party(BAKERY, "customer", "Bend Bakery"), Party("p10", "customer", "Bend Bakery"))
    found = await laid(selling, [owed("1")], invoices=(due("1"),), parties=twins)
    assert sorted((one.source_id, one.here, one.there) for one in found.differing) == [
        ("", D(0), D("100.00")), (BEND.id, D("100.00"), D(0)),
    ]  # fmt: skip


async def test_what_cannot_be_read_is_said_and_an_operator_sees_no_sums(selling: Selling) -> None:
    with pytest.raises(Refused, match=r"could not be read at .*: The scope is missing"):
        await laid(selling, [{"problem": "The scope is missing."}])
    operator = replace(selling.desk, actor=Actor("cli/otto", Role.OPERATOR))
    with pytest.raises(NotAllowed):
        await compare(operator, selling.world.integration)
