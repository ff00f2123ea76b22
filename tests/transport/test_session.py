"""The session's one retry rule, against a real server on loopback."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest
import stamina
from raw_server import ALLOWED, BASE, RawServer, Talk, http, serving

from ml_connector.transport import deadline
from ml_connector.transport.about import about, part
from ml_connector.transport.deadline import leaving_before
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Exchange, Request
from ml_connector.transport.protocols import Token
from ml_connector.transport.session import READ_ATTEMPTS, HttpSession, ServerFault, VendorRules

pytestmark = pytest.mark.anyio

READ = Request.get("/bills")
WRITE = Request("POST", "/bills", body=b'{"number":"1"}')


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=READ_ATTEMPTS):
        yield


class Tokens:
    """Tokens 1, 2, 3 ...; ``trouble`` is raised by the next refresh."""

    def __init__(self) -> None:
        self.serial, self.refused, self.trouble = 1, list[int](), list[Exception]()

    def _token(self) -> Token:
        soon = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
        return Token({"Authorization": f"Bearer token-{self.serial}"}, BASE, soon, self.serial)

    async def current(self) -> Token:
        return self._token()

    async def replace(self, refused: Token) -> Token:
        self.refused.append(refused.serial)
        if self.trouble:
            raise self.trouble.pop()
        self.serial += 1
        return self._token()


class Count:
    """A budget that counts; ``waits`` are what it was told of 429s."""

    def __init__(self) -> None:
        self.taken, self.ended, self.waits = 0, list[int](), list[float]()

    async def take(self) -> None:
        self.taken += 1

    def done(self, headers: Mapping[str, str], status: int) -> None:
        self.ended.append(status)

    def throttled(self, retry_after: float) -> None:
        self.waits.append(retry_after)


class Held:
    """A lease that holds until ``lost``."""

    lost = False

    def check(self) -> None:
        if self.lost:
            raise LeaseLost("lost")


class Log:
    def __init__(self) -> None:
        self.exchanges = list[Exchange]()

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class Desk:
    """A session and everything it was given."""

    def __init__(self, server: RawServer, session: HttpSession, parts: tuple[Tokens, Count, Held, Log]) -> None:
        self.server, self.session = server, session
        self.tokens, self.budget, self.lease, self.log = parts


Scripted = Callable[[bytes], bytes]


@asynccontextmanager
async def a_session(script: Scripted) -> AsyncIterator[Desk]:
    """A session whose vendor answers each request by ``script``; empty bytes close the connection."""

    async def play(talk: Talk) -> None:
        while data := script(await talk.request()):
            await talk.answer(data)

    rules = VendorRules(
        "Vendor", ALLOWED, 10.0,
        lambda answer: float(answer.headers.get("retry-after", "60")) if answer.status == 429 else None,
        lambda answer: answer.status == 401,
    )  # fmt: skip
    async with serving(play) as server, server.wire() as wire:
        parts = Tokens(), Count(), Held(), Log()
        tokens, budget, lease, log = parts
        session = HttpSession(wire, rules, tokens, budget, lease, log, wire.clock, "1", {}, frozenset())
        yield Desk(server, session, parts)


def answers(*given: bytes) -> Scripted:
    left = list(given)
    return lambda request: left.pop(0)


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_a_refused_token_is_refreshed_once_and_the_call_repeated_once(request_: Request) -> None:
    async with a_session(answers(http(401), http(200, b'{"ok":1}'))) as desk:
        assert (await desk.session.send(request_)).json() == {"ok": 1}
        assert desk.tokens.refused == [1]
        assert [b"token-1" in one for one in desk.server.requests] == [True, False]
        assert b"token-2" in desk.server.requests[1]
        assert (desk.budget.taken, desk.budget.ended) == (2, [401, 200])


async def test_a_token_refused_twice_is_the_connectors_to_judge() -> None:
    async with a_session(lambda request: http(401)) as desk:
        assert (await desk.session.send(READ)).status == 401
        assert (desk.tokens.refused, len(desk.server.requests)) == ([1], 2)


async def test_a_dead_grant_is_raised_as_it_is() -> None:
    async with a_session(lambda request: http(401)) as desk:
        desk.tokens.trouble = [Reconnect("gone")]
        with pytest.raises(Reconnect):
            await desk.session.send(WRITE)


async def test_a_lost_token_call_leaves_the_write_unsent() -> None:
    async with a_session(lambda request: http(401)) as desk:
        desk.tokens.trouble = [AnswerLost("the token server is silent")]
        with pytest.raises(NotSent, match="token server is silent"):
            await desk.session.send(WRITE)


@pytest.mark.parametrize("fault", [http(500), http(503), b""])
async def test_a_read_is_repeated_until_it_is_answered(fault: bytes) -> None:
    async with a_session(answers(fault, fault, http(200, b"[]"))) as desk:
        assert (await desk.session.send(READ)).json() == []
        assert desk.budget.taken == len(desk.budget.ended)


async def test_a_read_that_is_never_answered_is_given_up() -> None:
    async with a_session(lambda request: http(502)) as desk:
        with pytest.raises(ServerFault, match="502"):
            await desk.session.send(READ)
        assert len(desk.server.requests) == READ_ATTEMPTS


async def test_a_write_answered_5xx_is_the_connectors_to_judge_and_sent_once() -> None:
    async with a_session(lambda request: http(500, b'{"message":"?"}')) as desk:
        assert (await desk.session.send(WRITE)).status == 500
        assert len(desk.server.requests) == 1


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_write_whose_answer_is_lost_is_sent_once(method: str) -> None:
    async with a_session(lambda request: b"") as desk:
        with pytest.raises(AnswerLost):
            await desk.session.send(Request(method, "/bills", body=b"{}"))
        assert len(desk.server.requests) == 1
        assert (desk.budget.taken, desk.budget.ended) == (1, [0])
        assert desk.log.exchanges[0].status == 0
        assert desk.log.exchanges[0].error


@pytest.mark.parametrize("request_", [READ, WRITE])
async def test_too_many_calls_are_told_to_the_budget_and_raised(request_: Request) -> None:
    async with a_session(lambda request: http(429, b"{}", "Retry-After: 37")) as desk:
        with pytest.raises(Throttled) as refused:
            await desk.session.send(request_)
        assert (refused.value.retry_after, desk.budget.waits, len(desk.server.requests)) == (37.0, [37.0], 1)


async def test_without_the_lease_nothing_is_sent_and_the_call_is_given_back() -> None:
    async with a_session(lambda request: http()) as desk:
        desk.lease.lost = True
        with pytest.raises(LeaseLost):
            await desk.session.send(READ)
        assert (desk.server.requests, desk.budget.taken, desk.budget.ended) == ([], 1, [0])


async def test_an_exchange_keeps_what_was_said_without_secrets() -> None:
    secret = "very-secret-token-0123456789"
    said = json.dumps({"bill_id": "1", "access_token": secret}).encode()
    async with a_session(lambda request: http(201, said)) as desk:
        body = json.dumps({"number": "1", "client_secret": secret}).encode()
        with about(7):
            answer = await desk.session.send(Request("POST", "/bills", [("code", secret)], body))
        assert answer.body == said
    [kept] = desk.log.exchanges
    assert (kept.method, kept.status, kept.intent) == ("POST", 201, 7)
    assert b'"number": "1"' in kept.request
    assert b'"bill_id": "1"' in kept.answer
    for text in (kept.request, kept.answer, kept.url.encode(), kept.error.encode(), repr(kept).encode()):
        assert secret.encode() not in text
        assert b"token-1" not in text


async def test_an_exchange_names_each_intent_that_went_in_it() -> None:
    async with a_session(lambda request: http(201, b"{}")) as desk:
        with about(7, 8, 9):
            await desk.session.send(WRITE)
            with part(1, 2):
                await desk.session.send(WRITE)
            with part(2, 1):
                await desk.session.send(WRITE)
        await desk.session.send(WRITE)
    named = [(one.intent, one.others) for one in desk.log.exchanges]
    assert named == [(7, (8, 9)), (8, (9,)), (9, ()), (None, ())]


async def test_the_answers_of_good_reads_are_not_kept_twice_but_refusals_are() -> None:
    async with a_session(answers(http(200, b"[1]"), http(404, b'{"message":"gone"}'))) as desk:
        await desk.session.send(READ)
        await desk.session.send(READ)
    assert [one.answer for one in desk.log.exchanges] == [b"", b'{"message":"gone"}']


async def test_money_in_an_answer_is_exact() -> None:
    async with a_session(lambda request: http(200, b'{"total":0.1,"big":12345678901234567.89}')) as desk:
        found: Answer = await desk.session.send(READ)
    assert [str(one) for one in found.json().values()] == ["0.1", "12345678901234567.89"]


def test_a_token_never_shows_itself() -> None:
    token = Token({"Authorization": "Bearer hidden"}, BASE, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), 1)
    assert "hidden" not in repr(token)


async def test_a_fresh_token_that_is_refused_is_the_connectors_to_judge_at_once() -> None:
    async with a_session(lambda request: http(401)) as desk:

        async def the_same(refused: Token) -> Token:
            return refused

        desk.tokens.replace = the_same  # type: ignore[method-assign]
        assert (await desk.session.send(WRITE)).status == 401
        assert len(desk.server.requests) == 1


async def test_a_write_never_leaves_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_session(lambda request: http(401)) as desk:
        now = dt.datetime.now(dt.UTC)
        with leaving_before(now + dt.timedelta(minutes=1)):
            soon = deadline.boot_time() + 61
            replace = desk.tokens.replace

            async def slow(refused: Token) -> Token:
                monkeypatch.setattr(deadline, "boot_time", lambda: soon)  # the machine slept, say
                return await replace(refused)

            desk.tokens.replace = slow  # type: ignore[method-assign]
            with pytest.raises(NotSent, match="time to be sent has passed"):
                await desk.session.send(WRITE)
            assert len(desk.server.requests) == 1  # refused for its token, and not repeated
            assert desk.budget.taken == len(desk.budget.ended)
            assert (await desk.session.send(READ)).status == 401  # a look is free
        seen = len(desk.server.requests)
        assert (await desk.session.send(WRITE)).status == 401  # another write has its own time
        assert len(desk.server.requests) > seen
