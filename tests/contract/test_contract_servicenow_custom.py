"""An instance with tables of the company's own: everything is written, found and checked by the connection's settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

import pytest
from contract_line import Line, SkippingClock, opened
from contract_stage import CONNECTORS

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Party
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.servicenow.profiles import APO
from ml_connector.connectors.writing import Action, Done, Rejected, Step
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, seeded
from ml_connector_sandbox.servicenow import Client, Seed, User, seeded_instance
from ml_connector_sandbox.servicenow.instance import CUSTOM_PROFILE, Instance
from ml_connector_sandbox.servicenow.seeding import INTEGRATION

pytestmark = pytest.mark.anyio
HOST = "exampletwo.service-now.com"
GIVEN = {"address": f"https://{HOST}", "client_id": "own", "client_secret": "not-a-secret"}
DAY, AMOUNT = date(2026, 11, 2), Decimal("20.55")
ADDRESS = Address(street="1 Pine St", city="Reno", state="NV", zip="89501", country="US")
STAGED = {
    "invoice": "u_ml_bill", "line": "u_ml_bill_line", "tax": "u_ml_bill_tax", "payment": "u_ml_payment",
    "supplier": "u_ml_supplier", "contact": "u_ml_supplier_contact", "cost_center": "u_ml_cost_center",
}  # fmt: skip
READ = {
    "invoice": (
        "u_ml_bill_record", "external_number=u_external_invoice_number number=u_supplier_invoice_number "
        "external_source=u_external_invoice_source erp_number=u_erp_number state=u_state type=u_invoice_type "
        "supplier=u_supplier supplier_name=u_supplier.u_legal_name date=u_invoice_date currency=u_currency "
        "subtotal=u_subtotal tax=u_tax_amount total=u_amount_invoiced legal_entity=u_legal_entity "
        "terms=u_payment_terms order=u_purchase_order key=u_third_party_import_id",
    ),
    "line": (
        "u_ml_bill_line_record",
        "invoice=u_bill description=u_line_description amount=u_subtotal key=u_third_party_import_id",
    ),
    "payment": (
        "u_ml_payment_record", "invoice=u_bill invoice_number=u_bill.u_erp_number supplier=u_bill.u_supplier "
        "amount=u_payment_amount currency=u_currency date=u_payment_date method=u_payment_method "
        "number=u_payment_reference_id key=u_third_party_import_id",
    ),
    "supplier": (
        "u_ml_supplier_record", "name=u_legal_name other_name=u_legal_name street=u_street_address city=u_city "
        "state=u_state_province zip=u_zip_postal_code country=u_country",
    ),
}  # fmt: skip


def _settings(instance: Instance) -> dict[str, str]:
    """Every field of ours that the company's tables have a column for, as a person would enter them."""
    staged = {f"{kind}_columns": " ".join(_entries(instance, kind, table)) for kind, table in STAGED.items()}
    read = {
        f"read_{kind}_columns": " ".join(word.replace("=", f"={table}.") for word in told.split())
        for kind, (table, told) in READ.items()
    }
    more = {"profile": "custom", "supplier_code_column": "u_erp_supplier_code", "coalesces": "yes", "currency": "USD"}
    return {**staged, **read, **more}


def _entries(instance: Instance, kind: str, table: str) -> Iterable[str]:
    known = instance.records.columns(table)
    return [f"{name}={table}.{one.name}" for name, one in APO.staging[kind].columns.items() if one.name in known]


class Own:
    """The instance, and the line to it."""

    def __init__(self, line: Line, instance: Instance, settings: Mapping[str, str]) -> None:
        self.line, self.instance, self.settings = line, instance, settings

    async def step(self, entity: str, document: Document, reference: str) -> Step:
        organisation = await self.line.connector.organisation(self.line.session)
        composed = self.line.connector.compose(Action.CREATE, document, organisation, reference, self.settings)
        return Step(entity, Action.CREATE, reference, composed.body, total=composed.total, currency="USD")

    async def there(self, entity: str, document: Document, reference: str) -> Document:
        """Written, found, and not written again; the document as it is found."""
        connector, session = self.line.connector, self.line.session
        step = await self.step(entity, document, reference)
        assert await connector.find(session, step) == ()
        outcome = await connector.write(session, step)
        assert isinstance(outcome, Done), outcome
        rows = len(self.instance.records.rows("sys_import_set_row"))
        again = await connector.write(session, step)
        assert isinstance(again, Done) and again.target_id == outcome.target_id
        assert len(self.instance.records.rows("sys_import_set_row")) == rows
        found = await connector.find(session, step)
        assert not isinstance(found, Rejected)
        (only,) = found
        assert only.id == outcome.target_id
        return only


