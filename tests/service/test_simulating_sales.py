"""``map simulate`` for what ServiceTitan sells in Zoho Books: its accounts, taxes, items and payment types."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from rich.console import Console
from service_ledger import BOOKS, TITAN, Company

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Item, ListEntry, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment
from ml_connector.cli.simulating import _simulated
from ml_connector.connectors.writing import Done, Outcome, Step
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.effects import Simulated
from ml_connector.service.mapping.files import import_mapping
from ml_connector.service.mapping.simulating import simulate
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.directory import refresh
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

pytestmark = pytest.mark.anyio
D = Decimal
HEADER = "source_key,target_key,valid_from,valid_until\n"
ON, LATER = dt.date(2026, 8, 5), dt.date(2026, 9, 5)
PARTS, LABOR, OTHER = (
    Ref("a1", "Parts revenue", "260"),
    Ref("a2", "Labor revenue", "270"),
    Ref("a3", "Other revenue", "280"),
)
LISTS: dict[str, tuple[Document, ...]] = {
    "accounts": (
        *(Account(one.id, one.name, one.number, "income", takes_payments=False) for one in (PARTS, LABOR, OTHER)),
        Account("b1", "Undeposited Funds", "610", "cash", postable=False),
        Account("b2", "Card Clearing", "611", "payment_clearing", postable=False),
    ),
    "tax_codes": (TaxCode("t1", "Austin", D("0.0825")), TaxCode("t2", "Austin, new", D("0.0825"))),
    "items": (
        Item("i1", "material", "Compressor", "CMP", income_account=PARTS),
        Item("i2", "service", "Labor, hourly", "LAB", income_account=LABOR),
        Item("i3", "material", "Parts, any", "ANY", income_account=PARTS),
        Item("i4", "material", "Other parts, any", "OTH", income_account=OTHER),
    ),
    "parties": (Party("z1", "customer", "Bend Bakery", currency="USD"),),
    **dict.fromkeys(("invoices", "credit_notes", "payments", "bills"), ()),
}  # fmt: skip
FLOWS = ("customers", "invoices", "payments")
CHECK, CARD = Ref("1", "Check"), Ref("2", "Card")
ROWS = {
    "customers": {"c1": "z1"}, "sales_accounts": {"4000": "a1", "4100": "a2"}, "sales_tax": {"Austin": "t1"},
    "payment_types": {"1": "account:b1"},
}  # fmt: skip


def line(amount: str, id: str = "1", **changes: Any) -> InvoiceLine:
    """A compressor, taxed."""
    made = InvoiceLine(
        id, D(amount), "Compressor", sku="CMP", quantity=D(1), unit_price=D(amount), account=Ref("s4", "Parts", "4000"),
        taxable=True, business_unit=Ref("bu1", "Install"),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def labor(amount: str, **changes: Any) -> InvoiceLine:
    """Work, not taxed."""
    work: dict[str, Any] = {
        "sku": "LAB",
        "description": "Labor",
        "account": Ref("s5", "Labor", "4100"),
        "taxable": False,
    }
    return line(amount, "2", **work | changes)


def invoice(id: str, *lines: InvoiceLine, zone: str = "Austin", **changes: Any) -> Invoice:
    """A posted invoice of a hundred dollars' compressor, or of these lines, with the tax of Austin's rate."""
    sold = lines or (line("100.00"),)
    tax = sum((one.amount * D("0.0825") for one in sold if one.taxable), D(0)).quantize(D("0.01"))
    made = Invoice(
        id, Ref("c1", "Bend Bakery"), sum((one.amount for one in sold), tax), number=f"N-{id}", date=ON,
        due_date=LATER, currency="USD", lines=sold, tax=tax, tax_zone=Ref(f"zone {zone}", zone) if tax else Ref(),
        business_unit=Ref("bu1", "Install"), state=InvoiceState.POSTED,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def paid(id: str, amount: str, method: Ref = CHECK, **changes: Any) -> Payment:
    """Money of the bakery on no invoice."""
    made = Payment(
        id, Ref("c1", "Bend Bakery"), D(amount), date=ON, currency="USD", method=method, number=f"CH-{id}",
        unapplied=D(amount), business_unit=Ref("bu1", "Install"),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


async def _made(session: object, step: Step) -> Outcome:
    """What Zoho Books would show of an invoice or a payment that was sent to it."""
    id_, party = step.target_id or f"made {step.reference}", Ref(step.party_id)
    shown: Document = (
        Payment(
            id_, party, step.total, date=step.date, currency=step.currency, reference=step.reference, unapplied=step.total
        )
        if step.entity == "payments"
        else Invoice(
            id_, party, step.total, number=step.number, date=step.date, currency=step.currency, reference=step.reference,
            balance=step.total, state=InvoiceState.AUTHORISED,
        )
    )  # fmt: skip
    return Done(id_, shown, b"{}")


@pytest.fixture
async def selling(company: Company) -> Company:
    """Invoices and payments in preview, Zoho's lists known, every row there that a plain invoice needs."""
    company.books.lists = dict(LISTS)
    company.books.write = _made  # type: ignore[method-assign]
    company.titan.lists |= {
        "customers": (Party("c1", "customer", "Bend Bakery"),), "locations": (), "tax_zones": (), "payment_terms": (),
        "payment_types": (ListEntry("1", "payment_type", "Check"), ListEntry("2", "payment_type", "Card")),
    }  # fmt: skip
    for flow in FLOWS:
        await set_flow_mode(company.desk, company.integration, flow, "preview")
    lane = await company.lane(company.target, company.books, BOOKS)
    for entity in LISTS:
        await refresh(lane, entity, 0)
    for table, rows in ROWS.items():
        for key, value in rows.items():
            await set_value(company.desk, company.integration, table, key, value, anyway=True)
    return company


