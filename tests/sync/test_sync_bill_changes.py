"""A change or void of a bill that is lost, refused for the moment, or cut off by a kill: done once, and adds up."""

from __future__ import annotations

import pytest
from sync_world import World, is_bill

from ml_connector.transport.messages import Request
from ml_connector_sandbox.servicetitan.books.changing import changed

pytestmark = pytest.mark.anyio

FAULTS = ("killed before", "killed after", "lost", "truncated", "500 before", "500 after", "refused", "429")


def is_void(request: Request, url: str) -> bool:
    """Whether a call voids a bill."""
    return is_bill(request, url) and "/status/void" in url


async def ready(company: World) -> int:
    """Everything posted; the id of a bill of several lines."""
    await company.live()
    await company.settle()
    bills = [company.tenant.bills[one] for one in company.bills]
    return int(next(bill.id for bill in bills if len(bill.items) > 1 and there(company, bill.id) is not None))


def there(company: World, source_id: int) -> object:
    """What Zoho has of a bill; None without."""
    found = [
        one for one in company.zoho_bills() if any(str(v).endswith(f"-bills-{source_id}") for v in one.custom.values())
    ]
    assert len(found) < 2
    return found[0] if found else None


async def sent(company: World, kind: str) -> None:
    """The change is read, goes wrong in that way, and all of it settles."""
    await company.ask()
    await company.slice(company.source)
    if kind.startswith("killed"):
        await company.killed(company.target)
    await company.settle(rounds=80)


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_change_is_made_once(company: World, kind: str) -> None:
    source_id = await ready(company)
    bill = company.tenant.bills[source_id]
    first, second, *_ = bill.items
    company.tenant.modify_bill(source_id, items=(changed(first, cost=first.cost + 5), second))
    company.faults.on(kind)
    await sent(company, kind)
    shown = there(company, source_id)
    assert shown.total == company.tenant.bills[source_id].amount(True)  # type: ignore[attr-defined]
    assert len(shown.lines) >= 2 and shown.state == "open"  # type: ignore[attr-defined]
    assert (await company.ends())[str(source_id)] == ("posted", "")
    await company.sound()


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_bill_is_voided_once(company: World, kind: str) -> None:
    source_id = await ready(company)
    company.tenant.cancel_bill(source_id)
    company.faults.on(kind, is_void)
    await sent(company, kind)
    assert there(company, source_id).state == "void"  # type: ignore[attr-defined]
    assert (await company.ends())[str(source_id)] == ("posted", "")
    await company.sound()
