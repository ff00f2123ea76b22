"""Marking bills exported: one result per bill inside a 200."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.bodies import is_integer
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row


async def mark_exported(call: ApiCall, ids_property: str, id_property: str) -> web.Response:
    """Answer ``[{<id_property>, success, errorMessage}]`` in the order asked. Raises Refusal (400) on a bad body."""
    ids = (await call.json_object()).get(ids_property)
    if not isinstance(ids, list) or not all(is_integer(one) for one in ids):
        raise invalid({ids_property: [f"The {ids_property} field is required and holds bill ids."]})
    results = [_marked(call, id_property, number) for number in ids]
    return call.answer(rendered(results, call.switches.extra_fields))


def _marked(call: ApiCall, id_property: str, number: int) -> Row:
    fault = _fault(call, number)
    if fault is None:
        switches = call.switches
        call.books.mark_bill_exported(
            number, switches.mark_exported_moves_modified_on, switches.purchase_order_exported_with_bills
        )
    return {id_property: number, "success": fault is None, "errorMessage": fault}


def _fault(call: ApiCall, number: int) -> str | None:
    bill = call.books.bills.get(number)
    if bill is None or not bill.active:
        return f"Bill {number} was not found."
    if bill.sync_status == "Exported" and call.switches.mark_exported_twice_fails:
        return f"Bill {number} is exported already."
    if bill.sync_status == "Pending" and call.switches.mark_exported_demands_posted:
        return f"Bill {number} is not posted."
    return None
