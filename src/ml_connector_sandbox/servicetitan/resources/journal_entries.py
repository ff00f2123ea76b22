"""journal-entries: list, by id, and their lines as details and as a summary. Ids are GUIDs; the page is 500 at most."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid, module_refusal
from ml_connector_sandbox.servicetitan.books import GlAccount, JournalEntry, JournalLine, Table, TenantBooks
from ml_connector_sandbox.servicetitan.books.journals import POSTING_STATUSES, SYNC_STATES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import (
    ListRules,
    Test,
    among,
    between,
    envelope,
    page_size,
    read_page,
)
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row, named, stamps
from ml_connector_sandbox.servicetitan.stamps import shown_or_none

MOST = 500
_RULES = ListRules(
    sorts=("Id", "Number", "Name", "Status", "CreatedOn", "ExportedOn", "ExportedBy", "PostDate"),
    active=False,
    own_ids=True,
    page_size_maximum=MOST,
    not_emulated=("exportedBy", "serviceAgreementIds", "locationName", "inventoryLocationName", "refNumber",
                  "transactionTypes", "transactionPostedFrom", "transactionPostedTo"),
)  # fmt: skip
_EMPTY = ("IncludeExceptNotSynced", "Include", "Exclude")


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    ids = _guids(call)
    tests: list[Test] = [
        lambda one: one.active,
        *among("guid", ids),
        *_contains("name", asked.text("name")),
        *between("number", asked.integer("numberFrom"), asked.integer("numberTo")),
        *among("status", asked.enums("statuses", POSTING_STATUSES)),
        *among("sync_status", asked.enums("syncStatuses", SYNC_STATES)),
        *_days("post_date", asked.stamp("postedFrom"), asked.stamp("postedTo")),
        *_instants(asked.stamp("exportedFrom"), asked.stamp("exportedTo")),
        *_on_lines(call),
        *([] if ids else _empty(asked.enum("empty", _EMPTY) or _EMPTY[0])),
    ]
    others: tuple[Table[Any], ...] = (books.customers, books.vendors)
    page = read_page(call, books.journal_entries, _RULES, tests, others)
    return envelope(call, page, books.journal_entries, "journal-entries", _row)


def _guids(call: ApiCall) -> list[str]:
    """``ids``: a comma list of GUIDs, 50 at most."""
    found = []
    for text in call.parameters.comma_texts("ids", 50):
        try:
            found.append(str(uuid.UUID(text)))
        except ValueError:
            call.parameters.refuse("ids", f"The value '{text}' is not valid.")
    return found


def _contains(name: str, text: str | None) -> list[Test]:
    """Part of a text, in any case."""
    if text is None:
        return []
    wanted = text.casefold()
    return [lambda one: wanted in (getattr(one, name) or "").casefold()]


def _days(name: str, first: str | None, last: str | None) -> list[Test]:
    """Days from ``first`` to ``last``, both inclusive; the time of an instant is ignored."""
    tests: list[Test] = []
    if first is not None:
        tests.append(lambda one: getattr(one, name) is not None and getattr(one, name).isoformat() >= first[:10])
    if last is not None:
        tests.append(lambda one: getattr(one, name) is not None and getattr(one, name).isoformat() <= last[:10])
    return tests


def _instants(first: str | None, last: str | None) -> list[Test]:
    tests: list[Test] = [] if first is None else [lambda one: (one.exported_on or "") >= first]
    return tests if last is None else [*tests, lambda one: one.exported_on is not None and one.exported_on <= last]


def _on_lines(call: ApiCall) -> list[Test]:
    """Filters that any one line satisfies."""
    asked, books = call.parameters, call.books
    tests: list[Test] = []
    units = asked.comma_ids("businessUnitIds", 50)
    if units:
        tests.append(lambda one: any(line.business_unit_id in units for line in one.lines))
    tests += _named_on_lines(asked.text("customerName"), lambda line: books.customers.get(line.customer_id))
    tests += _named_on_lines(asked.text("vendorName"), lambda line: books.vendors.get(line.vendor_id))
    return tests


def _named_on_lines(text: str | None, read: Callable[[JournalLine], Any]) -> list[Test]:
    if text is None:
        return []
    wanted = text.casefold()
    return [lambda one: any(wanted in party.name.casefold() for party in map(read, one.lines) if party is not None)]


def _empty(handling: str) -> list[Test]:
    """Entries without lines; by default those that were never synced are left out."""
    if handling == "Include":
        return []
    if handling == "Exclude":
        return [lambda one: bool(one.lines)]
    return [lambda one: bool(one.lines) or one.sync_status != "NotSynced"]


def entry_of(call: ApiCall) -> JournalEntry:
    """The entry of the path. Raises Refusal: 400 when the id is no GUID, 404 when there is no such entry."""
    text = call.path["id"]
    try:
        guid = str(uuid.UUID(text))
    except ValueError:
        raise invalid({"id": [f"The value '{text}' is not valid."]}) from None
    entry = call.books.journals.find(guid)
    if entry is None:
        raise module_refusal(404, f"Journal entry {guid} was not found.")
    return entry


async def _one(call: ApiCall) -> web.Response:
    return call.answer(rendered(_row(entry_of(call)), call.switches.extra_fields))


async def _details(call: ApiCall) -> web.Response:
    """The lines, one by one."""
    entry = entry_of(call)
    return _paged(call, [_line(call.books, entry, line) for line in entry.lines])


async def _summary(call: ApiCall) -> web.Response:
    """The lines added up by account and business unit: what is debited and what is credited, neither less the other."""
    entry, sums = entry_of(call), dict[tuple[int | None, int | None], tuple[Decimal, Decimal]]()
    for line in entry.lines:
        key = line.account_id, line.business_unit_id
        debit, credit = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = debit + line.debit, credit + line.credit
    return _paged(call, [_sum(call.books, entry, *key, *sides) for key, sides in sums.items()])


def _paged(call: ApiCall, rows: Sequence[Row]) -> web.Response:
    """A page of an entry's own list, which takes nothing but the page."""
    asked = call.parameters
    number, size = asked.count("page", 1), page_size(call, MOST)
    total = asked.boolean("includeTotal")
    asked.check()
    start = (number - 1) * size
    answer = {
        "page": number,
        "pageSize": size,
        "hasMore": start + size < len(rows),
        "totalCount": len(rows) if total else None,
        "data": rows[start : start + size],
    }
    return call.answer(rendered(answer, call.switches.extra_fields))


