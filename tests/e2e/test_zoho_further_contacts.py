"""A customer's further e-mail addresses as contact persons of Zoho Books: added once, followed, and never echoed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from everything_stored import where_shown
from zoho_selling_world import KIND, Selling, selling

from ml_connector.service import erasing
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.previewing import stored_plans
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
NAME, POSTED = "Wilma Quackenbush", ("posted", "")
ADD = {"further_contacts": "add", "parties_back": "yes"}
LIVE = {"customers": "live", "customers_back": "live", "invoices": "off", "payments": "off", "credit_memos": "off"}


def mail(value: str, memo: str | None = None, customer: int = 0) -> Contact:
    return Contact(customer_id=customer, type="Email", value=value, memo=memo)


def entered(company: Selling, *mails: Contact) -> int:
    return company.source.crm.add_customer(Customer(name=NAME), contacts=mails).id


def persons(company: Selling) -> list[dict[str, Any]]:
    """The contact's persons, as far as they are filled."""
    [contact] = [one for one in company.target.contacts if one.contact_name == NAME]
    return [
        {name: value for name, value in one.items() if value and name != "contact_person_id"} for one in contact.persons
    ]


def mails(company: Selling) -> list[str]:
    return [str(one.get("email", "")) for one in persons(company)]


async def written(company: Selling) -> int:
    async with company.desk.looking() as reading:
        row = await reading.one(
            "select count(*) from intent where tenant_id = %s and target_id is not null", company.desk.tenant_id
        )
    assert row is not None
    return int(row[0])


def at_servicetitan(company: Selling, customer: int) -> dict[str, Contact]:
    """The customer's e-mail addresses there."""
    return {one.value: one for one in company.source.crm.contacts_of(customer) if one.type == "Email"}


async def test_they_are_added_once_followed_and_taken_away_and_none_goes_back(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, ADD, **LIVE) as company:
        customer = entered(company, mail("w@q.example"), mail("jane@q.example", "Jane"), mail("shop@q.example"))
        await company.sync(2)
        jane, shop = (at_servicetitan(company, customer)[f"{one}@q.example"] for one in ("jane", "shop"))
        assert persons(company) == [
            {"email": "w@q.example", "is_primary_contact": True},
            {"email": "jane@q.example", "first_name": "Jane", "department": f"ServiceTitan contact {jane.id}"},
            {"email": "shop@q.example", "department": f"ServiceTitan contact {shop.id}"},
        ]
        before = await written(company)
        await company.sync(2)
        assert await written(company) == before, "once"
        [contact] = [one for one in company.target.contacts if one.contact_name == NAME]
        own = {"first_name": "Kim", "email": "kim@q.example", "department": "Purchasing"}
        company.at_zoho(
            "edit contact", contact=NAME, kind="customer", changes={"contact_persons": [*contact.persons, own]}
        )
        company.source.crm.change_contact(jane.id, value="jb@q.example", memo="Jane B.")
        company.source.crm.remove_contact(shop.id)
        company.source.crm.add_contact(mail("kim@q.example", customer=customer))
        await company.sync(3)
        assert mails(company) == ["w@q.example", "jb@q.example", "kim@q.example"]
        assert persons(company)[1]["first_name"] == "Jane B."
        assert persons(company)[2]["department"] == "Purchasing", "people's own is not touched"
        assert await written(company) == before + 1, "one call for all of it, and none comes back"
        assert set(at_servicetitan(company, customer)) == {"w@q.example", "jb@q.example", "kim@q.example"}
        [kim] = [one for one in at_servicetitan(company, customer).values() if one.value == "kim@q.example"]
        company.source.crm.remove_contact(kim.id)
        await company.sync(2)
        assert mails(company) == ["w@q.example", "jb@q.example", "kim@q.example"], "nor is it taken away"


async def test_turned_on_all_that_are_linked_get_theirs_as_it_was_previewed(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, {"parties_back": "yes"}, **LIVE) as company:
        customer = entered(company, mail("w@q.example"), mail("jane@q.example", "Jane"))
        await company.sync(2)
        assert mails(company) == ["w@q.example"]
        await set_flow_mode(company.desk, company.integration, "customers", "preview")
        await change_settings(company.desk, await integration_named(company.desk, KIND), {"further_contacts": "add"})
        await company.sync()
        plans = (await stored_plans(company.desk, Filter(flow="customers"), limit=1000)).plans
        [shown] = [one for one in plans if one.party == NAME]
        assert list(shown.decision["notes"]) == ["further contact persons: jane@q.example (Jane) is added"]
        assert mails(company) == ["w@q.example"]
        await set_flow_mode(company.desk, company.integration, "customers", "live")
        await company.sync(2)
        assert await company.end("customers", customer) == POSTED
        assert mails(company) == ["w@q.example", "jane@q.example"]
        await change_settings(company.desk, await integration_named(company.desk, KIND), {"further_contacts": "leave"})
        company.source.crm.add_contact(mail("late@q.example", customer=customer))
        await company.sync(2)
        assert mails(company) == ["w@q.example", "jane@q.example"]


async def test_an_answer_that_is_lost_adds_none_twice(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path, ADD, **LIVE) as company:
        customer = entered(company, mail("w@q.example"))
        await company.sync(2)
        take, struck = Faults.take, list[int]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            ours = self is company.sandbox.zoho_books.faults and call.method == "PUT" and "/contacts/" in call.path
            if ours and not struck:
                struck.append(call.number)
                self.add(Fault(call=call.number, kind="not json"))
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        company.source.crm.add_contact(mail("jane@q.example", "Jane", customer))
        await company.sync(3)
        assert struck and mails(company) == ["w@q.example", "jane@q.example"]
        assert await company.end("customers", customer) in (POSTED, ("unchanged", ""))


async def test_nothing_of_them_is_left_when_their_customer_is_erased(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    words = (NAME, "jane@q.example", "Ermintrude")
    async with selling(database, tmp_path, ADD, **LIVE) as company:
        customer = entered(company, mail("w@q.example"), mail("jane@q.example", "Ermintrude Poe"))
        await company.sync(2)

        async def shown() -> set[str]:
            return await where_shown(company.desk.runtime, database_url, company.desk.tenant_id, words[1:])

        assert {"document.raw", "document.canonical", "intent.payload"} <= await shown()
        async with company.desk.looking() as reading:
            row = await reading.one(
                """select r.record_id from record r join flow f using (tenant_id, flow_id)
                where tenant_id = %s and f.name = 'customers' and r.source_id = %s""",
                company.desk.tenant_id, str(customer),
            )  # fmt: skip
        assert row is not None
        await erasing.erase(company.desk, f"#{row[0]}", NAME)
        assert await shown() == set()
