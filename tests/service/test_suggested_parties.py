"""Of a contact that two of the source may be no suggestion has proof: none is written into the table unasked."""

from __future__ import annotations

import msgspec
import pytest
from service_ledger import LISTS, VENDORS, Company

from ml_connector.canonical.master_data import Party
from ml_connector.service.mapping.suggesting import Suggestion, accept_exact, suggest
from ml_connector.service.mapping.values import set_value

pytestmark = pytest.mark.anyio
NEW = "2026-09-01T00:00:00Z"
TWIN = Party("v4", "vendor", "Johnstone Supply")


async def suggested(company: Company) -> dict[str, Suggestion]:
    return {one.key: one for one in await suggest(company.desk, await company.now(), "vendors")}


async def read(company: Company, *vendors: Party) -> None:
    company.titan.lists["vendors"] = vendors
    await company.read()
    await company.plan()


async def test_neither_of_two_alike_is_taken_unasked(company: Company) -> None:
    company.books.lists["parties"] = (*LISTS["parties"], Party("p3", "vendor", "Quarry Stone"))
    await read(company, *VENDORS, TWIN, Party("v5", "vendor", "Quarry Stone"))
    found = await suggested(company)
    assert {key for key, one in found.items() if one.exact} == {"v5"}
    assert found["v1"].candidates[0].evidence == "same name, which v4 may be as well"
    assert found["v4"].candidates[0].evidence == "same name, which v1 may be as well"
    assert (await accept_exact(company.desk, await company.now(), "vendors")).added == 1


async def test_the_one_that_has_the_better_evidence_is_taken(company: Company) -> None:
    company.books.lists["parties"] = (Party("p1", "vendor", "Johnstone Supply", email="ap@johnstone.example"),)
    await read(company, msgspec.structs.replace(VENDORS[0], email="ap@johnstone.example"), TWIN)
    found = await suggested(company)
    assert found["v1"].exact is not None and found["v1"].exact.value == "p1"
    assert found["v4"].exact is None


async def test_many_alike_are_named_and_counted(company: Company) -> None:
    await read(company, *(msgspec.structs.replace(TWIN, id=f"v{at}") for at in range(10, 16)))
    evidence = (await suggested(company))["v10"].candidates[0].evidence
    assert evidence == "same name, which v11, v12, v13 and 2 more may be as well"


@pytest.mark.parametrize("change", [{"active": False}, {"name": "Yellow Barn"}])
async def test_who_is_inactive_or_called_otherwise_now_is_no_rival(company: Company, change: dict[str, object]) -> None:
    await read(company, *VENDORS, TWIN)
    await read(company, *VENDORS, msgspec.structs.replace(TWIN, stamp=NEW, **change))
    exact = (await suggested(company))["v1"].exact
    assert exact is not None and exact.value == "p1"


async def test_a_party_that_a_row_gives_to_another_is_not_taken(company: Company) -> None:
    await read(company, *VENDORS, TWIN)
    await set_value(company.desk, await company.now(), "vendors", "v4", "p1", anyway=True)
    found = await suggested(company)
    assert found["v1"].exact is None
    assert found["v1"].candidates[0].evidence == "same name, named in the row of v4"


async def test_who_a_row_sends_elsewhere_is_no_rival(company: Company) -> None:
    company.books.lists["parties"] = (*LISTS["parties"], Party("p3", "vendor", "Quarry Stone"))
    await read(company, *VENDORS, TWIN)
    await set_value(company.desk, await company.now(), "vendors", "v4", "p3", anyway=True)
    exact = (await suggested(company))["v1"].exact
    assert exact is not None and exact.value == "p1"
