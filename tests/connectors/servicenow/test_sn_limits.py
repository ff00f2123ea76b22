"""Limits, and how the instance says too many."""

from __future__ import annotations

import pytest
from servicenow_script import NOW, answer, failure

from ml_connector.connectors.servicenow import CONNECTOR

CREDENTIALS = {"client_id": "CLIENT"}


@pytest.mark.parametrize(
    ("settings", "calls", "at_once"),
    [
        ({}, 5000, 2),
        ({"rate_per_hour": "600", "at_once": "4"}, 600, 4),
        ({"rate_per_hour": "600", "batch_counts": "rows", "rows_per_batch": "20"}, 30, 2),
        ({"rate_per_hour": "5", "batch_counts": "rows"}, 1, 2),
    ],
)
def test_limits(settings: dict[str, str], calls: int, at_once: int) -> None:
    found = CONNECTOR.limits(None, CREDENTIALS, settings)
    (limit,) = found.limits
    assert (limit.calls, limit.seconds, found.concurrency) == (calls, 3600.0, at_once)


def test_throttle() -> None:
    reset = str(int(NOW.timestamp()) + 90)
    refused = failure(429, "Rate limit exceeded", "Rate limit of 100 requests per hour for Table API exceeded")
    assert CONNECTOR.throttle(answer({}, 429, retry_after="1260", x_ratelimit_reset=reset)) == 1260
    assert CONNECTOR.throttle(answer({}, 429, x_ratelimit_reset=reset)) == 90
    assert CONNECTOR.throttle(refused) == 300
    assert CONNECTOR.throttle(answer(b"<html></html>", 429)) == 10
    assert CONNECTOR.throttle(answer({}, 200, x_ratelimit_limit="100")) is None
    assert CONNECTOR.day_left({"x-ratelimit-limit": "100"}) is None


def test_unauthorised() -> None:
    assert CONNECTOR.unauthorised(failure(401, "User Not Authenticated"))
    assert not CONNECTOR.unauthorised(failure(403, "User Not Authorized"))
