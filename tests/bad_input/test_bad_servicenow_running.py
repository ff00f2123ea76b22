"""What an instance no longer allows or answers wrong while the product runs: it is told, and goes on once it is mended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from bad_input_world import one_sentence
from bad_staging_world import STOPPED, Staging

from ml_connector.errors import BadInput
from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.sync.states import State
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.wire import Wire
from ml_connector_sandbox.servicenow.instance import CLIENT_CREDENTIALS

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
IMPORT, BATCH = "/api/now/import/", "/api/now/v1/batch"
Happens = Callable[[Callable[[Request], Answer | None]], None]


@pytest.fixture
def happens(monkeypatch: pytest.MonkeyPatch) -> Happens:
    """Something that happens before a call of ServiceNow's; an answer given takes the place of the instance's."""
    send = Wire.send

    def set_up(before: Callable[[Request], Answer | None]) -> None:
        async def sent(self: Wire, request: Request, *given: object, **more: object) -> Answer:
            if request.path.startswith("/api/now/") and (instead := before(request)) is not None:
                return instead
            return await send(self, request, *given, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(Wire, "send", sent)

    return set_up


def is_write(request: Request) -> bool:
    return not request.safe and (request.path.startswith(IMPORT) or request.path == BATCH)


async def staged_once(staging: Staging) -> None:
    """The bills and the credit are there, each once, and nothing is wrong any more."""
    assert (await staging.go()).done
    found = await staging.connection()
    assert (found.state, found.problem) == ("good", "")
    numbers = [row["external_invoice_number"] for row in staging.instance.records.rows("sn_shop_invoice")]
    assert len([one for one in numbers if one]) == len({one for one in numbers if one}) == 6
    assert (await staging.flow()).tally(State.REJECTED).count == 0


# --- the connection ----------------------------------------------------------------------------------------------


def _locked(staging: Staging, on: bool) -> None:
    for user in staging.instance.access.users.values():
        user.locked = on


def _property(staging: Staging, on: bool) -> None:
    staging.instance.set_property(CLIENT_CREDENTIALS, "false" if on else "true")


def _scoped(staging: Staging, on: bool) -> None:
    for client in staging.instance.grants.clients.values():
        client.scoped = on


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (_locked, ("locked out", "ServiceNow administrator")),
        (_property, (CLIENT_CREDENTIALS, "ServiceNow administrator")),
        (_scoped, ("call no API", "auth scope", "ServiceNow administrator")),
    ],
    ids=["locked", "property", "scoped"],
)
async def test_a_grant_that_dies(
    staging: Staging, wrong: Callable[[Staging, bool], None], words: tuple[str, ...]
) -> None:
    wrong(staging, True)
    staging.instance.grants.access.clear()
    found = await staging.stopped()
    assert found.state == "needs reconnect" and staging.staged() == 0
    one_sentence(found.problem, *words)
    wrong(staging, False)
    await staging.connect_again()
    await staged_once(staging)


async def test_an_instance_without_the_plugin(staging: Staging) -> None:
    staging.instance.switches.plugin_inactive = True
    found = await staging.stopped()
    one_sentence(found.problem, "Invalid table", "activates the plugin", "ServiceNow administrator")
    assert staging.staged() == 0 and (await staging.flow()).tally(State.REJECTED).count == 0
    told = [f"{one.sentence} {one.action}" for one in await staging.missing() if one.subject.startswith("table ")]
    assert told
    for one in told:
        one_sentence(one, "has no table", "activates Source-to-Pay Integrations")
    staging.instance.switches.plugin_inactive = False
    await staged_once(staging)


async def test_an_instance_that_goes_to_sleep_between_two_writes(staging: Staging, happens: Happens) -> None:
    writes: list[str] = []

    def before(request: Request) -> None:
        if is_write(request):
            writes.append(request.path)
            staging.instance.switches.hibernating = len(writes) == 2

    happens(before)
    found = await staging.stopped()
    assert found.state == "good"
    one_sentence(found.problem, "web page in place of data", "hibernates", "woken")
    staging.instance.switches.hibernating = False
    await staged_once(staging)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html><body>Sign in</body></html>"),
        (202, b""),
        (200, b'{"result":[{"transform_map":"x","table":"sn_shop_inv'),
        (200, b"{}"),
        (413, b'{"error":{"message":"Exception while reading request","detail":"The payload exceeds 10485760"}}'),
        (429, b""),
        (503, b"<html>Service Unavailable</html>"),
    ],
    ids=["page", "202", "truncated", "empty", "too large", "429", "503"],
)
async def test_one_answer_to_a_write_that_says_nothing_makes_nothing_twice(
    staging: Staging, happens: Happens, answer: tuple[int, bytes]
) -> None:
    spoilt: list[str] = []

    def before(request: Request) -> Answer | None:
        if not is_write(request) or spoilt:
            return None
        spoilt.append(request.path)
        now = dt.datetime.now(dt.UTC)
        return Answer(answer[0], {"content-type": "application/json"}, answer[1], now)

    happens(before)
    await staging.go()
    assert spoilt
    if answer[0] == 413:
        return
    await staging.later()
    await staged_once(staging)


async def test_lists_that_are_cut_off_are_told_and_read_again(staging: Staging) -> None:
    staging.instance.switches.quota_rows = 2
    found = await staging.stopped()
    one_sentence(found.problem, "cut off its answer", "raise the quota")
    assert staging.staged() == 0
    staging.instance.switches.quota_rows = 0
    await staged_once(staging)


# --- roles and set-up --------------------------------------------------------------------------------------------


async def test_a_table_that_shows_none_of_its_rows(staging: Staging) -> None:
    staging.wish("restrict", table="sn_fin_gl_account", operation="read", roles=["nobody"])
    await staging.go(STOPPED)
    problem = (await staging.connection()).problem
    one_sentence(problem, "sn_fin_gl_account", "none of them", "ServiceNow administrator", "role")
    assert staging.staged() == 0
    staging.wish("lift", table="sn_fin_gl_account")
    await staged_once(staging)


async def test_a_missing_role_to_create_rows(staging: Staging) -> None:
    acls = list(staging.instance.access.acls)
    staging.instance.access.acls = [one for one in acls if one.table != "sys_import_set_row"]
    staging.wish("restrict", table="sys_import_set_row", operation="create", roles=["nobody"])
    problem = await staging.problem_telling("more record")  # suppliers, bills and credits alike, and said once
    one_sentence(problem, "ServiceNow refused", "ServiceNow administrator", "role")
    assert problem.count("ACL Exception") == 1
    assert staging.staged() == 0 and (await staging.flow()).tally(State.REJECTED).count == 0
    staging.instance.access.acls = acls
    await staged_once(staging)


async def test_settings_that_cannot_be_change_nothing(staging: Staging) -> None:
    for name, value, words in (
        ("profile", "custom", ("invoice_columns",)),
        ("rows_per_batch", "0", ("rows_per_batch", "1 or more")),
        ("line_columns", "colour=u_lines.u_colour", ("line_columns", "colour is no field")),
        ("line_columns", "line=a.b account=c.d", ("line_columns", "several tables")),
        ("currency", "Dollars", ("ISO 4217",)),
    ):
        with pytest.raises(BadInput) as told:
            await change_connection_settings(staging.desk, await staging.connection(), {name: value})
        assert all(word in str(told.value) for word in words), told.value
    await staged_once(staging)