async def read(company: Company, *documents: Document) -> None:
    """Have ServiceTitan show these."""
    company.titan.lists["invoices"] = tuple(one for one in documents if isinstance(one, Invoice))
    company.titan.lists["payments"] = tuple(one for one in documents if isinstance(one, Payment))
    lane = await company.lane(company.source, company.titan, TITAN)
    for entity in ("tax_zones", "payment_types", "payment_terms"):
        await refresh(lane, entity, 0)
    await company.read(flows=FLOWS)


async def planned(company: Company, times: int = 4) -> None:
    """Have everything planned, what was released by it too."""
    for _ in range(times):
        await company.plan()


async def shown(company: Company, *documents: Document) -> Company:
    await read(company, *documents)
    await planned(company)
    return company


async def asked(company: Company, table: str, *rows: str) -> Simulated:
    return await simulate(company.desk, await company.now(), table, HEADER + "\n".join(rows), anyway=True)


async def states(company: Company) -> dict[str, tuple[str, str]]:
    """By source id the state of the newest version and its reason."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select r.source_id, s.state, s.reason from record r join flow f using (tenant_id, flow_id)
            join version_state s using (tenant_id, version_id) where r.tenant_id = %s and f.name = any(%s::text[])""",
            company.desk.tenant_id, ["invoices", "payments"],
        )  # fmt: skip
    return {id_: (State(state).word, reason) for id_, state, reason in rows}


async def plans(company: Company) -> dict[str, str]:
    """The stored plans' digests by number."""
    async with company.desk.looking() as reading:
        rows = await reading.all("select d.number, p.digest from plan p join document d using (tenant_id, version_id)")
    return {number: digest.hex() for number, digest in rows}


async def again(company: Company) -> None:
    """What a preview does: everything that is planned is planned again."""
    async with company.desk.changing() as change:
        versions = [row[0] for row in await change.all("select version_id from plan")]
        await restage(change.connection, company.desk.tenant_id, versions, [State.PLANNED], Priority.DOCUMENT)
    await planned(company)


async def posted(company: Company) -> None:
    for flow in FLOWS:
        await set_flow_mode(company.desk, company.integration, flow, "live")
    await planned(company)


FILTER = line("70.00", account=Ref("s9", "Filters", "4200"), sku="ANY")
NEW = line("60.00", sku="NEW")
WAITING: tuple[tuple[Any, ...], ...] = (
    # table, row, what is read, how many go on with it, what the others wait for, totals of what goes on, what moves
    ("sales_accounts", "4200,a1,,", (invoice("1", FILTER), invoice("2", FILTER, zone="Waco"), invoice("3")),
     1, {"sales_tax_unmapped": 1}, "75.78", "70.00"),
    ("sales_tax", "Waco,t1,,", (invoice("1", zone="Waco"), invoice("2", FILTER, zone="Waco"), invoice("3")),
     1, {"account_unmapped": 1}, "108.25", "8.25"),
    ("items", "NEW,i3,,", (invoice("1", NEW, labor("50.00")), invoice("2", NEW, zone="Waco"), invoice("3")),
     1, {"sales_tax_unmapped": 1}, "114.95", "60.00"),
    ("items", "NEW,i4,,", (invoice("1", NEW),), 0, {"line_item_account": 1}, "", ""),
    ("payment_types", "2,account:b2,,", (paid("11", "30.00", CARD), paid("12", "40.00", CARD), paid("13", "50.00")),
     2, {}, "70.00", "70.00"),
)  # fmt: skip


