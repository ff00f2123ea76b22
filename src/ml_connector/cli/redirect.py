"""The way back from a consent: a listener on loopback, or an address that a person pastes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp import web

from ml_connector.cli.context import Cli
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Consent
from ml_connector.errors import BadInput
from ml_connector.service.connecting import checked_return
from ml_connector.settings import Sandbox

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PARAGRAPH = re.compile(r"<p>([^<]*)</p>")
_PATIENCE = 600.0  # machine seconds
_CLOSE = {"Connection": "close"}
_DONE = "Thank you. You can close this page and go back to the terminal."
_DECLINED = "The consent was not given. You can close this page; the terminal says more."


def own(connector: Connector) -> str:
    """Where we listen when no other redirect address is registered with the vendor; vendors compare it exactly."""
    return f"http://{connector.auth.loopback}:8743/oauth/{connector.vendor.replace('_', '-')}"


def is_loopback(redirect: str) -> bool:
    """Whether we can receive this redirect ourselves."""
    parts = urlsplit(redirect)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def pasted(text: str) -> dict[str, str]:
    """The query of a pasted address. Raises BadInput when there is none."""
    query = urlsplit(text.strip()).query
    if not query:
        raise BadInput("What was pasted is no address with a code: copy the whole address the browser ended at.")
    return dict(parse_qsl(query, keep_blank_values=True))


async def consented(sandbox: Sandbox, address: str) -> dict[str, str]:
    """The answer of a sandbox, which consents by itself: no browser finds its vendors' host names."""
    parts = urlsplit(address)
    where = sandbox.hosts.get(parts.hostname or "", "")
    if not where:
        raise BadInput(f"The sandbox does not play {parts.hostname}: start it with this vendor.")
    url = f"http://{where}{parts.path}?{parts.query}"
    headers = {"Host": parts.hostname or ""}
    async with aiohttp.ClientSession() as browser, browser.get(url, headers=headers, allow_redirects=False) as answer:
        if not 300 <= answer.status < 400:
            said = _PARAGRAPH.search(await answer.text())
            raise BadInput(
                f"The sandbox's consent page refused with {said[1] if said else answer.status!r}: check the client id, "
                "where the account lives, and the redirect address; then connect again."
            )
        return pasted(answer.headers.get("Location", ""))


async def received(cli: Cli, redirect: str, asked: Consent, *, patience: float = _PATIENCE) -> Mapping[str, str]:
    """Listen on the redirect's port until the browser brings the answer to this consent; others are refused there.

    ``patience`` in machine seconds. Raises BadInput when the port is taken or nobody comes.
    """
    parts = urlsplit(redirect)
    came: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def answer(request: web.Request) -> web.Response:
        try:
            found = checked_return(asked, dict(request.query))
        except BadInput as error:
            return web.Response(text=error.sentence, status=400, headers=_CLOSE)
        if not came.done():
            came.set_result(found)
        return web.Response(text=_DECLINED if "error" in found else _DONE, headers=_CLOSE)

    page = web.Application()
    page.router.add_get(parts.path or "/", answer)
    runner = web.AppRunner(page, access_log=None)
    await runner.setup()
    try:
        # localhost may mean either address family to a browser; the literal one is what every system has.
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        await web.TCPSite(runner, host, parts.port or 80).start()
        cli.say(f"Waiting for the browser at {redirect} (Ctrl-C to stop, --paste to paste the address instead).")
        return await asyncio.wait_for(came, patience)
    except TimeoutError as error:
        raise BadInput(
            f"Nobody came back from the consent page within {patience / 60:.0f} minutes, and nothing was connected: "
            "connect again, or use --paste where the browser cannot reach this machine."
        ) from error
    except OSError as error:
        raise BadInput(
            f"{redirect} cannot be received here ({error.strerror}): free the port, or use --paste."
        ) from error
    finally:
        await runner.cleanup()
