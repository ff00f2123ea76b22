from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from service_ledger import BOOKS, Company, bill

from ml_connector.canonical.master_data import Account
from ml_connector.canonical.parts import Ref
from ml_connector.errors import BadInput, NotFound
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.files import FileRefused, export_mapping, import_mapping
from ml_connector.service.mapping.history import history
from ml_connector.service.mapping.rows import rows_in
from ml_connector.service.mapping.suggesting import accept_exact, suggest, unread
from ml_connector.service.mapping.targets import targets
from ml_connector.service.mapping.values import Days, remove_value, set_value
from ml_connector.service.roles import Actor
from ml_connector.service.status import status
from ml_connector.service.tallies import Cause
from ml_connector.sync.directory import refresh

pytestmark = pytest.mark.anyio
HEADER = "source_key,target_key,valid_from,valid_until,note\n"


@pytest.fixture
async def read_company(company: Company) -> Company:
    """Bills read and held for want of mappings; the ledger's lists known."""
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    taxed = bill("2", account="6100", tax=Decimal("8.25"), total="108.25", tax_zone=Ref("z1", "Texas"))
    await company.read(bill("1"), taxed, bill("3", account="9999"))
    for _ in range(2):
        await company.plan()
    return company


async def test_the_export_is_there_to_be_filled(read_company: Company) -> None:
    company = read_company
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", "as agreed")
    rows = list(csv.DictReader(io.StringIO(await export_mapping(company.desk, company.integration, "accounts"))))
    assert [(row["source_key"], row["target_key"], row["target_name"]) for row in rows] == [
        ("5100", "a1", "5100 Job Materials"), ("6100", "", ""), ("9999", "", ""),
    ]  # fmt: skip
    assert rows[0]["note"] == "as agreed" and rows[1]["source_name"] == "Materials"
    again = await import_mapping(
        company.desk,
        company.integration,
        "accounts",
        await export_mapping(company.desk, company.integration, "accounts"),
    )
    assert (again.added, again.changed, again.unchanged, again.left_empty) == (0, 0, 1, 2)


async def test_an_import_frees_what_waited(read_company: Company) -> None:
    company = read_company
    before = (await company.now()).generation
    done = await import_mapping(company.desk, company.integration, "accounts", f"{HEADER}5100,a1,,,\n6100,a2,,,\n")
    assert (done.added, done.released) == (2, 2)
    assert (await company.now()).generation > before
    await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].state == "planned"
    assert [one.code for one in (await explain(company.desk, "INV-2")).versions[-1].waits] == ["tax_unmapped"]
    await set_value(company.desk, company.integration, "tax", "Texas", "cost")
    await company.plan()
    assert (await explain(company.desk, "INV-2")).versions[-1].state == "planned"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("source_key,note\n5100,x\n", ["line 1: the column target_key is missing"]),
        (f"{HEADER.strip()},colour\n5100,a1,,,,red\n", ["line 1: the column 'colour' is unknown"]),
        ("source_key,target_key,target_key\n1,a1,a1\n", ["line 1: the column 'target_key' stands there twice"]),
        (f"{HEADER}5100,a1\n", ["line 2: it has 2 cells, and the header has 5"]),
        (f"{HEADER}5100,zzz,,,\n", ["line 2: 'zzz' is no account of the ledger"]),
        (f"{HEADER}5100,a1,,,\n5100,a1,,,\n", ["line 3: it repeats line 2"]),
        (f"{HEADER}5100,a1,,,\n5100,a2,2026-01-01,,\n", ["line 3: it contradicts line 2"]),
        (f"{HEADER}5100,a1,2026-13-01,,\n", ["line 2: valid_from '2026-13-01' is no date"]),
        (f"{HEADER}5100,a1,2026-02-01,2026-01-01,\n", ["line 2: valid_until 2026-01-01 is before valid_from"]),
        (f"{HEADER},a1,,,\n", ["line 2: source_key is empty"]),
        (
            f"{HEADER}2.60815E+17,,,,\n",
            ["line 2: source_key '2.60815E+17' is a number that a spreadsheet has shortened"],
        ),
        (f'{HEADER}5100,"a1,,,\n', ["is no CSV row"]),
        ("", ["line 1: the file is empty; the columns are source_key, source_name, target_key"]),
    ],
)
async def test_a_file_with_a_fault_changes_nothing(read_company: Company, text: str, told: list[str]) -> None:
    company = read_company
    before = await company.now()
    with pytest.raises(FileRefused) as refused:
        await import_mapping(company.desk, company.integration, "accounts", text + "6100,a2,,,\n" * bool(text))
    for sentence in told:
        assert any(sentence in problem for problem in refused.value.problems), refused.value.problems
    assert (await company.now()).generation == before.generation
    async with company.desk.looking() as reading:
        assert await reading.one("select count(*) from mapping") == (0,)


