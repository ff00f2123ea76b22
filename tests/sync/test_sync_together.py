"""What records of one batch hang together with at the target."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from ml_connector.canonical.documents import Allocation, Payment, Ref
from ml_connector.sync.together import Steps, _amounts

D = Decimal
ON = dt.date(2026, 6, 9)


def test_what_a_payment_puts_on_one_invoice_is_looked_for_as_one_amount() -> None:
    splits = tuple(
        Allocation(str(n), Ref(on), D(part)) for n, (on, part) in enumerate([("A", 30), ("A", 70), ("B", 50)])
    )
    item: Any = SimpleNamespace(record_id=1, document=Payment("p", Ref("c"), D(150), date=ON, splits=splits))
    assert _amounts([item]) == [(1, D(50), ON), (1, D(100), ON), (1, D(150), ON)]


def test_a_live_document_counts_as_made_unless_the_steps_tell_of_it() -> None:
    steps = Steps()
    steps.add("payments", "create", "r-1", "a", own=False)
    steps.add("payments", "void", "r-1", "a", own=False)
    steps.add("payments", "create", "r-2", "b", own=True)
    assert not steps.stands("payments", "r-1", "a") and not steps.stands("payments", "r-2", "b")
    assert steps.stands("payments", "r-3", "c") and steps.made["r-3"].target_id == "c"
    assert not steps.stands("payments", "r-3", "d") and steps.made["r-3"].target_id == "c"
