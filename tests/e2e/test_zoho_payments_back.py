"""Payments that are entered in Zoho Books go back into ServiceTitan once, and what ServiceTitan had is left alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from back_world import Back, back

from ml_connector.connectors.checking import Verdict
from ml_connector.service.connections import connections
from ml_connector.service.deciding import link
from ml_connector.service.fields import fields
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.releasing import release
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books import Invoice, Payment

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
D = Decimal


def settled(company: Back, invoice: Invoice) -> Decimal:
    """What of an invoice is paid in ServiceTitan."""
    kept = company.titan.invoices[invoice.id]
    return kept.total - kept.balance


async def still(company: Back) -> None:
    """Two rounds more change nothing on either side."""
    before = company.sandbox.servicetitan.essence(), company.sandbox.zoho_books.essence()
    for _ in range(2):
        await company.sync()
    assert (company.sandbox.servicetitan.essence(), company.sandbox.zoho_books.essence()) == before


async def test_a_payment_goes_back_once_and_never_comes_again(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice, other = company.bill("400"), company.bill("100")
        await company.sync()
        assert (await company.ends("invoices"))[str(invoice.id)] == ("posted", "")
        cheque = company.receive(invoice, amount="150", reference="CHK 77")
        both = company.receive(invoice, other)
        await company.sync()
        ends = await company.ends("payments_back")
        assert ends == {cheque["payment_id"]: ("posted", ""), both["payment_id"]: ("posted", "")}
        one, two = sorted(company.taken(), key=lambda payment: payment.total)
        assert (one.total, one.check_number, one.sync_status) == (D(150), "CHK 77", "Exported")
        assert one.memo is not None and one.memo.endswith(f"[{one.export_id}]")
        assert {part.invoice_id for part in two.splits} == {invoice.id, other.id}
        assert company.titan.invoices[invoice.id].balance == company.titan.invoices[other.id].balance == 0
        await still(company)
        forward = await company.ends("payments")
        assert {forward[str(payment.id)] for payment in (one, two)} == {("unchanged", "")}
        assert len(company.zoho.customer_payments) == 2


async def test_a_payment_of_servicetitans_never_goes_back(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice = company.bill("400")
        await company.sync()
        check = next(one.id for one in company.titan.payment_types if one.name == "Check")
        company.titan.collecting.take(invoice.customer_id, check, D(60), {invoice.id: D(60)})
        await company.sync()
        assert [one.amount for one in company.zoho.customer_payments] == [60]
        await still(company)
        assert company.taken() == [] and settled(company, invoice) == 60
        [(state, reason)] = (await company.ends("payments_back")).values()
        assert (state, reason) in (("unchanged", ""), ("skipped", "payment_back_ours"))


@pytest.mark.parametrize(
    ("kind", "status_"),
    [("timeout after", "Exported"), ("500 after", "Posted"), ("timeout before", "Posted"), ("wrong json", "Exported")],
)
async def test_a_lost_answer_makes_no_second_payment(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, status_: str
) -> None:
    async with back(database, tmp_path, titan={"payment_status_when_made": status_}, payments_back="live") as company:
        invoice = company.bill("400")
        await company.sync()
        faults, take, struck = company.sandbox.servicetitan.faults, Faults.take, list[int]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is faults and call.method == "POST" and call.path.endswith("/payments") and not struck:
                faults.add(Fault(call=call.number, kind=kind))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        company.receive(invoice, amount="150")
        for _ in range(3):
            await company.sync()
        assert struck and [one.total for one in company.taken()] == [150]
        assert set((await company.ends("payments_back")).values()) == {("posted", "")}
        assert (await company.ends("payments"))[str(company.taken()[0].id)] == ("unchanged", "")
        await still(company)


async def test_a_capability_that_is_withdrawn_stops_the_flow_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice = company.bill("400")
        await company.sync()
        company.receive(invoice, amount="150")
        company.sandbox.company.servicetitan_switches.payments_can_be_created = False
        other = company.bill("100")
        left = await company.sync(quiet=False)
        assert "support" in left.sentence and "turn the flow off" in left.sentence
        assert company.taken() == [] and (await company.ends("invoices"))[str(other.id)] == ("posted", "")
        [titan] = [one for one in await connections(company.desk) if one.vendor == "servicetitan"]
        shown = await fields(company.desk, titan)
        [missing] = [one for one in shown.findings if one.verdict is Verdict.MISSING]
        assert "offers this account no call" in missing.sentence and not shown.good
        problems = [one.problem for one in (await status(company.desk)).connections if one.problem]
        assert any("support" in one and "turn the flow off" in one for one in problems), problems
        company.sandbox.company.servicetitan_switches.payments_can_be_created = True
        await company.sync()
        assert [one.total for one in company.taken()] == [150]


async def test_changes_and_deletions_of_what_was_entered_are_held_with_both_versions(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        one, two = company.bill("400"), company.bill("100")
        await company.sync()
        cut, gone = company.receive(one, amount="150"), company.receive(two)
        await company.sync()
        entered: dict[Decimal, Payment] = {payment.total: payment for payment in company.taken()}
        company.reapply(cut["payment_id"], "120.00")
        company.at_zoho("delete customer payment", payment=gone["payment"])
        company.jump(days=1, minutes=5)
        await company.sync()
        ends = await company.ends("payments_back")
        assert ends == {
            cut["payment_id"]: ("held", "payment_back_changed"),
            gone["payment_id"]: ("held", "payment_back_deleted"),
        }
        [wait] = (await company.life("payments_back", cut["payment_id"])).versions[-1].waits
        assert "150.00 USD -> 120.00 USD" in wait.sentence and str(entered[D(150)].id) in wait.sentence
        assert settled(company, one) == 150
        company.titan.collecting.set_status(entered[D(150)].id, "Pending")
        company.titan.collecting.change(entered[D(150)].id, total=D(120), parts={one.id: D(120)})
        rest = next(payment for payment in entered.values() if payment.total != 150)
        company.titan.collecting.set_status(rest.id, "Pending")
        company.titan.collecting.delete(rest.id)
        await company.sync()
        assert set((await company.ends("payments_back")).values()) == {("unchanged", "")}
        assert len(company.zoho.customer_payments) == 1
        company.reapply(cut["payment_id"], "150.00")
        company.jump(days=1, minutes=5)
        await company.sync()
        assert (await company.ends("payments_back"))[cut["payment_id"]] == ("held", "payment_back_changed")
        assert settled(company, one) == 120, "back to what was entered is a change, too"


async def test_what_people_change_in_servicetitan_is_told_and_stays_in_zoho(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        one, two = company.bill("400"), company.bill("100")
        await company.sync()
        company.receive(one, amount="150")
        company.receive(two)
        for _ in range(2):
            await company.sync()
        kept, gone = sorted(company.taken(), key=lambda payment: payment.total, reverse=True)
        company.titan.collecting.set_status(gone.id, "Pending")
        company.titan.collecting.delete(gone.id)
        await company.sync()
        forward = await company.ends("payments")
        assert forward[str(gone.id)] == ("held", "payment_not_ours") and forward[str(kept.id)] == ("unchanged", "")
        assert len(company.zoho.customer_payments) == 2


async def test_what_is_on_an_invoice_of_zohos_goes_back_once_that_is_linked(database: Database, tmp_path: Path) -> None:
    """People had entered the invoice in Zoho Books, too: it is nobody's counterpart until somebody says whose."""
    async with back(database, tmp_path, payments_back="live", payments="off") as company:
        first, second = company.bill("400"), company.bill("70")
        await company.sync()
        twin = company.enter_at_zoho(second, "Z-70")
        alone = company.at_zoho("receive", customer=company.name_of(second), invoices=["Z-70"], amount="20")
        numbers = [company.titan.invoices[first.id].reference_number, "Z-70"]
        mixed = company.at_zoho("receive", customer=company.name_of(second), invoices=numbers)
        await company.sync()
        assert await company.ends("payments_back") == {
            alone["payment_id"]: ("skipped", "payment_back_elsewhere"),
            mixed["payment_id"]: ("held", "payment_back_mixed"),
        }
        third = company.bill("70")
        await set_flow_mode(company.desk, await company.joined(), "invoices", "preview")
        await company.sync()
        await link(company.desk, await company.record("invoices", str(third.id)), twin)
        await company.sync()
        assert set((await company.ends("payments_back")).values()) == {("posted", "")}
        assert settled(company, third) == company.titan.invoices[third.id].total


