"""Answers of Xero to writes and look-ups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xero_script import NO_ID, ScriptedSession, answer, envelope, guid, invoice_row

from ml_connector.transport.messages import Answer, Request

SHOWN = {"AllocationID": guid(5, 8), "Amount": 5.5, "Invoice": {"InvoiceID": guid(1)}, "Date": "2026-09-14"}


def credit(*parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "OverpaymentID": guid(9), "Type": "RECEIVE-OVERPAYMENT", "Total": 20.0, "Status": "AUTHORISED",
        "Allocations": list(parts),
    }  # fmt: skip


def good(key: str, *rows: dict[str, Any]) -> Answer:
    return answer(envelope(key, list(rows)))


def ok(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "StatusAttributeString": "OK", "HasErrors": False}


def failed(row: dict[str, Any], *messages: str, id_key: str = "InvoiceID") -> dict[str, Any]:
    return {
        **row,
        id_key: NO_ID,
        "HasErrors": True,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": one} for one in messages],
    }


def always(given: Answer) -> ScriptedSession:
    return ScriptedSession(lambda _: given)


def raising(*errors: Exception, then: Answer | None = None) -> ScriptedSession:
    left = list(errors)

    def script(_: Request) -> Answer:
        if left:
            raise left.pop(0)
        assert then is not None
        return then

    return ScriptedSession(script)


def applying(given: Answer, *parts: dict[str, Any]) -> ScriptedSession:
    def script(request: Request) -> Answer:
        if request.method != "GET":
            return given
        on = request.path.startswith("/Invoices/")
        return good("Invoices", invoice_row(1, 1)) if on else good("Overpayments", credit(*parts))

    return ScriptedSession(script)


def found(key: str, *rows: dict[str, Any]) -> Answer:
    described = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": len(rows)}
    return answer(envelope(key, list(rows), pagination=described))


Routes = dict[str, Answer | Callable[[Request], Answer]]


def routed(routes: Routes) -> ScriptedSession:
    def script(request: Request) -> Answer:
        given = routes.get(request.path, answer(b"The resource cannot be found", 404))
        return given if isinstance(given, Answer) else given(request)

    return ScriptedSession(script)
