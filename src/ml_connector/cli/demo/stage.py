"""What the tour stands on: a fresh folder, the sandbox as a process of its own, and a stranger's browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from ml_connector.errors import ConnectorError, Refused
from ml_connector.store.embedded import AlreadyRunning, DataDirectory
from ml_connector.transport.wire import Addresses

OFFICE = "office"  # the folder below the demo's in which the firms of the third chapter have their own
BOTH_WAYS, REGIONS = "both-ways", "regions"  # those of the fourth's
_MARK = ".ml-connector-demo"
_PATIENCE = 60.0  # machine seconds until the sandbox is ready


class DemoFailed(ConnectorError):
    """The demonstration cannot go on; the sentence says why."""


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty folder for the demo, held as long as the block runs and never emptied under a demo that runs in it.

    A folder that is not an earlier demo's is never touched. Raises DemoFailed, Refused naming the process that has it.
    """
    folder = folder.absolute()
    if folder.exists() and not folder.is_dir():
        raise DemoFailed(f"{folder} is a file: name another folder with --folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise DemoFailed(f"{folder} is not empty and is no earlier demonstration's: name another with --folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise DemoFailed(f"{folder} cannot be used: {error.strerror}. Name another with --folder.") from error
    with _claimed(folder) as kept:
        _empty(folder, {_MARK, kept.name})
        yield folder


@contextmanager
def _claimed(folder: Path) -> Iterator[Path]:
    """Hold the folder; the lock's file, which the kernel unlocks when this process dies. Raises Refused."""
    directory = DataDirectory(folder)
    try:
        claim = directory.claim_service("the demonstration")
    except AlreadyRunning as error:
        who = f"process {error.pid}" if error.pid else "another process"
        raise Refused(
            f"A demonstration runs already here ({who}); stop it with Ctrl-C or give another --folder."
        ) from error
    with claim:
        yield directory.lock("service").path


def _empty(folder: Path, kept: Set[str]) -> None:
    """Remove what an earlier demo left. Raises AlreadyRunning when a service still works on its data."""
    for data in (folder / "data", folder / OFFICE / "data", *(folder / one / "data" for one in (BOTH_WAYS, REGIONS))):
        if data.exists():
            with DataDirectory(data).claim_service("ml-connector"):
                shutil.rmtree(data)
    for one in folder.iterdir():
        if one.name in kept:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def neighbours_file(file: Path) -> Path:
    """The hand-over file of the company's neighbour, which the sandbox writes beside its own."""
    return file.with_name(f"{file.stem}-neighbour{file.suffix}")


@asynccontextmanager
async def sandbox(file: Path, speed: float, company: str = "contractor") -> AsyncIterator[None]:
    """The sandbox as a process of its own, ready when the block begins, gone when it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ml_connector_sandbox", "--file", str(file), "--speed", str(speed), "--company", company,
        "--with-parent", str(os.getpid()),
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        await _ready(process, file)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, file: Path) -> None:
    for _ in range(int(_PATIENCE * 10)):
        if file.exists():
            return
        if process.returncode is not None:
            assert process.stderr is not None
            told = (await process.stderr.read()).decode().strip().splitlines()
            raise DemoFailed(f"The sandbox did not start: {told[-1] if told else 'it ended without a word'}")
        await asyncio.sleep(0.1)
    raise DemoFailed("The sandbox was not ready in time.")


async def accept_consent(addresses: Addresses, address: str, hosts: frozenset[str]) -> None:
    """Do what a person's browser does: open the consent address, accept, and follow the way back to our receiver."""
    url, host = addresses.resolve(address, hosts)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(url, headers={"Host": host}, allow_redirects=False) as answer:
            back = answer.headers.get("Location", "")
        if URL(back).host not in ("127.0.0.1", "localhost"):
            raise DemoFailed(f"The sandbox's consent page led to {back or 'nowhere'} instead of back here.")
        async with browser.get(URL(back, encoded=True)):
            return


async def compared(
    file: Path, filled: Sequence[str] = (), *, credits: bool = False, posted: Sequence[str] = ()
) -> dict[str, Any]:  # fmt: skip
    """ServiceTitan's bills and Zoho Books' compared with each other, without our ledger. Raises DemoFailed.

    ``credits``: AP credits are posted, too. ``posted``: ids of bills that are, whatever the truth table says.
    """
    rows = [part for one in filled for part in ("--filled", one)]
    rows += [part for one in posted for part in ("--ending", f"{one}=posted")]
    return await _compared("compare", file, *rows, *(["--credits"] if credits else []))


async def sales_compared(file: Path) -> dict[str, Any]:
    """ServiceTitan's receivables and Xero's compared with each other, without our ledger. Raises DemoFailed."""
    return await _compared("compare_sales", file)


async def zoho_sales_compared(file: Path) -> dict[str, Any]:
    """ServiceTitan's receivables and Zoho Books' compared with each other, without our ledger. Raises DemoFailed."""
    return await _compared("compare_sales_zoho", file)


async def parties_compared(file: Path) -> dict[str, Any]:
    """ServiceTitan's customers and vendors compared with Zoho Books' contacts, without our ledger. Raises DemoFailed."""
    return await _compared("compare_parties", file)


async def regions_compared(file: Path) -> dict[str, Any]:
    """Every region's ledger compared with ServiceTitan's bills, without our ledger; by data centre. Raises DemoFailed."""
    found: dict[str, Any] = (await _compared("compare_regions", file))["regions"]
    return found


async def payables_compared(file: Path, filled: Sequence[str] = ()) -> dict[str, Any]:
    """Zoho Books' payables and ServiceNow's compared with each other, without our ledger. Raises DemoFailed."""
    return await _compared("compare_payables", file, *(part for one in filled for part in ("--filled", one)))


async def _compared(module: str, file: Path, *arguments: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"ml_connector_sandbox.{module}", "--file", str(file), "--json", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    if process.returncode not in (0, 1):
        raise DemoFailed(f"The books could not be compared: {err.decode().strip()}")
    found: dict[str, Any] = json.loads(out)
    return found


async def at_the_desk(admin: str, name: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Have somebody do something at a vendor's screens; what came of it, amounts as Decimals. Raises DemoFailed."""
    async with aiohttp.ClientSession() as session, session.post(f"{admin}/{name}/desk", json=wish) as answer:
        if answer.status != 200:
            raise DemoFailed(f"The sandbox refused what was to be changed: {(await answer.text()).strip()}")
        return _exact(await answer.text())


async def subscribe(admin: str, name: str, address: str, secret: str) -> None:
    """Enter our address and key at a vendor, who announces every change there from now on. Raises DemoFailed."""
    wish = {"url": address, "secret": secret}
    async with aiohttp.ClientSession() as session, session.post(f"{admin}/{name}/webhooks", json=wish) as answer:
        if answer.status != 201:
            raise DemoFailed(f"The sandbox did not take the address: {(await answer.text()).strip()}")


async def unsubscribe(admin: str, name: str) -> None:
    """Take every address out again."""
    async with aiohttp.ClientSession() as session, session.delete(f"{admin}/{name}/webhooks"):
        return


async def books(admin: str, name: str) -> dict[str, Any]:
    """An emulator's books, amounts as Decimals."""
    async with aiohttp.ClientSession() as session, session.get(f"{admin}/{name}/books") as answer:
        return _exact(await answer.text())


async def tenant(admin: str, tenant_id: str) -> dict[str, Any]:
    """What a tenant of ServiceTitan has on record."""
    known: dict[str, Any] = (await books(admin, "servicetitan"))["tenants"]
    return next(one for name, one in known.items() if name.endswith(f"/{tenant_id}"))


async def organisation(admin: str, organization_id: str) -> dict[str, Any]:
    """What an organisation of Zoho Books has on record."""
    found: dict[str, Any] = (await books(admin, "zoho_books"))["organisations"][organization_id]
    return found


def _exact(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return found


async def statistics(admin: str, name: str) -> dict[str, Any]:
    """What an emulator counted: calls, answers 429, tokens."""
    async with aiohttp.ClientSession() as session, session.get(f"{admin}/{name}/statistics") as answer:
        found: dict[str, Any] = await answer.json()
        return found
