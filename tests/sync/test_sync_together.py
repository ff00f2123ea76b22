"""What records of one batch hang together with at the target."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.payment_flow import Payments
from ml_connector.integrations.payments_back import PaymentsBack
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.sync.made_steps import Steps
from ml_connector.sync.near import days_of
from ml_connector.sync.together import _payers

D = Decimal
ON = dt.date(2026, 6, 9)


MOVED = {"closed_through": dt.date(2026, 6, 30), "closed_period": "first open day"}


@pytest.mark.parametrize(("settings", "until"), [({}, ON), (MOVED, dt.date(2026, 7, 1))])
def test_what_a_payment_puts_on_one_invoice_is_looked_for_as_one_amount(
    settings: dict[str, Any], until: dt.date
) -> None:
    flow: Any = SimpleNamespace(type=Payments(), settings=Settings(start_date=ON, **settings))
    splits = tuple(
        Allocation(str(n), Ref(on), D(part)) for n, (on, part) in enumerate([("A", 30), ("A", 70), ("B", 50)])
    )
    item: Any = SimpleNamespace(record_id=1, document=Payment("p", Ref("c"), D(150), date=ON, splits=splits))
    found = days_of(flow, [item], Organisation("org", "Polar Air"))
    assert found == [(1, D(amount), ON, until) for amount in (50, 100, 150)]


def test_a_share_that_goes_back_alone_is_looked_for_as_one_amount() -> None:
    flow: Any = SimpleNamespace(type=PaymentsBack(), settings=Settings(start_date=ON))
    shares = (("A", 100), ("B", 200), ("C", 200))
    splits = tuple(Allocation(on, Ref(on), D(part)) for on, part in shares)
    item: Any = SimpleNamespace(record_id=1, document=Payment("p", Ref("c"), D(500), date=ON, splits=splits))
    ours = {("invoices", "A"), ("invoices", "B")}
    found = days_of(flow, [item], Organisation("org", "Polar Air"), ours)
    assert found == [(1, D(amount), ON, ON) for amount in (300, 500)]


def test_advances_are_looked_for_under_every_contact_of_a_merger() -> None:
    """Documents of the ledger may still show the contact that was merged into another, or that one already."""
    contacts = {
        "old": Party("old", "customer", "J. Doe", active=False, merged_into="mid"),
        "mid": Party("mid", "customer", "Jane D.", active=False, merged_into="new"),
        "new": Party("new", "customer", "Jane Doe"),
        "else": Party("else", "customer", "Else"),
    }
    document = Payment("p", Ref("c"), D(150), date=ON)
    item: Any = SimpleNamespace(record_id=1, document=document)
    flow: Any = SimpleNamespace(type=Payments(), settings=None)
    for linked in ("old", "mid", "new"):
        links = {("customers", "c"): linked}
        assert _payers(flow, [item], links, contacts) == [(1, "mid"), (1, "new"), (1, "old")]
    assert _payers(flow, [item], {("customers", "c"): "else"}, contacts) == [(1, "else")]
    assert _payers(flow, [item], {("customers", "c"): "unread"}, contacts) == [(1, "unread")]
    assert _payers(flow, [item], {}, contacts) == []


def test_a_live_document_counts_as_made_unless_the_steps_tell_of_it() -> None:
    steps = Steps()
    steps.add("payments", "create", "r-1", "a", own=False)
    steps.add("payments", "void", "r-1", "a", own=False)
    steps.add("payments", "create", "r-2", "b", own=True)
    assert not steps.stands("payments", "r-1", "a") and not steps.stands("payments", "r-2", "b")
    assert steps.stands("payments", "r-3", "c") and steps.made["r-3"].target_id == "c"
    assert not steps.stands("payments", "r-3", "d") and steps.made["r-3"].target_id == "c"


def test_what_steps_of_any_version_removed_is_known_with_its_reference() -> None:
    steps = Steps()
    steps.add("allocations", "create", "r-i1", "a", own=False)
    steps.add("allocations", "void", "r-i1", "a", own=False)
    steps.add("allocations", "create", "r-i1", "b", own=False)
    steps.add("allocations", "void", "r-i1", "b", own=True)
    assert steps.removed == {("allocations", "a"): "r-i1", ("allocations", "b"): "r-i1"}
    assert steps.made["r-i1"].target_id == "b"  # the version's own steps are its plan's to list