async def test_all_faults_are_told_at_once(read_company: Company) -> None:
    text = f"{HEADER}5100,zzz,,,\n6100,a2,nonsense,,\n9999\n"
    with pytest.raises(FileRefused) as refused:
        await import_mapping(read_company.desk, read_company.integration, "accounts", text)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["line 2", "line 3", "line 4"]


async def test_validity_dates(read_company: Company) -> None:
    company = read_company
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    with pytest.raises(FileRefused, match="give that row an end in the same file"):
        await import_mapping(company.desk, company.integration, "accounts", f"{HEADER}5100,a2,2026-10-01,,\n")
    both = f"{HEADER}5100,a1,,2026-09-30,\n5100,a2,2026-10-01,,new year\n"
    done = await import_mapping(company.desk, company.integration, "accounts", both)
    assert (done.added, done.changed) == (1, 1)
    exported = await export_mapping(company.desk, company.integration, "accounts")
    assert "5100,Materials,a1,5100 Job Materials,,2026-09-30," in exported
    assert "5100,Materials,a2,6100 Small Tools,2026-10-01,,new year" in exported
    with pytest.raises(BadInput, match="has rows with dates: say with --from and --until"):
        await set_value(company.desk, company.integration, "accounts", "5100", "a1")


async def _spans(company: Company, key: str = "5100") -> list[tuple[str, str]]:
    async with company.desk.looking() as reading:
        rows = await rows_in(reading, company.integration, "accounts")
    return [(row.value, row.span()) for row in rows if row.key == key]


async def test_a_value_for_some_days_leaves_the_others_as_they_were(read_company: Company) -> None:
    company = read_company
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", "as agreed")
    days = Days(date(2026, 10, 1), date(2026, 12, 31))
    done = await set_value(company.desk, company.integration, "accounts", "5100", "a2", days=days)
    assert (done.added, done.changed, done.removed) == (2, 1, 0) and done.row is not None
    assert (done.row.was, done.row.span) == ("a1", "from 2026-10-01 until 2026-12-31")
    assert await _spans(company) == [
        ("a1", "until 2026-09-30"), ("a2", "from 2026-10-01 until 2026-12-31"), ("a1", "from 2027-01-01 on"),
    ]  # fmt: skip
    later = Days(date(2026, 11, 1))
    await set_value(company.desk, company.integration, "accounts", "5100", "a3", days=later)
    assert await _spans(company) == [
        ("a1", "until 2026-09-30"), ("a2", "from 2026-10-01 until 2026-10-31"), ("a3", "from 2026-11-01 on"),
    ]  # fmt: skip
    whole = Days(date(2026, 9, 1))
    taken = await set_value(company.desk, company.integration, "accounts", "5100", "a2", days=whole)
    assert (taken.removed, taken.changed) == (2, 1)
    assert await _spans(company) == [("a1", "until 2026-08-31"), ("a2", "from 2026-09-01 on")]
    with pytest.raises(BadInput, match="turn the days round"):
        backwards = Days(date(2026, 9, 2), date(2026, 9, 1))
        await set_value(company.desk, company.integration, "accounts", "5100", "a2", days=backwards)


