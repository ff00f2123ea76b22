"""What is asked of the administration tables, and the words for what the integration user may not see.

An answer that is no answer, such as the web page of an instance that wakes up, says nothing of the set-up: it is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance
from ml_connector.connectors.servicenow.errors import SET_UP, Cut, Refusal
from ml_connector.connectors.servicenow.profiles import KEY
from ml_connector.connectors.servicenow.query import joined, one_of
from ml_connector.transport.errors import NotPermitted

_SOME = 50  # rows
BASE_TABLE = "sys_import_set_row"  # what every staging table extends: its columns are theirs
ADMIN = "The ServiceNow administrator"
_UNSEEN = (
    "Give the integration user read rights on the table (role import_admin or admin), or look yourself; a row that is "
    "refused will show it otherwise."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an administration table holds, None where it is hidden; then ``why`` tells. ``total``: matching before rights
    are applied, None where it is not told. ``gone``: the instance has no such table."""

    rows: Sequence[Mapping[str, Any]] | None
    why: str = ""
    total: int | None = None
    gone: bool = False


async def ask(session: Session, table: str, told: tuple[str, Iterable[str]], more: str, *fields: str) -> Asked:
    """Rows whose column (``told``) has one of the values, none where they are hidden. ``more`` terms besides.

    Raises NotJson and what the session raises. A table that is too large for the instance's time counts as hidden.
    """
    column, wanted = told[0], frozenset(told[1])
    query = Query(table, joined(one_of(column, wanted), more), (column, *fields), column=column, told=wanted)
    try:
        (rows,) = await Instance(session).every([query])
    except (Refusal, NotPermitted, FilterIgnored, Cut) as error:
        return Asked(None, error.sentence)
    return Asked(rows)


async def some(session: Session, table: str, *fields: str) -> Asked:
    """The first rows of a table: whether it is there, and what of it this user sees.

    Raises NotJson, Cut and what the session raises.
    """
    try:
        page = await Instance(session).page(Query(table, "ORDERBYsys_id", fields, limit=_SOME))
    except (Refusal, NotPermitted) as error:
        gone = isinstance(error, Refusal) and error.reason == SET_UP
        return Asked(None, error.sentence, gone=gone)
    return Asked(page.objects(), total=page.total)


def unseen(subject: str, table: str) -> Finding:
    """That something could not be looked at."""
    return Finding(
        subject, Verdict.WARNING, f"The integration user may not read {table}, so this was not looked at.", _UNSEEN
    )


def words(name: str) -> str:
    """A field of ours in words."""
    return "our key" if name == KEY else name.replace("_", " ")
