"""The demonstration's folder, which one demonstration has at a time, and what it offers to try next."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli_terminal import environment, in_terminal, piped
from rich.console import Console

from ml_connector.cli.demo import both_ways, payables, regions, stage
from ml_connector.cli.demo.bills import _show, made_meanwhile
from ml_connector.errors import Refused
from ml_connector.store.embedded import AlreadyRunning, DataDirectory

_SHOW_NEXT = """
import sys
from pathlib import Path
from ml_connector.cli.context import Cli
from ml_connector.cli.demo.tour import show_next
from ml_connector.settings import Settings
show_next(Cli.on(Settings(), False, ""), Path(sys.argv[1]), ["Halyard & Finch", "Quayside"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which a demonstration runs and keeps a file."""
    with stage.fresh(tmp_path / "demo") as made:
        (made / "data").mkdir()
        (made / "data" / "books").write_text("kept")
        yield made


def test_a_second_demonstration_in_the_same_folder_is_refused_and_touches_nothing(folder: Path) -> None:
    second = piped(["demo", "--folder", str(folder)], environment(folder.parent / "unused"))
    assert second.returncode == 2
    told = f"A demonstration runs already here (process {os.getpid()}); stop it with Ctrl-C or give another --folder."
    assert told in " ".join(second.stderr.split())
    assert (folder / "data" / "books").read_text() == "kept"


def test_a_folder_of_an_ended_demonstration_is_emptied(tmp_path: Path) -> None:
    with stage.fresh(tmp_path / "demo") as made:
        (made / "data").mkdir()
        (made / "sandbox.json").write_text("{}")
    with stage.fresh(tmp_path / "demo") as again:
        assert again == made
        assert [one.name for one in again.iterdir() if not one.name.startswith(".") and one.suffix != ".lock"] == []
        with pytest.raises(Refused), stage.fresh(made):
            pass


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(stage.DemoFailed, match="is not empty"), stage.fresh(tmp_path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


def test_what_to_try_next_can_be_pasted_from_a_narrow_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "a folder of some name" / ("long" * 20)
    script = [sys.executable, "-c", _SHOW_NEXT]
    lines = in_terminal([str(folder)], environment(tmp_path), command=script).text.splitlines()
    exports = [shlex.split(line) for line in lines if line.startswith("  export ")]
    assert exports == [
        ["export", f"ML_CONNECTOR_DATA={folder / 'data'}"],
        ["export", f"ML_CONNECTOR_SANDBOX={folder / 'sandbox.json'}"],
        ["export", f"ML_CONNECTOR_DATA={folder / 'office' / 'data'}"],
        ["export", f"ML_CONNECTOR_SANDBOX={folder / 'office' / 'sandbox.json'}"],
    ]
    assert all(line.startswith(("  export ", "  ml-connector ", "Ctrl-C")) for line in lines[2:])
    standing = [shlex.split(line)[1:] for line in lines if line.endswith(" standing")]
    assert standing == [["--company", "Halyard & Finch", "standing"], ["--company", "Quayside", "standing"]]


def test_a_service_that_still_works_on_the_firm_s_data_keeps_the_folder(tmp_path: Path) -> None:
    with stage.fresh(tmp_path / "demo") as made:
        (made / stage.OFFICE / "data").mkdir(parents=True)
    with (
        DataDirectory(made / stage.OFFICE / "data").claim_service("ml-connector"),
        pytest.raises(AlreadyRunning),
        stage.fresh(made),
    ):
        pass
    assert (made / stage.OFFICE / "data").is_dir()


def test_the_third_chapter_shows_what_was_compared() -> None:
    out = io.StringIO()
    walk = SimpleNamespace(
        cli=SimpleNamespace(json=False, out=Console(file=out, width=200)), head=lambda text: None,
        say=lambda text: out.write(f"{text}\n"),
    )  # fmt: skip
    paid = {"EUR": "10.50"}
    sums = {"ledger": {"USD": "1424426.83"}, "staged": {"USD": "1424426.82"}, "paid": paid, "paid_there": paid}
    finding = {"kind": "totals_differ", "sentence": "bill 17: total 1.00 in ServiceNow, 1.01 in Zoho Books"}
    books = {**dict.fromkeys(payables.FAULTS, 0), "documents": 473, "payments": 0, "sums": sums, "findings": [finding]}
    payables.show(walk, {**books, "totals_differ": 1}, "Compared")  # type: ignore[arg-type]
    told = out.getvalue()
    assert "473 bills and credits: 1,424,426.83 USD in Zoho Books, 1,424,426.82 USD in ServiceNow." in told
    assert "0 payment rows: 10.50 EUR in Zoho Books, the same in ServiceNow." in told
    assert "- bill 17: total 1.00" in told


@pytest.mark.parametrize(
    ("of", "broken"),
    [
        ("parties", {"baseline_wrote_nothing": False}),
        ("parties", {"on_both_sides_at_the_end": ["(320) 555-7003", "320 555 7004"]}),
        ("items", {"made_unasked": 1}),
        ("documents", {"journal_entries": 0}),
        ("documents", {"payments_back": 2}),
        ("documents", {"vendor_credits": 0}),
    ],
)
def test_the_fourth_chapter_fails_where_a_scene_comes_to_something_else(of: str, broken: dict[str, Any]) -> None:
    numbers: dict[str, dict[str, Any]] = {
        "parties": {"baseline_wrote_nothing": True, "on_both_sides_at_the_end": ["1", "1"]},
        "items": {"made_unasked": 0},
        "documents": {"payments_back": 1, "journal_entries": 1, "vendor_credits": 4},
    }
    assert both_ways.kept_its_word(numbers)
    numbers[of] |= broken
    assert not both_ways.kept_its_word(numbers)


def test_every_data_centre_has_a_ledger_that_agrees() -> None:
    eight = {one: {"agrees": True} for one in ("us", "eu", "in", "au", "jp", "ca", "cn", "sa")}
    assert regions.all_agree(eight)
    assert not regions.all_agree({**eight, "sa": {"agrees": False}})
    assert not regions.all_agree({one: eight[one] for one in ("us", "eu")})


def test_bills_of_a_vendor_that_got_a_contact_meanwhile_are_expected() -> None:
    rows = [("1", "vendor_ambiguous", "7"), ("2", "vendor_ambiguous", "8"), ("3", "period_closed", "7")]
    truth = [{"bill_id": one, "because": why, "vendor_id": vendor} for one, why, vendor in rows]
    ledger = {"contacts": [{"custom": {}}, {"custom": {"cf_ml_connector_ref": "servicetitan-12-vendors-7"}}]}
    assert made_meanwhile({"tenant_id": "12", "truth": truth}, ledger) == ["1"]
    assert made_meanwhile({"tenant_id": "13", "truth": truth}, ledger) == []


def test_the_books_sums_have_thousands() -> None:
    out = io.StringIO()
    walk = SimpleNamespace(cli=SimpleNamespace(json=False, out=Console(file=out, width=120)), head=lambda text: None)
    books = {
        "duplicates": 0, "missing": 0, "unexpected": 0, "totals_differ": 0, "findings": [],
        "sums": {"posted": {"USD": "1424426.83"}},
    }  # fmt: skip
    _show(walk, books, "Compared")  # type: ignore[arg-type]
    assert "1,424,426.83 USD" in out.getvalue()
