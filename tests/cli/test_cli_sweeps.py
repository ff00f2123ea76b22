"""``breaker`` and ``doubles`` as a person meets them: what is told, decided, and how the commands end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped

from joined import Joined, joined
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(
        tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
    )


async def typed(env: dict[str, str], *arguments: str) -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, 100)


def received(company: Joined, count: int) -> None:
    """More bills like the first at ServiceTitan, under other numbers."""
    tenant = company.sandbox.company.seed.tenant
    first = tenant.bills[int(company.sandbox.company.truth[0].bill_id)]
    items = tuple(replace(item, id=0, receipt_item_id=None) for item in first.items)
    for n in range(1, count + 1):
        tenant.add_bill(
            replace(
                first, id=0, vendor_number=f"M-{n}", created_on="", modified_on="", items=items, purchase_order_id=None
            )
        )


def keyed_again(company: Joined) -> tuple[str, str]:
    """A bill of ours keyed once more by hand in Zoho Books; both ids."""
    books = company.sandbox.company.seed.organisation
    bill = next(one for one in books.bills if one.custom)
    vendor = next(one for one in books.contacts if one.contact_id == bill.vendor_id)
    lines = [{"account_id": bill.lines[0].account_id, "rate": bill.total, "quantity": 1}]
    return bill.document_id, books.add_bill(vendor, f"{bill.number} /", bill.date, lines).document_id


async def test_what_was_stopped_is_told_and_decided(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    async with joined(database, tmp_path, settings={"breaker_floor": "3"}) as company:
        await company.fill_mappings()
        await company.go()
        await company.sync()
        received(company, 12)
        await company.sync()

        shown = await typed(env, "breaker")
        assert shown.code == 1 and shown.widest <= 100
        assert "12 new documents of" in shown.sentence and "none of them was sent" in shown.sentence
        told = json.loads(piped(["--json", "breaker"], env).stdout)
        assert (told[0]["kind"], told[0]["affected"]) == ("creates", 12) and set(told[0]["sums"]) == {"USD"}
        number = str(told[0]["breaker_id"])
        accepted = await typed(env, "breaker", "accept", number)
        assert accepted.code == 0 and "12 records go on" in accepted.sentence
        again = await typed(env, "breaker", "dismiss", number, "no")
        assert again.code == 2 and "was accepted by cli/" in again.sentence
        assert "accepted by cli/" in (await typed(env, "breaker", "--all")).sentence

        both = keyed_again(company)
        found = await typed(env, "doubles", "--now")
        assert found.code == 1 and all(one in found.text for one in both), found.text
        assert "void all but one of them there" in found.sentence and f"Keep {both[0]}" in found.sentence
        assert "void all but one of them there" in (await typed(env, "explain", both[0])).sentence
        double = str(json.loads(piped(["--json", "doubles"], env).stdout)["found"][0]["double_id"])
        assert (await typed(env, "doubles", "dismiss", double, "two deliveries")).code == 0
        shown = await typed(env, "doubles", "--all")
        assert "dismissed by cli/" in shown.sentence and "two deliveries" in shown.sentence
        assert json.loads(piped(["--json", "doubles", "--all"], env).stdout)["found"][0]["why"] == "two deliveries"
