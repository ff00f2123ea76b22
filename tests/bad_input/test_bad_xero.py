"""What people do in Xero while the product runs: each is refused or held, told in one sentence, and goes on once mended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bad_input_world import one_sentence

from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.connections import Connection, connections
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.status import FlowStatus, status
from ml_connector.service.tallies import Cause
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.wire import Wire
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.masters import TrackingCategory
from rig.company import connected, joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-xero"
MODES = {"customers": "as needed", "invoices": "live", "payments": "live"}
PATIENCE = 60.0  # machine seconds without anything new
STOPPED = 8.0  # the same where the connection cannot go on
LOOKS = 20


@dataclass(slots=True)
class Sold:
    """A company that sells a little, its invoices and payments live and nothing read yet."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def books(self) -> OrganisationBooks:
        return self.sandbox.company.xero_organisation

    @property
    def units(self) -> TrackingCategory:
        return next(iter(self.books.tracking.values()))

    async def go(self, patience: float = PATIENCE) -> syncing.Quiet:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        return await syncing.wait_until_quiet(self.desk, self.integration, patience=patience)

    async def stopped(self) -> Connection:
        """Xero's connection once it tells why it cannot go on."""
        for _ in range(LOOKS):
            quiet = await self.go(STOPPED)
            found = await self.xero()
            if found.problem:
                assert not quiet.done
                return found
        raise AssertionError("the connection never told a problem")

    async def an_hour_later(self) -> None:
        """Lists of settings are read hourly, and what is held is looked at again as often."""
        async with self.desk.changing() as change:
            await change.run("update feed set moved_at = moved_at - interval '2 hours' where name like 'directory %%'")
            await change.run("update connection set organisation_read_at = organisation_read_at - interval '2 hours'")
            await change.run("update wait set since = since - interval '2 hours'")

    async def flow(self, name: str = "invoices") -> FlowStatus:
        (integration,) = (await status(self.desk)).integrations
        return next(one for one in integration.flows if one.flow == name)

    async def waiting(self, code: str, flow: str = "invoices") -> Cause:
        causes = {one.code: one for one in (await self.flow(flow)).waiting}
        assert code in causes, causes
        return causes[code]

    async def xero(self) -> Connection:
        return next(one for one in await connections(self.desk) if one.vendor == "xero")

    async def connect_again(self) -> None:
        await connected(self.desk.runtime, self.sandbox.handover, "xero", self.desk)

    def sold(self) -> int:
        return len([*self.books.invoices, *self.books.credit_notes])

    def codes(self) -> set[str]:
        """The accounts that invoices are mapped to."""
        answers = self.sandbox.handover["company"]["integrations"][KIND]
        return set(answers["mapping"]["accounts"].values())


@pytest.fixture
async def sold(database: Database, tmp_path: Path) -> AsyncIterator[Sold]:
    async with Sandbox.running(f"matrix:{KIND}", speed=60.0, limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)
            yield Sold(sandbox, desk, integration)


# --- the connection ----------------------------------------------------------------------------------------------


async def test_a_grant_without_the_right_to_payments(sold: Sold) -> None:
    grants = sold.sandbox.company.xero.grants
    for token in grants.refresh_tokens():
        token.scopes -= {"accounting.payments"}
    grants.withdraw_all()
    one_sentence((await sold.stopped()).problem, "consent does not cover", "Payments", "connect again")
    assert list(sold.books.payments) == []
    await sold.connect_again()
    assert (await sold.go()).done
    assert (await sold.xero()).problem == "" and (await sold.flow("payments")).tally(State.POSTED).count


async def test_an_organisation_disconnected_in_xero(sold: Sold) -> None:
    sold.sandbox.company.xero.grants.disconnect(sold.books.organisation_id)
    found = await sold.stopped()
    assert found.state == "needs reconnect" and sold.sold() == 0
    one_sentence(found.problem, "disconnected the app", "connect again")
    assert (await sold.flow()).tally(State.REJECTED).count == 0
    await sold.connect_again()
    assert (await sold.go()).done
    assert (await sold.xero()).state == "good" and sold.sold()


@pytest.mark.parametrize(
    ("shown", "state", "words"),
    [
        ("forbidden", "needs reconnect", ("trial or demo has ended", "connect again")),
        ("offline", "good", ("503", "asked again by itself", "whether the organisation can be opened")),
        ("shown", "needs reconnect", ("EXPIRED", "trial, demo or subscription has ended", "renew its plan")),
    ],
)
async def test_an_organisation_whose_trial_has_ended(
    sold: Sold, shown: str, state: str, words: tuple[str, ...]
) -> None:
    sold.sandbox.xero.set_switches({"expired_organisation": shown})
    sold.books.desk.expire()
    await sold.an_hour_later()
    found = await sold.stopped()
    assert found.state == state and sold.sold() == 0
    one_sentence(found.problem, *words)
    assert (await sold.flow()).tally(State.REJECTED).count == 0
    sold.books.profile.expired = False
    if state != "good":
        await sold.connect_again()
    assert (await sold.go()).done and sold.sold()


