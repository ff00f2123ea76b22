"""No secret survives in what is kept of an exchange."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.transport import redact

SECRETS = st.text("ABCDEFGHJKabcdefghjk0123456789.-_~", min_size=16, max_size=60)
NAMES = st.sampled_from(
    [
        "access_token",
        "refresh_token",
        "id_token",
        "accessToken",
        "client_secret",
        "clientSecret",
        "client_id",
        "code",
        "state",
        "token",
        "password",
        "ST-App-Key",
        "ServiceTitanApplicationKey",
        "app_key",
        "api_key",
        "apiKey",
        "assertion",
        "client_assertion",
        "signature",
        "x-zoho-token",
    ]
)


@given(NAMES, SECRETS, st.booleans())
def test_in_json_however_deep_and_however_spaced(name: str, secret: str, spaced: bool) -> None:
    body = {"a": [{"deep": {name: secret, "total": "12.50"}}], "b": 1}
    text = json.dumps(body, indent=2 if spaced else None).encode()
    kept = redact.body(text)
    assert secret.encode() not in kept
    assert json.loads(kept)["a"][0]["deep"]["total"] == "12.50"
    assert secret.encode() not in redact.body(json.dumps({"inner": json.dumps(body)}).encode())


@given(NAMES, SECRETS, st.integers(0, 400))
def test_in_json_that_is_cut_anywhere(name: str, secret: str, before: int) -> None:
    text = json.dumps({"pad": "x" * before, name: secret}).encode()
    for end in range(len(text) - len(secret), len(text) + 1):
        kept = redact.body(text[:end]).decode()
        assert not any(secret[:length] in kept.split(name)[-1] for length in range(16, len(secret) + 1))


@given(NAMES, SECRETS)
def test_in_forms_addresses_and_queries(name: str, secret: str) -> None:
    form = urlencode({"grant_type": "refresh_token", name: secret, "z": "1"})
    kept = redact.body(form.encode()).decode()
    assert secret not in kept
    assert kept.endswith("&z=1")
    assert secret not in redact.url("/oauth", [(name, secret), ("page", "2")])
    assert redact.url("/oauth", [(name, secret), ("page", "2")]).endswith("page=2")
    assert secret not in redact.url(f"https://api.example/x?{form}", [("page", "2")])
    assert secret not in redact.text(f"cannot call https://api.example/x?{name}={secret}")
    assert redact.body(json.dumps({"next": f"https://a/?{name}={secret}", "n": 1}).encode()).endswith(b'"n": 1}')


@pytest.mark.parametrize("word", ["Bearer", "Zoho-oauthtoken", "Basic", "bearer"])
def test_in_headers_told_in_an_error(word: str) -> None:
    assert "abc.def-123==" not in redact.text(f"Authorization: {word} abc.def-123==")


def test_at_the_edge_of_what_is_kept() -> None:
    secret = "s3cret" * 5
    body = json.dumps({"pad": "x" * (redact.KEPT - 60), "access_token": secret}).encode()
    assert b"s3cret" not in redact.body(body)
    assert len(redact.body(body)) <= redact.KEPT + 20


def test_what_is_no_secret_stays() -> None:
    body = {"code": 0, "message": "ok", "total": "1.10", "account": {"code": "5000"}, "address": {"state": "MN"}}
    assert json.loads(redact.body(json.dumps(body).encode())) == body
    assert redact.url("/bills", [("page", "1"), ("filter_by", "Status.All")]) == "/bills?page=1&filter_by=Status.All"
    assert redact.url("/bills", []) == "/bills"


def test_secrets_that_are_numbers_go_too() -> None:
    assert b"12345" not in redact.body(b'{"password": 12345, "n": 1}')


_FIELDS = frozenset(["BankAccountDetails", "BatchPayments"])
BANK = "99-1234-0567890-01"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "held", [BANK, {"Details": [BANK, {"of": BANK}], "Code": "x"}, [BANK, "}"], f'a "quoted" {BANK}', 99123405678901]
)
def test_a_field_that_is_never_kept_goes_with_all_that_is_under_it(held: object, indent: int | None) -> None:
    body = {"Contacts": [{"BankAccountDetails": held, "Name": "Acme"}, {"Name": "Box", "BatchPayments": held}]}
    kept = redact.body(json.dumps(body, indent=indent).encode(), _FIELDS)
    assert json.loads(kept) == {
        "Contacts": [
            {"BankAccountDetails": "[redacted]", "Name": "Acme"},
            {"Name": "Box", "BatchPayments": "[redacted]"},
        ]
    }
    inner = redact.body(json.dumps({"body": json.dumps(body)}).encode(), _FIELDS)
    assert b"99" not in inner
    assert b"Acme" in redact.body(json.dumps(body).encode()), "without a name nothing is hidden"


@given(st.integers(0, 300), st.sampled_from([BANK, {"Details": [BANK]}, [{"a": BANK}]]))
def test_no_part_of_it_is_kept_where_the_text_is_cut(before: int, held: object) -> None:
    text = json.dumps({"Name": "x" * before, "BankAccountDetails": held, "z": 1}).encode()
    for end in range(len(text)):
        assert b"99" not in redact.body(text[:end], _FIELDS)
