from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from service_ledger import Company, bill

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.auditing import anchor_of, export_audit, verify_audit
from ml_connector.service.deciding import link
from ml_connector.service.dismissing import dismiss
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import shown_preview
from ml_connector.service.records import records
from ml_connector.service.releasing import release
from ml_connector.service.replaying import replay
from ml_connector.service.status import FlowStatus, status
from ml_connector.service.syncing import Progress, Quiet

pytestmark = pytest.mark.anyio


async def _live(company: Company, *bills: Bill) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(*bills)
    for _ in range(3):
        await company.plan()


async def _bills(company: Company) -> FlowStatus:
    return next(one for one in (await status(company.desk)).integrations[0].flows if one.flow == "bills")


async def test_status_counts_and_sums(company: Company) -> None:
    await _live(company, bill("1"), bill("2", account="7777", total="20.50"), bill("3", active=False, total="5.00"))
    found = await _bills(company)
    assert found.read == 3 and found.balanced
    assert (found.states["posted"].count, found.states["posted"].sums) == (1, {"USD": Decimal("100.00")})
    assert found.skipped["Cancelled"].sums == {"USD": Decimal("5.00")}
    (cause,) = found.waiting
    assert (cause.code, cause.count, cause.sums, cause.person) == (
        "account_unmapped",
        1,
        {"USD": Decimal("20.50")},
        True,
    )
    assert "ServiceTitan account 7777" in cause.example and "'7777'" in cause.action
    assert (await status(company.desk)).attention == ("bills: A GL account has no counterpart (1)",)


async def test_a_run_that_does_not_add_up_is_told(company: Company) -> None:
    await _live(company, bill("1"), bill("2"))
    async with company.desk.changing() as change:
        await change.run("update document set amount = amount - 1 where number = 'INV-2'")
    found = await _bills(company)
    assert not found.balanced
    assert "200.00 USD came in, 199.00 USD in the ledger" in found.unbalanced[0].imbalance
    async with company.desk.changing() as change:
        await change.run("update document set amount = amount + 1 where number = 'INV-2'")
        await change.run("update run set repeats = repeats + 1 where run_id = %s", found.unbalanced[0].run_id)
    assert "2 rows were read, and 3 are accounted for" in (await _bills(company)).unbalanced[0].imbalance


async def test_status_stays_short_however_many_runs_webhooks_make(company: Company) -> None:
    await _live(company, bill("1"))
    async with company.desk.changing() as change:
        await change.run(
            """insert into run (tenant_id, flow_id, kind, trigger, actor, started_at, rows, repeats)
            select tenant_id, flow_id, 'read', 'webhook', 'webhook', started_at, 1, mod(n, 2)
            from run, generate_series(1, 40) n where run_id = (select max(run_id) from run where new_versions = 1)"""
        )
    found = await _bills(company)
    assert (found.read, found.repeats) == (1, 20)
    assert (len(found.unbalanced), found.unbalanced_count, found.balanced) == (5, 20, False)
    told = (await status(company.desk)).attention
    assert len(told) == 6 and told[-1] == "bills: 15 more runs do not balance"


async def test_records_are_filtered_and_paged(company: Company) -> None:
    await _live(company, *(bill(str(n), date=dt.date(2026, 8, n)) for n in range(1, 8)))
    first = await records(company.desk, Filter(flow="bills"), limit=3)
    rest = await records(company.desk, Filter(flow="bills"), limit=10, after=first.after)
    assert [one.source_id for one in (*first.records, *rest.records)] == [str(n) for n in range(1, 8)]
    assert rest.after == 0 and first.total["posted"].count == 7
    assert [one.number for one in (await records(company.desk, Filter(number="inv 0005"))).records] == ["INV-5"]
    named = await records(company.desk, Filter(text="johnstone", state="posted"))
    assert {one.party for one in named.records} == {"Johnstone Supply"}
    dated = await records(company.desk, Filter(since=dt.date(2026, 8, 2), until=dt.date(2026, 8, 3), flow="bills"))
    assert [one.number for one in dated.records] == ["INV-2", "INV-3"]
    with pytest.raises(BadInput, match="the states are staged"):
        await records(company.desk, Filter(state="gone"))


