"""What is written to a pipe or a file is never cut or broken at a width that nothing has there."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ml_connector.cli.context import Cli
from ml_connector.cli.flows import show_status
from ml_connector.service.connections import Connection
from ml_connector.service.status import FlowStatus, IntegrationStatus, Status
from ml_connector.service.tallies import Cause, Tally
from ml_connector.settings import Settings
from ml_connector.sync.states import State

LONG = "The customer that it is for, " * 12
NAME = "Prairie Lantern Heating & Cooling of Greater Minnesota and the Dakotas, Incorporated (formerly Lantern)"
HUGE = Tally(123_456_789, {"USD": Decimal("123456789012.34"), "CAD": Decimal("123456789012.34")})


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert not sys.stdout.isatty()
    return Cli.on(Settings(), json=False, company="")


def test_a_status_keeps_its_heads_and_sentences_whole(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    states = {state.word: HUGE for state in State} | {"awaiting approval": HUGE}
    cause = Cause("x", "Held", 3, {}, LONG, LONG, "bookkeeper")
    flow = FlowStatus("invoices_exported", "Exported", "as needed", None, 9, 0, 0, 0, states, {}, (cause,), None, ())
    at = datetime(2026, 8, 5, tzinfo=UTC)
    connection = Connection(1, NAME, "servicetitan", "1", True, "good", LONG, at, 1, "good", 1)
    integration = IntegrationStatus(1, "k", "t", NAME, NAME, (flow,))
    cli.show(Status((connection,), (integration,), ()), show_status)
    lines = capsys.readouterr().out.splitlines()
    heads = next(line for line in lines if line.lstrip().startswith("flow "))
    names = "flow mode read posted awaiting approval unchanged linked tracked skipped held rejected open"
    assert " ".join(heads.split()) == names
    assert any(NAME in line for line in lines) and sum(LONG.strip() in line for line in lines) == 3
    assert not any(len(line) > 3 * len(LONG) for line in lines), "nothing is filled up with blanks"


def test_the_error_output_is_as_wide(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    cli.err.print(LONG)
    assert capsys.readouterr().err.splitlines() == [LONG]
