"""Two decisions are alike when they send, link and change the same, whichever ids are still to be given."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.decisions import Adopt, Write
from ml_connector.sync.plan import alike, decode, encode

STEP = Step(
    "invoices", Action.CREATE, "ref-1", b'{"Contact":"new: customers 5"}', party_id="new: customers 5", number="1-1",
    date=dt.date(2026, 8, 5), total=Decimal("45.00"), currency="USD",
)  # fmt: skip
APPROVED = Write((STEP,), "invoices", placeholders=("new: customers 5", "new: invoices 7"))


def test_an_id_that_stands_in_no_byte_makes_no_difference() -> None:
    stored = decode(encode(APPROVED))
    assert alike(Write((STEP,), "invoices", placeholders=("new: customers 5",)), stored)


@pytest.mark.parametrize(
    "change", [{"body": b"{}"}, {"party_id": "c-1"}, {"total": Decimal("45.01")}, {"target_id": "i-1"}], ids=str
)
def test_whatever_else_differs_does(change: dict[str, Any]) -> None:
    other = msgspec.structs.replace(APPROVED, steps=(msgspec.structs.replace(STEP, **change),))
    assert not alike(other, APPROVED)


def test_more_steps_notes_or_another_kind_differ() -> None:
    assert not alike(msgspec.structs.replace(APPROVED, steps=(STEP, STEP)), APPROVED)
    assert not alike(msgspec.structs.replace(APPROVED, notes=("cut",)), APPROVED)
    assert not alike(Adopt("invoices", "i-1", "created", "equal"), APPROVED)