def _row(entry: JournalEntry) -> Row:
    """Without its lines: those are its details."""
    return {
        "id": entry.guid,
        **stamps(entry),
        "number": entry.number,
        "name": entry.name,
        "source": entry.source,
        "status": entry.status,
        "syncStatus": entry.sync_status,
        "versionId": entry.version_id,
        "lastSyncVersionId": None,
        "message": entry.message,
        "postDate": None if entry.post_date is None else entry.post_date.isoformat(),
        "exportedOn": shown_or_none(entry.exported_on),
        "exportedBy": None if entry.exported_by is None else {"id": 21, "name": entry.exported_by},
        "customFields": [{"name": name, "value": value} for name, value in entry.custom_fields],
        "url": None,
        "isEmpty": not entry.lines,
    }


def _line(books: TenantBooks, entry: JournalEntry, line: JournalLine) -> Row:
    day, job = line.post_date or entry.post_date, books.jobs.get(line.job_id)
    return {
        "postDate": None if day is None else day.isoformat(),
        "account": _account(books.gl_accounts.get(line.account_id)),
        "debit": line.debit,
        "credit": line.credit,
        "memo": line.memo,
        "quantity": None,
        "unitAmount": None,
        "externalObjects": None,
        "transaction": None,
        "businessUnit": named(books.business_units, line.business_unit_id),
        "customer": named(books.customers, line.customer_id),
        "vendor": named(books.vendors, line.vendor_id),
        "inventoryLocation": None,
        "job": None if job is None else {"id": job.id, "number": job.job_number},
        "customerLocation": None,
        "paymentType": None,
        "project": None,
        "serviceAgreement": None,
        "appliedTo": None,
        "sku": None,
        "transactionDate": None if day is None else day.isoformat(),
        "budgetCodeId": None,
    }


def _sum(
    books: TenantBooks, entry: JournalEntry, account: int | None, unit: int | None, debit: Decimal, credit: Decimal
) -> Row:
    return {
        "postDate": None if entry.post_date is None else entry.post_date.isoformat(),
        "account": _account(books.gl_accounts.get(account)),
        "credit": credit,
        "debit": debit,
        "memo": None,
        "businessUnit": named(books.business_units, unit),
    }


def _account(kept: GlAccount | None) -> Row:
    """A line without an account shows one without a name: the published model has no null here."""
    if kept is None:
        return {"id": 0, "number": None, "name": None, "type": None, "subtype": None}
    return {"id": kept.id, "number": kept.number, "name": kept.name, "type": kept.type, "subtype": kept.subtype}


_READ, _SWITCH = "tn.acc.journalentries:r", "journal_entries_available"

OPERATIONS = (
    Operation("GET", "accounting", "journal-entries", _READ, _list, _SWITCH),
    Operation("GET", "accounting", "journal-entries/{id}", _READ, _one, _SWITCH),
    Operation("GET", "accounting", "journal-entries/{id}/details", _READ, _details, _SWITCH),
    Operation("GET", "accounting", "journal-entries/{id}/summary", _READ, _summary, _SWITCH),
)
