"""Every answer is classified: what it proves, in which words."""

from __future__ import annotations

from email.utils import format_datetime

import pytest

from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.servicetitan.errors import (
    Outage,
    RequestRefused,
    UnexpectedShape,
    Withdrawn,
    problem,
    write_outcome,
)
from ml_connector.connectors.writing import Later, Rejected, Uncertain
from ml_connector.errors import ConnectorError, NotFound
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect, Throttled
from ml_connector.transport.messages import Answer
from tests.connectors.servicetitan.servicetitan_script import NOON, Script, answer, pages

pytestmark = pytest.mark.anyio
TENANT_BODY = {
    "type": "https://tools.ietf.org/html/rfc7231#section-6.5",
    "status": 403,
    "title": "Resource owner validation failed, please check 'tenant' path value(s).",
    "traceId": "00000000-0000-4000-8000-000000000000",
}
GATEWAYS = {"title": "Unable to match incoming request to an operation.", "status": 404}
INVALID = {"title": "One or more errors.", "status": 400, "errors": {"ids": ["Too many.", "At most 50."], "": ["Bad."]}}


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (answer(401, b""), Reconnect, "App Key is wrong"),
        (answer(403, TENANT_BODY), Reconnect, "tenant 1234567 may not be used"),
        (answer(403, b""), NotPermitted, "scope tn.inv.vendors:r"),
        (answer(404, GATEWAYS), Withdrawn, "does not offer this account the list vendors .* every hour"),
        (answer(404, {"title": "Not here"}), NotFound, "knows no vendors: Not here"),
        (answer(409, {"title": "Conflict"}), RequestRefused, "409: Conflict"),
        (answer(400, INVALID), RequestRefused, "ids: Too many. At most 50.; Bad."),
        (answer(429, b""), Throttled, "too many calls"),
        (answer(500, b"<html>oops"), Outage, "500.*<html>oops"),
        (answer(200, b"<html>"), NotJson, "not JSON"),
        (answer(200, {"data": []}), UnexpectedShape, "hasMore"),
        (answer(200, []), UnexpectedShape, "not as documented"),
    ],
)
async def test_reads(reply: Answer, error: type[ConnectorError], words: str) -> None:
    with pytest.raises(error, match=words):
        await pages(Script(instead={"vendors": reply}), Reading("vendors"))


async def test_a_list_that_is_withdrawn_is_not_permitted_and_ends_no_connection() -> None:
    """What needs it stands still; without business units nobody can go on, and connecting again would not help."""
    script = Script(instead={"vendors": answer(404, GATEWAYS), "business-units": answer(404, GATEWAYS)})
    with pytest.raises(NotPermitted):
        await pages(script, Reading("vendors"))
    with pytest.raises(Outage, match="the list business-units"):
        await CONNECTOR.organisation(script)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer(400, INVALID), Rejected, "ids: Too many."),
        (answer(401, b""), Later, "App Key"),
        (answer(403, TENANT_BODY), Later, "tenant 7 may not"),
        (answer(403, b""), Later, "scope tn.x:w"),
        (answer(404, b""), Rejected, "an empty answer"),
        (answer(409, {"title": "Locked"}), Rejected, "Locked"),
        (answer(429, b"", retry_after="3"), Later, "too many"),
        (answer(500, b""), Uncertain, "500"),
        (answer(302, b""), Uncertain, "302"),
    ],
)
def test_writes(reply: Answer, kind: type, words: str) -> None:
    outcome = write_outcome(reply, what="bills", tenant="7", scope="tn.x:w")
    assert type(outcome) is kind
    assert words in getattr(outcome, "sentence", getattr(outcome, "why", ""))
    if isinstance(outcome, Later):  # a document is not rejected for what its connection lacks
        assert outcome.forbidden == (reply.status in (401, 403))


def test_problem_of_odd_bodies() -> None:
    assert problem(answer(400, b"\xff\xfe")) == "��"
    assert problem(answer(400, "text")) == "status 400"
    assert problem(answer(400, {"title": None, "errors": {"a": "plain"}})) == "status 400 (a: plain)"


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer(200, b""), None),
        (answer(429, {"title": "Rate limit is exceeded. Try again in 7 seconds."}), 7.0),
        (answer(429, {"title": "Try again in 7 seconds."}, retry_after="2"), 2.0),
        (answer(429, {"title": "No."}), 10.0),
        (answer(429, b"slow down"), 10.0),
        (answer(429, [1]), 10.0),
        (answer(429, {"title": "Request 4711999999."}), 300.0),
        (answer(429, b"", retry_after=format_datetime(NOON.replace(minute=1), usegmt=True)), 60.0),
        (answer(429, {"title": "in 5 s"}, retry_after="soon"), 5.0),
    ],
)
def test_how_long_to_wait(reply: Answer, seconds: float | None) -> None:
    assert CONNECTOR.throttle(reply) == seconds


def test_unauthorised() -> None:
    assert CONNECTOR.unauthorised(answer(401, b""))
    assert not CONNECTOR.unauthorised(answer(403, TENANT_BODY))
