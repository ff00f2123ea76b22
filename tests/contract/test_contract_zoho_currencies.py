"""Sales in another currency than the books of Zoho Books: whose rate stands, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_documents import BANK, DAY
from contract_zoho_line import step_for, zoho
from contract_zoho_steps import NET, sale
from msgspec.structs import replace

from ml_connector.canonical.master_data import ListEntry
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Done, Rejected, Uncertain

pytestmark = pytest.mark.anyio
RATE = Decimal("1.0845")


def in_euro(stage: StageOfZohoBooks, kind: str = "invoice", *, customer: str = "") -> Invoice:
    """A sale to somebody who is billed in euro, or to ``customer``."""
    buyer = customer or stage.books.add_contact("Alpenhaus", "customer", currency_code="EUR").contact_id
    return replace(sale(stage.keyed, "A-1", "", kind), customer=Ref(buyer), currency="EUR")


@pytest.mark.parametrize("kind", ["invoice", "credit note"])
@pytest.mark.parametrize("rate", [RATE, None], ids=["the source's rate", "Zoho's own"])
async def test_a_rate_goes_only_where_the_source_states_one(kind: str, rate: Decimal | None) -> None:
    async with zoho() as (stage, line):
        stage.books.add_currency("EUR", automatic_rate=Decimal("1.10"))
        entity = "invoices" if kind == "invoice" else "credit_notes"
        step = await step_for(line, entity, replace(in_euro(stage, kind), exchange_rate=rate))
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done), made
        (found,) = (await line.by_ids(entity, [made.target_id])).documents.values()
        assert isinstance(found, Invoice) and (found.currency, found.exchange_rate) == ("EUR", rate or Decimal("1.10"))
        assert found.total == step.total == NET + found.tax


async def test_a_payment_of_an_invoice_in_euro_has_the_rate_of_its_own_day() -> None:
    async with zoho() as (stage, line):
        sold = replace(in_euro(stage), exchange_rate=RATE)
        owed = await line.connector.write(line.session, await step_for(line, "invoices", sold))
        assert isinstance(owed, Done)
        split = Allocation("", Ref(owed.target_id), sold.total)
        document = Payment(
            "", sold.customer, sold.total, date=DAY, currency="EUR", splits=(split,), exchange_rate=Decimal("1.1"),
            bank_account=Ref(stage.keyed.account(BANK)),
        )  # fmt: skip
        paid = await line.connector.write(line.session, await step_for(line, "payments", document, "MLC-2"))
        assert isinstance(paid, Done) and isinstance(paid.document, Payment)
        assert (paid.document.currency, paid.document.exchange_rate) == ("EUR", Decimal("1.1"))
        (found,) = (await line.by_ids("invoices", [owed.target_id])).documents.values()
        assert isinstance(found, Invoice) and found.balance == 0


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "ignored"])
async def test_a_sale_in_another_currency_than_the_customers_is_never_done(refused: bool) -> None:
    async with zoho(other_currency_refused=refused) as (stage, line):
        document = in_euro(stage, customer=stage.keyed.customer.contact_id)
        outcome = await line.connector.write(line.session, await step_for(line, "invoices", document))
        assert isinstance(outcome, Rejected if refused else Uncertain)


async def test_the_currencies_of_the_organisation_are_known_by_code_and_without_a_rate() -> None:
    async with zoho() as (stage, line):
        stage.books.add_exchange_rate("EUR", RATE, DAY)
        found = (await line.walk("currencies")).documents.values()
        assert all(isinstance(one, ListEntry) and one.kind == "currency" for one in found)
        assert {"USD", "EUR", "CAD"} <= {one.number for one in found if isinstance(one, ListEntry)}
