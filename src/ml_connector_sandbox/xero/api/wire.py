"""Answers as bytes: the envelope, JSON, XML where JSON was not asked for, and refusals."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.xero.books.values import milliseconds
from ml_connector_sandbox.xero.errors import BadRequest, NotFound, Refused, Titled

_SINGULAR = {"TaxRates": "TaxRate", "Currencies": "Currency", "TrackingCategories": "TrackingCategory"}


def envelope(provider: str, moment: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """What stands around every 200."""
    return {
        "Id": str(uuid.uuid4()),
        "Status": "OK",
        "ProviderName": provider,
        "DateTimeUTC": f"/Date({milliseconds(moment)})/",
        **payload,
    }


def wants_json(accept: str) -> bool:
    """JSON comes only when it is asked for by name."""
    return "application/json" in accept.lower()


def rendered(value: Any, status: int, json: bool, headers: dict[str, str]) -> web.Response:
    """JSON, or XML."""
    if json:
        return json_response(value, status, headers)
    body = f'<?xml version="1.0" encoding="utf-8"?><Response>{_xml(value)}</Response>'
    return web.Response(text=body, status=status, headers=headers, content_type="text/xml")


def refused(refusal: Refused, json: bool, headers: dict[str, str], lower_case: bool) -> web.Response:
    """A refusal in its own shape."""
    whole = headers | refusal.headers
    if isinstance(refusal, NotFound):
        return web.Response(text=NotFound.TEXT, status=404, headers=whole, content_type="text/html")
    if isinstance(refusal, Titled):
        return json_response(titled(refusal, lower_case), refusal.status, whole)
    if isinstance(refusal, BadRequest):
        return rendered(refusal.body(), 400, json, whole)
    return web.Response(status=refusal.status, headers=whole)


def titled(refusal: Titled, lower_case: bool) -> dict[str, Any]:
    """The body of a 401 or 403."""
    body: dict[str, Any] = {
        "Type": None,
        "Title": refusal.title,
        "Status": refusal.status,
        "Detail": refusal.detail,
        "Instance": str(uuid.uuid4()),
        "Extensions": {},
    }
    return {name.lower(): value for name, value in body.items()} if lower_case else body


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml_of(name, one)}</{name}>" for name, one in value.items() if one is not None)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | int | str):
        return escape(str(value))
    return ""


def _xml_of(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return _xml(value)
    one = _SINGULAR.get(name, name.removesuffix("ses") + "s" if name.endswith("sses") else name.removesuffix("s"))
    return "".join(f"<{one}>{_xml(element)}</{one}>" for element in value)