async def test_a_record_is_explained_from_its_reading_to_its_link(company: Company) -> None:
    await _live(company, bill("1"))
    life = await explain(company.desk, "inv-1")
    assert (life.flow, life.party, life.reference) == ("bills", "Johnstone Supply", "servicetitan-1001-bills-1")
    assert life.link is not None and life.link.origin == "created"
    (intent,) = life.intents
    assert (intent.state, intent.body["bill_number"]) == ("done", "INV-1")
    kinds = [entry.kind for entry in life.timeline]
    assert kinds[0] == "read" and kinds[-1] == "posted" and "sending" in kinds
    assert Decimal(life.versions[0].document["total"]) == life.versions[0].amount == 100
    with pytest.raises(NotFound, match="no record 'INV-9'"):
        await explain(company.desk, "INV-9")


async def test_an_ambiguous_record_is_asked_back(company: Company) -> None:
    await _live(company, bill("1"), bill("901", number="INV-1", vendor=Ref("v3", "Johnson Supply")))
    with pytest.raises(
        BadInput, match=r"could be several records: #\d+ \(bills 1, number INV-1, \w+\), #\d+ \(bills 901"
    ):
        await explain(company.desk, "INV-1")
    number = (await records(company.desk, Filter(text="901"))).records[0].record_id
    assert (await explain(company.desk, f"#{number}")).source_id == "901"


async def test_a_replay_never_posts_twice(company: Company) -> None:
    await _live(company, bill("1"), bill("2", account="7777"))
    assert len(company.books.written) == 1
    found = await replay(company.desk, Filter(flow="bills", since=dt.date(2026, 1, 1)))
    assert {word: tally.count for word, tally in found.taken.items()} == {"posted": 1, "held": 1}
    await company.plan()
    assert len(company.books.written) == 1
    state = await _bills(company)
    assert state.states["posted"].count == 1 and state.states["held"].count == 1 and state.balanced
    assert "replayed" in [entry.kind for entry in (await explain(company.desk, "INV-1")).timeline]


async def test_a_replay_must_know_of_what(company: Company) -> None:
    await _live(company, bill("1"))
    with pytest.raises(BadInput, match="needs to know of what"):
        await replay(company.desk, Filter())
    with pytest.raises(NotFound, match="No record that can be replayed fits"):
        await replay(company.desk, Filter(state="rejected"))


async def test_a_closed_period_is_released_by_a_person_only(company: Company) -> None:
    await change_settings(company.desk, company.integration, {"closed_through": "2026-08-31"})
    await _live(company, bill("1"))
    assert (await explain(company.desk, "INV-1")).versions[-1].waits[0].code == "period_closed"
    with pytest.raises(BadInput, match="waits for period_closed, vendor_pending; say which"):
        await release(company.desk, "INV-1", "account_unmapped")
    done = await release(company.desk, "INV-1")
    await company.plan()
    assert (done.code, done.still_waiting) == ("period_closed", {"vendor_pending": 1})
    await company.plan()
    life = await explain(company.desk, "INV-1")
    assert life.versions[-1].state == "posted" and life.released == ("period_closed",)
    with pytest.raises(Refused, match="is posted, not held"):
        await release(company.desk, "INV-1")


async def test_what_frees_itself_is_not_released_by_hand(company: Company) -> None:
    await _live(company, bill("1", account="7777"))
    with pytest.raises(Refused, match=r"account_unmapped is not released by hand\. Fill the row"):
        await release(company.desk, "INV-1", "account_unmapped")


