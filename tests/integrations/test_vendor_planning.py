"""Vendors: matched on proof, suggested on likeness, created when nobody is like them."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from bill_world import BILL, VENDORS, assert_readable, codes, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Write
from ml_connector.integrations.reasons import REASONS, action, sentence
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.views import Candidate

VENDOR = Party("v1", "vendor", "Beta Supplies", email="ap@beta.example", phone="218 555 0100")
BETA = VENDORS["zv1"]
PROVEN = Candidate(BETA, "same e-mail", True, 99.0)
TAKEN = msgspec.structs.replace(PROVEN, taken_by="v9")
LIKE = Candidate(BETA, "name 93 % alike", False, 93.0)


def plan(vendor: Party = VENDOR, *, chosen: str = "", **changes: Any) -> Decision:
    tables = {"vendors": {"v1": chosen} if chosen else {}}
    decision = Vendors().plan(dataclasses.replace(view(BILL, tables=tables), document=vendor, **changes))
    for text in sentences(decision):
        assert_readable(text)
    return decision


@pytest.mark.parametrize(
    ("around", "adopted"),
    [
        ({"candidates": (PROVEN,)}, ("zv1", "matched")),
        ({"candidates": (PROVEN, LIKE)}, ("zv1", "matched")),
        ({"chosen": "zv1"}, ("zv1", "person")),
        ({"chosen": "zv1", "candidates": (LIKE,)}, ("zv1", "person")),
    ],
)
def test_a_vendor_that_is_there_is_linked(around: dict[str, Any], adopted: tuple[str, str]) -> None:
    decision = plan(**around)
    assert isinstance(decision, Adopt)
    assert (decision.target_entity, decision.target_id, decision.origin) == ("parties", *adopted)


@pytest.mark.parametrize("around", [{}, {"chosen": "new", "candidates": (PROVEN, LIKE)}])
def test_a_vendor_nobody_is_like_is_created(around: dict[str, Any]) -> None:
    decision = plan(**around)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference) == ("parties", Action.CREATE, "mlc-1")
    sent = msgspec.json.decode(step.body)
    assert (sent["contact_name"], sent["contact_type"]) == ("Beta Supplies", "vendor")


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ({"candidates": (LIKE,)}, "vendor_ambiguous"),
        ({"candidates": (PROVEN, Candidate(VENDORS["zv4"], "same phone", True))}, "vendor_ambiguous"),
        ({"candidates": (TAKEN,)}, "vendor_taken"),
        ({"chosen": "zv1", "candidates": (TAKEN,)}, "vendor_taken"),
        ({"chosen": "zv404"}, "vendor_unknown_there"),
        ({"chosen": "zv2"}, "vendor_inactive"),
        ({"candidates": (Candidate(VENDORS["zv2"], "same e-mail", True),)}, "vendor_inactive"),
        ({"vendor": msgspec.structs.replace(VENDOR, name="  ")}, "vendor_incomplete"),
    ],
)
def test_what_waits_for_a_person(around: dict[str, Any], code: str) -> None:
    decision = plan(**around)
    assert isinstance(decision, Hold)
    assert codes(decision) == [code]


def test_every_reason_is_whole() -> None:
    for code, reason in REASONS.items():
        assert reason.code == code
        assert reason.title[0].isupper()
        assert not reason.title.endswith(".")
    with pytest.raises(KeyError):
        sentence("account_unmapped", {})
    with pytest.raises(KeyError):
        action("no such reason", {})


def test_the_integration_names_its_flows_and_tables() -> None:
    assert INTEGRATION.flow("bills").title.startswith("Bills")
    with pytest.raises(KeyError):
        INTEGRATION.flow("purchase_orders")
    tables = {table.name for table in INTEGRATION.tables}
    for flow in INTEGRATION.flows:
        assert set(flow.tables) <= tables
    assert INTEGRATION.table("tax").special == ("cost",)
