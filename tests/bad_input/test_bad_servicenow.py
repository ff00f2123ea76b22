"""What is wrong with what a person gives at ``connect servicenow``: one sentence names it, and nothing is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from bad_input_world import Shell, contents, one_sentence
from bad_staging_world import KIND, instances, nothing_there_changes

from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicenow.instance import CLIENT_CREDENTIALS, Instance
from rsa_keys import private_pem, public_pem

pytestmark = pytest.mark.anyio
SN = "servicenow"


@pytest.fixture
async def office(shell: Shell, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """The firm on the sandbox, nothing connected; the shell is set to it."""
    async with Sandbox.running(f"matrix:{KIND}", speed=60.0, limits=False) as running:
        shell.sandbox_file = tmp_path / "sandbox.json"
        running.write(shell.sandbox_file)
        yield running


async def refused(shell: Shell, office: Sandbox, *options: str) -> str:
    """The sentence with which ``connect`` ends; it stored nothing and wrote nothing there."""
    assert (await shell.aside("companies")).code == 0
    before = contents(shell.url)
    with nothing_there_changes(office):
        told = await shell.aside("connect", SN, *options)
    assert contents(shell.url) == before
    assert told.code == 2, told
    return told.sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--address", "http://{host}"), ("Instance address", "Only https")),
        (("--address", "https://{host}/now/nav"), ("Instance address", "without a path")),
        (("--address", "{host}"), ("Instance address", "in full")),
        (("--client-id", "other"), ("client ID or secret is wrong", "Application Registry")),
        (
            ("--grant", "implicit"),
            ("Kind of grant", "'implicit'", "client_credentials, authorization_code, jwt_bearer"),
        ),
        (("--grant", "refresh_token"), ("Refresh token", "missing")),
        (("--grant", "jwt_bearer", "--username", "ml.connector"), ("Private key", "missing", "JWT Verifier Maps")),
        (
            ("--grant", "authorization_code", "--redirect", "http://127.0.0.1:9/else"),
            ("consent page refused", "redirect address"),
        ),
        (("--grant", "jwt_bearer", "--audience", "me"), ("Audience", "'me'", "client_id, token_endpoint")),
        (("--set", "profile=own"), ("profile", "'own'", "apo, custom")),
        (("--set", "rows_per_batch=0"), ("rows_per_batch", "'0'", "1 or more")),
        (("--set", "page_rows=-5"), ("page_rows", "'-5'", "1 or more")),
        (("--set", "key_length=long"), ("key_length", "'long'", "whole number")),
        (("--set", "key_length=24"), ("key_length", "24 characters", "lengthen", "32 or more")),
        (("--set", "currency=DOLLAR"), ("currency", "'DOLLAR'", "ISO 4217")),
        (("--set", "profile=custom"), ("profile", "invoice_columns")),
        (
            ("--set", "invoice_columns=colour=sn_spend_intg_imp_invoice.u_colour"),
            ("invoice_columns", "colour is no field"),
        ),
        (("--set", "invoice_columns=number"), ("invoice_columns", "'number'", "field=table.column")),
        (("--set", "invoicecolumns=x=a.b"), ("'invoicecolumns'", "did you mean")),
        (("--set", "fx_columns=u_amount"), ("fx_columns", "'u_amount'", "table.column")),
        (("--set", "erp_source= "), ("erp_source",)),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) and one and one[0].startswith("--") else "",
)
async def test_a_wrong_option(shell: Shell, office: Sandbox, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    host = instances(office).named("").host
    said = await refused(shell, office, *(one.format(host=host) for one in options))
    one_sentence(said, *words)


def _user(instance: Instance, **facts: bool) -> None:
    for user in instance.access.users.values():
        for name, value in facts.items():
            setattr(user, name, value)


def _client(instance: Instance, **facts: bool) -> None:
    for client in instance.grants.clients.values():
        for name, value in facts.items():
            setattr(client, name, value)


def _no_property(instance: Instance) -> None:
    found = instance.records.find("sys_properties", name=CLIENT_CREDENTIALS)
    assert found is not None
    instance.records.delete(found)


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (_no_property, (CLIENT_CREDENTIALS, "not there or not true", "ServiceNow administrator")),
        (lambda one: one.set_property(CLIENT_CREDENTIALS, "false"), (CLIENT_CREDENTIALS, "not there or not true")),
        (lambda one: _user(one, locked=True), ("OAuth Application User", "locked out")),
        (lambda one: _user(one, active=False), ("OAuth Application User", "inactive")),
        (lambda one: _client(one, active=False), ("client is inactive", "Application Registry")),
        (lambda one: _client(one, scoped=True), ("auth scope", "useraccount", "ServiceNow administrator")),
        (lambda one: setattr(one.switches, "hibernating", True), ("hibernates", "browser", "woken")),
    ],
    ids=["no property", "property false", "locked", "inactive user", "inactive client", "scoped", "hibernating"],
)
async def test_an_instance_that_does_not_let_us_in(
    shell: Shell, office: Sandbox, done: Callable[[Instance], None], words: tuple[str, ...]
) -> None:
    done(instances(office).named(""))
    said = await refused(shell, office)
    one_sentence(said, *words)


async def test_a_wrong_secret(shell: Shell, office: Sandbox) -> None:
    shell.environment["SERVICENOW_CLIENT_SECRET"] = "other-secret"
    said = await refused(shell, office)
    one_sentence(said, "client ID or secret is wrong")
    assert "other-secret" not in said


async def test_an_address_where_no_instance_is(shell: Shell, office: Sandbox) -> None:
    host = instances(office).named("").host
    await shell.aside("companies")
    before = contents(shell.url)
    instances(office).instances.clear()
    told = await shell.aside("connect", SN)
    assert told.code == 2 and contents(shell.url) == before
    one_sentence(told.sentence, host, "there is no such instance", "browser")


async def test_a_key_that_the_instance_does_not_know(shell: Shell, office: Sandbox, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(private_pem())
    options = ("--grant", "jwt_bearer", "--username", "ml.connector", "--private-key-file", str(key))
    said = await refused(shell, office, *options)
    one_sentence(said, "JWT Verifier Maps", "User field", "Application Registry")
    next(iter(instances(office).named("").grants.clients.values())).keys[""] = public_pem()
    assert (await shell.aside("connect", SN, *options)).code == 0


async def test_a_consent_connects(shell: Shell, office: Sandbox) -> None:
    told = await shell.aside("connect", SN, "--grant", "authorization_code")
    assert told.code == 0, told
    assert (await shell.aside("check")).code in (0, 1)


async def test_two_companies_on_one_instance(shell: Shell, office: Sandbox) -> None:
    assert (await shell.aside("connect", SN)).code == 0
    assert (await shell.aside("--company", "Second Firm", "connect", SN)).code == 0
    stored = contents(shell.url)
    assert len(stored["tenant"]) == len(stored["connection"]) == 2
    assert {row.split(",")[1] for row in stored["connection"]} == {"1", "2"}
    told = await shell.aside("check", "--company", "Second Firm", "--json")
    assert told.code in (0, 1) and "Second Firm" not in told.err
