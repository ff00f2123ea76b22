"""Which records a command is about: the options that several commands share, and how many there are in words."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from cyclopts import Parameter

from ml_connector.cli import render
from ml_connector.errors import BadInput
from ml_connector.service.integrating import FlowLine
from ml_connector.service.tallies import Tally, counted

Yes = Annotated[bool, Parameter(negative=(), show_default=False)]


def day(name: str, text: str) -> dt.date | None:
    """The day an option names, None for an empty one. Raises BadInput."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"--{name} {text!r} is no date such as 2026-01-31.") from error


def many(total: Tally) -> str:
    """How many records, and their sum."""
    return counted(total.count, "record") + (f", {render.sums(total.sums)}," if total.sums else "")


def planned_before(count: int, *, alone: bool = False) -> str:
    """What is to be known of plans that are older than what they were made from; empty where there are none.

    ``alone``: it is one plan, and no part of several.
    """
    told = "It was planned" if alone else counted(count, "of them was planned", "of them were planned")
    return (
        f"{told} before the mapping or a setting changed: what would now be posted otherwise is held and shown with "
        "both versions; 'ml-connector preview' plans anew."
        if count
        else ""
    )


def amount(tally: Tally) -> str:
    """A count with its sum."""
    return f"{tally.count:,}" + (f", {render.sums(tally.sums)}" if tally.sums else "")


def taken_up(flow: FlowLine) -> str:
    """What an earlier start date has taken up of a live flow, and how it is posted; empty for nothing."""
    start, until = flow.start_date, flow.live_from
    if start is None or until is None or start >= until:
        return ""
    return (
        f"{flow.name}: what is dated from {start} until {until - dt.timedelta(days=1)} is planned and posted once it is "
        f"approved. 'ml-connector preview' shows it; 'ml-connector approve --flow {flow.name} --since {start} --until "
        f"{until - dt.timedelta(days=1)}' approves it, or any part of those days."
    )
