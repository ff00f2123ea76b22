"""What the chapters of the demonstration have in common: long settings in a file, and no reason told twice."""

from __future__ import annotations

import io
import json
import shlex
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from ml_connector.cli.context import pairs
from ml_connector.cli.demo.walk import Walk, _not_told
from ml_connector.cli.status import show_status
from ml_connector.errors import Acts
from ml_connector.service.previewing import FlowPreview, Preview
from ml_connector.service.status import AWAITING, FlowStatus, IntegrationStatus, Status
from ml_connector.service.tallies import Cause, Tally
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, seeded


def test_settings_that_are_too_long_to_type_are_written_so_that_the_command_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = seeded("own-tables", SandboxClock.starting(START)).connection_settings["servicenow"]
    file = tmp_path / "sandbox.json"
    file.write_text(json.dumps({"company": {}}))
    monkeypatch.chdir(tmp_path)
    walk = Walk(SimpleNamespace(json=True), SimpleNamespace(sandbox=object()), file)  # type: ignore[arg-type]
    option, told = shlex.split(walk._spelled("servicenow", settings))
    assert (option, told) == ("--set", "@servicenow-settings.txt")
    assert pairs((told,), "setting") == settings
    assert max(map(len, (tmp_path / "servicenow-settings.txt").read_text().splitlines())) <= 120
    assert walk._spelled("zoho_books", {"trial": "yes"}) == " --set trial=yes"


def _cause(code: str, count: int) -> Cause:
    return Cause(code, f"Title of {code}", count, {}, "An example.", "A way out.", Acts.BOOKKEEPER)


def _status(*waiting: Cause) -> Status:
    sent = Tally(33, {"EUR": Decimal("54936.91")})
    flow = FlowStatus(
        "bills", "Bills", "live", None, 40, 0, 0, 0, {"posted": Tally(0, {"EUR": Decimal("0.00")}), AWAITING: sent}, {},
        waiting, None, (),
    )  # fmt: skip
    return Status((), (IntegrationStatus(1, "zoho_books-servicenow", "Both", "One", "Other", (flow,)),), ())


def test_what_the_preview_told_is_not_told_again_once_it_is_live() -> None:
    shown = FlowPreview(
        "bills", "Bills", "preview", Tally(), Tally(), Tally(), Tally(), {}, (_cause("same", 2), _cause("more", 2)), ()
    )
    previewed = Preview("zoho_books-servicenow", SimpleNamespace(done=True), (shown,))  # type: ignore[arg-type]
    rest = _not_told(_status(_cause("same", 2), _cause("more", 3), _cause("new", 1)), previewed)
    assert [one.code for one in rest.integrations[0].flows[0].waiting] == ["more", "new"]


def test_sums_show_what_awaits_approval_and_no_sum_of_nothing() -> None:
    out = io.StringIO()
    show_status(Console(file=out, width=160), _status())
    heads, _, row = out.getvalue()[out.getvalue().index("sums of") :].splitlines()[:3]
    assert heads.split() == ["sums", "of", "posted", "awaiting", "approval", "linked", "held", "rejected"]
    assert row.split() == ["bills", "-", "54,936.91", "EUR", "-", "-", "-"]