async def test_who_changed_what(read_company: Company) -> None:
    company, other = read_company, replace(read_company.desk, actor=Actor("cli/bert"))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", "as agreed")
    await set_value(other, company.integration, "accounts", "5100", "a2", days=Days(date(2026, 10, 1)))
    await set_value(company.desk, company.integration, "accounts", "6100", "a2")
    await remove_value(other, company.integration, "accounts", "6100")
    found = await history(company.desk, company.integration, "accounts")
    assert [(one.who, one.key, one.was, one.value) for one in found.changes] == [
        ("cli/bert", "6100", "a2", ""), ("cli/anna", "6100", "", "a2"), ("cli/bert", "5100", "a1", "a1"),
        ("cli/bert", "5100", "", "a2"), ("cli/anna", "5100", "", "a1"),
    ]  # fmt: skip
    assert found.changes[-1].note == "as agreed" and found.changes[-1].name == "5100 Job Materials"
    assert found.changes[2].days == "until 2026-09-30"
    one = await history(company.desk, company.integration, "accounts", "6100")
    assert {change.key for change in one.changes} == {"6100"} and len(one.changes) == 2
    assert (await history(company.desk, company.integration, "tax")).changes == ()
    with pytest.raises(NotFound, match="no mapping table 'colours'"):
        await history(company.desk, company.integration, "colours")


async def test_spreadsheets_that_write_semicolons_and_marks(read_company: Company) -> None:
    text = "\ufeffsource_key;target_key\r\n5100;a1\r\n\r\n"
    assert (await import_mapping(read_company.desk, read_company.integration, "accounts", text)).added == 1


