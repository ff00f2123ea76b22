"""Lists that a custom instance keeps in no table: the connection's settings tell them, and what they tell is sent as text.

Accounts Payable Operations brings tables of GL accounts, legal entities and payment terms with it; an instance with tables
of its owner's has none of them, and its columns take a number as text. Each entry's id is the number itself, so that a
mapping table names what is written.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, ListEntry
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import SettingField
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicenow.profiles import entries, is_custom
from ml_connector.errors import BadInput

_SETTINGS = {"account": "gl_accounts", "legal_entity": "legal_entities"}
_TITLES = {"account": "GL accounts", "legal_entity": "legal entities", "payment_term": "payment terms"}
_NEEDED_BY = {"account": "account_needed", "legal_entity": "legal_entity_needed"}
_BETWEEN = re.compile(r"[;\n]")
_FROM_THE_START = b"{}"  # what a table that is named later is read from


def _field(kind: str, shown: str) -> SettingField:
    return SettingField(
        _SETTINGS[kind], "",
        f"custom: the {_TITLES[kind]} that bills may name, where read_{kind}_columns names no table of them, as NUMBER=name "
        f"with semicolons between, such as {shown}. The number is sent as text; what is not told here cannot be mapped to.",
        rereads=True, may_be_empty=True,
    )  # fmt: skip


FIELDS = (_field("account", "6010=Rent; 6020=Office supplies"), _field("legal_entity", "1000=Example Ltd"))


def check(settings: Mapping[str, str]) -> None:
    """Raise BadInput for lists that cannot be, and where a table tells the same."""
    for kind, name in _SETTINGS.items():
        found = told(settings, kind)
        if not found:
            continue
        if not is_custom(settings):
            raise BadInput(
                f"Setting {name}: with profile=apo the {_TITLES[kind]} are read from ServiceNow; leave it empty."
            )
        if entries(settings, f"read_{kind}_columns"):
            raise BadInput(
                f"Settings {name} and read_{kind}_columns both tell the {_TITLES[kind]}: leave one of them empty."
            )


def told(settings: Mapping[str, str], kind: str) -> dict[str, str]:
    """Number to name of a list; empty for one that no setting tells. Raises BadInput."""
    name, found = _SETTINGS.get(kind, ""), dict[str, str]()
    for word in filter(None, (one.strip() for one in _BETWEEN.split(settings.get(name, "")))):
        number, _, called = (part.strip() for part in word.partition("="))
        if not number or number in found:
            wrong = "is there twice" if number else "has no number before the equals sign"
            raise BadInput(f"Setting {name}: {word[:60]!r} {wrong}; entries are such as 6010=Rent.")
        found[number] = called or number
    return found


async def pages(settings: Mapping[str, str], kind: str, reading: Reading) -> AsyncIterator[Page]:
    """The whole list in one page; there is nothing of a kind that neither a table nor a setting tells. Raises BadInput."""
    if kind not in _TITLES:
        raise BadInput(f"The connection's settings name no table of every {kind}: set read_{kind}_columns.")
    wanted = {number: name for number, name in told(settings, kind).items() if not reading.ids or number in reading.ids}
    rows = tuple(_row(kind, number, name) for number, name in wanted.items())
    yield Page(rows, _FROM_THE_START, last=True, complete=not reading.ids and not reading.cursor)


def _row(kind: str, number: str, name: str) -> Row:
    return Row(number, json_fields.encode({"number": number, "name": name}), _document(kind, number, name))


def _document(kind: str, number: str, name: str) -> Document:
    if kind == "account":
        return Account(id=number, name=name, number=number)
    return ListEntry(id=number, kind=kind, name=name, number=number)


def finding(settings: Mapping[str, str], kind: str) -> Finding:
    """What a check says of a list that is read from no table."""
    if kind not in _TITLES:
        return Finding(
            kind,
            Verdict.MISSING,
            f"The connection's settings name no table of every {kind}.",
            f"Set read_{kind}_columns.",
        )
    title, name, found = _TITLES[kind], _SETTINGS.get(kind, ""), told(settings, kind)
    if found:
        return Finding(title, Verdict.GOOD, f"The setting {name} tells {len(found)} {title}; their numbers go as text.")
    if name and settings.get(_NEEDED_BY[kind], "yes") == "yes":
        said = f"The connection's settings tell no {title}, and no bill goes without one."
        action = f"Set {name}='NUMBER=name; ...', or read_{kind}_columns, or {_NEEDED_BY[kind]}=no."
        return Finding(title, Verdict.MISSING, said, action)
    return Finding(title, Verdict.GOOD, f"The instance keeps no {title}: bills go without.")
