"""A contact that is gone from Zoho Books: where its link goes over to the one that its own documents name, and where not."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from service_ledger import BOOKS, Company, PlayedBooks, bill, make_company

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.reading import Page, Reading
from ml_connector.errors import BadInput, Refused
from ml_connector.service.deciding import LinkedByHand, link
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.sync.directory import refresh
from ml_connector.sync.vanished import follow_vanished
from ml_connector.transport.errors import AnswerLost, NotPermitted

pytestmark = pytest.mark.anyio
ANN = Party("5", "customer", "Ann Roe Offices", email="ann@roe.example")
PLACE = Party("5-9", "customer", "Ann Roe Offices, 9 Elm St")
GONE, HERS, ELM = (
    Party(id_, "customer", name, roles="customer", email=email)
    for id_, name, email in (
        ("z1", "Ann Roe Offices", ""), ("z2", "A. Roe", "ann@roe.example"), ("z3", "Ann Roe Offices, 9 Elm St", ""),
    )
)  # fmt: skip
LEFT = Party("z6", "customer", "Ann Roe Offices, 9 Elm St", roles="customer")


class Asked(PlayedBooks):
    """Zoho Books that shows of a list what it is asked for by its ids."""

    refused = False  # whether nothing may be read by its id
    fails: tuple[str, ...] = ()  # whose own pages fail

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        if self.refused and reading.ids:
            raise NotPermitted("Contacts are not offered any more.")
        if failing := [one for one in self.fails if one in reading.ids]:
            raise AnswerLost(f"the connection broke at {failing[0]}")
        async for page in super().read(session, reading):
            rows = tuple(one for one in page.rows if not reading.ids or one.id in reading.ids)
            yield Page(rows, b"", True, True)


@pytest.fixture
async def company(desk: Desk) -> Company:
    made = await make_company(desk, contact_per="location")
    made.books = Asked()
    made.books.lists["parties"] = (GONE, HERS, ELM)
    made.titan.lists |= {"customers": (ANN,), "locations": (PLACE,)}
    for flow in ("customers", "locations", "invoices"):
        await set_flow_mode(desk, await made.now(), flow, "preview")
    return made


def sold(id_: str, customer: str, place: str = "") -> Invoice:
    return Invoice(
        id_, Ref(customer), Decimal(100), number=f"N{id_}", date=dt.date(2026, 8, 5), currency="USD",
        location=Ref(place), state=InvoiceState.POSTED,
    )  # fmt: skip


def as_(company: Company, name: str, role: Role) -> Company:
    return replace(company, desk=replace(company.desk, actor=Actor(f"cli/{name}", role)))


async def by_hand(company: Company, source: str, target: str) -> LinkedByHand:
    """A person says that a record is that document of the ledger."""
    async with company.desk.looking() as reading:
        ((record_id,),) = await reading.all(
            "select record_id from record where tenant_id = %s and source_id = %s", company.desk.tenant_id, source
        )
    return await link(company.desk, f"#{record_id}", target)


async def joined(company: Company, *invoices: Invoice, there: dict[str, str], **parties: str) -> None:
    """These invoices, by ``there`` on those contacts, and parties linked by source id (written ``p5``, ``p5_9``)."""
    company.titan.lists["invoices"] = invoices
    company.books.lists["invoices"] = tuple(sold(f"b{id_}", contact) for id_, contact in there.items())
    await company.read(flows=("customers", "locations", "invoices"))
    await company.plan()
    ids = {source.removeprefix("p").replace("_", "-"): target for source, target in parties.items()}
    for source, target in {**ids, **{one.id: f"b{one.id}" for one in invoices}}.items():
        await by_hand(company, source, target)


async def told(company: Company, source: str) -> str:
    """What a party's newest version waits for."""
    await company.plan()
    async with company.desk.looking() as reading:
        ((record_id,),) = await reading.all(
            "select record_id from record where tenant_id = %s and source_id = %s", company.desk.tenant_id, source
        )
    [wait] = (await explain(company.desk, f"#{record_id}")).versions[-1].waits
    assert wait.code == "counterpart_missing"
    return wait.sentence