@pytest.mark.parametrize(("table", "row", "read_", "count", "still", "sum_", "moved"), WAITING)
async def test_as_many_go_on_as_are_told_and_the_others_wait_for_what_is_told(
    selling: Company, table: str, row: str, read_: tuple[Document, ...], count: int, still: dict[str, int], sum_: str,
    moved: str,
) -> None:  # fmt: skip
    await shown(selling, *read_)
    before = await states(selling)
    found = await asked(selling, table, row)
    assert (found.goes_on.count, found.waits) == (count, still)
    assert found.goes_on.sums == ({"USD": D(sum_)} if count else {})
    assert [(one.goes_on, one.waits, one.planned_otherwise, one.stays) for one in found.rows] == [
        (count, sum(still.values()), 0, 0)
    ]
    key, value, *_ = row.split(",")
    assert [(one.key, one.was, one.becomes, one.documents, one.sums) for one in found.moves] == (
        [(key, "", value, count, {"USD": D(moved)})] if count else []
    )
    assert await states(selling) == before, "nothing was done"
    done = await import_mapping(selling.desk, selling.integration, table, f"{HEADER}{row}\n", anyway=True)
    assert done.released == count + sum(still.values()), "what was let go on is what was told of"
    await planned(selling)
    after = await states(selling)
    assert sum(before[id_][0] == "held" and state == "planned" for id_, (state, _) in after.items()) == count
    assert sorted(reason for state, reason in after.values() if state == "held") == sorted(still)


PLANNED: tuple[tuple[Any, ...], ...] = (
    # table, row, what is read, the values that it goes from and to, how much, whose plan changes
    ("sales_tax", "Austin,t2,,", (invoice("1"), invoice("2", labor("50.00"))), ("t1", "t2"), "8.25", "N-1",
     "tax"),
    ("items", "CMP,i3,,", (invoice("1", line("100.00"), labor("50.00")), invoice("2", labor("50.00"))), ("", "i3"),
     "100.00", "N-1", "item"),
    ("payment_types", "1,account:b2,,", (paid("11", "30.00"), invoice("2")), ("account:b1", "account:b2"), "30.00", "CH-11",
     "account"),
)  # fmt: skip


@pytest.mark.parametrize(("table", "row", "read_", "values", "moved", "number", "word"), PLANNED)
async def test_a_plan_becomes_the_one_that_is_told(
    selling: Company, table: str, row: str, read_: tuple[Document, ...], values: tuple[str, str], moved: str, number: str,
    word: str,
) -> None:  # fmt: skip
    await shown(selling, *read_)
    before = await plans(selling)
    found = await asked(selling, table, row)
    [change] = found.plans
    assert (change.number, change.was) == (number, before[number])
    assert len(change.changes) == 1 and word in change.changes[0], change.changes
    [move] = found.moves
    assert (move.was, move.becomes, move.documents, move.sums) == (*values, 1, {"USD": D(moved)})
    assert [(one.goes_on, one.waits, one.planned_otherwise, one.stays) for one in found.rows] == [(0, 0, 1, 0)]
    assert await plans(selling) == before, "nothing was done"
    await import_mapping(selling.desk, selling.integration, table, f"{HEADER}{row}\n", anyway=True)
    await again(selling)
    assert await plans(selling) == {**before, number: change.becomes} != before


@pytest.mark.parametrize(("table", "row", "read_", "values", "moved", "number", "word"), PLANNED)
async def test_what_is_posted_by_the_old_row_stays(
    selling: Company, table: str, row: str, read_: tuple[Document, ...], values: tuple[str, str], moved: str, number: str,
    word: str,
) -> None:  # fmt: skip
    await shown(selling, *read_)
    await posted(selling)
    found = await asked(selling, table, row)
    assert (found.posted, found.goes_on.count, found.plans, found.moves) == (1, 0, (), ())
    [stays] = found.stays
    assert (stays.was, stays.becomes, stays.documents, stays.sums) == (*values, 1, {"USD": D(moved)})
    assert [(one.goes_on, one.waits, one.planned_otherwise, one.stays) for one in found.rows] == [(0, 0, 0, 1)]


async def test_an_account_that_the_lines_item_is_not_on_has_a_plan_wait(selling: Company) -> None:
    """An item of Zoho Books is booked on its own account: another row for the line's does not move revenue."""
    await shown(selling, invoice("1"), invoice("2", labor("50.00")))
    found = await asked(selling, "sales_accounts", "4000,a3,,")
    [change] = found.plans
    assert (change.number, change.becomes) == ("N-1", "")
    assert change.changes[0].startswith("it would wait: ") and "Compressor" in change.changes[0]
    await import_mapping(selling.desk, selling.integration, "sales_accounts", f"{HEADER}4000,a3,,\n")
    await again(selling)
    assert (await states(selling))["1"] == ("held", "line_item_account")


