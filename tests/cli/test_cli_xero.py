"""``connect xero`` on the sandbox: every kind of app, by the command line itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import environment
from test_cli_sandboxed import Place, ended

from ml_connector_sandbox.company.access import Access
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio
ACCESS = Access()
SECOND = "5e0a2c86-7b1d-4f39-9c44-2d8f6b1a7e04"


@pytest.fixture
async def place(tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    async with Sandbox.running("contractor", speed=60.0) as running:
        running.write(tmp_path / "sandbox.json")
        off = environment(tmp_path / "data", DATABASE_URL=database_url)
        yield Place({**off, "ML_CONNECTOR_SANDBOX": str(tmp_path / "sandbox.json")}, off, database_url)


@pytest.mark.parametrize(
    ("options", "secret"),
    [
        ([], ""),
        (["--app", "pkce", "--client-id", ACCESS.xero_native_id], ""),
        (["--app", "custom", "--client-id", ACCESS.xero_custom_id], ACCESS.xero_custom_secret),
    ],
    ids=["web", "pkce", "custom"],
)
async def test_each_kind_of_app_connects_and_is_found_good(place: Place, options: list[str], secret: str) -> None:
    env = {**place.on, **({"XERO_CLIENT_SECRET": secret} if secret else {})}
    code, told = await ended(["connect", "xero", *options], env)
    assert (
        code == 0
        and f"Connected: Xero, organisation Prairie Lantern Heating & Cooling ({ACCESS.xero_organisation_id})" in told
    )
    assert "Open this address" not in told, "the sandbox consents by itself"
    code, told = await ended(["check"], env)
    assert code == 0, told
    assert "Active tracking categories: Business unit." in told
    # Renewed by whichever app, it stays the same connection.
    code, told = await ended(["connect", "xero", "--again", "Xero"], place.on)
    assert code == 0 and "The grant was renewed: Xero" in told, told


async def test_two_organisations_are_connected_and_renewed_by_one_consent(tmp_path: Path, database_url: str) -> None:
    async with Sandbox.running("contractor", speed=60.0) as running:
        first = running.company.xero_organisation.profile
        person = next(
            one for one in running.company.xero.users.values() if first.organisation_id in one.organisation_ids
        )
        name = "Prairie Lantern Parts"
        second = running.company.xero.organisation(SECOND, name=name, user=person.email).profile
        running.write(tmp_path / "sandbox.json")
        on = environment(
            tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
        )
        both = ["--organisation", first.organisation_id, "--organisation", second.name]
        code, told = await ended(["connect", "xero", *both, "--name", "Books"], on)
        assert code == 2 and "'Books' is for one connection" in told
        code, told = await ended(["connect", "xero", *both], on)
        assert code == 0 and "Connected: Xero, organisation" in told, told
        assert f"Connected: Xero {second.name}, organisation {second.name}" in told
        code, told = await ended(["connections", "--json"], on)
        assert code == 0 and len({one["grant_id"] for one in json.loads(told)}) == 1

        code, told = await ended(["connect", "xero", "--again", "Xero"], on)
        assert code == 0 and "The grant was renewed: Xero" in told, told
        code, told = await ended(["connections"], on)
        assert code == 0 and "consent" in told, told
