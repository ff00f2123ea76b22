"""Of a call with several documents each record's life shows its own part of what was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml_connector.service.exchanges import own_part


def said(asked: Any, answered: Any) -> str:
    return f"{json.dumps(asked)}\n{answered if isinstance(answered, str) else json.dumps(answered)}"


def parts(text: str) -> tuple[Any, Any]:
    asked, _, answered = text.partition("\n")
    return json.loads(asked), json.loads(answered)


A, B = {"InvoiceNumber": "7", "LineItems": [{"Quantity": 1}]}, {"InvoiceNumber": "8", "LineItems": [{"Quantity": 2}]}


def test_a_documents_own_part_is_found_by_its_bytes_and_its_id() -> None:
    answer = {"Id": "x", "Invoices": [{"InvoiceID": "b", "Total": 2}, {"InvoiceID": "a", "Total": 1}]}
    text = own_part(said({"Invoices": [A, B]}, answer), json.dumps(B).encode(), "b")
    assert parts(text) == ({"Invoices": [B]}, {"Id": "x", "Invoices": [{"InvoiceID": "b", "Total": 2}]})


def test_what_was_refused_is_found_by_what_it_says_of_itself() -> None:
    refused = {"InvoiceNumber": "7", "HasErrors": True}
    text = own_part(
        said({"Invoices": [A, B]}, {"Invoices": [{"InvoiceNumber": "8"}, refused]}), json.dumps(A).encode(), ""
    )
    assert parts(text) == ({"Invoices": [A]}, {"Invoices": [refused]})


def test_a_contact_that_went_with_more_than_was_planned_is_found() -> None:
    sent = [{"ContactID": "c1", "Name": "A", "ContactPersons": [1]}, {"ContactID": "c2", "Name": "B"}]
    text = own_part(said({"Contacts": sent}, {"Contacts": sent}), b'{"ContactID": "c1", "Name": "A"}', "c1")
    assert parts(text) == ({"Contacts": sent[:1]}, {"Contacts": sent[:1]})


@pytest.mark.parametrize(
    ("asked", "body", "shown"),
    [
        ({"ids": [5, 6], "status": "Exported"}, {"ids": [6], "status": "Exported"}, {"ids": [6], "status": "Exported"}),
        ([{"invoiceId": 5}, {"invoiceId": 6}], [{"invoiceId": 6}], [{"invoiceId": 6}]),
    ],
)
def test_marks_are_lists_of_ids(asked: Any, body: Any, shown: Any) -> None:
    answered = [{"billId": 5, "success": True}, {"billId": 6, "success": True}]
    assert parts(own_part(said(asked, answered), json.dumps(body).encode(), "6")) == (shown, answered[1:])


def test_amounts_stay_as_they_were_written() -> None:
    call = '{"I":[{"n":"1","t":10.00},{"n":"2","t":5.10}]}\n{"I":[{"n":"2","i":"b","t":5.10}]}'
    text = own_part(call, b'{"n":"2","t":5.1}', "b")
    assert text == '{"I":[{"n":"2","t":5.10}]}\n{"I":[{"n":"2","i":"b","t":5.10}]}'


@pytest.mark.parametrize("answered", ["the connection broke", "{cut", '{"Payments":[{"Amount":1},{"Amount":1}]}', "[]"])
def test_what_cannot_be_told_apart_is_shown_whole(answered: str) -> None:
    text = own_part(said({"Payments": [{"Amount": 1}, {"Amount": 2}]}, answered), b'{"Amount": 1}', "")
    assert text == '{"Payments":[{"Amount": 1}]}\n' + answered
    whole = said({"Payments": [{"Amount": 1}]}, answered)
    assert own_part(whole, b"not json", "") == whole == own_part(whole, b'{"Amount": 9}', "")
