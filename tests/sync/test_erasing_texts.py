"""Texts without a person: which fields of a vendor's JSON stay, whose elements go, and our own with payloads inside."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.canonical.erased import Words
from ml_connector.sync.erasing import texts
from ml_connector.sync.erasing.marks import Marks, without
from ml_connector.transport.messages import Exchange

HER = {"ContactID": "c-1", "Name": "Jane Dough", "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "5550199"}]}
HIS = {"ContactID": "c-2", "Name": "John Bread", "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "5550123"}]}


def read(text: bytes) -> Any:
    return json.loads(text, parse_float=str)


def test_ids_numbers_dates_and_amounts_stay() -> None:
    row = {
        "id": 12, "customerId": "7", "referenceNumber": "INV-1", "total": "108.25", "balance": 8.10, "active": True,
        "modifiedOn": "2026-11-21T09:30:00.1234567Z", "Date": "/Date(1763683200000+0000)/", "summary": None, "memo": "",
        "items": [{"skuId": 3, "quantity": 2}],
    }  # fmt: skip
    text = json.dumps(row).encode()
    assert read(texts.whole(text)) == read(text)


def test_names_numbers_of_telephones_and_places_go() -> None:
    row = {
        "name": "Jane", "phoneNumber": "5125550199", "address": {"street": "77 Elm", "zip": "78701", "latitude": 30.26},
        "contacts": [{"id": 5, "type": "Email", "value": "jane@dough.example"}], "AccountNumber": "4711",
    }  # fmt: skip
    assert read(texts.whole(json.dumps(row).encode())) == {
        "name": "erased", "phoneNumber": "erased", "address": {"street": "erased", "zip": "erased", "latitude": None},
        "contacts": [{"id": 5, "type": "Email", "value": "erased"}], "AccountNumber": "erased",
    }  # fmt: skip


def test_of_several_only_the_elements_that_show_an_id_go() -> None:
    mine = {"InvoiceID": "i-1", "Contact": HER, "LineItems": [{"Description": "for Jane", "UnitAmount": 1.25}]}
    his = {"InvoiceID": "i-2", "Contact": HIS, "LineItems": [{"Description": "for John", "UnitAmount": 2}]}
    text = json.dumps({"Status": "OK", "Organisation": "Polar Air", "Invoices": [mine, his]}).encode()
    found = read(texts.rows(text, {"c-1"}))
    assert (found["Organisation"], found["Invoices"][1]) == ("Polar Air", his)
    assert "Jane" not in str(found) and found["Invoices"][0]["LineItems"][0]["UnitAmount"] == "1.25"
    assert texts.rows(text, {"c-9"}) is text


def test_a_batch_is_looked_into_and_what_its_answers_call_a_person_goes_with_it() -> None:
    def packed(value: Any) -> str:
        return b64encode(json.dumps(value).encode()).decode()

    asked = {"rest_requests": [{"id": str(n), "body": packed(one)} for n, one in enumerate((HER, HIS))]}
    told = {"display_name": "email", "display_value": "jane@dough.example", "sys_id": "of no party"}
    answered = {
        "serviced_requests": [{"id": "0", "body": packed({"result": [told]})}, {"id": "1", "body": packed(HIS)}]
    }
    mark = ("parties", "c-1")
    words = Words(["Jane Dough", "jane@dough.example"])
    exchange = Exchange(
        datetime(2026, 11, 17, tzinfo=UTC), "POST", "https://example/batch", 200, 5, json.dumps(asked).encode(),
        json.dumps(answered).encode(), None,
    )  # fmt: skip
    kept = without(exchange, Marks(frozenset([mark]), {mark: words}))
    hers, his = (b64decode(one["body"]) for one in read(kept.request)["rest_requests"])
    assert b"Jane" not in hers and b"c-1" in hers and read(his) == HIS
    first, second = (b64decode(one["body"]) for one in read(kept.answer)["serviced_requests"])
    assert read(first) == {"result": [told | {"display_value": "erased"}]} and read(second) == HIS
    other = replace(exchange, request=b"{}")
    assert without(other, Marks(frozenset([mark]), {mark: words})) is other, "nothing there says whose it is"


@pytest.mark.parametrize("text", [b'{"ContactID": "c-1", "Name": "Jane', b"c-1 Jane"])
def test_what_is_no_json_and_shows_an_id_goes_whole(text: bytes) -> None:
    assert read(texts.rows(text, {"c-1"})) == "erased" and read(texts.whole(text)) == "erased"


def test_our_own_texts_lose_the_words_and_payloads_what_is_personal() -> None:
    step = {
        "entity": "parties", "number": "Jane Dough (ST 7)", "reference": "servicetitan-1001-customers-7",
        "body": b64encode(json.dumps(HER).encode()).decode(), "agreed": {"source": {"city": "Austin"}},
    }  # fmt: skip
    words = Words(["Jane Dough"])
    kept = read(texts.own(json.dumps({"step": step, "waits": [["code", "'Jane Dough' looks like"]]}).encode(), words))
    assert kept["waits"] == [["code", "'erased' looks like"]] and kept["step"]["number"] == "erased (ST 7)"
    assert (kept["step"]["reference"], kept["step"]["agreed"]) == (step["reference"], None)
    body = read(b64decode(kept["step"]["body"]))
    assert body["ContactID"] == "c-1" and body["Name"] == "erased"
    unmoved = b'{"a":1.50,  "b":"John"}'
    assert texts.own(unmoved, words) is unmoved


@pytest.mark.parametrize("url", ["/v2/customers/c-1/contacts", "/contacts?customerId=c-1&page=1"])
def test_an_exchange_whose_address_names_her_is_about_nobody_else(url: str) -> None:
    text = json.dumps([{"id": 5, "value": "jane@dough.example"}]).encode()
    exchange = Exchange(datetime(2026, 11, 21, tzinfo=UTC), "PATCH", url, 200, 5, text, text, None)
    marks = Marks(frozenset([("customers", "c-1")]))
    shown = without(exchange, marks)
    assert read(shown.request) == read(shown.answer) == [{"id": 5, "value": "erased"}] and shown.url == url
    other = Exchange(exchange.at, "PATCH", "/v2/customers/c-11", 200, 5, text, text, None)
    assert without(other, marks) == other
