"""A party that was changed on both sides and is released: exactly what was shown is written, and nothing that came since."""

from __future__ import annotations

import pytest
from test_zoho_parties_both_ways import FORWARD, Known, Start, known, person

from ml_connector.service.explaining import explain
from ml_connector.service.releasing import release
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults

__all__ = ["known"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
HELD = ("held", "party_changed_on_both")
HERE, THERE, LATER = "(320) 555-7011", "320 555 7012", "320 555 7013"
OWNERS = {"owners": "customers.phone=hold"}


async def both_changed(company: Known) -> tuple[str, str]:
    """A customer whose phone was changed on both sides, held; its ids here and there."""
    links = await company.links("customers")
    ann, *_ = (one.source_id for one in company.same("customer"))
    edit(company, links[ann], THERE)
    company.call(ann, HERE)
    await company.sync()
    await company.sync()
    assert await company.end("customers", ann) == HELD
    return ann, links[ann]


def edit(company: Known, contact: str, phone: str) -> None:
    kept = company.contact(contact)
    company.edit(kept, contact_persons=[{**person(kept), "phone": phone}])


async def shown(company: Known, flow: str, id_: str) -> str:
    [wait] = (await explain(company.desk, await company.record(flow, id_))).versions[-1].waits
    return wait.sentence


def phones(company: Known, ann: str, contact: str) -> tuple[str, str]:
    return company.phone(ann), person(company.contact(contact))["phone"]


@pytest.mark.parametrize("flow", ["customers", "customers_back"])
async def test_the_side_that_is_released_stands_and_nothing_comes_back(known: Start, flow: str) -> None:
    async with known(**OWNERS) as company:
        ann, contact = await both_changed(company)
        assert await company.end("customers_back", contact) == HELD
        id_, stands = (ann, HERE) if flow == "customers" else (contact, THERE)
        await release(company.desk, await company.record(flow, id_))
        for _ in range(3):
            await company.sync()
        assert phones(company, ann, contact) == (stands, stands)
        ends = await company.end("customers", ann), await company.end("customers_back", contact)
        assert all(state != "held" for state, _ in ends), ends
        written = await company.written()
        await company.a_day_later()
        await company.sync()
        assert await company.written() == written and phones(company, ann, contact) == (stands, stands)


@pytest.mark.parametrize("modes", ["both ways", "forward"])
async def test_the_hold_shows_what_the_other_side_has_now(known: Start, modes: str) -> None:
    async with known(**({} if modes == "both ways" else {"modes": FORWARD}), **OWNERS) as company:
        ann, contact = await both_changed(company)
        edit(company, contact, LATER)
        await company.sync()
        await company.sync()
        assert await company.end("customers", ann) == HELD
        assert LATER in await shown(company, "customers", ann)
        await release(company.desk, await company.record("customers", ann))
        await company.sync()
        await company.sync()
        assert phones(company, ann, contact) == (HERE, HERE)


async def test_a_change_of_the_other_side_after_the_release_is_not_overwritten(known: Start) -> None:
    async with known(**OWNERS) as company:
        ann, contact = await both_changed(company)
        await release(company.desk, await company.record("customers", ann))
        edit(company, contact, LATER)
        await company.sync()
        await company.sync()
        assert phones(company, ann, contact) == (HERE, LATER)
        assert await company.end("customers", ann) == HELD and LATER in await shown(company, "customers", ann)


async def test_a_change_of_the_own_side_after_the_release_is_held_again(known: Start) -> None:
    async with known(**OWNERS) as company:
        ann, contact = await both_changed(company)
        await release(company.desk, await company.record("customers_back", contact))
        company.call(ann, "(320) 555-7014")
        await company.sync()
        await company.sync()
        assert phones(company, ann, contact) == ("(320) 555-7014", THERE)
        assert await company.end("customers_back", contact) == HELD
        assert "7014" in await shown(company, "customers_back", contact)


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_our_own_first_step_takes_no_release_back_and_what_people_change_meanwhile_does(
    known: Start, monkeypatch: pytest.MonkeyPatch, meanwhile: bool
) -> None:
    """The contact is made active, and then gets the phone; what somebody changes between release and that is not lost."""
    async with known(inactive_parties="follow", **OWNERS) as company:
        links = await company.links("customers")
        ann, *_ = (one.source_id for one in company.same("customer"))
        contact = links[ann]
        company.here.crm.change_customer(int(ann), active=False)
        await company.sync()
        assert not company.contact(contact).active
        company.here.crm.change_customer(int(ann), active=True)
        company.call(ann, HERE)
        edit(company, contact, THERE)
        await company.sync()
        await company.sync()
        assert await company.end("customers", ann) == HELD and not company.contact(contact).active
        if meanwhile:
            take = Faults.take

            def changing(self: Faults, call: Call) -> Fault | None:
                if call.method == "POST" and call.path.endswith("/active"):
                    edit(company, contact, LATER)
                return take(self, call)

            monkeypatch.setattr(Faults, "take", changing)
        await release(company.desk, await company.record("customers", ann))
        await company.sync()
        assert company.contact(contact).active
        assert phones(company, ann, contact) == (HERE, LATER if meanwhile else HERE)
        assert await company.end("customers", ann) == (HELD if meanwhile else ("posted", ""))
