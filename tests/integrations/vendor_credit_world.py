"""A vendor's credit over one return that goes straight through, and what the ledger shows of it; tests change one thing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from bill_world import SETTINGS, TABLES, UNIT, assert_readable, line, sentences
from bill_world import view as bill_view

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState, LineKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.bill_kinds import KIND
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.vendor_credit_flow import VendorCredits
from ml_connector.integrations.views import Linked, Made, View

D = Decimal
PAIR = Settings(**{name: getattr(SETTINGS, name) for name in SETTINGS.__struct_fields__})
BACK = line("-60", id="r1", description="Compressor")
CREDIT = Bill(
    "c1", Ref("v1", "Beta Supplies"), D(-60), number="CM-1", own_number="VC-1", date=dt.date(2026, 6, 20), lines=(BACK,),
    business_unit=UNIT, state=BillState.RECEIVED, source_kind=KIND, balance=D(-60),
)  # fmt: skip
OWED = Bill(
    "zb1", Ref("zv1", "Beta Supplies"), D(100), number="INV-1", currency="USD", balance=D(100), state=BillState.OPEN
)
LINKS = {("vendors", "v1"): "zv1", ("bills", "b1"): "zb1"}
THERE = ("vendor_credits", "zc1")


def on(bill_id: str, amount: str, id_: str = "s1") -> Allocation:
    """So much of it on a bill of the source."""
    return Allocation(id_, Ref(bill_id, number="INV-1"), D(amount), dt.date(2026, 6, 21))


def put(id_: str, amount: str, bill: str = "zb1") -> Allocation:
    """So much of the ledger's credit on a bill of the ledger."""
    return Allocation(id_, Ref(bill, number="INV-1"), D(amount), dt.date(2026, 6, 22))


def credit(*parts: Allocation, **changes: Any) -> Bill:
    """The good credit with these parts on bills, changed. Its total may be given as text."""
    changed = {name: D(value) if name in ("total", "tax") else value for name, value in changes.items()}
    return msgspec.structs.replace(CREDIT, credits=parts, **changed)


def plain(**changes: Any) -> Bill:
    """A credit that nothing was sent back for."""
    only = BillLine("c1", D(-35), LineKind.EXPENSE, "Vendor credit", unit_cost=D(-35), business_unit=UNIT)
    return credit(total="-35", lines=(only,), **changes)


def view(document: Bill, *, settings: Mapping[str, Any] | None = None, **changes: Any) -> View:
    """Everything known for the good credit, changed."""
    tables = {**TABLES, "vendor_credit_numbers": {}, **changes.pop("tables", {})}
    around = {
        "links": LINKS, "brings": frozenset(["vendors", "bills"]), "at_target": {("bills", "zb1"): OWED}, **changes,
    }  # fmt: skip
    found = bill_view(document, tables=tables, **around)
    return dataclasses.replace(found, settings=msgspec.structs.replace(PAIR, **(settings or {})))


def plan(document: Bill, **changes: Any) -> Decision:
    """The decision on a credit."""
    decision = VendorCredits().plan(view(document, **changes))
    for sentence in sentences(decision):
        assert_readable(sentence)
    return decision


def told(decision: Decision) -> list[tuple[str, str, str, Decimal]]:
    """Entity, action, reference and amount of each step."""
    assert isinstance(decision, Write), decision
    return [(one.entity, one.action.value, one.reference, one.total) for one in decision.steps]


def entered(decision: Decision, *parts: Allocation, **changes: Any) -> Bill:
    """What the ledger shows of it once it is made, with these parts on bills."""
    assert isinstance(decision, Write)
    step: Step = decision.steps[0]
    sent = _json.decode(step.body)
    lines = tuple(
        BillLine(
            f"z{n}", -D(str(one["quantity"])) * D(str(one["rate"])), description=one.get("description", ""),
            account=Ref(one["account_id"]), tax_code=Ref(one.get("tax_id", "")),
            dimensions=tuple(Ref(tag["tag_option_id"], number=tag["tag_id"]) for tag in one.get("tags", ())),
        )
        for n, one in enumerate(sent["line_items"], 1)
    )  # fmt: skip
    applied = sum((one.amount for one in parts), D(0))
    shown = Bill(
        "zc1", Ref("zv1", "Beta Supplies"), step.total, number=sent["vendor_credit_number"], date=step.date, currency="USD",
        lines=lines, state=BillState.OPEN, balance=step.total + applied, reference="mlc-1", credits=parts,
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


_json = msgspec.json.Decoder(float_hook=Decimal)


def posted(document: Bill, *parts: Allocation, others: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """A credit that was posted as it is planned today, what stands on bills put there by us but for ``others``."""
    base = entered(plan(document), *parts)
    now = msgspec.structs.replace(base, **changes)
    ours = [one for one in parts if one.id not in others]
    made = {"mlc-1": Made("vendor_credits", "zc1")}
    made |= {f"mlc-1-applied-b{one.document.id.removeprefix('zb')}": Made("allocations", one.id) for one in ours}
    shown: dict[tuple[str, str], Document] = {("bills", "zb1"): OWED, THERE: now}
    return {"link": Linked("vendor_credits", "zc1", base, document, now), "made": made, "at_target": shown}


def done(*steps: tuple[str, Action, str, str]) -> dict[str, Any]:
    """What steps of this very version have done, with the ids of what was made."""
    return {
        "done": frozenset((entity, action, reference) for entity, action, reference, _ in steps),
        "proven": {reference: id_ for _, action, reference, id_ in steps if action is Action.CREATE},
    }