async def test_the_rest_of_a_share_is_told_once_its_invoice_is_linked(database: Database, tmp_path: Path) -> None:
    settings = {"payments_back_mixed": "part"}
    async with back(database, tmp_path, settings, payments_back="live") as company:
        first, second = company.bill("400"), company.bill("70")
        await company.sync()
        twin = company.enter_at_zoho(second, "Z-70")
        numbers = [company.titan.invoices[first.id].reference_number, "Z-70"]
        mixed = company.at_zoho("receive", customer=company.name_of(second), invoices=numbers)
        await company.sync()
        assert await company.ends("payments_back") == {mixed["payment_id"]: ("posted", "")}
        [share] = company.taken()
        assert share.total == settled(company, first)
        third = company.bill("70")
        await set_flow_mode(company.desk, await company.joined(), "invoices", "preview")
        await company.sync()
        await link(company.desk, await company.record("invoices", str(third.id)), twin)
        await company.sync()
        assert await company.ends("payments_back") == {mixed["payment_id"]: ("held", "payment_back_changed")}
        [wait] = (await company.life("payments_back", mixed["payment_id"])).versions[-1].waits
        assert "Z-70" in wait.sentence and str(share.id) in wait.sentence
        whole = {one.id: company.titan.invoices[one.id].total for one in (first, third)}
        company.titan.collecting.set_status(share.id, "Pending")
        company.titan.collecting.change(share.id, total=sum(whole.values(), D(0)), parts=whole)
        await company.sync()
        assert await company.ends("payments_back") == {mixed["payment_id"]: ("posted", "")}
        await still(company)


