"""What is wrong with what a person gives at ``connect``: one sentence names it, and nothing is stored."""

from __future__ import annotations

import pytest
from bad_input_world import Shell, contents, nothing_changes, one_sentence

from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio
ST, ZB = "servicetitan", "zoho-books"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((ST, "--client-id", "cid.other"), ("Client ID", "Client Secret", "generate a new secret")),
        ((ST, "--tenant", "99"), ("tenant 99", "administrator")),
        ((ST, "--tenant", "Prairie"), ("Tenant ID", "'Prairie'", "not a number")),
        ((ST, "--environment", "integration"), ("Client ID", "environment")),
        ((ST, "--environment", "staging"), ("Environment", "'staging'", "production, integration")),
        ((ST, "--set", "page_size=many"), ("page_size", "'many'", "whole number")),
        ((ST, "--set", "pagesize=5"), ("'pagesize'", "did you mean page_size")),
        ((ST, "--set", "page_size"), ("'page_size'", "name=value")),
        ((ST, "--set", "recent_changes=perhaps"), ("recent_changes", "'perhaps'", "yes, no")),
        ((ST, "--zone", "Mars/Olympus"), ("'Mars/Olympus'", "time zone")),
        ((ZB, "--client-id", "1000.OTHER"), ("consent page", "invalid_client", "client id")),
        ((ZB, "--data-centre", "uk"), ("Data centre", "'uk'", "us, eu")),
        ((ZB, "--data-centre", "us"), ("invalid_client",)),
        ((ZB, "--organisation", "123"), ("organisation", "'123'", "20083355021")),
        ((ZB, "--set", "tax_rounding=penny"), ("tax_rounding", "'penny'", "document, line")),
        ((ZB, "--redirect", "http://127.0.0.1:9/else"), ("invalid_redirect_uri", "redirect address")),
        ((ZB, "--again", "Zoho Books"), ("Nothing is connected yet",)),
        (("sage",), ("sage",)),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) and one and one[0] in (ST, ZB, "sage") else "",
)
async def test_a_wrong_option(shell: Shell, sandbox: Sandbox, command: tuple[str, ...], words: tuple[str, ...]) -> None:
    told = await shell.aside("companies")
    assert told.code == 0
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", *command)
    assert told.code == 2, told
    one_sentence(told.sentence, *words)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SERVICETITAN_CLIENT_SECRET", "cs1.other", ("Client Secret", "generate a new secret")),
        ("SERVICETITAN_CLIENT_SECRET", "cs1.sandbox prairie", ("Client Secret", "blank or line break")),
        ("SERVICETITAN_CLIENT_SECRET", "cs1.sandbox-prairie-lantern\n", ("Client Secret", "blank or line break")),
        ("SERVICETITAN_APP_KEY", "ak1.other", ("App Key", "developer portal")),
    ],
)
async def test_a_wrong_secret(
    shell: Shell, sandbox: Sandbox, variable: str, value: str, words: tuple[str, ...]
) -> None:
    await shell.aside("companies")
    shell.environment[variable] = value
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", ST)
    assert told.code == 2, told
    one_sentence(told.sentence, *words)
    assert value.strip() not in told.err


async def test_a_wrong_secret_of_zoho(shell: Shell, sandbox: Sandbox) -> None:
    await shell.aside("companies")
    shell.environment["ZOHO_BOOKS_CLIENT_SECRET"] = "other-secret"
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", ZB)
    assert told.code == 2
    assert "client secret" in told.err and "data centre eu" in told.sentence and "other-secret" not in told.err


async def test_a_secret_file_that_is_not_there(shell: Shell, sandbox: Sandbox) -> None:
    told = await shell.aside("connect", ST, "--app-key-file", "nowhere/app.key")
    assert told.code == 2
    one_sentence(told.sentence, "nowhere/app.key", "App Key", "cannot be read")


async def test_a_consent_that_was_declined(shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml_connector.cli import redirect

    async def declined(_: object, address: str) -> dict[str, str]:
        state = address.rpartition("state=")[2]
        return {"error": "access_denied", "state": state}

    monkeypatch.setattr(redirect, "consented", declined)
    await shell.aside("companies")
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", ZB)
    assert told.code == 2 and "declined at Zoho: connect again and choose Accept" in told.sentence


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"code": "1000.x", "state": "another"}, "another attempt"),
        ({"code": "1000.x"}, "another attempt"),
        ({"code": "1000.x", "state": "{}", "accounts-server": "https://accounts.evil.example"}, "none of Zoho's"),
        ({"state": "{}"}, "carries no code"),
        ({"code": "1000.used", "state": "{}"}, "used before, has expired or was revoked"),
    ],
    ids=["wrong state", "no state", "foreign server", "no code", "used code"],
)
async def test_a_redirect_that_is_not_the_answer(
    shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], words: str
) -> None:
    from ml_connector.cli import redirect

    async def returned(_: object, address: str) -> dict[str, str]:
        return {name: value.format(address.rpartition("state=")[2]) for name, value in query.items()}

    monkeypatch.setattr(redirect, "consented", returned)
    await shell.aside("companies")
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", ZB)
    assert told.code == 2 and words in told.sentence, told.sentence


async def test_what_was_pasted_is_no_address() -> None:
    from ml_connector.cli.redirect import pasted
    from ml_connector.errors import BadInput

    for text in ("", "1000.abc.def", "http://127.0.0.1:8743/oauth/zoho-books"):
        with pytest.raises(BadInput, match="copy the whole address"):
            pasted(text)


async def test_connecting_again_reaches_another_organisation(shell: Shell, sandbox: Sandbox) -> None:
    books = sandbox.company.zoho_books
    books.organisation("20083355099", name="Other Books", data_centre="eu")
    assert (await shell.aside("connect", ZB, "--organisation", "20083355021")).code == 0
    with nothing_changes(shell.url, sandbox):
        told = await shell.aside("connect", ZB, "--organisation", "20083355099", "--again", "Zoho Books")
        assert told.code == 2
        assert "Other Books" in told.sentence and "Nothing was changed" in told.sentence
        told = await shell.aside("connect", ZB)
    assert told.code == 2 and "several organisations" in told.sentence and "20083355099 (Other Books)" in told.sentence
    assert len(contents(shell.url)["connection"]) == 1
