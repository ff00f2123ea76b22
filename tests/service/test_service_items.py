"""Items and tax zones in a real ledger: linked, made, freed by rows and settings, suggested by code, laid side by side."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from service_ledger import BOOKS, TITAN, Company

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Item, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Composed, Done, Outcome, Step
from ml_connector.errors import BadInput
from ml_connector.service.differing import Differing, differences
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.suggesting import accept_exact, suggest
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.directory import read_all_anew, refresh

pytestmark = pytest.mark.anyio
D = Decimal
PARTS = Ref("a1", "Job Materials", "5100")
SOLD = Ref(name="Parts")
BOOK = (
    Item("1001", "material", "Compressor", "CMP", price=D(900), income_account=SOLD),
    Item("1002", "material", "Fan motor", "FAN-1", price=D(80), income_account=SOLD),
    Item("1003", "material", "Belt", "BLT", income_account=SOLD),
)
THERE = (
    Item("z1", "material", "Compressor", "CMP", price=D(850), income_account=PARTS),
    Item("z2", "material", "Fan motor, 1 hp", "FAN1", price=D(70), income_account=PARTS),
)
ZONES = (TaxCode("10", "Texas", D("0.0825")), TaxCode("11", "Ohio", D("0.07")))
TAXES = (TaxCode("t1", "Texas", D("0.0825")), TaxCode("t2", "Toledo tax", D("0.07")))


def _compose(action: object, document: Document, organisation: object, reference: str, settings: object) -> Composed:
    """The document itself."""
    return Composed(documents.encode(document), D(0))


async def _made(session: object, step: Step) -> Outcome:
    made: Any = documents.decode(step.body)
    shown: Document = (
        Item(f"new-{made.sku}", made.kind, made.name, made.sku, price=made.price, income_account=made.income_account,
             reference=step.reference)
        if isinstance(made, Item)
        else TaxCode(f"new-{made.name}", made.name, made.rate)
    )  # fmt: skip
    return Done(shown.id, shown, b"{}")


@pytest.fixture
async def dealing(company: Company) -> Company:
    """Both flows live, lists as they are above, the account of parts mapped."""
    company.titan.lists |= {
        "items": BOOK, "tax_zones": ZONES, "accounts": (Account("s4", "Parts", "4000"),),
    }  # fmt: skip
    company.books.lists |= {"items": THERE, "tax_codes": TAXES}
    company.books.compose, company.books.write = _compose, _made  # type: ignore[method-assign, assignment]
    company.books.list_lag = 0.0  # type: ignore[misc]
    for flow in ("items", "tax_zones"):
        await set_flow_mode(company.desk, company.integration, flow, "live")
    await aligned(company)
    await set_value(company.desk, company.integration, "sales_accounts", "4000", "a1", anyway=True)
    return company


async def aligned(company: Company) -> None:
    """Read both sides and plan, until nothing is new."""
    source = await company.lane(company.source, company.titan, TITAN)
    async with source.transaction() as transaction:
        for one in (company.source, company.target):
            await read_all_anew(transaction.connection, company.desk.tenant_id, one.connection_id)
    for entity in ("items", "tax_zones", "accounts"):
        await refresh(source, entity, 0)
    await company.read(flows=("items", "tax_zones"))
    target = await company.lane(company.target, company.books, BOOKS)
    await refresh(target, "items", 0)
    for _ in range(2):
        await company.plan()


async def ends(company: Company, flow: str) -> dict[str, str]:
    """By source id the reason of the newest version, else the counterpart."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select r.source_id, coalesce(l.target_id, s.reason) from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            left join link l on l.tenant_id = r.tenant_id and l.entity = f.name and l.source_id = r.source_id
            where r.tenant_id = %s and f.name = %s""",
            company.desk.tenant_id, flow,
        )  # fmt: skip
    return dict(rows)


async def test_new_flows_begin_off(company: Company) -> None:
    modes = {one.name: one.mode for one in (await company.now()).flows}
    assert (modes["items"], modes["tax_zones"], modes["vendors"]) == ("off", "off", "as needed")


async def test_what_is_alike_is_linked_and_the_rest_waits(dealing: Company) -> None:
    assert await ends(dealing, "items") == {"1001": "z1", "1002": "item_alike", "1003": "item_not_there"}
    assert await ends(dealing, "tax_zones") == {"10": "t1", "11": "zone_not_there"}


async def test_a_setting_has_them_made_once_and_a_row_passes_them_over(dealing: Company) -> None:
    await change_settings(dealing.desk, dealing.integration, {"new_items": "yes", "new_taxes": "yes"})
    await dealing.plan()
    assert await ends(dealing, "items") == {"1001": "z1", "1002": "item_alike", "1003": "new-BLT"}
    assert await ends(dealing, "tax_zones") == {"10": "t1", "11": "new-Ohio"}
    done = await set_value(dealing.desk, dealing.integration, "items", "FAN-1", "z2", anyway=True)
    assert done.released == 1
    await dealing.plan()
    assert (await ends(dealing, "items"))["1002"] == "item_by_row"


async def test_one_that_is_made_in_the_ledger_frees_what_waits_for_it(dealing: Company) -> None:
    dealing.books.lists["items"] = (*THERE, Item("z3", "material", "Belt", "BLT", income_account=PARTS))
    dealing.books.lists["tax_codes"] = (*TAXES, TaxCode("t3", "Ohio", D("0.07")))
    await aligned(dealing)
    assert (await ends(dealing, "items"))["1003"] == "z3"
    assert (await ends(dealing, "tax_zones"))["11"] == "t3"


async def test_a_code_that_moves_to_another_entry_is_not_linked_twice(dealing: Company) -> None:
    """The unique link of the ledger's item stands; nothing fails on it."""
    renamed = Item("1001", "material", "Compressor", "CMP-OLD", price=D(900), income_account=SOLD, stamp="2")
    dealing.titan.lists["items"] = (renamed, *BOOK[1:], Item("1009", "material", "Compressor 2", "CMP"))
    await aligned(dealing)
    found = await ends(dealing, "items")
    assert (found["1001"], found["1009"]) == ("z1", "item_taken")


