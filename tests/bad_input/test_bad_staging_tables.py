"""Files of mapping tables for ServiceNow: a fault refuses the whole file, what will wait all the same is told."""

from __future__ import annotations

import pytest
from bad_input_world import csv_of, one_sentence
from bad_staging_world import KIND, Staging

from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.files import FileRefused, export_mapping, import_mapping
from ml_connector.service.mapping.rows import Applied
from ml_connector.service.mapping.values import remove_value, set_value

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

DATED = "source_key,target_key,valid_from,valid_until"


class Tables:
    """The firm's tables, its lists read; ``mine`` are their rows as they stand."""

    def __init__(self, staging: Staging, integration: Integration) -> None:
        self.staging, self.integration = staging, integration
        self.answers = staging.sandbox.handover["company"]["integrations"][KIND]["mapping"]

    def key(self, table: str) -> str:
        """A key that the table knows."""
        if table == "cost_centers":
            return str(next(iter(next(iter(self.staging.zoho.reporting_tags.values())).options)))
        return str(next(iter(self.answers[table])))

    def there(self, table: str, **wanted: str) -> dict[str, str]:
        return next(row for row in self.staging.instance.records.rows(table) if wanted.items() <= row.items())

    async def rows(self, table: str) -> str:
        return await export_mapping(self.staging.desk, self.integration, table)

    async def imported(self, table: str, text: str) -> Applied:
        return await import_mapping(self.staging.desk, self.integration, table, text)

    async def refused(self, table: str, text: str) -> str:
        before = await self.rows(table)
        with pytest.raises(FileRefused) as told:
            await self.imported(table, text)
        assert await self.rows(table) == before
        return " ".join(told.value.problems)


@pytest.fixture
async def tables(staging: Staging) -> Tables:
    await staging.go()
    return Tables(staging, await integration_named(staging.desk, KIND))


async def test_a_faulty_file_changes_nothing_and_says_which_line(tables: Tables) -> None:
    account = tables.there("sn_fin_gl_account")["sys_id"]
    other = [row["sys_id"] for row in tables.staging.instance.records.rows("sn_fin_gl_account")][1]
    center = tables.there("cmn_cost_center")["sys_id"]
    key, option = tables.key("accounts"), tables.key("cost_centers")
    for table, text, words in (
        ("cost_centers", csv_of(f"{option},9999"), ("line 2", "'9999'")),
        ("cost_centers", csv_of(f"{option},{account}"), ("line 2", account)),
        ("cost_centers", csv_of(f"9,{center}"), ("line 2", "no document uses '9'")),
        ("accounts", csv_of(f"{key},{center}"), ("line 2", center)),
        ("accounts", csv_of(f"{key},{account}", f"{key},{account}"), ("line 3", "repeats line 2")),
        ("accounts", csv_of(f"{key},{account}", f"{key},{other}"), ("line 3", "contradicts line 2")),
        ("accounts", csv_of(f"{key},{account}", header="account,gl_account"), ("line 1", "source_key is missing")),
        ("accounts", csv_of(f"{key};{account}", header="source_key;gl"), ("line 1", "target_key is missing")),
        (
            "accounts",
            csv_of(f"4.60001E+17,{account}"),
            ("line 2", "'4.60001E+17'", "spreadsheet", "column source_key is text"),
        ),
        ("accounts", csv_of(f'"4,6E+17",{account}'), ("line 2", "spreadsheet")),
        ("accounts", csv_of(f"{key},{account},31.01.2026,", header=DATED), ("line 2", "'31.01.2026'", "2026-01-31")),
        ("accounts", "PK\x03\x04\x14\x00", ("line 1", "no text", "no CSV file")),
        ("legal_entities", csv_of(f"(all),{center}"), ("line 2", center)),
        ("payment_methods", csv_of("Check,barter"), ("line 2", "'barter'", "bank_transfer")),
    ):
        told = await tables.refused(table, text)
        one_sentence(f"{told}.", *words)


async def test_a_file_as_a_spreadsheet_writes_it_is_taken(tables: Tables) -> None:
    row = tables.there("sn_fin_gl_account", inactive="false")
    key = tables.key("accounts")
    text = f"\ufeffSource_Key;Target_Key;Note\r\n {key} ;{row['sys_id']};Bürobedarf\r\n;;\r\n"
    assert (await tables.imported("accounts", text)).warnings == ()
    assert f"{key}," in await tables.rows("accounts") and row["sys_id"] in await tables.rows("accounts")


async def test_what_cannot_be_used_there_is_told_when_it_is_mapped(tables: Tables) -> None:
    records, option, key = tables.staging.instance.records, tables.key("cost_centers"), tables.key("accounts")
    account, center = tables.there("sn_fin_gl_account"), tables.there("cmn_cost_center")
    records.update(account, {"inactive": "true"})
    records.update(center, {"valid_to": "2026-01-31 00:00:00"})
    await tables.staging.later()
    await tables.staging.go()
    desk, integration = tables.staging.desk, tables.integration
    [told] = (await set_value(desk, integration, "accounts", key, account["sys_id"])).warnings
    one_sentence(told, f"accounts, row '{key}'", account["number"], "inactive", "waits until it can")
    [told] = (await set_value(desk, integration, "cost_centers", option, center["sys_id"])).warnings
    one_sentence(told, f"cost_centers, row '{option}'", center["name"], "is valid through 2026-01-3", "prolonged")
    dated = csv_of(f"{option},{center['sys_id']},,2026-01-15", header=DATED)
    await remove_value(desk, integration, "cost_centers", option)
    assert (await tables.imported("cost_centers", dated)).warnings == ()  # the row ends before the centre does
