"""The Batch API: requests inside a request, one after the other, for at most 30 seconds of work."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from multidict import CIMultiDict, MultiDict
from yarl import URL

from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api.call import Answer, ApiCall

SECONDS = 30
UNSERVICED, CANCELLED_BEFORE, CANCELLED_AFTER = "unserviced", "cancelled inside before", "cancelled inside after"
_LARGEST_ITEM = 5 * 1024 * 1024
Dispatch = Callable[[ApiCall], Answer]


def batch(call: ApiCall, dispatch: Dispatch) -> Answer:
    """``POST``: carry the requests out in their order. ``dispatch`` answers one and never raises. Raises Refused."""
    body = call.json()
    requests = body.get("rest_requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not all(_is_request(one) for one in requests):
        raise errors.unreadable("the body has no array 'rest_requests' of objects with id, method and url")
    fit = _fitting(call, requests)
    serviced = [_serviced(call, one, dispatch) for one in requests[:fit]]
    rest = [str(one["id"]) for one in requests[fit:]]
    answer = {"batch_request_id": str(body.get("batch_request_id", "")), "serviced_requests": serviced}
    return Answer(200, answer | {"unserviced_requests": rest})


def _is_request(one: Any) -> bool:
    return isinstance(one, dict) and all(one.get(name) for name in ("id", "method", "url"))


def _fitting(call: ApiCall, requests: list[Any]) -> int:
    """How many are carried out before the time is over."""
    if call.struck(UNSERVICED):
        return len(requests) // 2
    each = call.instance.switches.batch_item_seconds
    return len(requests) if each <= 0 else min(len(requests), int(SECONDS // each))


def _serviced(call: ApiCall, one: dict[str, Any], dispatch: Dispatch) -> dict[str, Any]:
    cancelled = call.struck(CANCELLED_BEFORE, CANCELLED_AFTER)
    answer = Answer(200) if cancelled == CANCELLED_BEFORE else _answered(call, one, dispatch)
    shown = {"id": str(one["id"]), "execution_time": int(call.instance.switches.batch_item_seconds * 1000) or 12}
    if cancelled:
        refusal = errors.Refused(500, errors.CANCELLED, errors.CANCELLED_DETAIL)
        answer = Answer(call.instance.switches.cancelled_item_status, refusal.body())
        shown["error_message"] = errors.CANCELLED
    headers = [] if one.get("exclude_response_headers") else [
        {"name": name, "value": value} for name, value in answer.headers.items()
    ]  # fmt: skip
    return shown | {
        "body": base64.b64encode(answer.content()).decode(),
        "status_code": answer.status,
        "status_text": HTTPStatus(answer.status).phrase,
        "headers": headers,
    }


def _answered(call: ApiCall, one: dict[str, Any], dispatch: Dispatch) -> Answer:
    try:
        body = base64.b64decode(one.get("body") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return Answer(400, errors.unreadable("the body of the request is no base64").body())
    if len(body) > _LARGEST_ITEM:
        return Answer(call.instance.switches.oversize_status, oversize(len(body), _LARGEST_ITEM).body())
    url = URL(str(one["url"]))
    call.carried.add(f"{str(one['method']).upper()} {url.name}")
    sent = [
        (str(pair.get("name")), str(pair.get("value"))) for pair in one.get("headers") or [] if isinstance(pair, dict)
    ]
    headers = CIMultiDict(sent)
    if not call.instance.switches.headers_always_needed:
        headers.setdefault("Accept", call.headers.get("Accept", ""))
    inner = ApiCall(
        instance=call.instance, user=call.user, method=str(one["method"]).upper(), path=url.path,
        query=MultiDict(url.query), headers=headers, body=body, troubles=call.troubles,
    )  # fmt: skip
    return dispatch(inner)


def oversize(size: int, limit: int) -> errors.Refused:
    """The refusal of a body that is too large; its status is a switch."""
    detail = f"Rejected large REST payload with content-length = {size} bytes. Max allowed: {limit} bytes."
    return errors.unreadable(detail)