async def test_suggestions_go_by_code_and_tell_what_differs(dealing: Company) -> None:
    found = {one.key: one for one in await suggest(dealing.desk, dealing.integration, "items")}
    assert set(found) == {"FAN-1", "BLT"}  # what is linked needs no row
    best = found["FAN-1"].candidates[0]
    assert (best.value, best.proof) == ("z2", True)
    assert best.evidence.startswith("same number") and best.evidence.endswith("price (80 in ServiceTitan, 70 there)")
    done = await accept_exact(dealing.desk, dealing.integration, "items")
    assert done.added == 1


@pytest.mark.parametrize(("table", "value"), [("sales_tax", "t2"), ("tax", "tax:t2")])
async def test_taxes_of_equal_rate_are_suggested_and_a_person_decides(dealing: Company, table: str, value: str) -> None:
    found = {one.key: one for one in await suggest(dealing.desk, dealing.integration, table)}
    [best] = found["Ohio"].candidates
    assert (best.value, best.evidence, best.proof) == (value, "same rate 7 %", False)
    first, *_ = found["Texas"].candidates
    assert (first.evidence, first.proof) == ("same name, same rate 8.25 %", False)


async def test_an_id_of_the_price_book_is_no_key(dealing: Company) -> None:
    with pytest.raises(BadInput, match="no document uses '1003'"):
        await set_value(dealing.desk, dealing.integration, "items", "1003", "z2")
    before = (await dealing.now()).generation
    await set_value(dealing.desk, dealing.integration, "items", "BLT", "z2")
    await change_settings(dealing.desk, dealing.integration, {"new_taxes": "yes"})
    await dealing.plan()
    assert (await dealing.now()).generation >= before + 3, "a row, a setting, and a tax that was made"


async def test_what_linked_ones_differ_in_is_listed(dealing: Company) -> None:
    found = await differences(dealing.desk, dealing.integration, "items")
    assert (found.linked, found.differing) == (
        1, (Differing("1001", "Compressor", "z1", "Compressor", ("price (900 in ServiceTitan, 850 there)",)),),
    )  # fmt: skip
    none = await differences(dealing.desk, dealing.integration, "tax_zones")
    assert (none.linked, none.differing) == (1, ())
    dealing.books.lists |= {"items": THERE[1:], "tax_codes": (TaxCode("t1", "Texas", D("0.08")), TAXES[1])}
    await aligned(dealing)
    [gone] = (await differences(dealing.desk, dealing.integration, "items")).differing
    assert (gone.target_id, gone.target, gone.what) == ("z1", "", ())
    [rate] = (await differences(dealing.desk, dealing.integration, "tax_zones")).differing
    assert rate.what == ("rate (8.25 % in ServiceTitan, 8 % there)",)
    with pytest.raises(BadInput, match="flows that do not: items, tax_zones"):
        await differences(dealing.desk, dealing.integration, "bills")
