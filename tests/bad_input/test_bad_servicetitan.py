"""A ServiceTitan tenant that is not the one connected, and an application whose scopes the tenant has not accepted."""

from __future__ import annotations

import pytest
from bad_input_world import Shell, contents, nothing_changes, one_sentence

from joined import Joined
from ml_connector.service.connections import Connection, connections
from ml_connector_sandbox.company.access import Access
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio
ACCESS, LOOKS = Access(), 20
OTHER, OTHER_CLIENT, OTHER_SECRET = "1999888777", "cid.other-company", "cs1.other-company"


@pytest.fixture
def other(sandbox: Sandbox) -> Sandbox:
    """Another company of the same application, with credentials of its own."""
    books = sandbox.company.servicetitan
    books.add_tenant(OTHER, "Other Company")
    mine = next(one for one in books.grants.values() if one.client_id == ACCESS.client_id)
    books.add_grant(mine.app_key, OTHER, OTHER_CLIENT, OTHER_SECRET, mine.scopes)
    return sandbox


async def test_credentials_of_another_tenant_do_not_renew_a_connection(shell: Shell, other: Sandbox) -> None:
    assert (await shell.aside("connect", "servicetitan")).code == 0
    shell.environment["SERVICETITAN_CLIENT_SECRET"] = OTHER_SECRET
    with nothing_changes(shell.url, other):
        told = await shell.aside(
            "connect", "servicetitan", "--client-id", OTHER_CLIENT, "--tenant", OTHER, "--again", "ServiceTitan"
        )
    assert told.code == 2, told
    one_sentence(
        told.sentence, OTHER, "not the one of connection 'ServiceTitan'", "without --again", "Nothing was changed"
    )
    assert len(contents(shell.url)["connection"]) == 1


async def test_the_tenant_id_of_another_company_is_refused(shell: Shell, other: Sandbox) -> None:
    await shell.aside("companies")
    with nothing_changes(shell.url, other):
        told = await shell.aside("connect", "servicetitan", "--tenant", OTHER)
    assert told.code == 2, told
    one_sentence(told.sentence, f"tenant {OTHER}", "correct the tenant id")


async def problem(company: Joined) -> Connection:
    """ServiceTitan's connection once it tells what is wrong."""
    for _ in range(LOOKS):
        await company.go()
        found = next(one for one in await connections(company.desk) if one.vendor == "servicetitan")
        if found.problem:
            return found
    raise AssertionError("the connection never told a problem")


async def test_a_tenant_that_these_credentials_may_not_use_any_more(company: Joined) -> None:
    books = company.sandbox.company.servicetitan
    books.add_tenant(OTHER, "Other Company")
    (grant,) = books.grants.values()
    grant.tenant = OTHER
    company.sandbox.servicetitan.tokens.withdraw_all()
    found = await problem(company)
    assert found.state == "needs reconnect"
    one_sentence(found.problem, f"tenant {ACCESS.tenant_id}", "correct the tenant id", "administrator")


async def test_a_scope_that_the_tenant_has_not_accepted(company: Joined) -> None:
    books = company.sandbox.company.servicetitan
    (grant,) = books.grants.values()
    books.change_scopes(grant.client_id, tuple(one for one in grant.scopes if one != "tn.acc.inventorybills:r"))
    company.sandbox.servicetitan.tokens.withdraw_all()
    found = await problem(company)
    one_sentence(found.problem, "scope tn.acc.inventorybills:r", "administrator accepts", "newest version")
    assert found.state == "good"
