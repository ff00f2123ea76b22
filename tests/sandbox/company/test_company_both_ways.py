"""The firm that both systems have known for years, and the comparison of its customers and vendors."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from ml_connector_sandbox.company.both_ways import BILLS, ITEMS, both_ways
from ml_connector_sandbox.compare_parties import compare_parties
from ml_connector_sandbox.compare_sales_zoho import compare_sales_zoho
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START
from ml_connector_sandbox.servicetitan.emulator import ServiceTitanEmulator
from ml_connector_sandbox.zoho_books.inspection import company_books

Books = dict[str, Any]


@pytest.fixture(scope="module")
def firm() -> tuple[Books, Books, Books]:
    """The company's part of a hand-over file, and both sides' books before anything is connected."""
    clock = SandboxClock.starting(START)
    made = both_ways(clock)
    return made.as_dict(), ServiceTitanEmulator(clock, made.servicetitan).books(), company_books(made.zoho_books)


def test_it_has_a_little_of_everything(firm: tuple[Books, Books, Books]) -> None:
    told, here, there = firm
    [tenant] = here["tenants"].values()
    ledger = there["organisations"][told["organization_id"]]
    assert len(tenant["bills"]) == len(told["truth"]) == BILLS
    assert {one["case"] for one in told["credits"]} == {"applied_whole"}
    assert all(one["splits"] for one in tenant["ap_credits"]), "each credit is on its bill"
    assert {one["sku"] for one in ledger["items"]} == set(ITEMS)
    ends = Counter((one["kind"], one["ends"]) for one in told["parties"]["sources"])
    assert min(ends.values()) >= 5 and ends.keys() == {
        (kind, end) for kind in ("customer", "vendor") for end in ("linked", "suggested", "alone")
    }
    assert len(told["sales"]["unpaid"]) >= 5, "somebody still owes"


def the_person(ledger: Books, told: Books) -> Books:
    """The person of a customer's contact whom both sides have alike."""
    same = next(one for one in told["parties"]["sources"] if (one["kind"], one["case"]) == ("customer", "same"))
    contact = next(one for one in ledger["contacts"] if one["contact_id"] == same["target_id"])
    person: Books = contact["persons"][0]
    return person


def _another_number(ledger: Books, told: Books) -> None:
    the_person(ledger, told)["phone"] = "320 555 9999"


def _made_twice(ledger: Books, told: Books) -> None:
    linked = next(one for one in told["parties"]["sources"] if (one["kind"], one["ends"]) == ("vendor", "linked"))
    ours = f"servicetitan-{told['tenant_id']}-vendors-{linked['source_id']}"
    ledger["contacts"][0]["custom"] = {"cf_ml_connector_ref": ours}


def _gone(ledger: Books, told: Books) -> None:
    linked = next(one for one in told["parties"]["sources"] if one["ends"] == "linked")
    ledger["contacts"] = [one for one in ledger["contacts"] if one["contact_id"] != linked["target_id"]]


@pytest.mark.parametrize(
    ("wrong", "kind"), [(_another_number, "differ"), (_made_twice, "duplicates"), (_gone, "missing")]
)
def test_what_is_wrong_with_a_party_is_found(
    firm: tuple[Books, Books, Books], wrong: Callable[[Books, Books], None], kind: str
) -> None:
    told, here, there = firm
    right = compare_parties(told, here, there)
    assert right.agrees and right.linked == 50 and right.alike >= 10 and right.made == 0
    broken = copy.deepcopy(there)
    wrong(broken["organisations"][told["organization_id"]], told)
    assert [one.kind for one in compare_parties(told, here, broken).findings] == [kind]


def test_a_payment_that_was_entered_in_the_ledger_is_known_by_its_mark(firm: tuple[Books, Books, Books]) -> None:
    told, here, there = copy.deepcopy(firm)
    [tenant] = here["tenants"].values()
    ledger = there["organisations"][told["organization_id"]]
    paid = next(one for one in tenant["payments"] if one["total"] > 0)
    ledger["customer_payments"] = [
        {
            "payment_id": "77", "custom": {}, "customer_id": "1", "amount": paid["total"], "unused": 0,
            "refunds": [], "date": paid["paid_on"],
        }
    ]  # fmt: skip
    missing = f"payment {paid['id']} over {paid['total']} is not in Zoho Books"
    assert missing in [one.sentence for one in compare_sales_zoho(told, here, there).findings]
    paid["export_id"] = f"zoho_books-{told['organization_id']}-payments_back-77"
    assert missing not in [one.sentence for one in compare_sales_zoho(told, here, there).findings]
