"""The organisation as the planner needs it: currency, zone, edition, plan, price digits, rounding, lock date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.json_fields import Fields
from ml_connector.connectors.zoho_books import values
from ml_connector.connectors.zoho_books.client import ORGANISATIONS, Books
from ml_connector.connectors.zoho_books.errors import Refusal
from ml_connector.connectors.zoho_books.scopes import granted
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, NotPermitted

LOCK_SCOPE = "ZohoBooks.accountants.READ"
_ONE_DAY = dt.timedelta(days=1)
_MONTHS = ("january", "february", "march", "april", "may", "june",
           "july", "august", "september", "october", "november", "december")  # fmt: skip
_EU = frozenset(
    ["AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
     "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE"]
)  # fmt: skip
_GULF = dict.fromkeys(("AE", "SA", "BH", "OM", "QA", "KW"), "GCC")
_ITS_OWN = {code: code for code in ("US", "IN", "AU", "CA", "NZ", "ZA", "MX", "KE", "SG", "JP")}
_EDITIONS = {"GB": "UK", "UK": "UK", **_ITS_OWN, **_GULF}
# A lock of another module leaves a document free; one whose module is not told counts, since posting into it would fail.
_PURCHASES, _SALES = "purchase", "sales"
_MODULES = (_PURCHASES, _SALES, "bank", "accountant", "inventory")


async def organisations(session: Session) -> Sequence[Organisation]:
    """All organisations of the grant. This list alone takes no organisation id and has no paging."""
    reply = await Books(session).get(ORGANISATIONS)
    return [_organisation(json_fields.decode(raw), session) for raw in reply.rows("organizations")]


async def organisation(session: Session) -> Organisation:
    """The connected one, lock date included. Raises BadInput when the grant does not reach it."""
    found = next((one for one in await organisations(session) if one.id == session.organisation), None)
    if found is None:
        raise BadInput(
            f"The Zoho user who consented does not reach organisation {session.organisation}: invite the user there, "
            "or connect again as somebody who belongs to it."
        )
    lock = await transaction_lock(session)
    return replace(
        found, locked_through=lock.through, lock_known=not lock.problem, locked_through_sales=lock.sales_through
    )


@dataclass(frozen=True, slots=True)
class Lock:
    """The last closed day for purchases and that for sales, None when nothing is locked; ``problem`` says why that could not

    be read.
    """

    through: dt.date | None = None
    sales_through: dt.date | None = None
    problem: str = ""


async def transaction_lock(session: Session) -> Lock:
    """The locks that close purchases and sales. What cannot be read is a problem, never "nothing is locked".

    Zoho's pages disagree whether the lock date itself is still open; setting ``lock_date_is_locked`` says it is not.
    """
    if session.scopes and not granted(LOCK_SCOPE, session.scopes):
        return Lock(problem=f"The consent does not cover {LOCK_SCOPE}.")
    try:
        locks = await _locks(Books(session))
    except (Refusal, NotPermitted, NotJson) as error:
        return Lock(problem=error.sentence)
    open_day = _ONE_DAY if session.settings.get("lock_date_is_locked", "yes") == "no" else dt.timedelta()
    purchases, sales = (_last(locks, module) for module in (_PURCHASES, _SALES))
    return Lock(purchases - open_day if purchases else None, sales - open_day if sales else None)


def _last(locks: Sequence[Fields], module: str) -> dt.date | None:
    """The last day that a module is closed through."""
    days = [day for lock in locks if _closes(lock, module) and (day := values.day(lock, "transaction_lock_date"))]
    return max(days, default=None)


async def _locks(books: Books) -> list[Fields]:
    locks: list[Fields] = []
    number, more = 1, True
    while more:
        reply = await books.page("/transactionlocks", number)
        locks += [json_fields.decode(raw) for raw in reply.rows("transaction_locks")]
        more, number = reply.more(), number + 1
    return locks


def _closes(lock: Fields, module: str) -> bool:
    if json_fields.text(lock, "transaction_lock_status") == "disabled":
        return False
    told = (
        f"{json_fields.text(lock, 'transaction_lock_module')} {json_fields.text(lock, 'lock_scope_formatted')}".lower()
    )
    return module in told or not any(other in told for other in _MODULES)


def _organisation(row: Fields, session: Session) -> Organisation:
    country = json_fields.text(row, "country_code").upper()
    return Organisation(
        id=json_fields.text(row, "organization_id"),
        name=json_fields.text(row, "name"),
        currency=json_fields.text(row, "currency_code"),
        zone=json_fields.text(row, "time_zone"),
        country=country,
        edition=edition(country),
        plan=json_fields.text(row, "plan_name"),
        price_digits=_digits(row),
        rounding=session.settings.get("tax_rounding", "document"),
        fiscal_year_start_month=month(json_fields.text(row, "fiscal_year_start_month")),
    )


def edition(country: str) -> str:
    """The tax edition. The API names none; Zoho sells one per country, else the global one."""
    return "EU" if country in _EU else _EDITIONS.get(country, "GLOBAL")


def month(word: str) -> int:
    """Month number of "1" or "april"; January where it is neither."""
    if word.isdigit() and 1 <= int(word) <= len(_MONTHS):
        return int(word)
    return _MONTHS.index(word.lower()) + 1 if word.lower() in _MONTHS else 1


def _digits(row: Fields) -> int:
    text = json_fields.text(row, "price_precision")
    return int(text) if text.isdigit() else 2
