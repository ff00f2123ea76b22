"""``recode`` and ``rounding`` as a person meets them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.recoding import begin_recoding
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from recoding_world import Recoding, make_recoding

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Recoding]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        yield await make_recoding(Desk(runtime, tenant.tenant_id, actor))


async def test_a_recoding_is_shown_approved_and_given_up(company: Recoding, tmp_path: Path, database_url: str) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url)

    async def typed(*arguments: str, **more: str) -> Shown:
        return await asyncio.to_thread(in_terminal, arguments, env, 200, **more)

    none = await typed("recode", "list")
    assert none.code == 0 and "No recoding yet" in none.sentence
    company.xero.recode("N-3", "4100")
    await begin_recoding(company.desk, await company.integration(), "accounts", keys=["4200"])
    await company.settled()
    shown = await typed("recode", "show")
    assert shown.code == 1
    for told in (
        "Recoding 1 by the mapping table accounts, row 4200, begun", "Documents: 1 stay as they are, 2 to be approved.",
        "4200 Sales", "4300 Sales", "180.00 USD", "Bend Bakery", "N-1",
        "N-3 Bend Bakery: Somebody has recoded it in the ledger since it was posted: line 'Compressor' has account 4100",
        "'ml-connector recode approve 1' approves it",
    ):  # fmt: skip
        assert told in shown.sentence, shown.text
    no = await typed("recode", "approve", "1", typed="n\n", asked="[y/N]")
    assert no.code == 2 and "2 documents of the ledger would be recoded as shown." in no.sentence
    yes = await typed("recode", "approve", "1", "--yes")
    assert yes.code == 0 and "2 documents approved: recoded as shown, or held." in yes.sentence
    await company.settled()
    assert company.xero.codes("N-1") == ["4300"] and (await typed("recode", "show", "1")).code == 0
    again = await asyncio.to_thread(piped, ("recode", "show", "1", "--json"), env)
    assert json.loads(again.stdout)["counts"] == {"left": 1, "recoded": 2}
    stopped = await typed("recode", "stop", "1")
    assert stopped.code == 0 and "0 documents of recoding 1 stay" in stopped.sentence
    wrong = await typed("recode", "show", "9")
    assert wrong.code == 2 and "There is no recoding 9" in wrong.sentence


async def test_rounding_lines(company: Recoding, tmp_path: Path, database_url: str) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url)
    found = await asyncio.to_thread(in_terminal, ("rounding", "servicetitan-xero"), env, 120)
    assert found.code == 0 and "No document was posted with a rounding line." in found.sentence
    wrong = await asyncio.to_thread(in_terminal, ("rounding", "--since", "soon"), env, 120)
    assert wrong.code == 2 and "is no date such as" in wrong.sentence