@pytest.mark.parametrize(
    ("table", "value", "told"),
    [
        ("accounts", "zzz", "'zzz' is no account of the ledger"),
        ("tax", "half", "'half' is none of cost, account:<id>, tax:<id>"),
        ("tax", "40% cost, 50% account:a1", "do not add up to 100 %"),
        ("tax", "tax:t9", "'t9' is no tax of the ledger"),
        ("tax", "account:zzz", "'zzz' is no account of the ledger"),
        ("business_units", "d9", "nor none"),
        ("vendors", "p9", "'p9' is no vendor of the ledger, nor new"),
    ],
)
async def test_wrong_values_are_refused(read_company: Company, table: str, value: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        await set_value(read_company.desk, read_company.integration, table, "key", value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("table", "value"),
    [("tax", "40% cost, 60% account:a1"), ("tax", "tax:t1"), ("business_units", "none"), ("vendors", "new"),
     ("bill_numbers", "INV-1 B")],
)  # fmt: skip
async def test_special_values_are_taken(read_company: Company, table: str, value: str) -> None:
    done = await set_value(read_company.desk, read_company.integration, table, "key", value, anyway=True)
    assert done.added == 1
    assert (await remove_value(read_company.desk, read_company.integration, table, "key")).removed == 1
    with pytest.raises(NotFound, match="has no row 'key'"):
        await remove_value(read_company.desk, read_company.integration, table, "key")


async def test_every_change_is_in_the_trail(read_company: Company) -> None:
    company = read_company
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(company.desk, company.integration, "accounts", "5100", "a2")
    from ml_connector.service.auditing import export_audit

    trail = b"".join([line async for line in export_audit(company.desk)]).decode()
    assert '"before":null' in trail and '"before":"a1"' in trail and '"after":"a2"' in trail


async def test_unknown_tables_and_unread_lists(company: Company) -> None:
    with pytest.raises(NotFound, match=r"no mapping table 'colours'; it has .*accounts, tax"):
        await set_value(company.desk, company.integration, "colours", "a", "b")
    done = await set_value(company.desk, company.integration, "accounts", "5100", "whatever")
    assert "accounts have not been read yet" in done.warnings[0]


async def test_suggestions_carry_their_evidence(read_company: Company) -> None:
    company = read_company
    found = {one.key: one for one in await suggest(company.desk, company.integration, "accounts")}
    assert found["5100"].exact is not None and found["5100"].exact.value == "a1"
    assert found["5100"].waiting == 1 and found["5100"].uses == 1
    assert found["9999"].exact is None
    done = await accept_exact(company.desk, company.integration, "accounts")
    assert done.added == sum(one.exact is not None for one in found.values())
    assert "9999" in {one.key for one in await suggest(company.desk, company.integration, "accounts")}


async def test_a_like_name_is_no_proof(read_company: Company) -> None:
    company = read_company
    found = {one.key: one for one in await suggest(company.desk, company.integration, "vendors")}
    assert found["v1"].exact is not None and found["v1"].exact.value == "p1"
    assert found["v3"].exact is None and found["v3"].candidates[0].value == "p1"
    assert "% alike" in found["v3"].candidates[0].evidence
    tax = await suggest(company.desk, company.integration, "tax")
    assert [(one.key, one.candidates[0].value, one.exact) for one in tax] == [("Texas", "tax:t1", None)]


async def test_a_units_tax_row_frees_what_waits_for_tax_without_a_zone(company: Company) -> None:
    taxed = bill("1", tax=Decimal("8.25"), total="108.25", business_unit=Ref("bu1"))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(taxed)
    await company.plan()
    assert [cause.code for cause in await _waiting(company)] == ["tax_without_zone", "vendor_pending"]
    assert (await set_value(company.desk, company.integration, "tax", "business unit bu1", "cost")).released == 1
    for _ in range(3):
        await company.plan()
    assert [step.total for step in company.books.written if step.entity == "bills"] == [Decimal("108.25")]


async def test_a_corrected_tax_rule_frees_what_its_former_account_held(company: Company) -> None:
    taxed = bill("1", tax=Decimal("8.25"), total="108.25", tax_zone=Ref("z", "Duluth"))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(company.desk, company.integration, "tax", "Duluth", "account:a3")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(taxed)
    for _ in range(3):
        await company.plan()
    assert [cause.code for cause in await _waiting(company)] == ["account_inactive", "vendor_pending"]
    assert (
        await set_value(company.desk, company.integration, "tax", "Duluth", "40% cost, 60% account:a2")
    ).released == 1
    for _ in range(3):
        await company.plan()
    assert [step.total for step in company.books.written if step.entity == "bills"] == [Decimal("108.25")]


async def _waiting(company: Company) -> list[Cause]:
    flows = (await status(company.desk)).integrations[0].flows
    causes = next(flow.waiting for flow in flows if flow.flow == "bills")
    return sorted(causes, key=lambda cause: cause.code)


async def test_a_key_that_nothing_shows_is_refused(read_company: Company) -> None:
    company = read_company
    with pytest.raises(BadInput, match=r"tax: no document uses 'Texsa' \(did you mean 'Texas'\?\).*--anyway"):
        await set_value(company.desk, company.integration, "tax", "Texsa", "cost")
    with pytest.raises(FileRefused) as refused:
        await import_mapping(company.desk, company.integration, "accounts", f"{HEADER}5100,a1,,,\n510O,a1,,,\n")
    assert "line 3: no document uses '510O' (did you mean '5100', Materials?)" in refused.value.problems[0]
    with pytest.raises(BadInput, match=r"no document uses 'materials' \(did you mean '\d+', Materials\?\)"):
        await set_value(company.desk, company.integration, "accounts", "materials", "a1")
    for table, key in (("accounts", "(none)"), ("tax", "(no zone)"), ("bill_numbers", "1"), ("vendors", "v2")):
        value = {"accounts": "a1", "tax": "cost", "vendors": "new"}.get(table, "INV-9")
        assert (await set_value(company.desk, company.integration, table, key, value)).added == 1
    file = f"{HEADER}510O,a1,,,\n"
    assert (await import_mapping(company.desk, company.integration, "accounts", file, anyway=True)).added == 1
    assert (await import_mapping(company.desk, company.integration, "accounts", file)).unchanged == 1


async def test_accounts_are_found_by_number_and_name(read_company: Company) -> None:
    company = read_company
    twins = (Account("a7", "Freight", "7000"), Account("a8", "Freight", "7001"))
    company.books.lists["accounts"] = (*company.books.lists["accounts"], *twins)
    lane = await company.lane(company.target, company.books, BOOKS)
    await refresh(lane, "accounts", 0)
    assert [one.value for one in await targets(company.desk, company.integration, "accounts", "freight")] == [
        "a7",
        "a8",
    ]
    tax = await targets(company.desk, company.integration, "tax")
    assert {"cost", "account:a7", "tax:t1"} <= {one.value for one in tax}
    await set_value(company.desk, company.integration, "accounts", "5100", "7001")
    await set_value(company.desk, company.integration, "tax", "Texas", "40% cost, 60% account:7000")
    await import_mapping(company.desk, company.integration, "accounts", f"{HEADER}6100,Small Tools,,,\n")
    for table, key, value in (
        ("accounts", "5100", "a8"), ("accounts", "6100", "a2"), ("tax", "Texas", "40% cost, 60% account:a7"),
    ):  # fmt: skip
        rows = csv.DictReader(io.StringIO(await export_mapping(company.desk, company.integration, table)))
        assert {row["source_key"]: row["target_key"] for row in rows}[key] == value
    with pytest.raises(BadInput, match=r"'Freight' is the number or name of several: .* a7 \(7000 Freight\), a8"):
        await set_value(company.desk, company.integration, "accounts", "5100", "Freight")
    with pytest.raises(NotFound, match="takes no entries of the ledger"):
        await targets(company.desk, company.integration, "bill_numbers")


async def test_a_charge_goes_to_an_account_that_exists(read_company: Company) -> None:
    company = read_company
    with pytest.raises(BadInput, match="freight_account cannot be '123': the ledger has no account"):
        await change_settings(company.desk, company.integration, {"freight_account": "123"})
    made = await change_settings(
        company.desk, company.integration, {"freight_account": "5100", "other_account": "lines"}
    )
    assert (made.settings["freight_account"], made.settings["other_account"]) == ("a1", "lines")


async def test_an_account_that_cannot_be_used_is_told_and_not_proposed(read_company: Company) -> None:
    company = read_company
    closed = Account("a9", "Obsolete stock", "5180", active=False)
    company.books.lists["accounts"] = (*company.books.lists["accounts"], closed)
    await refresh(await company.lane(company.target, company.books, BOOKS), "accounts", 0)
    done = await set_value(company.desk, company.integration, "accounts", "9999", "a9")
    assert done.warnings == (
        "accounts, row '9999': 5180 Obsolete stock cannot be used (archived or inactive in the ledger): what is mapped to it "
        "waits until it can.",
    )
    with pytest.raises(BadInput) as refused:
        await set_value(company.desk, company.integration, "accounts", "9999", "5181")
    assert "Obsolete" not in str(refused.value)


async def test_naming_a_value_again_changes_nothing(read_company: Company) -> None:
    company = read_company
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", "suggested: same number")
    done = await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    assert (done.added, done.changed, done.unchanged) == (0, 0, 1)
    assert len((await history(company.desk, company.integration, "accounts", "5100")).changes) == 1


async def test_before_anything_is_read_nobody_says_that_nothing_waits(company: Company) -> None:
    told = await unread(company.desk, company.integration, "accounts")
    assert told.startswith("Nothing of ") and "bills" in told and "'ml-connector preview'" in told
    assert "invoices" in await unread(company.desk, company.integration, "items")
    await company.read(bill("1"))
    assert await unread(company.desk, company.integration, "accounts") == ""
