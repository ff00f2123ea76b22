"""Deliveries of Zoho's webhooks: a JSON body or a form, taken only when everything that is signed fits."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.zoho_books.connector import ZohoBooks
from ml_connector.connectors.zoho_books.webhooks import SIGNATURE_HEADER, signature
from ml_connector.errors import Refused

KEY = "secret0token1"
QUERY = (("b", "2"), ("a", "1 2"))
BODY = json.dumps({"organization_id": "7", "bill": {"bill_id": 460000000000117048}}).encode()
FORM = (("organization_id", "7"), ("bill_id", "99"), ("note", ""))


def heard(body: bytes, signed: str, kind: str = "application/json", query=QUERY, key: str = KEY) -> tuple[Hint, ...]:
    headers = {SIGNATURE_HEADER: signed, "content-type": kind}
    return ZohoBooks().heard(key, Delivery(headers, query, body), {})


def test_json_is_signed_with_the_query() -> None:
    good = signature(KEY, QUERY, (), BODY)
    assert heard(BODY, good) == (Hint("bills", "460000000000117048", "7"),)
    for change in ({"query": ()}, {"body": BODY + b" "}, {"key": "another0token"}, {"key": ""}, {"signed": ""}):
        with pytest.raises(Refused, match=SIGNATURE_HEADER):
            heard(**{"body": BODY, "signed": good, **change})


def test_a_form_is_signed_by_its_pairs() -> None:
    body, kind = urlencode(FORM).encode(), "application/x-www-form-urlencoded; charset=utf-8"
    good = signature(KEY, QUERY, FORM, b"")
    assert heard(body, good, kind) == (Hint("bills", "99", "7"),)
    for other in (b"bill_id=98&organization_id=7&note=", b"\xff\xfe", b"=".join([b"a"] * 3), b"&".join([b"a=1"] * 300)):
        with pytest.raises(Refused):
            heard(other, good, kind)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"bill": 1}', b'{"lead": {"lead_id": 1}}'])
def test_what_is_not_understood_hints_at_nothing(body: bytes) -> None:
    assert heard(body, signature(KEY, QUERY, (), body)) == ()
