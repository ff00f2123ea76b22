"""``connect zoho-books``: the way back from Zoho's consent page, over real HTTP, with the emulator's grants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import aiohttp
import pytest
from cli_terminal import COMMAND, environment

from ml_connector.cli import redirect as way_back
from ml_connector.cli.context import Cli
from ml_connector.connectors.grants import Consent
from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting
from ml_connector.service.connecting import Granted
from ml_connector.service.credentials import checked_credentials
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox.running("small", speed=60.0, limits=False) as running:
        running.write(tmp_path / "sandbox.json")
        yield running


# --- a person with a browser -------------------------------------------------------------------------------------


async def asked_page(sandbox: Sandbox, address: str, decision: str = "accept") -> str:
    """Answer the consent page as a person does; the address the browser is sent to."""
    sandbox.zoho_books.switches.auto_consent = False
    parts = urlsplit(address)
    host = parts.hostname or ""
    url = f"http://{sandbox.handover['hosts'][host]}{parts.path}?{parts.query}"
    async with aiohttp.ClientSession(headers={"Host": host}) as browser:
        async with browser.get(url) as page:
            assert page.status == 200 and "ZohoBooks.bills.CREATE" in await page.text()
        async with browser.post(url, data={"decision": decision}, allow_redirects=False) as answer:
            assert answer.status == 302
            return answer.headers["Location"]


async def visited(address: str) -> tuple[int, str]:
    """What the browser is shown at an address of this machine."""
    async with aiohttp.ClientSession() as browser, browser.get(address) as answer:
        return answer.status, await answer.text()


def changed(address: str, **values: str) -> str:
    """The address with other values in its query; an empty one is left out."""
    parts = urlsplit(address)
    query = {name: value[0] for name, value in parse_qs(parts.query).items()} | values
    return urlunsplit(parts._replace(query=urlencode({name: value for name, value in query.items() if value})))


# --- received on loopback ----------------------------------------------------------------------------------------


@dataclass
class Attempt:
    """One consent under way, and the listener for its answer."""

    sandbox: Sandbox
    runtime: Runtime
    credentials: Mapping[str, str]
    redirect: str
    asked: Consent
    receiving: asyncio.Task[Mapping[str, str]]

    async def granted(self) -> Granted:
        """What the command does with the answer."""
        connector = self.runtime.connectors["zoho_books"]
        returned = await asyncio.wait_for(self.receiving, 10)
        return await connecting.granted_by_consent(
            self.runtime, connector, self.credentials, {}, self.redirect, returned
        )


@asynccontextmanager
async def attempt(sandbox: Sandbox, database: Database, folder: Path, port: int) -> AsyncIterator[Attempt]:
    """Consent asked for, with the listener on a port of its own, which the client's registration knows."""
    given = {**sandbox.handover["credentials"]["zoho_books"], "redirect": f"http://127.0.0.1:{port}/oauth/zoho-books"}
    client = sandbox.company.zoho_books.clients[given["client_id"]]
    client.redirect_uris = (*client.redirect_uris, given["redirect"])
    async with Runtime.on(database, Settings(data=folder / "data", sandbox=folder / "sandbox.json")) as runtime:
        connector = runtime.connectors["zoho_books"]
        names = {field.name for field in connector.credentials}
        credentials = checked_credentials(connector, {name: given.get(name, "") for name in names})
        asked = connecting.consent(connector, credentials, given["redirect"])
        receiving = asyncio.create_task(way_back.received(quiet(), given["redirect"], asked))
        await listening(port)
        try:
            yield Attempt(sandbox, runtime, credentials, given["redirect"], asked, receiving)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)


def quiet() -> Cli:
    return Cli.on(Settings(), True, "")


async def listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    raise AssertionError(f"nobody listens on {port}")


async def test_the_browser_brings_the_grant(
    sandbox: Sandbox, database: Database, tmp_path: Path, unused_port: int
) -> None:
    async with attempt(sandbox, database, tmp_path, unused_port) as one:
        status, page = await visited(await asked_page(sandbox, one.asked.address))
        assert status == 200 and page.startswith("Thank you.")
        grant = await one.granted()
        assert [found.id for found in grant.organisations] == [
            sandbox.handover["credentials"]["zoho_books"]["organization_id"]
        ]
        assert grant.tokens.refresh_token and grant.tokens.api_base == "https://www.zohoapis.eu/books/v3"


async def test_an_answer_to_another_attempt_is_refused_and_the_right_one_still_taken(
    sandbox: Sandbox, database: Database, tmp_path: Path, unused_port: int
) -> None:
    async with attempt(sandbox, database, tmp_path, unused_port) as one:
        address = await asked_page(sandbox, one.asked.address)
        for forged in (changed(address, state="somebody-elses"), changed(address, state="")):
            status, page = await visited(forged)
            assert status == 400
            assert page.startswith("The address that came back belongs to another attempt (its state is not ours)")
        assert not one.receiving.done()
        assert (await visited(f"http://127.0.0.1:{unused_port}/favicon.ico"))[0] == 404
        assert (await visited(address))[0] == 200
        assert (await one.granted()).tokens.refresh_token


