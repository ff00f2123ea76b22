"""payment-terms: inactive ones are in the list too, which has no ``active``."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, read_page, single
from ml_connector_sandbox.servicetitan.payment_rows import term_row

_RULES = ListRules(sorts=("Id", "Name", "CreatedOn"), active=False)


async def _list(call: ApiCall) -> web.Response:
    page = read_page(call, call.books.payment_terms, _RULES)
    return envelope(call, page, call.books.payment_terms, "payment-terms", term_row)


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.payment_terms, "paymentTermId", term_row)


_READ = "tn.acc.paymentterms:r"

OPERATIONS = (
    Operation("GET", "accounting", "payment-terms", _READ, _list),
    Operation("GET", "accounting", "payment-terms/{paymentTermId}", _READ, _one),
)
