"""A document that Zoho Books refused for what may be its contact, whose own page cannot be read: it waits for that page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from service_ledger import BOOKS, Company, PlayedBooks, bill, first_bill_posted, newest

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.writing import Outcome, Step
from ml_connector.connectors.zoho_books.errors import rejected
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.sync.contact_unread import ask_unread
from ml_connector.sync.directory import refresh
from ml_connector.transport.errors import AnswerLost

pytestmark = pytest.mark.anyio
ODD, FAILS = "It has no contact_id.", "the connection broke"


class Books(PlayedBooks):
    """Zoho Books that refuses what names some contacts, and whose pages of contacts fail or are odd."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: set[str] = set()
        self.fails: set[str] = set()
        self.odd: set[str] = set()
        self.asked: list[str] = []

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        if not reading.ids:
            async for page in super().read(session, reading):
                yield page
            return
        for id_ in reading.ids:  # a call each, as Zoho Books is read by ids
            if reading.entity == "parties":
                self.asked.append(id_)
            if id_ in self.fails:
                raise AnswerLost(FAILS)
            shown = [one for one in self.lists[reading.entity] if one.id == id_]
            rows = [Row(one.id, b"{}", one) for one in shown]
            yield Page(tuple([Row(id_, b"?", None, problem=ODD)] if id_ in self.odd else rows), b"", True, True)

    async def write(self, session: Any, step: Step) -> Outcome:
        if step.party_id in self.refuses:
            self.written.append(step)
            return rejected(1002, "It does not exist.", b"{}")
        return await super().write(session, step)


@pytest.fixture
async def company(desk: Desk) -> Company:
    """Johnstone Supply is linked, and its first bill posted."""
    return await first_bill_posted(desk, Books())


def books(company: Company) -> Books:
    assert isinstance(company.books, Books)
    return company.books


async def record(company: Company, source: str) -> str:
    async with company.desk.looking() as reading:
        [(id_,)] = await reading.all(
            "select record_id from record where tenant_id = %s and source_id = %s", company.desk.tenant_id, source
        )
    return f"#{id_}"


async def an_hour_later(company: Company) -> list[str]:
    """The contacts that are asked for then."""
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run(
            "update directory set asked_at = asked_at - interval '1 hour' where tenant_id = %s", company.desk.tenant_id
        )
    return await ask(company)


async def ask(company: Company) -> list[str]:
    ledger = books(company)
    ledger.asked.clear()
    await ask_unread(await company.lane(company.target, ledger, BOOKS))
    return ledger.asked


async def refused(company: Company, *sources: str) -> None:
    await company.read(bill("1"), *(bill(one) for one in sources))
    await company.plan()


@pytest.mark.parametrize(("how", "said"), [("fails", FAILS), ("odd", ODD)])
async def test_it_waits_for_the_contacts_page_and_goes_on_once_that_is_read(
    company: Company, how: str, said: str
) -> None:
    ledger = books(company)
    ledger.refuses = {"p1"}
    setattr(ledger, how, {"p1"})
    await refused(company, "2")
    assert await newest(company, "2") == ("held", "contact_unread")
    [wait] = (await explain(company.desk, await record(company, "2"))).versions[-1].waits
    assert "'Johnstone Supply' (p1)" in wait.sentence and said.rstrip(".") in wait.sentence
    assert "It does not exist" in wait.sentence and "Zoho Books" in wait.action
    written = len(ledger.written)
    assert await ask(company) == [], "it was just asked for"
    assert await an_hour_later(company) == ["p1"]
    assert await ask(company) == []
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_unread") and len(ledger.written) == written
    setattr(ledger, how, set())
    ledger.refuses = set()
    assert await an_hour_later(company) == ["p1"]
    await company.plan()
    assert await newest(company, "2") == ("posted", "")
    assert await an_hour_later(company) == [], "nobody waits"


async def test_what_is_refused_though_the_contact_is_read_is_the_bookkeepers(company: Company) -> None:
    ledger = books(company)
    ledger.refuses = ledger.fails = {"p1"}
    await refused(company, "2")
    ledger.fails = set()
    await an_hour_later(company)
    await company.plan()
    assert (await newest(company, "2"))[0] == "rejected", "as Zoho's own refusal tells"


async def test_one_whose_page_says_twice_that_it_does_not_exist_is_gone(company: Company) -> None:
    ledger = books(company)
    ledger.refuses = ledger.fails = {"p1"}
    await refused(company, "2")
    ledger.fails = set()
    ledger.lists["parties"] = tuple(one for one in ledger.lists["parties"] if one.id != "p1")
    assert await an_hour_later(company) == ["p1", "p1"]
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_gone")


async def test_contacts_that_fail_for_good_put_off_no_other(company: Company) -> None:
    ledger = books(company)
    await company.read(
        bill("1"), bill("2", vendor=Ref("v2", "Acme Pipe & Valve")), bill("3", vendor=Ref("v3", "Johnson"))
    )
    ledger.lists["parties"] += (Party("p3", "vendor", "Johnson"),)
    await refresh(await company.lane(company.target, ledger, BOOKS), "parties", 0)
    for source, target in (("v2", "p2"), ("v3", "p3")):
        await link(company.desk, await record(company, source), target)
    ledger.refuses = ledger.fails = {"p1", "p2", "p3"}
    await refused(company, "4")
    await company.plan()
    held = {one: await newest(company, one) for one in ("2", "3", "4")}
    assert set(held.values()) == {("held", "contact_unread")}, held
    ledger.refuses, ledger.fails = set(), {"p1", "p2"}
    for hours in range(2):
        assert sorted(await an_hour_later(company)) == (["p1", "p2"] if hours else ["p1", "p2", "p3"])
    await company.plan()
    assert await newest(company, "3") == ("posted", "")
    assert {await newest(company, one) for one in ("2", "4")} == {("held", "contact_unread")}
