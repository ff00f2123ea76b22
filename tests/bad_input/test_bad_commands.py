"""Names, settings and values that do not exist or cannot be: the sentence says which, and what there is instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_input_world import Shell, csv_of, nothing_changes, one_sentence

from joined import KIND, Joined
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def told_shell(shell: Shell, company: Joined, tmp_path: Path) -> Shell:
    """The command line on the joined company."""
    shell.sandbox_file = tmp_path / "sandbox.json"
    return shell


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("integrate", KIND, "--set", "gates=received"), ("'gates'", "did you mean gate")),
        (("integrate", KIND, "--set", "gate=opened"), ("gate", "'opened'", "received, reconciled, posted")),
        (("integrate", KIND, "--set", "start_date=01/02/2026"), ("start_date", "2026-01-31")),
        (("integrate", KIND, "--set", "start_date="), ("start_date", "never posted")),
        (("integrate", "servicetitan-sage"), ("'servicetitan-sage'", KIND)),
        (("integrate", KIND, "--source", "Elsewhere"), ("'Elsewhere'", "'ServiceTitan'")),
        (("settings", "--set", "rounding_limit=1"), ("rounding_limit", "0.05")),
        (("settings", "--set", "rounding_limit=a cent"), ("rounding_limit", "'a cent'", "0.05")),
        (("settings", "--set", "closed_through=soon"), ("closed_through", "'soon'", "date")),
        (("live", "quotes"), ("'quotes'", "vendors", "bills")),
        (("live", "bills", "--integration", "7"), ("'7'", KIND)),
        (("sync", "quotes"), ("'quotes'", "vendors", "bills")),
        (("explain", "999999"), ("999999",)),
        (("explain", "no such bill"), ("no such bill", "'ml-connector records NAME'")),
        (("records", "bills"), ("'bills'", "--flow bills")),
        (("preview", "bills"), ("There is no integration 'bills'", "'bills' is a flow")),
        (("records", "--state", "lost"), ("'lost'", "posted", "held")),
        (("records", "--flow", "expenses"), ("'expenses'", "bills, bills_exported")),
        (("replay", "999999"), ("999999",)),
        (("check", "Elsewhere"), ("'Elsewhere'", "'ServiceTitan', 'Zoho Books'")),
        (("map", "export", "colours"), ("'colours'", "accounts, tax, business_units")),
        (("map", "set", "accounts", "5110", ""), ("value", "--remove")),
        (("map", "set", "accounts", "5110", "--remove"), ("accounts", "'5110'")),
        (("map", "import", "accounts", "nowhere.csv"), ("nowhere.csv", "cannot be read")),
        (("--company", "Elsewhere", "status"), ("'Elsewhere'", "ServiceTitan tenant")),
        (("stats",), ("stats",)),
        (("live",), ("'ml-connector live bills'", "--all")),
        (("records", "--limit", "many"), ("many",)),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
async def test_what_does_not_exist_is_named(
    told_shell: Shell, company: Joined, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with nothing_changes(told_shell.url, company.sandbox):
        told = await told_shell.aside(*command)
    assert told.code == 2, told
    one_sentence(told.sentence, *words)


async def test_a_start_date_is_asked_for(shell: Shell, sandbox: Sandbox) -> None:
    assert (await shell.aside("connect", "servicetitan")).code == 0
    assert (await shell.aside("connect", "zoho-books")).code == 0
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("integrate", KIND)
    assert told.code == 2
    one_sentence(told.sentence, "start_date", "start_date=2026-01-01")


async def test_test_books_are_never_joined_with_real_ones(company: Joined, database_url: str) -> None:
    from ml_connector.errors import Refused
    from ml_connector.service import integrating

    async with company.desk.changing() as change:
        await change.run("delete from flow where tenant_id = %s", company.desk.tenant_id)
        await change.run("delete from integration where tenant_id = %s", company.desk.tenant_id)
        await change.run(
            "update connection set sandbox = false where tenant_id = %s and vendor = 'zoho_books'",
            company.desk.tenant_id,
        )
    with nothing_changes(database_url, company.sandbox), pytest.raises(Refused, match=r"test data never goes to real"):
        await integrating.integrate(company.desk, KIND, {"start_date": "2026-01-01"})


async def test_books_connected_as_test_do_not_become_real(company: Joined, database_url: str) -> None:
    from joined import connected
    from ml_connector.errors import Refused

    async with company.desk.changing() as change:
        await change.run("update connection set sandbox = false where tenant_id = %s", company.desk.tenant_id)
    with nothing_changes(database_url), pytest.raises(Refused, match="never mixed"):
        await connected(company.sandbox, company.runtime, "servicetitan", company.desk)


# --- mapping files -----------------------------------------------------------------------------------------------

_FILES = {
    "a missing column": (csv_of("5110,x", header="source_key,target"), ("line 1", "target_key is missing")),
    "an unknown column": (csv_of("5110,x,1", header="source_key,target_key,colour"), ("line 1", "'colour'")),
    "a column twice": (csv_of("1,2,3", header="source_key,target_key,target_key"), ("line 1", "twice")),
    "too few cells": (csv_of("5110"), ("line 2", "1 cells", "2")),
    "too many cells": (csv_of("5110,{5110},extra"), ("line 2", "3 cells")),
    "no key": (csv_of(",{5110}"), ("line 2", "source_key is empty")),
    "an unknown target": (csv_of("5110,460000000000388"), ("line 2", "'460000000000388'", "no account")),
    "a repeated row": (csv_of("5110,{5110}", "5110,{5110}"), ("line 3", "repeats line 2")),
    "a contradiction": (csv_of("5110,{5110}", "5110,{5120}"), ("line 3", "contradicts line 2")),
    "a broken quote": (csv_of('"5110,{5110}'), ("line", "no CSV row")),
    "no date": (
        csv_of("5110,{5110},soon", header="source_key,target_key,valid_from"), ("line 2", "valid_from 'soon'"),
    ),
    "backward dates": (
        csv_of("5110,{5110},2026-02-01,2026-01-01", header="source_key,target_key,valid_from,valid_until"),
        ("line 2", "before valid_from"),
    ),
    "nothing at all": ("", ("line 1", "the file is empty", "source_key")),
}  # fmt: skip


@pytest.mark.parametrize("fault", _FILES)
async def test_a_faulty_file_changes_nothing(told_shell: Shell, company: Joined, tmp_path: Path, fault: str) -> None:
    await company.fill_mappings()
    text, words = _FILES[fault]
    # A good row before the faulty one, which must not be applied either.
    for number in ("5110", "5120"):
        text = text.replace("{" + number + "}", company.company["mapping"]["accounts"][number])
    file = tmp_path / "accounts.csv"
    file.write_text(text)
    with nothing_changes(told_shell.url, company.sandbox):
        told = await told_shell.aside("map", "import", "accounts", str(file))
    assert told.code == 2 and "nothing was changed" in told.err
    assert all(word in told.err for word in words), told.err


async def test_all_faults_of_a_file_are_told_at_once(told_shell: Shell, company: Joined, tmp_path: Path) -> None:
    await company.fill_mappings()
    file = tmp_path / "accounts.csv"
    good = company.company["mapping"]["accounts"]["5120"]
    file.write_text(csv_of(f"5110,{good}", "5120", ",x", "5130,1"))
    with nothing_changes(told_shell.url, company.sandbox):
        told = await told_shell.aside("map", "import", "accounts", str(file))
    assert [f"line {number}" in told.err for number in (2, 3, 4, 5)] == [False, True, True, True]


async def test_a_file_that_is_not_text(told_shell: Shell, company: Joined, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes(b"source_key,target_key\n\xff\xfe,1\n")
    with nothing_changes(told_shell.url):
        told = await told_shell.aside("map", "import", "accounts", str(file))
    assert told.code == 2
    assert all(
        word in told.sentence for word in ("UTF-8", "line 2, column 1", "nothing was changed", "Save the table as")
    )
