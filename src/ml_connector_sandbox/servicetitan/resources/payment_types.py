"""payment-types: a name each, nothing of the account it goes to. There is no sort, and no modified window."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, read_page, single
from ml_connector_sandbox.servicetitan.payment_rows import type_row

_RULES = ListRules(sorts=())


async def _list(call: ApiCall) -> web.Response:
    page = read_page(call, call.books.payment_types, _RULES)
    return envelope(call, page, call.books.payment_types, "payment-types", type_row)


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.payment_types, "id", type_row)


_READ = "tn.acc.paymenttypes:r"

OPERATIONS = (
    Operation("GET", "accounting", "payment-types", _READ, _list),
    Operation("GET", "accounting", "payment-types/{id}", _READ, _one),
)