# --- what documents name -----------------------------------------------------------------------------------------


async def test_an_account_archived_while_it_is_mapped(sold: Sold) -> None:
    accounts = [account for code in sold.codes() if (account := _account(sold, code))]
    for account in accounts:
        account.status = "ARCHIVED"
    await sold.go()
    cause = await sold.waiting("account_inactive")
    one_sentence(cause.example, "account", "inactive")
    one_sentence(cause.action, "make it active", "another account")
    assert sold.sold() == 0
    for account in accounts:
        account.status = "ACTIVE"
    assert (await sold.go()).done
    assert sold.sold() and not (await sold.flow()).tally(State.HELD).count


def _account(sold: Sold, value: str) -> object:
    return sold.books.accounts.get(value) or sold.books.account_by_code(value)


@pytest.mark.parametrize("whole", [True, False], ids=["category", "option"])
async def test_a_tracking_category_or_option_archived_while_it_is_mapped(sold: Sold, whole: bool) -> None:
    for option in [""] if whole else [one.name for one in sold.units.options]:
        sold.books.desk.archive_tracking(sold.units, option)
    await sold.go()
    cause = await sold.waiting("dimension_inactive")
    one_sentence(cause.example, "tracking option", "business unit", "inactive")
    one_sentence(cause.action, "make it active", "business_units")
    assert sold.sold() == 0
    for one in (sold.units, *sold.units.options):
        one.status = "ACTIVE"
    await sold.an_hour_later()
    assert (await sold.go()).done and sold.sold()


@pytest.fixture
def before_writes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], None]], None]:
    """Something that happens in Xero between the plan and the first call that writes to a path."""
    send = Wire.send

    def happens(path: str, what: Callable[[], None]) -> None:
        done: list[str] = []

        async def sent(self: Wire, request: Request, *given: object, **more: object) -> Answer:
            if not request.safe and request.path.startswith(path) and not done:
                done.append(path)
                what()
            return await send(self, request, *given, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(Wire, "send", sent)

    return happens


async def test_an_account_archived_between_the_plan_and_the_sending(
    sold: Sold, before_writes: Callable[[str, Callable[[], None]], None]
) -> None:
    used = [account for code in sold.codes() if (account := _account(sold, code))]
    before_writes("/Invoices", lambda: [sold.books.desk.archive_account(one.code) for one in used] and None)  # type: ignore[attr-defined]
    await sold.go()
    cause = await sold.waiting("inactive_account")
    one_sentence(cause.example, "has been archived", "Account code")
    one_sentence(cause.action, "restore it in Xero", "change the mapping")
    assert len(list(sold.books.invoices)) == 0 and not list(sold.books.payments)


async def test_an_option_archived_between_the_plan_and_the_sending(
    sold: Sold, before_writes: Callable[[str, Callable[[], None]], None]
) -> None:
    before_writes("/Invoices", lambda: sold.books.desk.archive_tracking(sold.units))
    await sold.go()
    assert len(list(sold.books.invoices)) == 0 and not list(sold.books.payments)
    found = await sold.flow()
    assert found.tally(State.REJECTED).count
    (cause,) = [one for one in found.waiting if one.code != "dependency_pending" and "racking" in one.example][:1]
    one_sentence(cause.example, "tracking")
    one_sentence(cause.action)


async def test_a_tax_type_of_another_country_is_refused_and_named(sold: Sold) -> None:
    table = "tax"
    answers = sold.sandbox.handover["company"]["integrations"][KIND]["mapping"][table]
    key = next(iter(answers))
    await sold.go()
    with pytest.raises(BadInput) as told:
        await set_value(sold.desk, sold.integration, table, key, "GSTONIMPORTS", anyway=True)
    one_sentence(str(told.value), "GSTONIMPORTS", key)


async def test_a_tax_type_that_the_organisation_has_no_more(sold: Sold) -> None:
    answers = sold.sandbox.handover["company"]["integrations"][KIND]["mapping"]["tax"]
    used = {value: sold.books.tax_rates.pop(value) for value in set(answers.values()) if value in sold.books.tax_rates}
    assert used
    await sold.go()
    cause = await sold.waiting("tax_type_unusable")
    one_sentence(cause.example, "tax")
    one_sentence(cause.action)
    assert sold.sold() == 0
    sold.books.tax_rates.update(used)
    await sold.an_hour_later()
    assert (await sold.go()).done and sold.sold()
