"""Whether a bank deposit adds up, and that it is never anything but looked at. No database."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from payment_world import DAY, ON, SETTINGS, view

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposit, Deposited
from ml_connector.integrations.decisions import Decision, Skip
from ml_connector.integrations.deposit_flow import Deposits
from ml_connector.integrations.tracked import Track

D = Decimal
FLOW = Deposits()
DEPOSIT = Deposit(
    "7", D("275.10"), D("272.20"), D("2.90"), "D-7", ON,
    payments=(Deposited("1", D(300)), Deposited("2", D("-24.90"))),
)  # fmt: skip


def plan(**changes: Any) -> Decision:
    return FLOW.plan(view(msgspec.structs.replace(DEPOSIT, **changes)))


def tracked(**changes: Any) -> Track:
    found = plan(**changes)
    assert isinstance(found, Track), found
    for text in (found.sentence, found.action):
        assert text[0].isupper() and text.endswith("."), text
        assert not any(blemish in text for blemish in ("{", "None", "  ", "..", "Decimal")), text
    assert (found.target_id, found.candidates, found.party_id) == ("", (), "")
    return found


def test_one_that_adds_up_ties() -> None:
    found = tracked()
    assert (found.finding, found.number, found.received, found.received_on) == ("deposit_ties", "D-7", D("275.10"), ON)
    assert found.sentence.startswith("Its 2 payments come to the gross amount of 275.10 USD, less fees of 2.90 USD is")


def test_an_open_one_is_not_at_the_bank() -> None:
    assert tracked(deposited=False).finding == "deposit_open"
    assert tracked(deposited=False, net=D(1)).finding == "deposit_untied"  # that is told first


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"gross": D("275.11"), "net": D("272.21")},
            "come to 275.10 USD, 0.01 USD less than its gross amount of 275.11",
        ),
        ({"gross": D("275.00"), "net": D("272.10")}, "0.10 USD more than its gross"),
        ({"net": D("272.21")}, "275.10 USD gross less 2.90 USD fees is 272.20 USD, and it says 272.21 USD net"),
        ({"fees": D(0)}, "less 0.00 USD fees is 275.10 USD"),
        ({"payments": ()}, "its 0 payments come to 0.00 USD"),
    ],
)
def test_one_that_does_not_says_by_how_much(changes: dict[str, Any], words: str) -> None:
    found = tracked(**changes)
    assert found.finding == "deposit_untied" and words in found.sentence, found.sentence


def test_both_differences_are_told() -> None:
    found = tracked(gross=D(300), net=D(300))
    assert "24.90 USD less than its gross amount" in found.sentence and "300.00 USD net" in found.sentence


def test_money_of_several_currencies_cannot_be_one_deposit() -> None:
    units = {"u1": Dimension("u1", "business_unit", "South", currency="CAD"), "u2": Dimension("u2", "", "North")}
    payments = (Deposited("1", D(300), business_unit=Ref("u1")), Deposited("2", D("-24.90"), business_unit=Ref("u2")))
    of_two = msgspec.structs.replace(DEPOSIT, payments=payments)
    found = FLOW.plan(dataclasses.replace(view(of_two), source_lists={"business_units": units}))
    assert isinstance(found, Track) and "its payments are in CAD and USD" in found.sentence
    of_one = msgspec.structs.replace(
        DEPOSIT, payments=tuple(msgspec.structs.replace(one, business_unit=Ref("u1")) for one in payments)
    )
    found = FLOW.plan(dataclasses.replace(view(of_one), source_lists={"business_units": units}))
    assert isinstance(found, Track) and (found.finding, found.currency) == ("deposit_ties", "CAD")


def test_what_is_passed_over() -> None:
    removed, before = plan(active=False), plan(date=SETTINGS.start_date - DAY)
    assert isinstance(removed, Skip) and removed.code == "deposit_removed"
    assert isinstance(before, Skip) and before.code == "before_start"
    assert (
        tracked(date=None).received_on is None and tracked(date=SETTINGS.start_date).received_on == SETTINGS.start_date
    )
