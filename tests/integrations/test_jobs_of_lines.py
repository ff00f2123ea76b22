"""Job costs: the option of a reporting tag that a line carries of its job, where the settings want one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bill_world import BILL, TAGS, bill, body, codes, line, plan

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.jobs_of_lines import JobTable
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.views import Linked

JOBS = {
    "j100": Dimension("j100", "reporting_tag", "J-100", Ref("job", "Job")),
    "j200": Dimension("j200", "reporting_tag", "J-200", Ref("job", "Job")),
    "old": Dimension("old", "reporting_tag", "J-1", Ref("job", "Job"), active=False),
    "prj": Dimension("prj", "project", "J-100"),
}
ROWS = {"j1": "j100", "j2": "j200"}


def around(rows: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
    return {
        "tables": {"jobs": ROWS if rows is None else rows},
        "settings": {"job_as": "tag", "freight_account": "z7000", **settings},
        "ledger": {"dimensions": {**TAGS, **JOBS}},
    }


def tags(decision: Decision) -> list[list[str]]:
    return [[tag["tag_option_id"] for tag in one.get("tags", ())] for one in body(decision)["line_items"]]


def test_a_line_carries_the_option_of_its_own_job_and_a_charge_that_of_the_bill() -> None:
    two = (line("60"), line("40", id="2", job=Ref("j2", number="J-200")))
    decision = plan(bill(total="105", shipping="5", lines=two), **around())
    assert tags(decision) == [["north", "j100"], ["north", "j200"], ["north", "j100"]]
    assert [one["description"][:9] for one in body(decision)["line_items"]] == ["Job J-100", "Job J-200", "Job J-100"]


def test_without_the_setting_a_job_stays_in_the_description() -> None:
    assert tags(plan(BILL, **around(job_as="none"))) == [["north"]]
    assert tags(plan(BILL, **around({"j1": "none"}))) == [["north"]]


def test_a_job_without_a_row_goes_without_or_waits_as_the_setting_says() -> None:
    assert tags(plan(BILL, **around({}))) == [["north"]]
    held = plan(BILL, **around({}, unmapped_job="hold"))
    assert isinstance(held, Hold) and codes(held) == ["job_unmapped"] and held.waits[0].key == "jobs:j1"
    assert isinstance(plan(bill(job=Ref()), **around({}, unmapped_job="hold")), Write)


@pytest.mark.parametrize(
    ("value", "why"),
    [("away", "is not there any more"), ("old", "is inactive"), ("prj", "is no option of a reporting tag"),
     ("gone", "is an option of the tag Business unit, of which business units have options, too")],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_told(value: str, why: str) -> None:
    held = plan(BILL, **around({"j1": value}))
    assert isinstance(held, Hold) and codes(held) == ["job_unusable"]
    assert why in held.waits[0].sentence


def test_another_job_moves_the_tag_of_a_posted_line_unless_somebody_has() -> None:
    posted = plan(BILL, **around())
    assert isinstance(posted, Write) and tags(posted) == [["north", "j100"]]
    [step] = posted.steps
    own = (Ref("north", number="unit"), Ref("j100", number="job"))
    there = Bill(
        "zb1", Ref("zv1"), step.total, number="INV-1", date=BILL.date, due_date=BILL.due_date, currency="USD",
        lines=(line("100", id="z1", account=Ref("z5000"), dimensions=own, business_unit=Ref()),), state=BillState.OPEN,
        balance=step.total, reference="mlc-1",
    )  # fmt: skip
    moved = msgspec.structs.replace(BILL, job=Ref("j2", number="J-200"))
    assert tags(plan(moved, link=Linked("bills", "zb1", there, BILL, there), **around())) == [["north", "j200"]]
    theirs = (msgspec.structs.replace(there.lines[0], dimensions=(Ref("north", number="unit"),)),)
    recoded = msgspec.structs.replace(there, lines=theirs)
    assert tags(plan(moved, link=Linked("bills", "zb1", there, BILL, recoded), **around())) == [["north"]]


def test_the_table_knows_the_jobs_of_lines_and_refuses_what_is_no_option() -> None:
    table = INTEGRATION.table("jobs")
    assert isinstance(table, JobTable) and table.seldom
    two = bill(lines=(line("60"), line("40", id="2", job=Ref("j2", number="J-200"))))
    assert list(table.shown_keys(two)) == [("j1", "J-100"), ("j2", "J-200")]
    assert table.shown_keys(JOBS["prj"]) == ()
    assert table.unfit("j100", JOBS["j100"]) == "" and "no option" in table.unfit("prj", JOBS["prj"])
