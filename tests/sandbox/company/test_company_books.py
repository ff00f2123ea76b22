"""The seeded company keeps its promises: size, cases, determinism, bills that tie."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rapidfuzz import fuzz

from ml_connector_sandbox import company
from ml_connector_sandbox.company import Company, catalogue
from ml_connector_sandbox.company.cases_texts import LONG
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.ledger_documents import number_key
from ml_connector_sandbox.servicetitan.bill_rows import ap_bill_row
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.zoho_books.inspection import company_books

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
ENDINGS = {"posted", "held", "skipped", "unread"}


def clock(start: datetime = START) -> SandboxClock:
    return SandboxClock.starting(start, 60)


@pytest.fixture(scope="module")
def demo() -> Company:
    return company.demo(clock())


def everything(made: Company) -> bytes:
    return exact.dumps([made.servicetitan.as_dict(), company_books(made.zoho_books), made.as_dict()])


def cases(made: Company) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in made.truth:
        found.setdefault(row.case, []).append(row)
    return found


def test_the_same_seed_and_start_give_the_same_books(demo: Company) -> None:
    later = replace(clock(), anchor=0.0)  # the same start, seen by a machine many years later
    assert everything(company.demo(later)) == everything(demo)


def test_another_seed_gives_other_books(demo: Company) -> None:
    assert everything(company.demo(clock(), seed=2)) != everything(demo)


def test_the_company_is_as_big_as_promised(demo: Company) -> None:
    tenant = demo.seed.tenant
    assert len(tenant.vendors) >= 45
    assert len(tenant.purchase_orders) >= 320
    assert len(tenant.bills) >= 420
    assert 6 <= len(tenant.business_units) <= 8
    assert 12 <= len(tenant.gl_accounts) <= 20
    assert len(tenant.tax_zones) == 3
    with_job = sum(1 for bill in tenant.bills if bill.job_id)
    assert with_job > 150
    assert sum(1 for bill in tenant.bills if bill.shipping) > 50
    assert sum(1 for bill in tenant.bills if bill.landed_cost_method == "ByValue") > 20


def test_every_bill_has_one_ending(demo: Company) -> None:
    assert sorted(row.bill_id for row in demo.truth) == sorted(str(bill.id) for bill in demo.seed.tenant.bills)
    assert {row.ends for row in demo.truth} <= ENDINGS
    assert all(bool(row.reason) == (row.ends in ("held", "skipped")) for row in demo.truth)
    assert all((row.target is None) == (row.ends != "posted") for row in demo.truth)


def test_every_case_is_in_the_truth_table(demo: Company) -> None:
    assert {case.__name__ for case in company.CASES} | {"ordinary"} == set(cases(demo))


def test_the_awkward_cases_end_as_the_rules_say(demo: Company) -> None:
    reasons = Counter((row.case, row.reason) for row in demo.truth if row.ends != "posted")
    assert reasons["unmapped_account", "account_unmapped"] == 5
    assert reasons["near_equal_vendor_names", "vendor_pending"] == 2
    for case, reason in (
        ("tax_in_an_unmapped_zone", "tax_unmapped"),
        ("does_not_tie", "does_not_tie"),
        ("zero", "zero"),
        ("inactive_account", "account_inactive"),
        ("locked_period", "period_closed"),
        ("before_the_start", "before_start"),
        ("exported_before", "already_exported"),
        ("cancelled", "canceled"),
        ("discrepancy", "discrepancy"),
        ("do_not_pay", "do_not_pay"),
        ("same_number_same_total", "same_number_same_total"),
        ("same_number_other_total", "same_number_other_total"),
        ("keyed_by_hand", "same_number_same_total"),
        ("vendor_inactive_in_the_ledger", "vendor_pending"),
    ):
        assert reasons[case, reason], case


def test_a_net_negative_bill_is_a_vendor_credit(demo: Company) -> None:
    (row,) = cases(demo)["net_negative"]
    assert row.total < 0
    assert row.target == "vendor_credits"


def test_every_posted_bill_ties_by_the_figures_servicetitan_shows(demo: Company) -> None:
    tenant, switches = demo.seed.tenant, demo.servicetitan_switches
    for row in demo.truth:
        shown = ap_bill_row(tenant, switches, tenant.bills[int(row.bill_id)])
        apart = _stated(shown) - _computed(shown)
        assert (apart == 0) == (row.case != "does_not_tie"), row
        assert _stated(shown) == row.total


def _stated(shown: dict[str, Any]) -> Decimal:
    return Decimal(shown["billAmount"])


def _computed(shown: dict[str, Any]) -> Decimal:
    items = sum(Decimal(one["quantity"]) * Decimal(one["cost"]) for one in shown["items"])
    charges = [shown[name] for name in ("taxAmount", "shippingAmount", "otherAmount")]
    amounts = [*charges, *(one["amount"] for one in shown["expenseItems"])]
    return cents(Decimal(items)) + sum(Decimal(one) for one in amounts)


def test_costs_with_ten_decimals_multiply_to_no_whole_cents(demo: Company) -> None:
    for row in cases(demo)["ten_decimals"]:
        bill = demo.seed.tenant.bills[int(row.bill_id)]
        rounded = sum(cents(item.value) for item in bill.items)
        assert rounded != bill.items_total  # line by line the bill would be cents off


def test_three_hundred_bills_share_one_modification_second(demo: Company) -> None:
    seconds = Counter(bill.modified_on[:19] + "Z" for bill in demo.seed.tenant.bills)
    assert seconds[demo.same_second] == 300
    assert max(Counter(bill.modified_on for bill in demo.seed.tenant.bills).values()) >= 100


def test_the_first_of_two_bills_with_one_number_is_modified_first(demo: Company) -> None:
    for case in ("same_number_same_total", "same_number_other_total"):
        first, second = cases(demo)[case]
        bills = demo.seed.tenant.bills
        assert (first.ends, second.ends) == ("posted", "held")
        assert number_key(first.number) == number_key(second.number)
        assert bills[int(first.bill_id)].modified_on < bills[int(second.bill_id)].modified_on


def test_no_other_two_bills_of_a_vendor_have_one_number(demo: Company) -> None:
    numbers = Counter((row.vendor_id, number_key(row.number)) for row in demo.truth)
    twice = {row.case for row in demo.truth if numbers[row.vendor_id, number_key(row.number)] > 1}
    assert twice == {"same_number_same_total", "same_number_other_total"}


def test_only_the_intended_vendor_names_are_nearly_equal(demo: Company) -> None:
    intended = {catalogue.NEAR_EQUAL, catalogue.SAME_EMAIL[:2]}
    names = [vendor.name for vendor in demo.seed.tenant.vendors]
    names += [one.contact_name for one in demo.seed.organisation.contacts if one.contact_name not in names]
    names.remove(catalogue.ACCENTED[1])
    alike = {
        (one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if fuzz.token_sort_ratio(one.casefold(), other.casefold()) >= 85
    }
    assert alike == intended


def test_the_ledger_knows_one_of_the_two_near_equal_vendors(demo: Company) -> None:
    names = {one.contact_name for one in demo.seed.organisation.contacts}
    assert catalogue.NEAR_EQUAL[0] in names
    assert catalogue.NEAR_EQUAL[1] not in names


def test_the_mapping_leaves_out_only_what_has_no_counterpart(demo: Company) -> None:
    codes = {one.account_code: one for one in demo.seed.organisation.accounts.values() if one.account_code}
    numbers = {account.number for account in demo.seed.tenant.gl_accounts}
    assert numbers - demo.answers.accounts.keys() == {catalogue.UNMAPPED_ACCOUNT[0]}
    assert {number: codes[number].account_id for number in demo.answers.accounts} == demo.answers.accounts
    assert not codes[catalogue.INACTIVE_ACCOUNT[0]].active


def test_our_reference_has_a_unique_field_of_one_name_everywhere(demo: Company) -> None:
    fields = {(one.module, one.api_name, one.unique) for one in demo.seed.organisation.custom_fields.values()}
    assert fields == {(module, "cf_ml_connector_ref", True) for module in ("bill", "vendor_credit", "contact")}


def test_texts_are_as_awkward_as_promised(demo: Company) -> None:
    (row,) = cases(demo)["long_descriptions"]
    assert [len(one.description) for one in demo.seed.tenant.bills[int(row.bill_id)].items] == [LONG, LONG]
    (row,) = cases(demo)["html_descriptions"]
    assert all("<" in one.description for one in demo.seed.tenant.bills[int(row.bill_id)].items)


def test_the_small_company_is_ordinary() -> None:
    made = company.small(clock())
    assert {row.case for row in made.truth} == {"ordinary"}
    assert len(made.truth) == 10


def test_the_bulk_company_is_ordinary_and_without_limits() -> None:
    made = company.bulk(clock(), 250)
    assert Counter(row.ends for row in made.truth) == {"posted": 250}
    assert not made.limits


def test_the_receipts_company_keeps_no_bills() -> None:
    made = company.receipts_only(clock())
    receipts = made.seed.tenant.receipts
    assert len(made.seed.tenant.bills) == 0
    assert all(receipt.bill_id is None for receipt in receipts)
    assert {row.bill_id for row in made.truth} == {str(receipt.id) for receipt in receipts}
    assert made.settings()["bill_source"] == "receipts"


@pytest.mark.parametrize("month", [1, 4, 12])
def test_dates_hold_at_any_time_of_the_year(month: int) -> None:
    made = company.demo(clock(datetime(2026, month, 1, 3, 0, tzinfo=UTC)))
    posted = [row.date for row in made.truth if row.ends == "posted"]
    assert min(posted) > made.seed.dates.locked_through >= made.start_date
    assert max(posted) <= made.seed.dates.today
    late = [bill.modified_on for bill in made.seed.tenant.bills if bill.modified_on > made.seed.dates.start.isoformat()]
    assert late == []
