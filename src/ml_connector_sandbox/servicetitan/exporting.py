"""Marking exported: one result per document inside a 200, and for bank deposits all or none without a body."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.bodies import Property, check_body, is_integer, require
from ml_connector_sandbox.servicetitan.books import ApCredit, BankDeposit, Bill, CreditMemo, Invoice
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
    return _refused(call, "Bill", number, call.books.bills.get(number))


_Document = Bill | Invoice | CreditMemo | BankDeposit | ApCredit


def _refused(call: ApiCall, what: str, number: int, document: _Document | None) -> str | None:
    """Why a document cannot be marked, in a sentence; None when it can."""
    if document is None or not document.active:
        return f"{what} {number} was not found."
    if document.sync_status == "Exported" and call.switches.mark_exported_twice_fails:
        return f"{what} {number} is exported already."
    if document.sync_status == "Pending" and call.switches.mark_exported_demands_posted:
        return f"{what} {number} is not posted."
    return None


async def mark_invoices_exported(call: ApiCall) -> web.Response:
    """The body is an array, each with its own external id. Raises Refusal (400) on a bad body."""
    return await _mark_each(call, "invoiceId", _marked_invoice)


async def mark_credit_memos_exported(call: ApiCall) -> web.Response:
    """As invoices. Raises Refusal (400) on a bad body."""
    return await _mark_each(call, "creditMemoId", _marked_memo)


async def mark_ap_credits_exported(call: ApiCall) -> web.Response:
    """The body is an array of ids alone: it takes no external id. Raises Refusal (400) on a bad body."""
    return await _mark_each(call, "apCreditId", _marked_ap_credit, external=False)


async def mark_bank_deposits_exported(call: ApiCall) -> web.Response:
    """All or none, and an answer without a body. Raises Refusal (400) on a bad body or a deposit that cannot be."""
    body = await call.json_object()
    require(check_body(body, (Property("ids", "list", required=True),), call.switches.refuse_unknown_properties))
    if not all(is_integer(one) for one in body["ids"]):
        raise invalid({"ids": ["The ids field holds ids of bank deposits."]})
    deposits = call.books.bank_deposits
    faults = [_refused(call, "Bank deposit", number, deposits.get(number)) for number in body["ids"]]
    sentences = [one for one in faults if one is not None]
    require({"ids": sentences} if sentences else {})
    for number in body["ids"]:
        at = None if call.switches.mark_exported_moves_modified_on else deposits[number].modified_on
        deposits.modify(number, at, sync_status="Exported")
    return call.empty()


_EXTERNAL = (Property("externalId", "text", nullable=True), Property("externalMessage", "text", nullable=True))


async def _mark_each(
    call: ApiCall, id_property: str, mark: Callable[[ApiCall, int, Row], str | None], external: bool = True
) -> web.Response:
    wanted = await call.json_array()
    properties = (Property(id_property, "integer", required=True), *(_EXTERNAL if external else ()))
    for place, one in enumerate(wanted):
        if not isinstance(one, dict):
            raise invalid({f"[{place}]": ["An object is required."]})
        require(check_body(one, properties, call.switches.refuse_unknown_properties, f"[{place}]."))
    results = []
    for one in wanted:
        fault = mark(call, one[id_property], one)
        results.append({id_property: one[id_property], "success": fault is None, "errorMessage": fault})
    return call.answer(rendered(results, call.switches.extra_fields))


def _external(call: ApiCall, wanted: Row) -> str | None:
    return wanted.get("externalId") if call.switches.external_id_becomes_export_id else None


def _marked_invoice(call: ApiCall, number: int, wanted: Row) -> str | None:
    fault = _refused(call, "Invoice", number, call.books.invoices.get(number))
    if fault is None:
        moves, message = call.switches.mark_exported_moves_modified_on, wanted.get("externalMessage")
        call.books.invoicing.mark_exported(number, moves, _external(call, wanted), message)
    return fault


def _marked_memo(call: ApiCall, number: int, wanted: Row) -> str | None:
    old = call.books.credit_memos.get(number)
    fault = _refused(call, "Credit memo", number, old)
    if fault is None and old is not None:
        at = None if call.switches.mark_exported_moves_modified_on else old.modified_on
        external = _external(call, wanted) or old.export_id
        call.books.credit_memos.modify(number, at, sync_status="Exported", export_id=external)
    return fault


def _marked_ap_credit(call: ApiCall, number: int, _: Row) -> str | None:
    fault = _refused(call, "AP credit", number, call.books.ap_credits.get(number))
    if fault is None:
        switches = call.switches
        call.books.returning.mark_exported(
            number, switches.mark_exported_moves_modified_on, switches.return_exported_with_credit
        )
    return fault
