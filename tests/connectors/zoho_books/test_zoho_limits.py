"""Limits by plan, and how a refusal for too many calls is told."""

from __future__ import annotations

import pytest
from zoho_script import answer

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.zoho_books import CONNECTOR


@pytest.mark.parametrize(
    ("plan", "trial", "day", "at_once"),
    [
        ("Free", "no", 1000, 5),
        ("Standard", "no", 2000, 10),
        ("Professional", "no", 5000, 10),
        ("Professional", "yes", 1000, 10),
        ("Ultimate", "no", 10000, 10),
        ("something new", "no", 1000, 5),
    ],
)
def test_limits_follow_the_plan(plan: str, trial: str, day: int, at_once: int) -> None:
    found = CONNECTOR.limits(Organisation("9", "Co", plan=plan), {}, {"trial": trial})
    assert [limit.calls for limit in found.limits] == [100, day]
    assert {limit.scope for limit in found.limits} == {"9"}
    assert found.concurrency == at_once


def test_the_strictest_limits_hold_while_the_organisation_is_unknown() -> None:
    found = CONNECTOR.limits(None, {}, {})
    assert (found.limits[1].calls, found.concurrency) == (1000, 5)


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        (44, {}, 60.0),
        (45, {"x_rate_limit_reset": "37577"}, 37577.0),
        (45, {}, 3600.0),
        (1070, {}, 2.0),
        (44, {"retry_after": "17"}, 17.0),
    ],
)
def test_seconds_to_wait(code: int, headers: dict[str, str], seconds: float) -> None:
    refused = answer({"code": code, "message": "..."}, 429, **headers)
    assert CONNECTOR.throttle(refused) == seconds


def test_an_empty_429_still_means_wait() -> None:
    assert CONNECTOR.throttle(answer(b"", 429)) == 60.0


def test_a_throttle_code_inside_200_is_heard() -> None:
    assert CONNECTOR.throttle(answer({"code": 45, "message": "..."}, 200)) == 3600.0
    assert CONNECTOR.throttle(answer({"code": 0, "message": "success"}, 200)) is None


def test_the_headers_count_the_day() -> None:
    assert CONNECTOR.day_left({"x-rate-limit-remaining": "670"}) == 670
    assert CONNECTOR.day_left({}) is None
    assert CONNECTOR.day_left({"x-rate-limit-remaining": "-"}) is None


def test_401_means_not_authorised() -> None:
    assert CONNECTOR.unauthorised(answer({"code": 57, "message": "..."}, 401))
    assert not CONNECTOR.unauthorised(answer({"code": 57}, 400))
