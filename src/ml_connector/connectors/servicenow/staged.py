"""Rows that lie in staging tables: asked for by what they share, told apart by our key, else by what they hold.

Rows live seven days there. Of several rows of one key the newest counts: it is what was sent last.
Of two of one second the one that was taken in, since a row is sent again only after a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance, groups
from ml_connector.connectors.servicenow.profiles import KEY, Profile, Staging
from ml_connector.connectors.servicenow.query import joined, one_of
from ml_connector.connectors.servicenow.rows import StagedRow
from ml_connector.connectors.servicenow.settings import of
from ml_connector.errors import BadInput

TAKEN = frozenset(["inserted", "updated", "ignored"])
WAITING = frozenset(["pending", "reserved", ""])
_TOGETHER = 100
_SHORTEST = 40  # characters of the shortest column of text that is documented
_WHY = ("sys_row_error.error_message", "sys_import_state_comment")  # the first field's error, and the script's word
_OWN = ("sys_import_state", *_WHY, "sys_target_sys_id")
_SOURCES = ("erp_source", "external_source")
# Fields that decide neither whom is paid what and when, nor where it is booked.
_BESIDE = frozenset(
    ["description", "terms", "owner", "part", "remit_street", "remit_city", "remit_state", "remit_zip", "remit_country"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staged:
    """A row as it lies there. ``target`` is the record made of it, empty where none was. ``values`` are its own columns."""

    kind: str
    title: str
    table: str
    id: str
    found_by: str
    key: str
    state: str
    comment: str
    target: str
    created: str
    values: Mapping[str, str]

    @property
    def taken(self) -> bool:
        """Whether it was made into a record."""
        return self.state in TAKEN and (self.state != "ignored" or bool(self.target))

    @property
    def waits(self) -> bool:
        """Whether nothing was made of it yet."""
        return self.state in WAITING


async def rows(
    instance: Instance, profile: Profile, wanted: Mapping[str, Iterable[str]], *, only: str = ""
) -> list[Staged]:
    """Rows by kind and shared value, newest first; ``only`` those of one state.

    Raises BadInput for a kind that the settings name no table for any more, and what ``Instance.every`` raises.
    """
    asked = questions(profile, wanted, only=only)
    return told(instance, profile, asked, await instance.every([query for _, query in asked]))


def questions(
    profile: Profile, wanted: Mapping[str, Iterable[str]], *, only: str = "", sure: bool = False
) -> list[tuple[str, Query]]:
    """What is asked for rows by kind and shared value, each with its kind; ``sure`` as of a Query.

    Raises BadInput as ``rows``.
    """
    gone = sorted(kind for kind in wanted if kind not in profile.staging)
    if gone:
        raise BadInput(
            f"The connection's settings name no table for {', '.join(gone)} any more: set {gone[0]}_columns again."
        )
    return [
        (kind, query)
        for kind, found_by in wanted.items()
        for query in _queries(profile.staging[kind], found_by, only, sure=sure)
    ]


def told(
    instance: Instance, profile: Profile, asked: Sequence[tuple[str, Query]], answers: Sequence[Sequence[Mapping[str, Any]]]
) -> list[Staged]:  # fmt: skip
    """The rows that the answers to ``questions`` show, newest first, of this connection's source."""
    found = [
        _staged(kind, profile.staging[kind], fields)
        for (kind, _), one in zip(asked, answers, strict=True)
        for fields in one
    ]
    ours = [one for one in found if _of_this_source(instance, profile.staging[one.kind], one)]
    return sorted(ours, key=lambda one: (one.created, one.taken, one.id), reverse=True)


def newest(found: Iterable[Staged]) -> list[Staged]:
    """Of each key the newest; rows without a key are each their own."""
    kept: dict[tuple[str, str], Staged] = {}
    for one in found:
        kept.setdefault((one.table, one.key or one.id), one)
    return list(kept.values())


def matching(row: StagedRow, found: Sequence[Staged], used: set[str]) -> Staged | None:
    """The newest row that is this one: by our key, else, where the table keeps no key, by everything that was sent.

    ``used`` are ids that stand for another row already: two lines alike are two rows.
    """
    alike = [one for one in found if one.table == row.table and one.id not in used]
    by_key = next((one for one in alike if one.key == row.key), None)
    if by_key is not None:
        return by_key
    return next((one for one in alike if not one.key and says_the_same(row, one)), None)


def _queries(staging: Staging, found_by: Iterable[str], only: str, *, sure: bool) -> list[Query]:
    column = staging.columns[staging.found_by].name
    known = sorted(set(found_by))
    return [
        Query(
            staging.table,
            joined(
                one_of(column, group), f"sys_import_state={only}" if only else "", "ORDERBYDESCsys_created_on",
                "ORDERBYDESCsys_id",
            ),
            (*_OWN, *(one.name for one in staging.columns.values())),
            column=column,
            told=frozenset(known),
            sure=sure,
        )
        for group in groups(known, _TOGETHER)
    ]  # fmt: skip


def _staged(kind: str, staging: Staging, fields: Mapping[str, Any]) -> Staged:
    key = staging.columns.get(KEY)
    own = {one.name: values.text(fields, one.name) for one in staging.columns.values() if one.name in fields}
    return Staged(
        kind,
        staging.title,
        staging.table,
        values.text(fields, "sys_id"),
        values.text(fields, staging.columns[staging.found_by].name),
        values.text(fields, key.name) if key else "",
        values.text(fields, "sys_import_state").lower(),
        "; ".join(dict.fromkeys(filter(None, (values.text(fields, name).strip() for name in _WHY)))),
        values.text(fields, "sys_target_sys_id"),
        values.text(fields, "sys_created_on"),
        own,
    )


def _of_this_source(instance: Instance, staging: Staging, one: Staged) -> bool:
    """Whether it came from the same ledger, as far as the row shows: numbers of two ledgers may be alike."""
    for name in _SOURCES:
        column = staging.columns.get(name)
        shown = one.values.get(column.name, "") if column else ""
        if shown and shown.casefold() != of(instance.session.settings, name).casefold():
            return False
    return True


def says_the_same(row: StagedRow, one: Staged) -> bool:
    """Whether everything that both show is alike."""
    shared = [name for name in row.columns if one.values.get(name)]
    return bool(shared) and all(_alike(row.columns[name], one.values[name]) for name in shared)


def otherwise(profile: Profile, row: StagedRow, one: Staged, judged: Collection[str] = ()) -> str:
    """The first column that was taken in with another value than the row has now, with both; empty where none was.

    What a row shows as a record's id, or not at all, tells nothing. ``judged`` fields are asked of the record.
    """
    for name, column in profile.staging[one.kind].columns.items():
        mine, theirs = row.columns.get(column.name, ""), one.values.get(column.name, "")
        if name in _BESIDE or name in judged or not mine or not theirs or values.is_sys_id(theirs):
            continue
        if not _alike(mine, theirs):
            return f"{column.name} = {theirs}, and it would go as {mine}"
    return ""


def _alike(mine: str, theirs: str) -> bool:
    """A text that the instance has cut is alike as far as it goes; of a short one the beginning is another account.

    An amount, which always goes with its places, may be spelled otherwise; a whole number (0100) may be an account's.
    """
    cut = len(theirs) >= _SHORTEST and mine.startswith(theirs)
    return cut or mine.casefold() == theirs.casefold() or ("." in mine and values.same_amount(mine, theirs))
