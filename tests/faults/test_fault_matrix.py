"""The fault matrix itself: it must see what is twice, missing, different or out of balance, and choose its sample well."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from faults.__main__ import none_holds, summary, too_idle
from faults.books import Books, Difference, difference, end, linked_and_ended, shown_texts
from faults.points import COMMIT_KILLS, DATABASE, DAY_LIMIT, Point, sampled
from faults.preparing import prepared
from faults.process import Result
from faults.report import table
from faults.run import LONGEST, counted, disturbed, undisturbed
from faults.stalled import slices_under_way
from faults.world import BEFORE_MIDNIGHT, MIDNIGHT, RUN, RUN_BY_DAY, SPEED, worlds
from ml_connector.sync.states import State
from ml_connector_sandbox.company.dates import ZONE
from ml_connector_sandbox.company.matrix_xero import ENDS, XeroCompany
from ml_connector_sandbox.company.matrix_xero_changed import CASES
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import seeded
from rig.postgres import drop_database


def _text(**facts: object) -> str:
    return msgspec.json.encode(facts, order="sorted").decode()


BILL = _text(number="INV-1", total="10.00")
OTHER = _text(number="INV-2", total="20.00")
GOOD = Books({("zoho_books", "bills"): Counter([BILL, OTHER])}, {"bills 1": f"bills {BILL}"}, {"bills 1": "posted"}, [])


def _with(*texts: str) -> Books:
    return replace(GOOD, sides={("zoho_books", "bills"): Counter(texts)})


def test_a_choice_that_fits_no_point_shows_how_one_is_told() -> None:
    points = [Point("servicetitan-zoho_books", "zoho_books", 12, "slow", "GET /bills")]
    told = none_holds(points, "xero")
    assert told.startswith("No description of the points (1) holds 'xero'")
    assert "'servicetitan-zoho_books zoho_books call 12 (GET /bills) slow'" in told


def test_equal_books_do_not_differ() -> None:
    assert not difference(GOOD, GOOD)


def test_a_document_that_stands_there_twice_is_a_duplicate() -> None:
    found = difference(_with(BILL, BILL, OTHER), GOOD)
    assert (len(found.duplicates), len(found.missing), len(found.amounts)) == (1, 0, 0)


def test_the_same_number_with_another_amount_beside_the_right_one_is_a_duplicate() -> None:
    found = difference(_with(BILL, _text(number="INV-1", total="11.00"), OTHER), GOOD)
    assert (len(found.duplicates), len(found.missing), len(found.amounts)) == (1, 0, 0)


def test_a_document_that_is_not_there_is_missing() -> None:
    found = difference(_with(OTHER), GOOD)
    assert (len(found.duplicates), len(found.missing), len(found.amounts)) == (0, 1, 0)


def test_a_document_with_another_amount_differs() -> None:
    found = difference(_with(_text(number="INV-1", total="11.00"), OTHER), GOOD)
    assert (len(found.duplicates), len(found.missing), len(found.amounts)) == (0, 0, 1)


def test_a_wrong_link_a_wrong_end_and_an_unsound_ledger_are_told() -> None:
    wrong = replace(
        GOOD, links={"bills 1": f"bills {OTHER}"}, ends={"bills 1": "held conflict"}, unsound=["run 1: 2 rows"]
    )
    assert len(difference(wrong, GOOD).unbalanced) == 3


@pytest.mark.parametrize(("origin", "told"), [(None, "posted"), ("created", "posted"), ("matched", "linked")])
def test_what_was_read_again_without_a_change_ends_as_what_was_linked(origin: str | None, told: str) -> None:
    assert end(State.UNCHANGED, origin) == told
    assert end(State.HELD, origin) == "held"


def test_what_was_typed_in_the_ledger_is_called_by_that_whatever_id_it_got_at_the_source() -> None:
    memo, back = '{"memo":"[x-payments_back-z1]"}', {"payments_back": "payments"}

    def told(id_: str, *again: tuple[str, str, int, str]) -> tuple[dict[str, str], dict[str, str]]:
        links = [("payments", id_, "payments", "z1", "created"), ("payments", "5", "payments", "z2", "created")]
        ours = [("payments_back", one, int(State.UNCHANGED), "") for one in ("z1", "z2")]
        shown = {"z1": "a", id_: memo, "5": "c"}
        return linked_and_ended(links, [*ours, ("payments", "5", int(State.UNCHANGED), ""), *again], shown, back)

    once = told("9")
    assert once[0] == {"payments of z1": f"payments a is {memo}", "payments 5": "payments nothing there"}
    assert once[1]["payments 5"] == "posted"
    assert once == told("10") == told("9", ("payments", "9", int(State.UNCHANGED), ""))
    assert once != told("9", ("payments", "9", int(State.HELD), "payment_from_ledger"))


def test_the_summary_counts_what_was_found() -> None:
    point = Point("a-b", "a", 1, "cut")
    results = [
        Result(point, 1.0, Difference(), True),
        Result(point, 1.0, Difference(["x"], ["y", "z"], [], ["u"]), True),
    ]
    assert summary(results) == "faults: 2 points, 1 duplicates, 2 missing, 0 amounts differ, 1 unbalanced"
    assert summary(results[:1]) == "faults: 1 point, 0 duplicates, 0 missing, 0 amounts differ, 0 unbalanced"

    idle = summary([Result(point, 1.0, Difference(), False)])
    assert idle.splitlines()[0].startswith("1 fault found no call to strike")


def test_the_table_has_a_row_for_each_kind_with_what_was_found() -> None:
    points = [Point("a-b", "a", 1, "cut"), Point("a-b", "a", 2, "cut"), Point("a-b", "b", 1, "slow")]
    results = [
        Result(points[0], 1.0, Difference(), True), Result(points[1], 9.0, Difference(["x"], [], [], ["u"]), False),
    ]  # fmt: skip
    told = table(results, points, "make faults", 60.0)
    assert "2 of 3 points" in told and "| cut | 2 | 1 | 1 | 0 | 0 | 1 | 9, 9 |" in told.splitlines()


def test_a_sample_is_the_same_for_the_same_seed_and_holds_kills() -> None:
    points = [Point("a-b", "a", call, kind) for call in range(40) for kind in ("cut", "slow", "kill before")]
    chosen = sampled(points, 20, 7)
    assert chosen == sampled(points, 20, 7) != sampled(points, 20, 8)
    assert len(set(chosen)) == 20
    assert sum(one.is_kill for one in chosen) == 4


def test_a_run_in_which_many_faults_found_nothing_to_strike_proves_too_little() -> None:
    point = Point("a-b", "a", 1, "cut")
    struck, idle = Result(point, 1.0, Difference(), True), Result(point, 1.0, Difference(), False)
    assert not too_idle([struck] * 97 + [idle] * 3)
    assert too_idle([struck] * 80 + [idle] * 20)


@pytest.mark.anyio
async def test_what_is_left_over_names_where_each_slice_waits() -> None:
    waits = asyncio.Event()

    async def inner() -> None:
        await waits.wait()

    async def run_slice() -> None:
        await inner()

    task = asyncio.create_task(run_slice())
    await asyncio.sleep(0)
    assert any("run_slice" in one and "inner" in one and "Event.wait" in one for one in slices_under_way())
    waits.set()
    await task


@pytest.mark.parametrize("kind", worlds())
def test_every_world_has_a_company_for_the_matrix(kind: str) -> None:
    company = seeded(f"matrix:{kind}", SandboxClock.starting(RUN))
    if isinstance(company, XeroCompany):
        assert set(ENDS.values()) == {"staged", "held", "skipped"} and {*ENDS} == {*company.bills} - {*CASES}
        return
    if company.payables is not None:
        assert {row.ends for row in company.payables.truth} == {"staged", "held", "skipped"}
        return
    bought, sold = {row.ends for row in company.truth}, company.sales
    assert bought >= {"posted", "held", "skipped"} or (sold is not None and len(sold.cases) > 5)


def test_a_day_of_calls_that_is_used_up_ends_with_the_same_midnight_however_slow_the_machine_is() -> None:
    longest = timedelta(seconds=LONGEST * SPEED)  # a run that has not been struck by then is given up
    assert RUN_BY_DAY + longest < MIDNIGHT - BEFORE_MIDNIGHT
    assert RUN < MIDNIGHT and MIDNIGHT.astimezone(ZoneInfo(ZONE)).time() == time.min


def test_a_sample_reaches_every_world() -> None:
    """As many of a hundred as a world has of all points, and of each world at least some."""
    sizes = {"a-b": 2000, "a-b changed": 300, "c-b": 40}
    points = [Point(world, "b", call, "cut") for world, size in sizes.items() for call in range(size)]
    found = Counter(one.integration for one in sampled(points, 60, 3))
    assert sum(found.values()) == 60 and all(found[world] >= 10 for world in sizes)


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_bill_that_is_doubled_behind_the_products_back_is_found(postgres_url: str, tmp_path: Path) -> None:
    """The whole way: prepared, run, and compared; then one more bill is keyed into the ledger, and one is deleted."""
    kind = "servicetitan-zoho_books"
    company = await prepared(postgres_url, tmp_path / kind, kind)
    try:
        async with company.running("matrix_plain") as running:
            expected = await undisturbed(running)
            assert not difference(await running.books(), expected)
            organisation = running.sandbox.company.zoho_books.organisations[
                running.sandbox.company.access.organization_id
            ]
            posted = next(iter(organisation.bills))
            organisation.bills.put(replace(posted, document_id="9000", sequence=9000))
            found = difference(await running.books(), expected).duplicates
            assert [one for one in found if one.startswith("zoho_books bills")]
        async with company.running("matrix_again") as running:
            assert not difference(await undisturbed(running), expected)
        async with company.running("matrix_commits") as running:
            books, commits = await counted(running)
            assert commits > sum(end == "posted" for end in expected.ends.values())
            assert not difference(books, expected)
        async with company.running("matrix_killed") as running:
            found, struck = await disturbed(running, Point(kind, DATABASE, 60, COMMIT_KILLS[1], "commit"), expected)
            assert struck and not found, found
        async with company.running("matrix_spent", RUN_BY_DAY) as running:
            found, struck = await disturbed(running, Point(kind, "zoho_books", 12, DAY_LIMIT), expected)
            assert struck and not found, found
            assert running.sandbox.clock.now() > MIDNIGHT and running.desk.clock.now() > MIDNIGHT
    finally:
        drop_database(postgres_url, company.database)


def test_which_of_two_namesakes_keeps_the_bare_name_is_no_difference_and_whose_a_document_is_is_one() -> None:
    def books(first: str, second: str, owner: str) -> dict[str, dict[str, str]]:
        contacts = {"a": {"name": first, "number": "r-1"}, "b": {"name": second, "number": "r-2"}}
        return shown_texts({"contacts": contacts, "invoices": {"i": {"contact": owner}}})

    one = books("John Smith", "John Smith (ST 2)", "John Smith")
    assert one == books("John Smith (ST 1)", "John Smith", "John Smith (ST 1)")
    assert one != books("John Smith (ST 1)", "John Smith", "John Smith")
