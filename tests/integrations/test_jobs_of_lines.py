"""Job costs: the option of a reporting tag, or the project, that a line carries of its job, where the settings want one."""

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
from ml_connector.service.mapping.keys import Known

JOBS = {
    "j100": Dimension("j100", "reporting_tag", "J-100", Ref("job", "Job")),
    "j200": Dimension("j200", "reporting_tag", "J-200", Ref("job", "Job")),
    "old": Dimension("old", "reporting_tag", "J-1", Ref("job", "Job"), active=False),
    "prj": Dimension("prj", "project", "J-100", party=Ref("zc1", "Olsen")),
    "prj2": Dimension("prj2", "project", "J-200 Harbour", party=Ref("zc2", "Lund")),
    "bare": Dimension("bare", "project", "J-300"),
    "over": Dimension("over", "project", "J-400", party=Ref("zc1"), active=False),
}
ROWS = {"j1": "j100", "j2": "j200"}
PROJECTS = {"j1": "prj", "j2": "prj2"}


def around(rows: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
    return {
        "tables": {"jobs": ROWS if rows is None else rows},
        "settings": {"job_as": "tag", "freight_account": "z7000", **settings},
        "ledger": {"dimensions": {**TAGS, **JOBS}},
    }


def on_projects(rows: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
    """As ``around``, with jobs as projects, which are read."""
    own = around(PROJECTS if rows is None else rows, **{"job_as": "project", **settings})
    return {**own, "set_there": {"projects": "yes"}}


def projects(decision: Decision) -> list[tuple[str, str]]:
    """Project and customer of every line that would be sent."""
    lines = body(decision)["line_items"]
    assert all(one["is_billable"] is False for one in lines if "project_id" in one)
    return [(one.get("project_id", ""), one.get("customer_id", "")) for one in lines]


def there(decision: Decision, **coding: Any) -> Bill:
    """What the ledger shows of a bill of one line that was posted."""
    assert isinstance(decision, Write)
    [step] = decision.steps
    return Bill(
        "zb1", Ref("zv1"), step.total, number="INV-1", date=BILL.date, due_date=BILL.due_date, currency="USD",
        lines=(line("100", id="z1", account=Ref("z5000"), business_unit=Ref(), **coding),), state=BillState.OPEN,
        balance=step.total, reference="mlc-1",
    )  # fmt: skip


def recoded(shown: Bill, **coding: Any) -> Bill:
    """The ledger's bill as an accountant has coded its line."""
    return msgspec.structs.replace(shown, lines=(msgspec.structs.replace(shown.lines[0], **coding),))


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
    [("away", "is not there any more"), ("old", "is inactive"),
     ("prj", "is no option of a reporting tag, and job_as is tag"),
     ("gone", "is an option of the tag Business unit, of which business units have options, too")],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_told(value: str, why: str) -> None:
    held = plan(BILL, **around({"j1": value}))
    assert isinstance(held, Hold) and codes(held) == ["job_unusable"]
    assert why in held.waits[0].sentence


def test_another_job_moves_the_tag_of_a_posted_line_unless_somebody_has() -> None:
    posted = plan(BILL, **around())
    assert tags(posted) == [["north", "j100"]]
    base = there(posted, dimensions=(Ref("north", number="unit"), Ref("j100", number="job")))
    moved = msgspec.structs.replace(BILL, job=Ref("j2", number="J-200"))
    assert tags(plan(moved, link=Linked("bills", "zb1", base, BILL, base), **around())) == [["north", "j200"]]
    theirs = recoded(base, dimensions=(Ref("north", number="unit"),))
    assert tags(plan(moved, link=Linked("bills", "zb1", base, BILL, theirs), **around())) == [["north"]]


# --- projects ------------------------------------------------------------------------------------------------------


def test_a_line_names_the_project_of_its_job_with_its_customer_beside_the_tag_of_its_business_unit() -> None:
    two = (line("60"), line("40", id="2", job=Ref("j2", number="J-200")))
    decision = plan(bill(total="105", shipping="5", lines=two), **on_projects())
    assert projects(decision) == [("prj", "zc1"), ("prj2", "zc2"), ("prj", "zc1")]
    assert tags(decision) == [["north"], ["north"], ["north"]]
    assert projects(plan(BILL, **on_projects({"j1": "none"}))) == [("", "")]
    assert projects(plan(BILL, **on_projects({}))) == [("", "")]
    assert codes(plan(BILL, **on_projects({}, unmapped_job="hold"))) == ["job_unmapped"]


@pytest.mark.parametrize(
    ("value", "why"),
    [("away", "is not there any more"), ("over", "is completed or inactive"),
     ("j100", "is no project, and job_as is project"),
     ("bare", "has no customer, and a line names the customer of its project")],
)  # fmt: skip
def test_a_project_that_cannot_be_used_is_told(value: str, why: str) -> None:
    held = plan(BILL, **on_projects({"j1": value}))
    assert isinstance(held, Hold) and codes(held) == ["job_unusable"]
    assert held.waits[0].sentence == f"Job J-100 is mapped to {value}, which {why}."


@pytest.mark.parametrize("rows", [PROJECTS, {}])
def test_projects_that_are_not_read_are_told_once_and_waited_for(rows: dict[str, str]) -> None:
    two = (line("60"), line("40", id="2", job=Ref("j2", number="J-200")))
    held = plan(bill(lines=two), **{**on_projects(rows), "set_there": {"projects": "no"}})
    assert isinstance(held, Hold) and codes(held) == ["projects_unread"] and held.waits[0].key == "dimensions:(any)"
    assert "projects=yes" in held.waits[0].action and "job_as" in held.waits[0].action
    without = {**on_projects({"j1": "none"}), "set_there": {}}
    assert isinstance(plan(BILL, **without), Write), "what has none by its row needs none"
    assert isinstance(plan(bill(job=Ref()), **{**on_projects(rows), "set_there": {}}), Write)


def test_another_job_moves_the_project_of_a_posted_line_unless_somebody_has() -> None:
    unit, own = Ref("north", number="unit"), Ref("prj", "zc1", "project")
    base = there(plan(BILL, **on_projects()), dimensions=(unit, own))
    moved = msgspec.structs.replace(BILL, job=Ref("j2", number="J-200"))
    sent = plan(moved, link=Linked("bills", "zb1", base, BILL, base), **on_projects())
    assert (projects(sent), tags(sent)) == ([("prj2", "zc2")], [["north"]])

    retagged = recoded(base, dimensions=(Ref("gone", number="unit"), own))
    sent = plan(moved, link=Linked("bills", "zb1", base, BILL, retagged), **on_projects())
    assert (projects(sent), tags(sent)) == ([("prj2", "zc2")], [["gone"]]), "each stays by itself"

    theirs = recoded(base, dimensions=(unit, Ref("mine", "zc9", "project")))
    sent = plan(moved, link=Linked("bills", "zb1", base, BILL, theirs), **on_projects())
    assert (projects(sent), tags(sent)) == ([("mine", "zc9")], [["north"]])
    assert isinstance(sent, Write) and any(one.endswith("keeps what the ledger has: project") for one in sent.notes)


def test_an_accountants_project_stays_whatever_else_changes() -> None:
    """It stood when both agreed last, and a new business unit moves the tag alone."""
    unit, own = Ref("north", number="unit"), Ref("mine", "zc9", "project")
    plain = around(job_as="none")
    base = there(plan(BILL, **plain), dimensions=(unit, own))
    south = {**plain, "tables": {**plain["tables"], "business_units": {"bu1": "north", "bu2": "south"}}}
    south["ledger"] = {
        "dimensions": {**TAGS, "south": Dimension("south", "reporting_tag", "South", Ref("unit", "Unit"))}
    }
    other = bill(lines=(line("100", business_unit=Ref("bu2")),))
    sent = plan(other, link=Linked("bills", "zb1", base, BILL, base), **south)
    assert (projects(sent), tags(sent)) == ([("mine", "zc9")], [["south"]])


def test_a_vendor_credit_names_the_project_too() -> None:
    decision = plan(bill(total="-100", lines=(line("-100"),)), **on_projects())
    assert isinstance(decision, Write) and decision.target_entity == "vendor_credits"
    assert projects(decision) == [("prj", "zc1")]


# --- the table -----------------------------------------------------------------------------------------------------


def table(job_as: str) -> JobTable:
    found = INTEGRATION.table("jobs").under({"job_as": job_as})
    assert isinstance(found, JobTable) and found.seldom
    return found


def test_the_table_knows_the_jobs_of_lines() -> None:
    two = bill(lines=(line("60"), line("40", id="2", job=Ref("j2", number="J-200"))))
    assert list(table("tag").shown_keys(two)) == [("j1", "J-100"), ("j2", "J-200")]
    assert table("tag").shown_keys(JOBS["prj"]) == ()


@pytest.mark.parametrize(
    ("job_as", "fits", "word"),
    [("tag", {"j100"}, "option of a reporting tag"), ("project", {"prj"}, "project"),
     ("none", {"j100", "prj"}, "option of a reporting tag or project")],
)  # fmt: skip
def test_the_table_takes_what_the_setting_says(job_as: str, fits: set[str], word: str) -> None:
    known = Known(table(job_as), targets={"dimensions": {**TAGS, **JOBS}})
    assert {value for value in ("j100", "prj", "duluth", "old", "bare", "over") if not known.fault(value)} == fits
    assert f"it is no {word}" in known.fault("duluth") and f"'x' is no {word} of the ledger" in known.fault("x")
    assert known.fault("none") == "" and "no customer" in Known(table("project"), targets=known.targets).fault("bare")


def test_a_project_is_offered_that_bears_the_jobs_number() -> None:
    one = table("project")
    assert one.bears("J-200", JOBS["prj2"]) and one.bears("j-200", JOBS["prj2"])
    assert not one.bears("J-20", JOBS["prj2"]) and not one.bears("", JOBS["prj2"])