async def test_account_and_item_of_lines_posted_stay(selling: Company) -> None:
    await shown(selling, invoice("1", line("100.00"), labor("50.00")), invoice("2", labor("25.00")))
    await posted(selling)
    found = await asked(selling, "sales_accounts", "4100,a3,,", "4000,a1,,")
    assert (found.posted, found.unchanged, [one.stays for one in found.rows]) == (2, 1, [2])
    [stays] = found.stays
    assert (stays.was_name, stays.name, stays.sums) == ("270 Labor revenue", "280 Other revenue", {"USD": D("75.00")})


async def test_payments_of_a_type_are_passed_over_and_taken_up_again(selling: Company) -> None:
    await shown(selling, paid("11", "30.00", CARD), paid("12", "40.00", CARD))
    none = await asked(selling, "payment_types", "2,none,,")
    assert (none.goes_on.count, none.passed_over, none.waits, none.moves) == (0, 2, {}, ())
    await set_value(selling.desk, selling.integration, "payment_types", "2", "none")
    await planned(selling)
    assert {reason for _, reason in (await states(selling)).values()} == {"payment_by_rule"}
    found = await asked(selling, "payment_types", "2,account:b2,,")
    assert (found.goes_on.count, found.goes_on.sums, found.passed_over) == (2, {"USD": D("70.00")}, 0)
    [move] = found.moves
    assert (move.was, move.becomes, move.sums) == ("none", "account:b2", {"USD": D("70.00")})


async def test_a_row_of_days_moves_what_is_dated_in_them(selling: Company) -> None:
    await shown(selling, invoice("1"), invoice("2", date=LATER, due_date=LATER))
    found = await asked(selling, "sales_tax", "Austin,t1,,2026-08-31", "Austin,t2,2026-09-01,")
    assert [one.number for one in found.plans] == ["N-2"]
    assert [(one.days, one.planned_otherwise) for one in found.rows] == [
        ("until 2026-08-31", 0),
        ("from 2026-09-01 on", 1),
    ]
    [move] = found.moves
    assert (move.was, move.becomes, move.sums) == ("t1", "t2", {"USD": D("8.25")})


@pytest.mark.parametrize(
    ("table", "row", "other"),
    [
        ("sales_accounts", "4200,a1,,", ("sales_tax", "Waco", "t1")),
        ("sales_tax", "Waco,t1,,", ("sales_accounts", "4200", "a1")),
        ("items", "ANY,i3,,", ("sales_accounts", "4200", "a1")),
    ],
)
async def test_what_another_row_let_go_on_is_told_as_an_import_tells_it(
    selling: Company, table: str, row: str, other: tuple[str, str, str]
) -> None:
    console = Console(width=200)
    await shown(selling, *(invoice(id_, FILTER, zone="Waco") for id_ in ("1", "2")), invoice("3"))
    assert (await set_value(selling.desk, selling.integration, *other, anyway=True)).released == 2
    found = await asked(selling, table, row)
    assert (found.goes_on.count, found.waits, found.under_way) == (0, {}, 2)
    with console.capture() as capture:
        _simulated(console, found)
    told = " ".join(capture.get().split())
    assert "2 documents that use a row are still to be planned and would take it up." in told
    done = await import_mapping(selling.desk, selling.integration, table, f"{HEADER}{row}\n", anyway=True)
    assert (done.released, done.under_way) == (0, found.under_way)
    assert (await asked(selling, table, row)).under_way == 0, "the file changes no row"
    if table != "items":
        await planned(selling)
        assert {state for state, _ in (await states(selling)).values()} == {"planned"}


async def test_what_is_not_taxed_moves_with_its_row_though_none_is_needed(selling: Company) -> None:
    selling.books.lists["tax_codes"] = (*LISTS["tax_codes"], TaxCode("t0", "No tax", D(0)))
    await refresh(await selling.lane(selling.target, selling.books, BOOKS), "tax_codes", 0)
    await shown(selling, invoice("1", line("100.00"), labor("50.00")), invoice("2"), invoice("3", labor("25.00")))
    found = await asked(selling, "sales_tax", "(exempt),t0,,")
    assert sorted(one.number for one in found.plans) == ["N-1", "N-3"]
    assert [one.planned_otherwise for one in found.rows] == [2]
    [move] = found.moves
    assert (move.key, move.was, move.becomes, move.documents, move.sums) == (
        "(exempt)",
        "",
        "t0",
        2,
        {"USD": D("75.00")},
    )
    await posted(selling)
    gone = await asked(selling, "sales_tax", "(exempt),t0,,")
    [stays] = gone.stays
    assert (gone.posted, stays.documents, stays.sums) == (2, 2, {"USD": D("75.00")})
