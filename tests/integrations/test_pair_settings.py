"""One struct of settings for ServiceTitan with Zoho Books: what is stored of bills still loads, and every setting is told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ml_connector.integrations import bill_settings, receivable_settings, zoho_bills
from ml_connector.integrations.offers import Offer, together
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.settings import described

STORED: dict[str, Any] = {
    "start_date": "2026-01-01", "currency": "USD", "bill_source": "receipts", "gate": "posted", "unseen_status": "post",
    "bill_date": "post date", "line_account": "asset", "business_unit_as": "location", "business_units": ["1", "2"],
    "freight_account": "z1", "other_account": "z2", "discount_account": "lines", "rounding_account": "z3",
    "rounding_limit": "0.02", "closed_through": "2026-02-28", "approve_above": ["USD=10000"], "four_eyes": "yes",
    "closed_period": "first open day", "hold_incomplete_vendors": "yes", "breaker_percent": 10, "breaker_floor": 5,
    "job_as": "tag", "unmapped_job": "hold", "new_vendor_currency": "document",
}  # fmt: skip
_ONE_ALONE = {"unapplied_as", "order_lines"}  # of Xero: advances are documents of their own there, and orders go there


def test_what_is_stored_of_bills_loads_unchanged() -> None:
    assert set(STORED) == set(bill_settings.Settings.__struct_fields__)
    before = msgspec.convert(STORED, bill_settings.Settings, strict=False)
    now = msgspec.convert(STORED, INTEGRATION.settings, strict=False)
    assert {name: getattr(now, name) for name in STORED} == msgspec.structs.asdict(before)


def test_what_is_not_stated_is_as_it_was() -> None:
    day = dt.date(2026, 1, 1)
    before, now = msgspec.structs.asdict(bill_settings.Settings(start_date=day)), Settings(start_date=day)
    assert {name: getattr(now, name) for name in before} == before


def test_sales_have_their_settings_as_with_any_ledger() -> None:
    sales = set(receivable_settings.Settings.__struct_fields__) - _ONE_ALONE
    assert sales <= set(Settings.__struct_fields__)
    day = dt.date(2026, 1, 1)
    both = [kind(start_date=day) for kind in (Settings, receivable_settings.Settings)]
    apart = {name for name in sales if len({repr(getattr(one, name)) for one in both}) > 1}
    assert apart == {"business_unit_as"}  # a reporting tag or a location there, a tracking option here


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"rounding_limit": Decimal("0.06")}, "rounding_limit must be"),
        ({"bill_source": "receipts", "gate": "reconciled"}, "receipts are never reconciled"),
        ({"owners": ("customers.fax=ledger",)}, "names no owner"),
    ],
)
def test_both_halves_are_checked(stated: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Settings(start_date=dt.date(2026, 1, 1), **stated)


def test_every_setting_says_its_consequence() -> None:
    told = {one.name: one.consequence for one in described(Settings(start_date=dt.date(2026, 1, 1)))}
    assert [name for name in Settings.__struct_fields__ if not told.get(name)] == []
    assert told["gate"].startswith("how far a bill must have come")
    assert told["rounding_account"].startswith("the ledger account for what a bill or invoice differs by")


def test_offers_are_joined_and_settings_that_several_name_stand_once() -> None:
    more = Offer(account_settings=("rounding_account", "fee_account"), gates={"invoice_gate": ("posted",)})
    both = together([zoho_bills.OFFER, more])
    assert both.account_settings == (*zoho_bills.OFFER.account_settings, "fee_account")
    assert both.gates == {**zoho_bills.OFFER.gates, "invoice_gate": ("posted",)}
    assert both.flows == zoho_bills.OFFER.flows and both.clearing is None