async def test_a_declined_consent_is_told(
    sandbox: Sandbox, database: Database, tmp_path: Path, unused_port: int
) -> None:
    async with attempt(sandbox, database, tmp_path, unused_port) as one:
        address = await asked_page(sandbox, one.asked.address, "reject")
        assert "error=access_denied" in address
        status, page = await visited(address)
        assert status == 200 and page.startswith("The consent was not given.")
        with pytest.raises(BadInput, match="The consent was declined at Zoho: connect again and choose Accept"):
            await one.granted()


async def test_nobody_comes_back(unused_port: int) -> None:
    asked = Consent("https://accounts.zoho.eu/oauth/v2/auth", "ours")
    address = f"http://localhost:{unused_port}/oauth/zoho-books"
    with pytest.raises(BadInput, match=r"Nobody came back .* nothing was connected: connect again, or use --paste"):
        await way_back.received(quiet(), address, asked, patience=0.05)
    with pytest.raises(OSError):  # the port is free again
        await asyncio.open_connection("127.0.0.1", unused_port)


async def test_a_taken_port_is_told(unused_port: int) -> None:
    taken = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", unused_port)
    async with taken:
        address = f"http://127.0.0.1:{unused_port}/oauth/zoho-books"
        with pytest.raises(BadInput, match=r"cannot be received here .*: free the port, or use --paste"):
            await way_back.received(quiet(), address, Consent("", "ours"), patience=5)


# --- pasted ------------------------------------------------------------------------------------------------------


class Command:
    """``connect zoho-books --paste`` in a process of its own, up to its question for the address."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process, self.address = process, address

    async def paste(self, text: str) -> tuple[int, str]:
        """Its exit code, and all it said afterwards on one line."""
        out, err = await asyncio.wait_for(self._process.communicate(f"{text}\n".encode()), 60)
        return self._process.returncode or 0, " ".join((out + b" " + err).decode().split())


@asynccontextmanager
async def pasting(folder: Path, url: str, *options: str, **more: str) -> AsyncIterator[Command]:
    env = environment(
        folder / "data", DATABASE_URL=url, ML_CONNECTOR_SANDBOX=str(folder / "sandbox.json"), COLUMNS="3000", **more
    )
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "connect", "zoho-books", "--paste", *options, env=env, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    address, line = "", b"x"
    try:
        while line and "Paste the address" not in line.decode():
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            address = line.decode().strip() if line.startswith(b"https://") else address
        assert address, "no consent address was shown"
        yield Command(process, address)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def connections_in(database: Database) -> int:
    async with database.dispatch() as session:
        row = await (await session.execute(b"select count(*) from lane")).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.slow
async def test_a_pasted_address_connects(
    sandbox: Sandbox, database: Database, database_url: str, tmp_path: Path
) -> None:
    async with pasting(tmp_path, database_url) as command:
        address = await asked_page(sandbox, command.address)
        assert address.startswith("http://127.0.0.1:8743/oauth/zoho-books?code=")
        code, said = await command.paste(address)
        assert code == 0 and "Connected: Zoho Books, organisation" in said
    assert await connections_in(database) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ({"accounts-server": "https://accounts.zoho.com", "location": "us"}, "lives in the data centre us (United States)"),
        ({"accounts-server": "https://accounts.zoho.eu.evil.example"}, "none of Zoho's eight: nothing was sent there"),
        ({"state": "somebody-elses"}, "belongs to another attempt (its state is not ours): nothing was exchanged"),
        ({"code": ""}, "carries no code: connect again from the beginning"),
        ({"code": "1000.used"}, "Zoho does not accept the code or refresh token"),
    ],
    ids=["another data centre", "no data centre", "another state", "no code", "another code"],
)  # fmt: skip
async def test_a_pasted_address_that_is_wrong_connects_nothing(
    sandbox: Sandbox, database: Database, database_url: str, tmp_path: Path, spoiled: dict[str, str], told: str
) -> None:
    async with pasting(tmp_path, database_url) as command:
        address = await asked_page(sandbox, command.address)
        code, said = await command.paste(changed(address, **spoiled))
        assert code == 2 and told in said and "Traceback" not in said, said
    assert await connections_in(database) == 0


@pytest.mark.slow
async def test_an_account_of_another_data_centre_is_named(
    sandbox: Sandbox, database: Database, database_url: str, tmp_path: Path
) -> None:
    """Chosen was the US, where the client is registered with a secret of its own; the person's account is in Europe."""
    given = sandbox.handover["credentials"]["zoho_books"]
    sandbox.company.zoho_books.clients[given["client_id"]].secrets["us"] = "sandbox-us"
    async with pasting(tmp_path, database_url, "--data-centre", "us", ZOHO_BOOKS_CLIENT_SECRET="sandbox-us") as command:
        assert command.address.startswith("https://accounts.zoho.com/")
        code, said = await command.paste(await asked_page(sandbox, command.address))
        assert code == 2
        assert "This Zoho account lives in the data centre eu (Europe), but us was chosen: choose eu" in said
    assert await connections_in(database) == 0


@pytest.mark.slow
async def test_what_is_no_address_is_told(
    sandbox: Sandbox, database: Database, database_url: str, tmp_path: Path
) -> None:
    async with pasting(tmp_path, database_url) as command:
        code, said = await command.paste("yes")
        assert code == 2 and "What was pasted is no address with a code" in said
    assert await connections_in(database) == 0


@pytest.fixture
def unused_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
