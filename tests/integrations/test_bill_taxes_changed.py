"""Bills and vendor credits whose tax is another one in Zoho Books today than when they were posted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import TAXES, bill, body, codes, line, sentences
from bill_world import plan as plan_bill
from vendor_credit_world import credit
from vendor_credit_world import plan as plan_credit

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import rounded, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.views import Linked

D = Decimal
GROUP = TaxCode("tg", "MN and Stearns", D("0.07375"), parts=(D("0.06875"), D("0.005")))
KNOWN = {**TAXES, GROUP.id: GROUP}
SINGLE, GROUPED = {"tax": {"Duluth": "tax:t8"}}, {"tax": {"Duluth": "tax:tg"}}
POSTED = bill(lines=(line("100"),), tax="8.25", total="108.25")
BY_PARTS = bill(lines=(line("99"),), tax="7.31", total="106.31")  # 6.81 + 0.50
CREDIT = credit(lines=(line("-99"),), tax="-7.31", total="-106.31", tax_zone=Ref("1", "Duluth"))
LATER = dt.date(2026, 8, 1)


def plan(document: Bill, **changes: Any) -> Decision:
    """The decision on a bill or a vendor credit."""
    return (plan_credit if document.total < 0 else plan_bill)(document, **changes)


def there(posted: Bill, tables: dict[str, Any]) -> Linked:
    """What Zoho shows of a document that was posted: of a group one rate, and the tax of each line with its parts."""
    decision = plan(posted, tables=tables, ledger={"tax_codes": KNOWN})
    assert isinstance(decision, Write), codes(decision)
    step, sign = decision.steps[0], -1 if posted.total < 0 else 1
    lines = tuple(
        _line(f"z{n}", sign * D(str(one["quantity"])) * D(str(one["rate"])), one)
        for n, one in enumerate(body(decision)["line_items"], 1)
    )
    shown = Bill(
        "zb1", Ref("zv1", "Beta Supplies"), step.total, number=step.number, date=step.date, due_date=posted.due_date,
        currency="USD", lines=lines, state=BillState.OPEN, balance=step.total, reference="mlc-1", tax=posted.tax,
    )  # fmt: skip
    return Linked(step.entity, "zb1", shown, posted, shown)


def _line(id_: str, amount: Decimal, sent: dict[str, Any]) -> BillLine:
    code = KNOWN[sent["tax_id"]]
    assert code.rate is not None
    taxes = tuple(rounded(amount * rate, "USD") for rate in code.parts or (code.rate,))
    return BillLine(
        id_, amount, description=sent.get("description", ""), account=Ref(sent["account_id"]),
        tax_code=Ref(code.id, code.name, format((code.rate * 100).normalize(), "f")), tax=total(taxes),
        tax_parts=taxes if len(taxes) > 1 else (),
        dimensions=tuple(Ref(tag["tag_option_id"], number=tag["tag_id"]) for tag in sent.get("tags", ())),
    )  # fmt: skip


def listed(code: TaxCode, **changes: Any) -> dict[str, Any]:
    """The ledger's taxes, one of them otherwise."""
    return {"tax_codes": {**KNOWN, code.id: msgspec.structs.replace(code, **changes)}}


DEARER = listed(KNOWN["t8"], rate=D("0.085"))
COMPOSED_ANEW = listed(GROUP, parts=(D("0.065"), D("0.00875")))


@pytest.mark.parametrize(
    ("posted", "tables", "today", "told"),
    [
        (POSTED, SINGLE, DEARER, ("with 8.25 %", "with 8.5 % today")),
        (BY_PARTS, GROUPED, COMPOSED_ANEW, ("with 6.81 + 0.50 on 99.00", "with 6.5 % + 0.875 % today")),
        (CREDIT, GROUPED, COMPOSED_ANEW, ("with 6.81 + 0.50 on 99.00", "with 6.5 % + 0.875 % today")),
    ],
    ids=["rate", "composition", "credit"],
)
def test_a_change_of_what_was_reckoned_by_other_rates_waits_for_a_person(
    posted: Bill, tables: dict[str, Any], today: dict[str, Any], told: tuple[str, str]
) -> None:
    link = there(posted, tables)
    later = msgspec.structs.replace(posted, number="B-2")
    same = plan(later, tables=tables, ledger={"tax_codes": KNOWN}, link=link)
    assert isinstance(same, Write) and same.steps[0].total == posted.total
    decision = plan(later, tables=tables, ledger=today, link=link)
    assert set(codes(decision)) == {"tax_rate_changed"} and all(one in sentences(decision)[0] for one in told)
    assert isinstance(decision, Hold)
    assert decision.waits[0].key == f"{link.target_entity}:zb1"
    released = plan(later, tables=tables, ledger=today, link=link, released=frozenset(["tax_rate_changed"]))
    assert codes(released) == (["target_total_differs"] if today is DEARER else [])


@pytest.mark.parametrize("changed", [False, True], ids=["new", "changed"])
def test_a_group_whose_taxes_could_not_be_read_keeps_bills_waiting(changed: bool) -> None:
    link = there(BY_PARTS, GROUPED) if changed else None
    unread = listed(GROUP, parts=(), parts_unread=True)
    decision = plan(msgspec.structs.replace(BY_PARTS, due_date=LATER), tables=GROUPED, ledger=unread, link=link)
    assert isinstance(decision, Hold)
    assert [(one.code, one.key) for one in decision.waits] == [("tax_parts_unread", "tax_codes:tg")]
