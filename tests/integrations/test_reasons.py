"""Every reason code that the code can give has an entry, and every entry is given somewhere."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector.errors import Acts
from ml_connector.integrations.reasons import FOR_VERSION, REASONS, action, sentence
from ml_connector.service.tallies import acts_of, title_of

SOURCE = Path(__file__).parents[2] / "src" / "ml_connector"
#: Where a code stands in a call: its position, and the name it may be given by.
_CODE_AT = {
    "waiting": 0, "skip": 0, "Waiting": 0, "Skip": 0, "Meaning": 0, "Rejected": 3, "_state": 3, "sentence": 0, "_track": 1,
    "_skipped": 0, "left": 0,
}  # fmt: skip
_IN_SQL = re.compile(r"(?<!w\.)reason (?:=|<>) '(\w+)'")


def _texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _given(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in _CODE_AT:
        return
    position = _CODE_AT[name]
    if len(call.args) > position:
        yield from _texts(call.args[position])
    for keyword in call.keywords:
        if keyword.arg in ("reason", "code"):
            yield from _texts(keyword.value)


def _codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _given(node)
        elif isinstance(node, ast.Assign) and {getattr(one, "id", "") for one in node.targets} & {
            "code",
            "DISMISSED",
            "HELD_BACK",
            "SET_UP",
            "EMPTY",
            "BLANK",
        }:
            yield from (text for text in _texts(node.value) if re.fullmatch(r"[a-z_]+", text))
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "reason":
            yield from _texts(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _IN_SQL.findall(node.value)


def _codes() -> dict[str, set[str]]:
    """Every code with the files that give it."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for code in _codes_in(ast.parse(path.read_text())):
            if code:
                found.setdefault(code, set()).add(path.name)
    return found


def test_the_scan_finds_codes_of_every_kind() -> None:
    found = _codes()
    assert "drafts.py" in found["account_missing"]  # by a variable
    assert "bill_composing.py" in found["same_number_other_total"]
    assert "errors.py" in found["duplicate_number"]  # a vendor's refusal
    assert "writing.py" in found["rejected"]  # a default
    assert "decide.py" in found["defect"]
    assert "holds.py" in found["not_needed"]  # in SQL


def test_every_code_has_an_entry_and_every_entry_is_given() -> None:
    found = _codes()
    assert {code: sorted(files) for code, files in found.items() if code not in REASONS} == {}
    assert set(REASONS) - set(found) == set()


@pytest.mark.parametrize("reason", REASONS.values(), ids=lambda one: one.code)
def test_an_entry_reads_well(reason: object) -> None:
    one = REASONS[getattr(reason, "code", "")]
    names = {field for text in (one.sentence, one.action) for _, field, _, _ in string.Formatter().parse(text) if field}
    fields = dict.fromkeys(names, "Something") | {"key": "key"}
    for text in (sentence(one.code, fields), action(one.code, fields)):
        assert text[0].isupper() and (text.endswith(".") or "Something" in text), text
    assert one.title and not one.title.endswith(".") and title_of(one.code) == one.title
    assert acts_of(one.code) == one.acts


def test_who_acts() -> None:
    assert acts_of("defect") == Acts.US and acts_of("plan_expired") == Acts.TENANT_ADMIN
    versions = (
        "period_closed",
        "vendor_remittance_changed",
        "party_changed_on_both",
        "payment_back_exceeds",
        "payment_back_twin",
        "same_number_other_year",
        "payment_from_ledger",
        "tax_rate_changed",
    )
    assert versions == FOR_VERSION
