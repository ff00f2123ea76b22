"""What a person is told: of a vendor that waits itself, of what cannot be released, and of what was read again."""

from __future__ import annotations

import pytest
from service_ledger import Company, bill

from ml_connector.canonical.parts import Ref
from ml_connector.errors import Refused
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.following import FOLLOWING
from ml_connector.service.integrating import described
from ml_connector.service.mapping.values import set_value
from ml_connector.service.releasing import release
from ml_connector.service.status import FlowStatus, status

pytestmark = pytest.mark.anyio


async def test_a_bill_says_that_its_vendor_waits_itself(company: Company) -> None:
    await _read(company, bill("1", vendor=Ref("v3", "Johnson Supply")))
    wait = (await explain(company.desk, "INV-1")).versions[-1].waits[0]
    assert wait.code == "vendor_pending"
    assert wait.action.startswith("The vendor waits itself: Vendor 'Johnson Supply' looks like")
    cause = next(one for one in (await _bills(company)).waiting if one.code == "vendor_pending")
    assert cause.action.startswith("1 of them waits for a vendor that waits itself")
    record = wait.action.rpartition("#")[2].rstrip(".")
    assert (await explain(company.desk, f"#{record}")).party == "Johnson Supply"


async def test_what_is_not_released_says_what_to_do(company: Company) -> None:
    broken = bill("1", total="100.00")
    await _read(company, bill("1", lines=broken.lines[:0]))
    with pytest.raises(
        Refused,
        match=r"does_not_tie, vendor_pending; that is not released by hand\. Correct it in ServiceTitan.*itself\.$",
    ):
        await release(company.desk, "INV-1")


async def test_what_was_read_adds_up_after_reading_again(company: Company) -> None:
    await _read(company, bill("1"), bill("2"))
    await company.read(bill("1"), bill("2", total="7.00"))
    found = await _bills(company)
    assert (found.read, sum(one.count for one in found.states.values())) == (3, 3)
    assert found.repeats >= 1


async def test_every_setting_has_its_own_sentence(company: Company) -> None:
    texts = [one.consequence for one in described(company.desk, company.integration)]
    assert all(texts) and len(set(texts)) == len(texts)


async def _read(company: Company, *bills: object) -> None:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await company.read(*bills)  # type: ignore[arg-type]
    for _ in range(3):
        await company.plan()


async def _bills(company: Company) -> FlowStatus:
    return next(one for one in (await status(company.desk)).integrations[0].flows if one.flow == "bills")


def test_whatever_waits_for_another_record_says_what_that_waits_for() -> None:
    assert set(FOLLOWING) >= PENDING
