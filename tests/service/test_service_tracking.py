"""Tracked inventory bills in the ledger: found, found again when Xero changes, one to one, and counted in every run."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from tracking_world import FLOW, ON, Tracking, billed, make_tracking, order, received, voided

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillState
from ml_connector.errors import BadInput, NotFound
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import previewed, set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import shown_preview
from ml_connector.service.records import records
from ml_connector.service.replaying import replay
from ml_connector.service.status import status
from ml_connector.service.syncing import Progress, Quiet
from ml_connector.service.tracking import LISTS, as_csv, tracking
from ml_connector.sync.retrack import look_for_linked

pytestmark = pytest.mark.anyio
NOT_BILLED = "received_not_billed"


@pytest.fixture
async def company(desk: Desk) -> Tracking:
    return await make_tracking(desk)


async def test_each_is_found_and_stands_as_tracked(company: Tracking) -> None:
    await company.read(received("1"), received("2"), received("3", "50.00"), received("4"), received("5", "-9.00"))
    await company.show(billed("x1", "inv 1"), billed("x2", "INV-2", "110.00"), billed("x4", "PO-4"))
    assert await company.found() == {
        "INV-1": ("matched", "x1"), "INV-2": ("price_difference", "x2"), "INV-3": (NOT_BILLED, ""),
        "INV-4": ("match_suggested", ""),
    }  # fmt: skip
    assert await company.states() == {
        "1": ("tracked", "matched"), "2": ("tracked", "price_difference"), "3": ("tracked", NOT_BILLED),
        "4": ("tracked", "match_suggested"), "5": ("skipped", "tracking_credit"),
    }  # fmt: skip
    assert await company.balanced()
    shown = (await status(company.desk)).integrations[0]
    [flow] = [one for one in shown.flows if one.flow == "inventory_bills"]
    assert flow.states["tracked"].count == 4 and flow.states["tracked"].sums == {"USD": Decimal("350.00")}
    listed = await records(company.desk, Filter(state="tracked", reason=NOT_BILLED))
    assert [(one.number, one.why) for one in listed.records] == [("INV-3", "Received, not billed")]


async def test_what_a_newer_version_replaces_keeps_nobody_from_the_daily_look(company: Tracking) -> None:
    await company.read(received("1"))
    await company.show()
    await company.read(received("1"), received("2"))
    await company.plan()
    await company.read(received("1", "110.00"), received("2"))  # not planned yet
    assert await company.a_day_later(at_most=1) == 1


async def test_a_bill_that_arrives_later_is_found_by_itself(company: Tracking) -> None:
    await company.read(received("1"), received("2"))
    await company.show()
    assert set((await company.found()).values()) == {(NOT_BILLED, "")}
    await company.show(billed("x1", "INV-1"))
    assert await company.found() == {"INV-1": ("matched", "x1"), "INV-2": (NOT_BILLED, "")}
    await company.show(billed("x1", "INV-1", "90.00"))
    assert (await company.found())["INV-1"] == ("price_difference", "x1")
    await company.show(voided(billed("x1", "INV-1")))
    assert (await company.found())["INV-1"] == (NOT_BILLED, "")
    await company.show(billed("x1", "INV-1"), billed("x2", "INV-2"))
    assert await company.found() == {"INV-1": ("matched", "x1"), "INV-2": ("matched", "x2")}
    await company.lose(billed("x2", "INV-2"))  # deleted: it is in no list any more
    assert await company.found() == {"INV-1": (NOT_BILLED, ""), "INV-2": ("matched", "x2")}
    assert await company.balanced()


async def test_each_finding_is_in_the_trail_once(company: Tracking) -> None:
    await company.read(received("1"))
    await company.show()
    for _ in range(3):
        assert await company.a_day_later() == 1
    await company.show(billed("x1", "INV-1"))
    assert await company.a_day_later() == 0  # what is matched is not looked at for its own sake
    life = await explain(company.desk, "INV-1")
    told = [entry.details["finding"] for entry in life.timeline if entry.kind == "tracked"]
    assert told == [NOT_BILLED, "matched"] and life.intents == () and life.link is None
    assert life.tracking is not None and life.tracking.target_id == "x1"
    days = (life.tracking.ordered_on, life.tracking.sent_on, life.tracking.received_on, life.tracking.billed_on)
    assert days == tuple(ON + dt.timedelta(days=n) for n in (-4, -3, 0, 5))


async def test_one_bill_of_the_ledger_is_one_inventory_bill_and_the_surer_has_it(company: Tracking) -> None:
    await company.read(received("1", number="A-7"), received("2", number="A-7"))
    await company.show(billed("x1", "A-7"))
    assert sorted((await company.found()).values()) == [("matched", "x1")]  # one of a number hides the other
    assert sorted((await company.states()).values()) == [("tracked", "matched"), ("tracked", NOT_BILLED)]

    await company.read(received("1", number="A-7"), received("2", number="A-7"), received("3", "80.00", number="B-1"))
    await company.show(billed("x1", "A-7"), billed("x3", "B-1"))
    assert (await company.states())["3"] == ("tracked", "price_difference")
    await company.read(received("4", "100.00", number="B-1"))
    await company.plan()
    states = await company.states()
    assert (states["4"], states["3"]) == (("tracked", "matched"), ("tracked", NOT_BILLED))
    await company.read(received("4", number="B-1", active=False))
    await company.plan()
    states = await company.states()
    assert (states["4"], states["3"]) == (("skipped", "canceled"), ("tracked", "price_difference"))
    assert await company.balanced()


async def test_a_newer_version_takes_the_place_of_the_older(company: Tracking) -> None:
    await company.read(received("1"))
    await company.show(billed("x1", "INV-1"))
    await company.read(received("1", "120.00", stamp="2"))
    await company.plan()
    life = await explain(company.desk, "INV-1")
    assert [one.state for one in life.versions] == ["superseded", "tracked"]
    assert life.tracking is not None and life.tracking.difference == Decimal("-20.00")
    shown = (await status(company.desk)).integrations[0]
    assert [one.states["tracked"].sums for one in shown.flows if one.flow == "inventory_bills"] == [
        {"USD": Decimal("120.00")}
    ]
    assert await company.balanced()


async def test_a_person_links_what_only_they_can_know(company: Tracking) -> None:
    await company.read(received("1"), received("2"))
    await company.show(billed("x1", "INV-1"), billed("x9", "STATEMENT 8", "100.00"))
    with pytest.raises(BadInput, match="has no bill 'x7'"):
        await link(company.desk, "INV-2", "x7")
    await link(company.desk, "INV-2", "x9")
    await company.plan()
    assert await company.found() == {"INV-1": ("matched", "x1"), "INV-2": ("matched", "x9")}
    await company.show(billed("x1", "INV-1"), voided(billed("x9", "STATEMENT 8")))
    assert (await company.found())["INV-2"] == (NOT_BILLED, "")
    await company.show(billed("x1", "INV-1"), billed("x9", "STATEMENT 8", "130.00"))
    await company.a_day_later()
    assert (await company.found())["INV-2"] == ("price_difference", "x9")


async def test_the_vendor_is_found_by_name_or_by_the_mapping_and_never_made(company: Tracking) -> None:
    strange = received("1", vendor=Ref("v7", "Zenith Parts"))
    await company.read(strange)
    await company.show(billed("x1", "INV-1", vendor=Ref("p2", "Acme Pipe")))
    [row] = [one for kind in (await tracking(company.desk)).lists for one in kind.bills if one.record_id]
    assert row.finding == NOT_BILLED and "no contact for Zenith Parts" in row.sentence
    await set_value(company.desk, company.integration, "vendors", "v7", "p2")
    await company.a_day_later()
    assert (await company.found())["INV-1"] == ("matched", "x1")
    parties = company.xero.lists["parties"]
    assert parties == (Party("p1", "vendor", "Johnstone Supply"), Party("p2", "vendor", "Acme Pipe"))


async def test_a_vendor_that_was_merged_in_the_ledger_is_followed(company: Tracking) -> None:
    await set_value(company.desk, company.integration, "vendors", "v1", "p1", anyway=True)
    await company.read(received("1"))
    await company.show(billed("x1", "INV-1"))
    assert (await company.found())["INV-1"] == ("matched", "x1")
    merged = Party("p1", "vendor", "Johnstone Supply", active=False, merged_into="p2")
    company.xero.lists = {**company.xero.lists, "parties": (merged, Party("p2", "vendor", "Acme Pipe"))}
    await company.show(billed("x1", "INV-1", vendor=Ref("p2", "Acme Pipe")))
    assert (await company.found())["INV-1"] == ("matched", "x1")


async def test_the_order_and_its_counterpart_are_told(company: Tracking) -> None:
    await company.read(received("1", ordered=None, ordered_on=None, order_sent_on=None), orders=[order("o1", "300.00")])
    await company.read(flow="purchase_orders", orders=[order("o1", "300.00")])
    await company.show(billed("x1", "INV-1"))
    [row] = [one for kind in (await tracking(company.desk)).lists for one in kind.bills]
    assert (row.order, row.ordered, row.ordered_on, row.sent_on) == (
        "PO-1", Decimal("300.00"), ON - dt.timedelta(days=4), ON - dt.timedelta(days=3),
    )  # fmt: skip


async def test_a_replay_looks_again_and_an_off_flow_does_not(company: Tracking) -> None:
    await company.read(received("1"))
    await company.show()
    replayed = await replay(company.desk, Filter(flow="inventory_bills"))
    assert replayed.count == 1
    await company.plan()
    assert await company.states() == {"1": ("tracked", NOT_BILLED)}
    await company.mode("off")
    await company.show(billed("x1", "INV-1"))
    assert await company.states() == {"1": ("tracked", NOT_BILLED)} and await company.a_day_later() == 0
    report = await tracking(company.desk)
    assert report.flows == () and not report.open
    await company.mode("preview")
    await company.show(billed("x1", "INV-1", due_date=ON))
    assert await company.states() == {"1": ("tracked", "matched")} and await company.balanced()


# --- the report ----------------------------------------------------------------------------------------------------


async def test_the_report_has_every_list_with_sums_and_ages(company: Tracking) -> None:
    await company.read(
        received("1"), received("2"), received("3", "40.00", date=ON - dt.timedelta(days=30)), received("4"),
        received("6", "60.00"),
    )  # fmt: skip
    await company.show(
        billed("x1", "INV-1", state=BillState.DRAFT), billed("x2", "INV-2", "112.50"), billed("x4", "PO-4"),
        billed("x11", "INV-6", "60.00", currency="CAD"),
        billed("x5", "FREIGHT 9", "33.00"), billed("x6", "RENT", "900.00", vendor=Ref("p2", "Acme Pipe")),
        billed("x7", "OLD", "12.00", date=dt.date(2026, 6, 30)),
        billed("x8", "9", "70.00", vendor=Ref("p2", "Acme Pipe"), memo="crane, order PO-3"),
        voided(billed("x10", "GONE", "5.00")),
    )  # fmt: skip
    report = await tracking(company.desk)
    assert [one.name for one in report.lists] == list(LISTS) and report.open
    assert {one.name: (one.total.count, one.total.sums) for one in report.lists} == {
        "received_not_billed": (1, {"USD": Decimal("40.00")}),
        "billed_not_received": (2, {"USD": Decimal("103.00")}),
        "price_differences": (1, {"USD": Decimal("12.50")}),
        "currencies_differ": (1, {"USD": Decimal("60.00"), "CAD": Decimal("60.00")}),
        "to_decide": (1, {"USD": Decimal("100.00")}),
        "matched": (1, {"USD": Decimal("100.00")}),
    }
    assert report.awaiting.count == 1 and report.flows == ("ServiceTitan with Xero",)
    billed_only = {one.target_id: one for kind in report.lists for one in kind.bills if not one.record_id}
    assert billed_only["x8"].order == "PO-3" and "names order PO-3" in billed_only["x8"].evidence
    assert "FREIGHT 9 of Johnstone Supply over 33.00 USD" in billed_only["x5"].sentence
    for kind in report.lists:
        assert sum(tally.count for tally in kind.ages.values()) == kind.total.count
    [old] = report.lists[0].bills
    assert old.age == (report.on - old.received_on).days if old.received_on else False


async def test_the_report_is_narrowed_by_vendor_and_list(company: Tracking) -> None:
    await company.read(received("1"), received("2", vendor=Ref("v2", "Acme Pipe")))
    await company.show()
    report = await tracking(company.desk, vendor="acme")
    assert [one.number for kind in report.lists for one in kind.bills] == ["INV-2"]
    only = await tracking(company.desk, kind="matched")
    assert [one.name for one in only.lists] == ["matched"]
    with pytest.raises(NotFound, match="There is no list 'lost'; there are received_not_billed,"):
        await tracking(company.desk, kind="lost")


async def test_a_file_has_a_row_for_every_bill(company: Tracking) -> None:
    await company.read(received("1"), received("2", "7.10"))
    await company.show(billed("x1", "INV-1", "101.00"))
    report = await tracking(company.desk)
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [(one["number"], one["received"], one["billed"], one["difference"]) for one in rows] == [
        ("INV-2", "7.10", "", ""), ("INV-1", "100.00", "101.00", "1.00"),
    ]  # fmt: skip
    assert {len(one) for one in rows} == {len(rows[0])} and None not in rows[0]
    assert rows[1]["sentence"] == report.lists[2].bills[0].sentence and "," in rows[1]["sentence"]


async def test_what_was_received_before_the_start_is_not_told_as_never_received(company: Tracking) -> None:
    await company.read(received("2", date=dt.date(2026, 6, 29)))
    await company.show(billed("x2", "INV-2", date=dt.date(2026, 7, 3)))
    assert not any(kind.bills for kind in (await tracking(company.desk)).lists)


async def test_bills_of_a_vendor_without_a_contact_are_looked_at_again_when_he_gets_one(company: Tracking) -> None:
    await company.read(received("1", vendor=Ref("v9", "Nobody There Yet")), received("2"))
    await company.show(billed("x2", "INV-2"))
    assert (await company.found())["INV-1"] == (NOT_BILLED, "")
    lane, integration_id = await company.lane(), company.integration.integration_id
    async with lane.transaction() as transaction:
        staged = [
            await look_for_linked(transaction.connection, lane.tenant_id, integration_id, [party])
            for party in (("customers", "v9"), ("vendors", "v1"), ("vendors", "v9"))
        ]
    assert staged == [0, 0, 1]
    assert (await company.states())["1"][0] == "staged"


async def test_a_preview_shows_what_is_tracked_and_going_live_posts_nothing(desk: Desk) -> None:
    company = await make_tracking(desk, "preview")
    await company.read(received("1"), received("2"))
    await company.show(billed("x1", "INV-1"))
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    found = {one.flow: one for one in (await shown_preview(desk, company.integration, quiet)).flows}
    assert found[FLOW].tracks and found[FLOW].tracked.count == 2 and not found["invoices"].tracks
    assert not found[FLOW].post.count

    made = await set_flow_mode(desk, company.integration, FLOW, "live")
    assert made.tracks and not made.unseen


async def test_what_is_only_tracked_needs_no_preview(desk: Desk) -> None:
    company = await make_tracking(desk, "off")
    assert not (await previewed(desk, company.integration, FLOW)).unseen
    assert (await previewed(desk, company.integration, "invoices")).unseen
