"""pricebook: discounts-and-fees, as list and by id; there is no export feed."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, read_page, single
from ml_connector_sandbox.servicetitan.pricebook_rows import modifier_row
from ml_connector_sandbox.servicetitan.resources.pricebook_skus import searched

_RULES = ListRules(sorts=("Id", "Code", "DisplayName", "CreatedOn", "ModifiedOn"))


async def _list(call: ApiCall) -> web.Response:
    books, guid = call.books, call.parameters.guid("externalDataApplicationGuid")
    page = read_page(call, books.price_modifiers, _RULES, [*searched(call), *external_data.look_up(call)])
    view = f"discounts-and-fees/{guid}"
    return envelope(call, page, books.price_modifiers, view, lambda one: modifier_row(books, one, guid))


async def _one(call: ApiCall) -> web.Response:
    guid = call.parameters.guid("externalDataApplicationGuid")
    return single(call, call.books.price_modifiers, "id", lambda one: modifier_row(call.books, one, guid))


_READ = "tn.pb.discountsandfees:r"

OPERATIONS = (
    Operation("GET", "pricebook", "discounts-and-fees", _READ, _list),
    Operation("GET", "pricebook", "discounts-and-fees/{id}", _READ, _one),
)
