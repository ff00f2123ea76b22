"""ServiceTitan's side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from contract_servicetitan_desk import LONG_AGO, Desk, shown_id
from contract_stage import Lack, Stage, Switch, Wrong

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill as CanonicalBill
from ml_connector.canonical.purchases import BillLine, Expense
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.servicetitan.books import Table, TenantBooks, batch, post_batch

_LISTS = {
    "vendors": "/vendors",
    "accounts": "/gl-accounts",
    "business_units": "/business-units",
    "tax_zones": "/tax-zones",
    "payment_types": "/payment-types",
    "payment_terms": "/payment-terms",
    "customers": "/customers",
    "locations": "/locations",
    "invoices": "/export/invoices",
    "payments": "/export/payments",
    "credit_memos": "/credit-memos",
    "deposits": "/bank-deposits",
    "bills": "/export/inventory-bills",
    "receipts": "/receipts",
    "purchase_orders": "/purchase-orders",
    "ap_credits": "/ap-credits",
    "items": "/export/materials",  # the desk adds materials; the feeds of equipment and services have their own tests
}
_SPOILT = {
    "vendors": ("active", "perhaps"),
    "accounts": ("active", "perhaps"),
    "business_units": ("active", "perhaps"),
    "tax_zones": ("rates", "none"),
    "payment_types": ("name", 12),
    "payment_terms": ("dueDayType", "FullMoon"),
    "customers": ("active", "perhaps"),
    "locations": ("active", "perhaps"),
    "invoices": ("total", "twelve"),
    "payments": ("appliedTo", "everything"),
    "credit_memos": ("total", "twelve"),
    "deposits": ("netAmount", "twelve"),
    "bills": ("billAmount", "twelve"),
    "receipts": ("items", 5),
    "purchase_orders": ("total", [1]),
    "ap_credits": ("status", "Perhaps"),
    "items": ("price", "twelve"),
}
_PLACE = Address("12 Main St", "Unit 2", "Saint Cloud", "MN", "56301", "USA")


def _without(scope: str) -> Callable[[StageOfServiceTitan], None]:
    def take(stage: StageOfServiceTitan) -> None:
        kept = tuple(one for one in SCOPES if one != scope)
        stage.company.servicetitan.change_scopes(stage.company.access.client_id, kept)
        stage.forget_tokens()

    return take


def _lack(scope: str, path: str) -> Lack:
    return Lack(scope, _without(scope), f"right {scope}", (scope, path, "developer portal"))


class StageOfServiceTitan(Stage):
    """A tenant that keeps bills, with the AP module."""

    vendor = "servicetitan"
    page = 50
    limits_speed = 1.0
    wrong = (
        Wrong("client_secret", "cs1.other", ("Client Secret",)),
        Wrong("client_id", "cid.other", ("Client ID",)),
        Wrong("app_key", "ak1.other", ("App Key",)),
        Wrong("tenant", "99", ("tenant 99",)),
        Wrong("environment", "integration", ("environment",)),
        Wrong("environment", "staging", ("production or integration",)),
        Wrong("tenant", "Prairie", ("Tenant ID", "not a number")),
        Wrong("client_secret", "cs1.sandbox-prairie-lantern ", ("Client Secret", "blank")),
    )
    lacks = (
        _lack("tn.inv.vendors:r", "vendors"),
        _lack("tn.acc.glaccounts:r", "gl-accounts"),
        _lack("tn.acc.taxzones:r", "tax-zones"),
        _lack("tn.acc.inventorybills:r", "inventory-bills"),
        _lack("tn.inv.receipts:r", "receipts"),
        _lack("tn.inv.purchaseorders:r", "purchase-orders"),
        _lack("tn.stt.businessunits:r", "business-units"),
        _lack("tn.crm.customers:r", "customers"),
        _lack("tn.crm.locations:r", "locations"),
        _lack("tn.acc.invoices:r", "invoices"),
        _lack("tn.acc.payments:r", "payments"),
        _lack("tn.acc.creditmemos:r", "credit-memos"),
        _lack("tn.acc.bankdeposits:r", "bank-deposits"),
        _lack("tn.acc.paymenttypes:r", "payment-types"),
        _lack("tn.acc.paymentterms:r", "payment-terms"),
        _lack("tn.acc.apcredits:r", "ap-credits"),
        _lack("tn.pb.materials:r", "materials"),
        _lack("tn.pb.equipment:r", "equipment"),
        _lack("tn.pb.services:r", "services"),
    )
    silent = frozenset([("payments", Action.MARK_EXPORTED), ("journal_entries", Action.CREATE)])
    stepwise = frozenset([("customers", Action.UPDATE)])
    settles_later = frozenset(["read_after_write_lag_seconds"])
    repeatable = frozenset(["customers", "vendors", "payments"])
    switches: ClassVar[Mapping[str, Switch]] = {
        "limits": Switch((True,)),
        "token_requests_per_minute": Switch((1, 0)),
        "retry_after_header": Switch(untouched="met by its own check, which has a 429 to look at"),
        "page_size_maximum": Switch((500,)),
        "clamp_page_size": Switch((True,)),
        "undocumented_ids_maximum": Switch((50, 5000)),
        "read_after_write_lag_seconds": Switch((30,)),
        "export_page_size": Switch((1, 7)),
        "export_lag_seconds": Switch((30,)),
        "extra_fields": Switch((True,)),
        "newer_bill_fields": Switch((True,)),
        "bill_amount_includes_tax_and_shipping": Switch(
            (False,), settings={"bill_amount_includes_tax_and_shipping": "no"}
        ),
        "inventory_bills_of_every_type": Switch((True,)),
        "bill_date_filter_uses_created_on": Switch((False,)),
        "ap_bills_available": Switch((False,)),
        "ap_module_missing_status": Switch((403, 404)),
        "mark_exported_demands_posted": Switch((True,)),
        "mark_exported_twice_fails": Switch((True,)),
        "mark_exported_moves_modified_on": Switch((False,)),
        "purchase_order_exported_with_bills": Switch((False,)),
        "refuse_duplicate_vendor_names": Switch((True,)),
        "refuse_unknown_properties": Switch((True,)),
        "external_id_becomes_export_id": Switch((False,)),
        "discount_total_repeats_items": Switch((True,)),
        "empty_lists_are_null": Switch((True,)),
        "invoices_default_active_only": Switch((False,)),
        "api_edits_posted_invoices": Switch((True,)),
        "customer_active_can_be_changed": Switch(untouched="met by its own check, which sets nothing else"),
        "refund_splits_are_positive": Switch((True,)),
        "payments_can_be_created": Switch((False,)),
        "payment_status_moves_back": Switch((False,)),
        "paid_on_after_is_inclusive": Switch((True,)),
        "deposited_on_is_the_bank_deposit": Switch((True,)),
        "inactive_ap_credits_are_listed": Switch((False,)),
        "restocking_fee_lessens_returns": Switch((False,)),
        "return_exported_with_credit": Switch((False,)),
        "journal_entries_available": Switch((False,)),
        "withdrawn": Switch(untouched="a list that is not there cannot be walked; the engine's tests take lists back"),
        "journal_entry_creation_answers_id": Switch((True,)),
        "journal_entry_lines_are_checked": Switch((False,)),
    }

    @property
    def credentials(self) -> dict[str, str]:
        return dict(self.sandbox.handover["credentials"]["servicetitan"])

    @property
    def organisation(self) -> str:
        return self.company.access.tenant_id

    @property
    def settings(self) -> dict[str, str]:
        return {"page_size": str(self.page), "application_guid": self.company.access.application_guid}

    def expected(self) -> Organisation:
        # The tenant's name and zone are nowhere in ServiceTitan's API.
        return Organisation(self.organisation, f"ServiceTitan tenant {self.organisation}", "USD")

    def short_pages(self) -> None:
        self.company.servicetitan_switches.export_page_size = self.page

    @property
    def books(self) -> TenantBooks:
        return self.company.seed.tenant

    @property
    def desk(self) -> Desk:
        return Desk(self.books)

    def _table(self, entity: str) -> Table[Any]:
        return self.desk.table(entity)

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        second = at.strftime("%Y-%m-%dT%H:%M:%S")
        # Some share all seven digits of the fraction, others only the second.
        return [shown_id(self.desk.add(entity, place, f"{second}.{place % 7 + 1:07d}Z")) for place in range(count)]

    def touch(self, entity: str, id: str) -> None:
        self._table(entity).touch(int(self.own_id(id)))

    def remove(self, entity: str, id: str) -> bool:
        deeds: dict[str, Callable[[int], Any]] = {
            "bills": self.books.delete_bill,
            "invoices": self.books.invoicing.deactivate,
            "payments": self.books.collecting.delete,
            "items": lambda id: self.books.materials.modify(id, active=False),
        }
        if entity in deeds:
            deeds[entity](int(id))
        return entity in deeds

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def own_id(self, id: str) -> str:
        return id.rpartition("-")[2]

    def lists(self, entity: str) -> str:
        return _LISTS[entity]

    def offers(self, entity: str, action: Action, settings: Mapping[str, str]) -> bool:
        switches = self.company.servicetitan_switches
        if action is Action.CREATE and entity == "payments":
            return switches.payments_can_be_created
        return entity != "journal_entries" or switches.journal_entries_available

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        if entity == "journal_entries":
            return self._entry_step(reference, organisation)
        if entity == "payments" and action is Action.CREATE:
            return self._payment_step(reference, organisation)
        if action is not Action.MARK_EXPORTED:
            return self._party_step(entity, action, reference, organisation)
        marked = self._to_mark(entity)
        composed = self.connector.compose(action, marked, organisation, reference, self.settings)
        return Step(entity, action, reference, composed.body, target_id=marked.id)

    def _payment_step(self, reference: str, organisation: Organisation) -> Step:
        """Two thirds of a payment on an invoice, the rest on account."""
        owed = self.books.invoices[self.desk.add("invoices", 0, LONG_AGO).id]
        kind = str(self.desk.add("payment_types", 0, LONG_AGO).id)
        money = Payment(
            "", Ref(str(owed.customer_id)), Decimal("60.00"), date=date(2026, 9, 2), method=Ref(kind), number="771",
            memo="From the ledger", splits=(Allocation("", Ref(str(owed.id)), Decimal("40.00")),), unapplied=Decimal(20),
        )  # fmt: skip
        composed = self.connector.compose(Action.CREATE, money, organisation, reference, self.settings)
        return Step(
            "payments", Action.CREATE, reference, composed.body, party_id=money.party.id, date=money.date,
            total=composed.total,
        )  # fmt: skip

    def _entry_step(self, reference: str, organisation: Organisation) -> Step:
        """Petty cash spent on two accounts, one line of them for a business unit."""
        spent, other, cash = (str(self.desk.add("accounts", 700 + place, LONG_AGO).id) for place in range(3))
        unit = Ref(str(self.desk.add("business_units", 0, LONG_AGO).id))
        lines = (
            BillLine("1", Decimal("25.00"), account=Ref(spent), business_unit=unit, description="Diesel"),
            BillLine("2", Decimal("5.25"), account=Ref(other)),
        )
        expense = Expense("", Decimal("30.25"), date=date(2026, 9, 2), paid_through=Ref(cash), memo="Fuel", lines=lines)
        composed = self.connector.compose(Action.CREATE, expense, organisation, reference, self.settings)
        return Step("journal_entries", Action.CREATE, reference, composed.body, date=expense.date, total=composed.total)

    def _to_mark(self, entity: str) -> CanonicalBill | Invoice | Payment:
        if entity == "bills":
            return self._bill()
        if entity == "ap_credits":
            return self._credit()
        if entity == "credit_memos":
            return self._memo()
        return self._invoice() if entity == "invoices" else self._payment()

    def _bill(self) -> CanonicalBill:
        bill = next(
            one
            for one in self.books.bills
            if one.active and one.sync_status != "Exported" and one.purchase_order_id is not None
        )
        if self.company.servicetitan_switches.mark_exported_demands_posted:
            self.books.post_bills([bill.id], "Contract", date(2026, 9, 2))
        return CanonicalBill(
            id=str(bill.id), vendor=Ref(str(bill.vendor_id)), total=bill.amount(True), complete=True,
            purchase_order=Ref(str(bill.purchase_order_id)),
        )  # fmt: skip

    def _credit(self) -> CanonicalBill:
        kept = self.books.ap_credits[self.desk.add("ap_credits", 0, LONG_AGO).id]
        if self.company.servicetitan_switches.mark_exported_demands_posted:
            self.books.returning.post([kept.id], "Contract", LONG_AGO)
        return CanonicalBill(str(kept.id), Ref(str(kept.vendor_id)), -kept.amount, source_kind="ap_credit")

    def _invoice(self) -> Invoice:
        made = self.desk.add("invoices", 0, LONG_AGO)
        if self.company.servicetitan_switches.mark_exported_demands_posted:
            post_batch(self.books, batch(self.books, "Contract", [made.id], at=LONG_AGO), LONG_AGO)
        kept = self.books.invoices[made.id]
        return Invoice(id=str(kept.id), customer=Ref(str(kept.customer_id)), total=kept.total)

    def _memo(self) -> Invoice:
        made = self.desk.add("credit_memos", 0, LONG_AGO)
        if self.company.servicetitan_switches.mark_exported_demands_posted:
            post_batch(self.books, batch(self.books, "Contract", at=LONG_AGO, memo_ids=[made.id]), LONG_AGO)
        kept = self.books.credit_memos[made.id]
        return Invoice(str(kept.id), Ref(str(kept.customer_id)), kept.total, "credit note")

    def _payment(self) -> Payment:
        kept = self.books.payments[self.desk.add("payments", 0, LONG_AGO).id]
        return Payment(id=str(kept.id), party=Ref(str(kept.customer_id)), amount=kept.total)

    def _party_step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        """A new one with everything on it; or one that is there, under another name, address, e-mail and phone."""
        there = None if action is Action.CREATE else self.desk.add(entity, 2, LONG_AGO)
        target = str(there.id) if there is not None else ""
        name = f"Made for {reference}" if action is Action.CREATE else f"Renamed for {reference}"
        if there is not None and action is Action.SET_STATUS:
            name = there.name
        party = Party(
            target, entity.removesuffix("s"), name, email="ada@contract.example", phone="(320) 555-0199",
            private_person=True, address=_PLACE, active=action is not Action.SET_STATUS,
        )  # fmt: skip
        composed = self.connector.compose(action, party, organisation, reference, self.settings)
        return Step(entity, action, reference, composed.body, target_id=target, number=name)

    def shows(self, step: Step, document: Document) -> bool:
        if isinstance(document, Party) and step.action is Action.SET_STATUS:
            return not document.active
        if isinstance(document, Party):
            return (document.name, document.reference) == (step.number, step.reference)
        if step.action is Action.CREATE:
            return isinstance(document, Payment | Expense) and document.reference == step.reference
        return isinstance(document, CanonicalBill | Invoice | Payment) and document.exported

    def another(self, answer: Any) -> Any:
        """Another name, or where the answer has no more than an id, another's id."""
        if isinstance(answer, list):
            return [{**one, **{name: 1 for name in one if name.endswith("Id")}} for one in answer]
        other = {"name": "Another"} if "name" in answer else {"id": self.desk.supplier()}
        return {**answer, **other}

    def counted(self, entity: str) -> int:
        return sum(1 for one in self._table(entity) if one.active)

    def forget_tokens(self) -> None:
        self.sandbox.servicetitan.tokens.withdraw_all()

    def revoke(self) -> None:
        self.company.servicetitan.revoke_grant(self.company.access.client_id)
        self.forget_tokens()


STAGE = StageOfServiceTitan
