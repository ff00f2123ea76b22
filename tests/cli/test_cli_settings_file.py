"""Settings that are too long to type: read from a file, one a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.cli.context import pairs
from ml_connector.errors import BadInput

_TEXT = """\ufeff# the company's own tables
profile=custom

invoice_columns=external_number=u_bill.u_number
  supplier=u_bill.u_vendor
\ttotal=u_bill.u_total
gl_accounts = 6010=Rent; 6020=Office supplies
"""


def test_a_file_has_one_setting_a_line_and_long_ones_go_on_in_the_next(tmp_path: Path) -> None:
    file = tmp_path / "own tables.txt"
    file.write_text(_TEXT, encoding="utf-8")
    assert pairs(("batch=no", f"@{file}", "profile=apo"), "setting") == {
        "batch": "no",
        "profile": "apo",  # what is said last counts
        "invoice_columns": "external_number=u_bill.u_number supplier=u_bill.u_vendor total=u_bill.u_total",
        "gl_accounts": "6010=Rent; 6020=Office supplies",
    }


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.txt cannot be read: No such file"):
        pairs((f"@{tmp_path / 'nowhere.txt'}",), "setting")
    file = tmp_path / "table.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(BadInput, match="is no text: give one with name=value"):
        pairs((f"@{file}",), "setting")
    file.write_text("just words\n")
    with pytest.raises(BadInput, match="'just words' is no setting such as name=value"):
        pairs((f"@{file}",), "setting")