async def test_what_is_passed_over_comes_in_once_its_invoice_is_linked_or_its_mode_mapped(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice, kept = company.bill("400"), company.bill("70")
        await company.sync()
        cash = company.receive(kept, mode="Cash")
        wire = company.receive(invoice, amount="30", mode="Wire")
        await company.sync()
        assert await company.ends("payments_back") == {
            cash["payment_id"]: ("skipped", "payment_back_by_rule"),
            wire["payment_id"]: ("held", "payment_mode_unmapped"),
        }
        check = str(next(one.id for one in company.titan.payment_types if one.name == "Check"))
        for mode in ("wire", "cash"):
            await set_value(company.desk, company.integration, "payment_modes", mode, check)
        await company.sync()
        assert set((await company.ends("payments_back")).values()) == {("posted", "")}


async def test_what_was_entered_on_both_sides_is_linked_or_released_by_a_person(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments="off", payments_back="live") as company:
        invoice, other = company.bill("400"), company.bill("500")
        await company.sync()
        check = next(one.id for one in company.titan.payment_types if one.name == "Check")
        both = [
            company.titan.collecting.take(one.customer_id, check, D(60), {one.id: D(60)}) for one in (invoice, other)
        ]
        same, apart = company.receive(invoice, amount="60"), company.receive(other, amount="60")
        await company.sync()
        assert set((await company.ends("payments_back")).values()) == {("held", "payment_back_twin")}
        await link(company.desk, await company.record("payments_back", same["payment_id"]), str(both[0].id))
        await release(company.desk, await company.record("payments_back", apart["payment_id"]), "payment_back_twin")
        await company.sync()
        ends = await company.ends("payments_back")
        assert ends[same["payment_id"]][0] == "linked" and ends[apart["payment_id"]] == ("posted", "")
        assert len(company.taken()) == 1 and settled(company, other) == 120
        await set_flow_mode(company.desk, await company.joined(), "payments", "live")
        await company.sync()
        forward = await company.ends("payments")
        assert forward[str(both[0].id)][0] == "linked" and forward[str(both[1].id)] == ("posted", ""), forward
        assert len(company.zoho.customer_payments) == 3


async def test_a_share_that_servicetitan_has_already_is_found_by_its_own_amount(
    database: Database, tmp_path: Path
) -> None:
    """One cheque on two of ServiceTitan's invoices and on one of Zoho's alone, whose share people had entered there, too."""
    settings = {"payments_back_mixed": "part"}
    async with back(database, tmp_path, settings, payments="off", payments_back="live") as company:
        ours = [company.bill(price) for price in ("400", "100")]
        await company.sync()
        company.enter_at_zoho(ours[1], "Z-70")
        shares = {one.id: company.titan.invoices[one.id].balance for one in ours}
        check = next(one.id for one in company.titan.payment_types if one.name == "Check")
        company.titan.collecting.take(ours[0].customer_id, check, sum(shares.values(), D(0)), shares)
        numbers = [*(company.titan.invoices[one.id].reference_number for one in ours), "Z-70"]
        cheque = company.at_zoho("receive", customer=company.name_of(ours[0]), invoices=numbers)
        await company.sync()
        held = (await company.life("payments_back", cheque["payment_id"])).versions[-1].waits
        assert "payment_back_twin" in {wait.code for wait in held} and company.taken() == []


async def test_a_payment_that_is_read_before_its_lost_answer_is_cleared_up_is_no_second_one(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of 80 is all that goes, so nothing in Zoho Books is of its amount: by its mark alone it is known as ours."""
    settings = {"payments_back_mixed": "part"}
    async with back(database, tmp_path, settings, payments_back="live") as company:
        invoice = company.bill("80")
        await company.sync()
        company.enter_at_zoho(invoice, "Z-80")
        faults, take, struck = company.sandbox.servicetitan.faults, Faults.take, list[int]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is faults and call.method == "POST" and call.path.endswith("/payments") and not struck:
                faults.add(Fault(call=call.number, kind="timeout after"))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        numbers = [company.titan.invoices[invoice.id].reference_number, "Z-80"]
        cheque = company.at_zoho("receive", customer=company.name_of(invoice), invoices=numbers)
        for _ in range(3):
            await company.sync()
        assert struck and len(company.zoho.customer_payments) == 1 and len(company.taken()) == 1
        assert (await company.ends("payments_back"))[cheque["payment_id"]] == ("posted", "")
        assert (await company.ends("payments"))[str(company.taken()[0].id)] == ("unchanged", "")
        await still(company)