@asynccontextmanager
async def own() -> AsyncIterator[Own]:
    usual = SandboxClock.starting(START, 1.0)
    company = seeded("matrix:zoho_books-servicenow", SkippingClock(usual.start, usual.anchor, 1.0))
    assert company.servicenow is not None
    seed = Seed(
        cost_centers=[{"account_number": "4100", "code": "ENG", "name": "Engineering"}],
        suppliers=[{"erp_supplier_code": "SUP-1", "legal_name": "Acme Hosting LLC"}],
        users=[User(name="svc", password="not-a-secret", roles=INTEGRATION)],
        clients=[Client(client_id="own", secret="not-a-secret", user="svc")],
    )
    instance = seeded_instance(company.servicenow, HOST, seed, CUSTOM_PROFILE)
    async with Sandbox.running(company, limits=False) as sandbox:
        settings = _settings(instance)
        connector, hosts = CONNECTORS["servicenow"], sandbox.handover["hosts"]
        async with opened(connector, hosts, sandbox.clock, GIVEN, HOST, settings) as line:
            yield Own(line, instance, settings)


def _bill() -> Bill:
    line = BillLine(
        "1", AMOUNT, description="Copper pipe", unit_cost=AMOUNT, account=Ref(number="6400"),
        dimensions=(Ref("c", "Engineering", "4100"),), tax=Decimal("1.64"), tax_code=Ref("t", "Sales tax"),
    )  # fmt: skip
    return Bill(
        "", Ref("s", "Acme Hosting LLC", "SUP-1"), Decimal("22.19"), number="N-1", own_number="X-1", date=DAY,
        currency="USD", tax=Decimal("1.64"), lines=(line,), legal_entity=Ref(number="1000"),
    )  # fmt: skip


def _payment() -> Payment:
    return Payment(
        "", Ref(number="SUP-1"), AMOUNT, date=DAY, currency="USD", method=Ref(name="bank_transfer"), number="P-1",
        remit_to=ADDRESS, splits=(Allocation("1", Ref(number="X-1"), AMOUNT, DAY),),
    )  # fmt: skip


async def test_all_four_entities_are_written_and_found_by_column_settings() -> None:
    async with own() as set:
        centre = await set.there("dimensions", Dimension("", "cost_center", "Sales", number="4200"), "MLC-c1")
        assert isinstance(centre, Dimension) and (centre.name, centre.number) == ("Sales", "4200")
        party = Party("", "vendor", "Brook Ltd", account_number="SUP-2", address=ADDRESS, email="a@contract.example")
        vendor = await set.there("parties", party, "MLC-v1")
        assert isinstance(vendor, Party) and (vendor.name, vendor.account_number) == ("Brook Ltd", "SUP-2")
        bill = await set.there("bills", _bill(), "MLC-b1")
        assert isinstance(bill, Bill) and (bill.total, bill.tax) == (Decimal("22.19"), Decimal("1.64"))
        assert (bill.vendor.name, bill.own_number, bill.status) == ("Acme Hosting LLC", "X-1", "received")
        paid = await set.there("vendor_payments", _payment(), "MLC-p1")
        assert isinstance(paid, Payment) and paid.amount == AMOUNT and paid.splits[0].document.number == "X-1"
        assert set.instance.records.find("u_ml_supplier_contact_record", u_email="a@contract.example") is not None


async def test_the_company_s_own_tables_are_found_set_up() -> None:
    async with own() as set:
        entities = ["bills", "dimensions", "parties", "vendor_payments"]
        found = await set.line.connector.preflight(set.line.session, entities)
        assert [one for one in found.findings if one.verdict is Verdict.MISSING] == []
        assert len(found.fields) > 40 and all(one.verdict is not Verdict.MISSING for one in found.fields)


async def test_a_column_that_the_settings_name_and_nobody_made_is_missing() -> None:
    async with own() as set:
        rows = set.instance.records.having("sys_dictionary", name="u_ml_bill", element="u_supplier")
        for row in rows:
            set.instance.records.delete(row)
        found = await set.line.connector.preflight(set.line.session, ["bills"])
        (missing,) = [one for one in found.findings if one.verdict is Verdict.MISSING]
        assert missing.subject == "column u_ml_bill.u_supplier" and "invoice_columns=supplier=" in missing.action
