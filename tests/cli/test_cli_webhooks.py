"""``webhook`` and ``webhooks`` in a terminal and as scripted: the key is never an argument and never shown."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped
from rich.console import Console

from joined import joined
from ml_connector.cli.webhooks import _added
from ml_connector.lanes.runtime import connectors as installed
from ml_connector.service.webhooks import Webhook
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BASE, KEY = "https://sync.example.com", "k" * 40


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(
        tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
    )


async def typed(env: dict[str, str], *arguments: str, key: str = "") -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, 100, key, asked="Key (empty: later): ")


async def scripted(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(piped, arguments, env)
    return done.returncode, done.stdout, " ".join(done.stderr.split())


async def test_a_webhook_is_added_listed_and_removed(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    async with joined(database, tmp_path):
        added = await typed(env, "webhook", "add", "servicetitan", "--address", BASE, "--key-file", str(file))
        assert added.code == 0 and KEY not in added.text
        assert "developer portal" in added.sentence and f"{BASE}/webhooks/mlh_" in added.text.replace("\n", "")

        later = await scripted({**env, "ML_CONNECTOR_ADDRESS": BASE}, "webhook", "add", "zoho-books", "--json")
        assert later[0] == 1 and json.loads(later[1])["keyed"] is False
        given = await scripted(env, "webhook", "key", "Zoho Books", "--key-file", str(file), "--json")
        assert given[0] == 0 and json.loads(given[1])["address"] == json.loads(later[1])["address"]

        code, out, _ = await scripted(env, "webhooks", "--json")
        assert code == 0 and [one["name"] for one in json.loads(out)] == ["ServiceTitan", "Zoho Books"]
        assert KEY not in out

        kept = await scripted(env, "webhook", "remove", "servicetitan")
        assert kept[0] == 2 and "add --yes" in kept[2]
        gone = await scripted(env, "webhook", "remove", "servicetitan", "--yes")
        assert gone[0] == 0 and "Nothing listens any more" in gone[1]


async def test_the_key_is_typed_without_being_shown(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    async with joined(database, tmp_path):
        add = ("webhook", "add", "servicetitan", "--address", BASE)
        later = await typed(env, *add, key="\n")
        assert later.code == 1 and "32 to 64 characters" in later.sentence and "It has no key yet" in later.sentence

        short = await typed(env, "webhook", "key", "servicetitan", key="tooshort\n")
        assert short.code == 2 and "32 to 64 characters without blanks" in short.sentence
        assert "tooshort" not in short.text

        given = await typed(env, "webhook", "key", "servicetitan", key=f"{KEY}\n")
        assert given.code == 0 and KEY not in given.text and "no key yet" not in given.sentence
        code, out, _ = await scripted(env, "webhooks", "--json")
        assert (code, [one["keyed"] for one in json.loads(out)]) == (0, [True])


def test_what_is_to_be_done_is_told_in_its_order() -> None:
    xero = installed()["xero"]
    at = datetime(2026, 8, 5, tzinfo=UTC)
    made = Webhook(
        1, "Xero's", "xero", f"{BASE}/webhooks/mlh_x", xero.webhook_place, False, at, "anna", 0, None, 0, 0, 0, None, 5, (),
        xero.webhook_key, xero.webhook_last,
    )  # fmt: skip
    out = io.StringIO()
    _added(Console(file=out, width=400), made)
    lines = out.getvalue().splitlines()
    assert lines[1] == f"{BASE}/webhooks/mlh_x"
    steps = [line for line in lines if line[:1].isdigit()]
    told = (
        "'ml-connector up --listen'",
        "Delivery URL",
        "ml-connector webhook key",
        "Send intent to receive",
        "webhooks.",
    )
    assert all(f"{n}. " in step and words in step for n, (step, words) in enumerate(zip(steps, told, strict=True), 1))
    assert sum("Send intent to receive" in line for line in lines) == 1
    keyed = io.StringIO()
    _added(Console(file=keyed, width=400), replace(made, keyed=True))
    assert "webhook key" not in keyed.getvalue() and "no key" not in keyed.getvalue()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("webhook", "add", "servicetitan"), "Say where vendors reach this service from outside"),
        (("webhook", "add", "xerox", "--address", BASE), "There is no connector 'xerox'"),
        (("webhook", "add", "ServiceNow"), "ServiceNow sends no webhooks: it is read by its schedule."),
        (("webhook", "key", "Xero"), "There is no webhook 'Xero'"),
        (("webhook", "add", "servicetitan", "--address", BASE, "--key-file", "/nowhere/key"), "cannot be read"),
        (("webhook", "add", "servicetitan", "--address", BASE, "--most-lost", "101"), "0 to 100"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(
    database: Database, env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    async with joined(database, tmp_path):
        code, out, err = await scripted(env, *arguments)
    assert (code, out) == (2, "")
    assert told in err
