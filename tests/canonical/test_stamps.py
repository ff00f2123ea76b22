"""Modification stamps in order, with all their digits and offsets."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.stamps import stamp_key

INSTANTS = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1))  # noqa: DTZ001 - made aware below
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


def written(instant: dt.datetime, zone: dt.timezone, extra: int, colon: bool) -> str:
    local = instant.replace(tzinfo=dt.UTC).astimezone(zone)
    offset = local.strftime("%z")
    shown = f"{offset[:3]}:{offset[3:]}" if colon else offset
    return f"{local.strftime('%Y-%m-%dT%H:%M:%S')}.{local.microsecond:06d}{extra}{shown}"


@given(INSTANTS, INSTANTS, OFFSETS, OFFSETS, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_the_order_of_stamps_is_the_order_of_instants_to_the_seventh_digit(
    one: dt.datetime, other: dt.datetime, zone: dt.timezone, zone2: dt.timezone, digit: int, digit2: int, colon: bool
) -> None:
    first, second = stamp_key(written(one, zone, digit, colon)), stamp_key(written(other, zone2, digit2, not colon))
    assert (first < second) == ((one, digit) < (other, digit2))
    assert (first == second) == ((one, digit) == (other, digit2))


@pytest.mark.parametrize(
    "same",
    [
        ("2026-06-09T18:00:00Z", "2026-06-09T18:00:00.0000000Z", "2026-06-09 14:00:00-0400", "2026-06-09T18:00:00"),
        ("2026-06-09T18:00:00.1Z", "2026-06-09T20:00:00.100+02:00", "2026-06-09T20:00:00.1000000000+02"),
        ("2026-06-09t23:30:00+0530", "2026-06-09T18:00:00z"),
    ],
)
def test_stamps_of_one_instant(same: tuple[str, ...]) -> None:
    assert len({stamp_key(one) for one in same}) == 1


@pytest.mark.parametrize("text", ["", "yesterday", "2026-06-09", "2026-02-30T10:00:00Z", "2026-06-09T25:00:00Z", "1"])
def test_what_is_no_stamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        stamp_key(text)
