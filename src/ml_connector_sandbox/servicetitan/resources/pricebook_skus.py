"""pricebook: materials, equipment and services, each as list, by id and as export feed, with one row for all three.

Accounts are shown by NAME; materials and equipment name the income account by id besides, services do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.books import Sku, Table, TenantBooks
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, among, envelope, equal, read_page, single
from ml_connector_sandbox.servicetitan.pricebook_rows import equipment_row, material_row, service_row
from ml_connector_sandbox.servicetitan.shapes import Row

_SORTS = ("Id", "Code", "DisplayName", "CreatedOn", "ModifiedOn", "Price", "Cost")
_RULES = ListRules(sorts=_SORTS)


@dataclass(frozen=True, slots=True)
class _Resource:
    """One of the three: where it is kept, how a row of it looks, and which filters it has of its own."""

    name: str
    table: Callable[[TenantBooks], Table[Sku]]
    row: Callable[[TenantBooks, Sku, str | None], Row]
    own: Callable[[ApiCall], list[Test]]

    async def list(self, call: ApiCall) -> web.Response:
        guid = call.parameters.guid("externalDataApplicationGuid")
        tests = [*self.own(call), *searched(call), *external_data.look_up(call)]
        table = self.table(call.books)
        page = read_page(call, table, _RULES, tests)
        return envelope(call, page, table, f"{self.name}/{guid}", lambda one: self.row(call.books, one, guid))

    async def one(self, call: ApiCall) -> web.Response:
        guid = call.parameters.guid("externalDataApplicationGuid")
        return single(call, self.table(call.books), "id", lambda one: self.row(call.books, one, guid))

    async def export(self, call: ApiCall) -> web.Response:
        """Every one, inactive ones too; the feed has no parameter for external data and shows none."""

        def row(one: Sku) -> Row:
            return self.row(call.books, one, None)

        return export_page(call, self.table(call.books), f"export/{self.name}", row, lambda _: True)

    def operations(self) -> tuple[Operation, ...]:
        scope = f"tn.pb.{self.name}:r"
        return (
            Operation("GET", "pricebook", self.name, scope, self.list),
            Operation("GET", "pricebook", f"{self.name}/{{id}}", scope, self.one),
            Operation("GET", "pricebook", f"export/{self.name}", scope, self.export),
        )


def searched(call: ApiCall) -> list[Test]:
    """``searchText``: part of the code, the name or the description, in any case."""
    text = call.parameters.text("searchText")
    if text is None:
        return []
    wanted = text.casefold()
    return [
        lambda one: any(wanted in (part or "").casefold() for part in (one.code, one.display_name, one.description))
    ]


def _of_materials(call: ApiCall) -> list[Test]:
    asked = call.parameters
    return [
        *equal("is_other_direct_cost", asked.boolean("isOtherDirectCost")),
        *among("cost_type_id", asked.comma_ids("costTypeIds")),
    ]


def _of_equipment(_: ApiCall) -> list[Test]:
    return []


def _of_services(call: ApiCall) -> list[Test]:
    """``calculatePrices`` is read; no service here has a rule of dynamic prices, so nothing is calculated."""
    call.parameters.boolean("calculatePrices")
    return []


_RESOURCES = (
    _Resource("materials", lambda books: books.materials, material_row, _of_materials),
    _Resource("equipment", lambda books: books.equipment, equipment_row, _of_equipment),
    _Resource("services", lambda books: books.services, service_row, _of_services),
)

OPERATIONS = tuple(operation for one in _RESOURCES for operation in one.operations())