async def test_linking_by_hand(company: Company) -> None:
    there = Bill("b77", Ref("p1"), Decimal("100.00"), number="KEYED-1", currency="USD")
    company.books.lists["bills"] = (there,)
    await _live(company, bill("1", account="7777"), bill("2", account="7777"))
    with pytest.raises(BadInput, match="no bill 'b78'"):
        await link(company.desk, "INV-1", "b78")
    made = await link(company.desk, "INV-1", "b77")
    assert (made.target_entity, made.target_id) == ("bills", "b77")
    life = await explain(company.desk, "INV-1")
    assert life.versions[-1].state == "linked" and not life.versions[-1].waits
    assert life.link is not None and life.link.origin == "person"
    with pytest.raises(Refused, match="b77 is linked to bills 1 already"):
        await link(company.desk, "INV-2", "b77")
    with pytest.raises(Refused, match="is linked to b77 already"):
        await link(company.desk, "INV-1", "b77")
    await replay(company.desk, Filter(number="INV-1"))
    await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].state == "linked"
    assert company.books.written == []


async def test_a_record_is_dismissed_with_a_reason_and_a_replay_takes_it_up_again(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await _live(company, bill("1"), bill("2", account="7777"))
    with pytest.raises(BadInput, match="Say why"):
        await dismiss(company.desk, "INV-2", "  ")
    with pytest.raises(Refused, match="only what is held or rejected"):
        await dismiss(company.desk, "INV-1", "no need")
    assert (await dismiss(company.desk, "INV-2", "received twice\nby mistake")).was == "held"
    life = await explain(company.desk, "INV-2")
    assert (life.versions[-1].state, life.versions[-1].waits) == ("skipped", ())
    assert life.versions[-1].why == "Dismissed by a person"
    assert "received twice by mistake" in str([one for one in life.timeline if one.kind == "dismissed"])
    await company.plan()
    bills = next(one for one in (await status(company.desk)).integrations[0].flows if one.flow == "bills")
    assert bills.skipped["Dismissed by a person"].count == 1 and bills.balanced and not bills.waiting
    await company.read(bill("1"), bill("2", account="7777"))  # read again as it was
    await company.plan()
    assert (await explain(company.desk, "INV-2")).versions[-1].state == "skipped"
    await replay(company.desk, Filter(flow="bills"))  # of everything: nobody asked for what was dismissed
    await company.plan()
    assert (await explain(company.desk, "INV-2")).versions[-1].state == "skipped"
    await replay(company.desk, Filter(number="INV-2"))
    await company.plan()
    assert (await explain(company.desk, "INV-2")).versions[-1].state == "held"


async def test_a_preview_shows_what_would_be_posted(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(
        bill("1"), bill("2", total="50.00", vendor=Ref("v3", "Johnson Supply")), bill("3", account="7777")
    )
    for _ in range(3):
        await company.plan()
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    found = await shown_preview(company.desk, await company.now(), quiet)
    bills = next(one for one in found.flows if one.flow == "bills")
    assert (bills.post.count, bills.post.sums) == (1, {"USD": Decimal("100.00")})
    assert (bills.hold.count, {cause.code for cause in bills.held}) == (2, {"account_unmapped", "vendor_pending"})
    (planned,) = bills.planned
    assert planned.decision["steps"][0]["body"]["bill_number"] == "INV-1"
    assert company.books.written == []
    assert msgspec.json.encode(found)


async def test_the_trail_verifies_and_is_exported(company: Company) -> None:
    await _live(company, bill("1"))
    found = await verify_audit(company.desk)
    assert found.intact and found.head is not None
    anchor = anchor_of(f"{found.head.chain_no}:{found.head.hash.hex()}")
    lines = [line async for line in export_audit(company.desk)]
    assert b"audit exported" in lines[-1] and len(lines) == found.links + 1
    assert (await verify_audit(company.desk, anchor)).intact
    with pytest.raises(BadInput, match="is no anchor"):
        anchor_of("anchor")