async def look(company: Company, *gone: str) -> dict[str, str]:
    """Have it looked where contacts went that are gone; the links of parties after that."""
    company.books.lists["parties"] = tuple(one for one in company.books.lists["parties"] if one.id not in gone)
    lane = await company.lane(company.target, company.books, BOOKS)
    await refresh(lane, "parties", 0)
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run(
            "update directory set state = 'gone' where tenant_id = %s and entity = 'parties' and object_id = any(%s)",
            company.desk.tenant_id, list(gone),
        )  # fmt: skip
    await follow_vanished(lane, await company._flows(lane))
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select source_id, target_id from link where tenant_id = %s and target_entity = 'parties'",
            company.desk.tenant_id,
        )
    return {str(source): str(target) for source, target in rows}


async def test_a_link_goes_over_to_the_contact_that_its_own_documents_name(company: Company) -> None:
    await joined(company, sold("1", "5"), sold("2", "5", "9"), there={"1": "z2", "2": "z3"}, p5="z1", p5_9="z3")
    assert await look(company, "z1") == {"5": "z2", "5-9": "z3"}


async def test_documents_of_a_location_are_no_witnesses_of_its_customer(company: Company) -> None:
    await joined(company, sold("2", "5", "9"), there={"2": "z3"}, p5="z1")
    assert await look(company, "z1") == {"5": "z1"}


async def test_the_contact_of_a_location_is_followed_by_what_was_sold_there(company: Company) -> None:
    company.books.lists["parties"] += (LEFT,)
    await joined(company, sold("1", "5"), sold("2", "5", "9"), there={"1": "z1", "2": "z6"}, p5="z1", p5_9="z3")
    assert await look(company, "z3") == {"5": "z1", "5-9": "z6"}


async def test_what_was_sold_elsewhere_is_no_witness_of_a_location(company: Company) -> None:
    company.books.lists["parties"] += (LEFT,)
    there = {"1": "z6", "3": "z6"}
    await joined(company, sold("1", "5"), sold("3", "5", "8"), there=there, p5="z1", p5_9="z3")
    assert await look(company, "z3") == {"5": "z1", "5-9": "z3"}


async def test_a_contact_that_may_not_be_read_is_looked_for_later_and_stops_nobody(company: Company) -> None:
    await joined(company, sold("1", "5"), there={"1": "z2"}, p5="z1")
    company.books.refused = True
    assert await look(company, "z1") == {"5": "z1"}


async def test_a_contact_whose_page_fails_puts_off_no_other(company: Company) -> None:
    company.books.lists["parties"] += (LEFT,)
    await joined(company, sold("1", "5"), sold("2", "5", "9"), there={"1": "z2", "2": "z6"}, p5="z1", p5_9="z3")
    assert isinstance(company.books, Asked)
    company.books.fails = ("z1",)
    assert await look(company, "z1", "z3") == {"5": "z1", "5-9": "z6"}


async def test_where_many_pages_fail_the_vendor_is_in_trouble(company: Company) -> None:
    company.books.lists["parties"] += tuple(Party(f"y{n}", "customer", f"Y {n}", roles="customer") for n in range(5))
    company.titan.lists["customers"] = (ANN, *(Party(f"7{n}", "customer", f"Seven {n}") for n in range(5)))
    await joined(company, there={}, p70="y0", p71="y1", p72="y2", p73="y3", p74="y4")
    assert isinstance(company.books, Asked)
    ids = company.books.fails = ("y0", "y1", "y2", "y3", "y4")
    with pytest.raises(AnswerLost):
        await look(company, *ids)


async def test_no_link_goes_over_to_a_contact_that_a_location_has(company: Company) -> None:
    await joined(company, sold("1", "5"), there={"1": "z3"}, p5="z1", p5_9="z3")
    assert await look(company, "z1") == {"5": "z1", "5-9": "z3"}


