"""The wire against real servers on loopback: what leaves, when, and what its end proves."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from raw_server import ALLOWED, BASE, HOST, Talk, ask, clock, http, serving

from ml_connector.transport import deadline
from ml_connector.transport import wire as wires
from ml_connector.transport.errors import AnswerLost, ForbiddenAddress, LeaseLost, NotJson, NotSent
from ml_connector.transport.messages import Request
from ml_connector.transport.wire import Addresses, Wire

pytestmark = pytest.mark.anyio

READ = Request.get("/bills", ("page", "1"))
PUT = Request("PUT", "/bills", body=b'{"number":"1"}')
POST = Request("POST", "/bills", body=b'{"number":"1"}')


async def one_answer(talk: Talk) -> None:
    await talk.request()
    await talk.answer(http())


async def forever(talk: Talk) -> None:
    while True:
        await talk.request()
        await talk.answer(http(200, b'{"ok":true}', "Set-Cookie: session=1; Path=/"))


class Dead:
    """A lease that has run out."""

    def __init__(self, alive: int = 0) -> None:
        self.checks, self.alive = 0, alive

    def check(self) -> None:
        self.checks += 1
        if self.checks > self.alive:
            raise LeaseLost("the lease has run out")


# --- where ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://api.vendor.example/x",
        "https://other.example/x",
        "https://api.vendor.example.evil.example/x",
        "https://api.vendor.example@evil.example/x",
        "https://user:secret@api.vendor.example/x",
        "https://api.vendor.example:8443/x",
        "https://127.0.0.1/x",
        "https://[::1/x",
        "ftp://api.vendor.example/x",
        "//api.vendor.example/x",
        "/x",
        "",
    ],
)
@pytest.mark.parametrize("loopback", [{}, {HOST: "127.0.0.1:1"}])
def test_only_https_on_a_known_host_is_called(url: str, loopback: dict[str, str]) -> None:
    with pytest.raises(ForbiddenAddress) as refused:
        Addresses(loopback).resolve(url, ALLOWED)
    assert "secret" not in refused.value.sentence


def test_without_a_sandbox_the_vendor_itself_is_called() -> None:
    url, host = Addresses({}).resolve(f"{BASE}/v1/bills?page=2", ALLOWED)
    assert (str(url), host) == (f"{BASE}/v1/bills?page=2", HOST)


@pytest.mark.parametrize("address", ["10.0.0.5:80", "example.org:80", "127.0.0.1", "127.0.0.1:http", "0.0.0.0:80"])
def test_a_sandbox_is_on_this_machine(address: str) -> None:
    with pytest.raises(ForbiddenAddress, match="must be on this machine"):
        Addresses({HOST: address}).resolve(f"{BASE}/x", ALLOWED)


def test_on_a_sandbox_a_host_it_lacks_is_not_called() -> None:
    with pytest.raises(ForbiddenAddress, match="sandbox has no"):
        Addresses({"other.example": "127.0.0.1:1"}).resolve(f"{BASE}/x", ALLOWED)
    assert str(Addresses({HOST: "[::1]:81"}).resolve(f"{BASE}/x", ALLOWED)[0]) == "http://[::1]:81/x"


async def test_the_request_says_the_vendors_host_and_the_query_is_kept() -> None:
    async with serving(one_answer) as server, server.wire() as wire:
        assert (await ask(wire, READ)).json() == {}
    head = server.requests[0].decode()
    assert head.startswith("GET /bills?page=1 HTTP/1.1")
    assert f"Host: {HOST}\r\n" in head
    assert "Authorization: Bearer a-token" in head
    assert "Content-Type" not in head


async def test_redirects_are_answers_and_cookies_are_dropped() -> None:
    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(http(302, b"", "Location: https://evil.example/", "Set-Cookie: a=1; Path=/"))
        await talk.request()
        await talk.answer(http())

    async with serving(play) as server, server.wire() as wire:
        answer = await ask(wire, READ)
        assert (answer.status, answer.headers["location"]) == (302, "https://evil.example/")
        await ask(wire, READ)
    assert b"cookie" not in server.requests[1].lower()


# --- how much, how long --------------------------------------------------------------------------------------------


async def test_a_small_answer_that_expands_hugely_is_stopped() -> None:
    squeezer = zlib.compressobj(9, wbits=31)
    chunk = bytes(1 << 20)
    bomb = b"".join(squeezer.compress(chunk) for _ in range(200)) + squeezer.flush()
    assert len(bomb) < 1 << 20

    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(http(200, bomb, "Content-Encoding: gzip"))

    async with serving(play) as server, server.wire() as wire:
        with pytest.raises(AnswerLost, match="more than 32 MiB"):
            await ask(wire, READ)


async def test_a_plain_answer_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "MAX_BODY", 1 << 20)

    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(http(200, b'"' + b"x" * (1 << 20) + b'"'))

    async with serving(play) as server, server.wire() as wire:
        with pytest.raises(AnswerLost, match="more than 1 MiB, which is not taken: set fewer rows"):
            await ask(wire, READ)


async def test_a_compressed_answer_is_read_and_a_broken_one_is_lost() -> None:
    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(http(200, gzip.compress(b'{"total":1.10}'), "Content-Encoding: gzip"))
        await talk.request()
        await talk.answer(http(200, b"this is no gzip", "Content-Encoding: gzip"))

    async with serving(play) as server, server.wire() as wire:
        assert str((await ask(wire, READ)).json()["total"]) == "1.10"
        with pytest.raises(AnswerLost):
            await ask(wire, READ)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n{"])
async def test_a_slow_answer_is_given_up_on_the_clock(begun: bytes) -> None:
    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(begun)
        await asyncio.sleep(30)

    async with serving(play) as server, server.wire(speed=120) as wire:
        began = asyncio.get_running_loop().time()
        with pytest.raises(AnswerLost, match="no complete answer"):
            await ask(wire, POST, timeout=120.0)  # two minutes of the clock
        assert asyncio.get_running_loop().time() - began < 20
        assert len(server.requests) == 1


# --- what the end proves -------------------------------------------------------------------------------------------


async def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with Wire.opened(Addresses({HOST: f"127.0.0.1:{taken.getsockname()[1]}"}), clock()) as wire:
            with pytest.raises(NotSent) as refused:
                await ask(wire, POST)
    assert not isinstance(refused.value, AnswerLost)


async def closed_unread(talk: Talk) -> None:
    """The connection is accepted and closed."""


async def closed_after_reading(talk: Talk) -> None:
    await talk.request()


async def half_a_head(talk: Talk) -> None:
    await talk.request()
    await talk.answer(b"HTTP/1.1 201 Cre")


async def half_a_body(talk: Talk) -> None:
    await talk.request()
    await talk.answer(b'HTTP/1.1 201 X\r\nContent-Length: 100\r\n\r\n{"bill_id":')


async def no_http(talk: Talk) -> None:
    await talk.request()
    await talk.answer(b"SSH-2.0-OpenSSH\r\n\r\n")


@pytest.mark.parametrize("play", [closed_unread, closed_after_reading, half_a_head, half_a_body, no_http])
@pytest.mark.parametrize("write", [PUT, POST])
async def test_once_bytes_may_have_left_the_outcome_of_a_write_is_unknown(play: object, write: Request) -> None:
    async with serving(play) as server, server.wire() as wire:  # type: ignore[arg-type]
        with pytest.raises(AnswerLost):
            await ask(wire, write)
        assert len(server.requests) <= 1


@pytest.mark.parametrize("write", [PUT, POST, Request("DELETE", "/bills/1")])
async def test_a_write_is_sent_once_when_the_server_drops_a_kept_connection(write: Request) -> None:
    async def play(talk: Talk) -> None:
        await talk.request()
        await talk.answer(http())
        await talk.request()  # and closes, as servers do with idle connections

    async with serving(play) as server, server.wire() as wire:
        await ask(wire, READ)
        with pytest.raises(AnswerLost):
            await ask(wire, write)
        await asyncio.sleep(0.05)
        assert [request.split(b" ")[0].decode() for request in server.requests] == ["GET", write.method]


async def test_a_write_goes_out_on_a_new_connection_when_the_old_one_is_known_closed() -> None:
    async with serving(one_answer) as server, server.wire() as wire:
        await ask(wire, READ)
        await server.closed.wait()
        await asyncio.sleep(0.05)
        assert (await ask(wire, PUT)).status == 200
        assert (server.connections, len(server.requests)) == (2, 2)


# --- the lease -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [READ, PUT, POST])
async def test_a_lease_that_dies_while_connecting_lets_no_byte_out(request_: Request) -> None:
    came = bytearray()
    ended = asyncio.Event()

    async def play(talk: Talk) -> None:
        came.extend(await talk.reader.read())
        ended.set()

    lease = Dead()
    async with serving(play) as server, server.wire() as wire:
        with pytest.raises(LeaseLost):
            await ask(wire, request_, lease=lease)
        await asyncio.wait_for(ended.wait(), 5)
        assert (server.connections, bytes(came), lease.checks) == (1, b"", 1)


@pytest.mark.parametrize("write", [PUT, POST])
async def test_a_lease_that_ends_before_the_body_leaves_lets_no_byte_out(write: Request) -> None:
    """Its head would leave with it, in a later turn of the loop than the one that found the lease alive."""
    came = bytearray()
    ended = asyncio.Event()

    async def play(talk: Talk) -> None:
        came.extend(await talk.reader.read())
        ended.set()

    lease = Dead(alive=1)
    async with serving(play) as server, server.wire() as wire:
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(ask(wire, write, lease=lease), 5)
        await asyncio.wait_for(ended.wait(), 5)
        assert (server.connections, bytes(came), lease.checks) == (1, b"", 2)


async def test_a_time_that_ends_before_the_body_leaves_on_a_kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing left, so it is not a lost answer; and the connection it would have used is not used again."""
    moments = iter([0.0, 1.0, 3.0])  # when it was given, and the two looks at it
    async with serving(forever) as server, server.wire() as wire:
        await ask(wire, READ)
        monkeypatch.setattr(deadline, "boot_time", lambda: next(moments))
        with deadline.leaving_before(datetime.now(UTC) + timedelta(seconds=2)), pytest.raises(NotSent) as refused:
            await asyncio.wait_for(ask(wire, POST), 5)
        assert not isinstance(refused.value, AnswerLost)
        await ask(wire, READ)
        assert [request[:4] for request in server.requests] == [b"GET ", b"GET "]
        assert server.connections == 2


async def test_the_lease_is_checked_again_on_a_kept_connection() -> None:
    lease = Dead(alive=2)
    async with serving(forever) as server, server.wire() as wire:
        await ask(wire, POST, lease=lease)
        with pytest.raises(LeaseLost):
            await ask(wire, POST, lease=lease)
        await ask(wire, READ)
        assert [request[:4] for request in server.requests] == [b"POST", b"GET "]


async def test_many_requests_at_once_each_have_their_own_lease() -> None:
    async with serving(forever) as server, server.wire() as wire:
        leases = [Dead(alive=2 * (n % 2)) for n in range(20)]
        ended = await asyncio.gather(*(ask(wire, POST, lease=one) for one in leases), return_exceptions=True)
        assert [isinstance(one, LeaseLost) for one in ended] == [n % 2 == 0 for n in range(20)]
        assert len(server.requests) == 10


def test_an_answer_that_is_no_json_shows_no_secret() -> None:
    shown = str(NotJson(200, b'<html>{"access_token":"abc.def.ghi"'))
    assert "no" in shown
    assert "abc.def" not in shown
