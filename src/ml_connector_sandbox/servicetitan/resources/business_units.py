"""business-units: no sort parameter; a PATCH changes external data and nothing else."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.answers import not_found
from ml_connector_sandbox.servicetitan.bodies import Property, check_body, require
from ml_connector_sandbox.servicetitan.books import BusinessUnit
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, equal, read_page, single
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row, stamps

_RULES = ListRules(sorts=())
_UPDATE = (Property("externalData", "object"),)


async def _list(call: ApiCall) -> web.Response:
    guid = call.parameters.guid("externalDataApplicationGuid")
    page = read_page(call, call.books.business_units, _RULES, equal("name", call.parameters.text("name")))
    table = call.books.business_units
    return envelope(call, page, table, f"business-units/{guid}", lambda unit: _row(unit, guid))


async def _one(call: ApiCall) -> web.Response:
    guid = call.parameters.guid("externalDataApplicationGuid")
    return single(call, call.books.business_units, "id", lambda unit: _row(unit, guid))


async def _update(call: ApiCall) -> web.Response:
    number = call.path_id("id")
    unit = call.books.business_units.get(number)
    if unit is None:
        raise not_found("Business unit", number)
    body = await call.json_object()
    refuse_unknown = call.switches.refuse_unknown_properties
    require(check_body(body, _UPDATE, refuse_unknown))
    require(external_data.check(body.get("externalData"), creating=False, refuse_unknown=refuse_unknown))
    kept = external_data.applied(unit.external_data, body.get("externalData"))
    call.books.business_units.modify(number, external_data=kept)
    return call.answer(rendered({"id": number}, call.switches.extra_fields))


def _row(unit: BusinessUnit, guid: str | None) -> Row:
    return {
        "id": unit.id,
        "active": unit.active,
        "name": unit.name,
        "officialName": unit.official_name,
        "email": unit.email,
        "currency": unit.currency,
        "phoneNumber": unit.phone_number,
        "invoiceHeader": None,
        "invoiceMessage": None,
        "defaultTaxRate": unit.default_tax_rate,
        "authorizationParagraph": None,
        "acknowledgementParagraph": None,
        "address": None,
        "materialSku": None,
        "quickbooksClass": unit.quickbooks_class,
        "accountCode": unit.account_code,
        "franchiseId": None,
        "conceptCode": None,
        "corporateContractNumber": None,
        "trade": None,
        "division": None,
        "tagTypeIds": [],
        "tenant": None,
        **stamps(unit),
        "externalData": external_data.shown(unit.external_data, guid),
    }


_READ, _WRITE = "tn.stt.businessunits:r", "tn.stt.businessunits:w"

OPERATIONS = (
    Operation("GET", "settings", "business-units", _READ, _list),
    Operation("GET", "settings", "business-units/{id}", _READ, _one),
    Operation("PATCH", "settings", "business-units/{id}", _WRITE, _update),
)