async def test_a_contact_that_shows_nothing_of_the_party_is_left_to_a_person(company: Company) -> None:
    bakery = Party("z4", "customer", "Bend Bakery", roles="customer", account_number="C-7")
    company.books.lists["parties"] = (GONE, bakery, ELM)
    made = sold("1", "5"), sold("2", "5"), sold("3", "5")
    await joined(company, *made, there={"1": "z4", "2": "z4", "3": "z3"}, p5="z1", p5_9="z3")
    assert await look(company, "z1") == {"5": "z1", "5-9": "z3"}
    assert "'Bend Bakery' (number C-7; id z4) on 2, " in await told(company, "5")
    assert f"'{ELM.name}' (id z3; it is the counterpart of locations 5-9) on 1. Like it is nobody" in await told(
        company, "5"
    )
    await by_hand(company, "5", "z4")
    assert await look(company) == {"5": "z4", "5-9": "z3"}


async def test_the_contact_of_a_vendor_is_left_to_a_person_however_like_it_is(company: Company) -> None:
    was, left = (Party(id_, "vendor", "Johnstone Supply", roles="vendor") for id_ in ("z5", "z6"))
    company.books.lists |= {"parties": (was, left), "bills": (Bill("b7", Ref("z6"), Decimal(100), number="INV-7"),)}
    for flow in ("vendors", "bills"):
        await set_flow_mode(company.desk, await company.now(), flow, "preview")
    await company.read(bill("7"))
    await company.plan()
    await by_hand(company, "v1", "z5")
    await by_hand(company, "7", "b7")
    assert await look(company, "z5") == {"v1": "z5"}
    assert "'Johnstone Supply' (id z6) on 1" in await told(company, "v1")
    await by_hand(company, "v1", "z6")
    assert await look(company) == {"v1": "z6"}


async def test_another_payee_is_an_approvers_and_with_four_eyes_two_people_name_it(company: Company) -> None:
    names = {"z5": "Johnstone Supply", "z6": "Johnstone Supply", "z7": "Other Supply"}
    parties = tuple(Party(id_, "vendor", name, roles="vendor") for id_, name in names.items())
    company.books.lists |= {"parties": parties, "bills": (Bill("b7", Ref("z6"), Decimal(100), number="INV-7"),)}
    for flow in ("vendors", "bills"):
        await set_flow_mode(company.desk, await company.now(), flow, "preview")
    await company.read(bill("7"))
    await company.plan()
    await by_hand(company, "v1", "z5")
    await by_hand(company, "7", "b7")
    was = await look(company, "z5")
    with pytest.raises(NotAllowed, match="another payee"):
        await by_hand(as_(company, "bert", Role.BOOKKEEPER), "v1", "z6")
    await change_settings(company.desk, company.integration, {"four_eyes": "yes"})
    anna, bert, carl = (as_(company, *one) for one in
                        (("anna", Role.APPROVER), ("bert", Role.BOOKKEEPER), ("carl", Role.APPROVER)))  # fmt: skip
    for who, target in ((anna, "z6"), (anna, "z6"), (bert, "z6"), (carl, "z7")):
        assert (await by_hand(who, "v1", target)).asked and await look(company) == was, (who.desk.actor, target)
    with pytest.raises(BadInput, match="z9"):
        await by_hand(carl, "v1", "z9")
    assert not (await by_hand(carl, "v1", "z6")).asked and await look(company) == was | {"v1": "z6"}


async def test_a_vendor_on_whom_nothing_is_posted_is_a_bookkeepers_to_link_anew(company: Company) -> None:
    parties = tuple(Party(id_, "vendor", "Johnstone Supply", roles="vendor") for id_ in ("z5", "z6"))
    company.books.lists |= {"parties": parties}
    for flow in ("vendors", "bills"):
        await set_flow_mode(company.desk, await company.now(), flow, "preview")
    await change_settings(company.desk, company.integration, {"four_eyes": "yes"})
    await company.read(bill("7"))
    await company.plan()
    await by_hand(company, "v1", "z5")
    await look(company, "z5")
    bert = as_(company, "bert", Role.BOOKKEEPER)
    assert not (await by_hand(bert, "v1", "z6")).asked and await look(company) == {"v1": "z6"}


async def test_who_has_a_counterpart_that_is_there_is_not_linked_anew(company: Company) -> None:
    await joined(company, there={}, p5="z1")
    with pytest.raises(Refused, match="is linked to z1 already"):
        await by_hand(company, "5", "z2")
