"""ServiceTitan's side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from contract_servicetitan_desk import LONG_AGO, Desk, shown_id
from contract_stage import Lack, Stage, Switch, Wrong

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill as CanonicalBill
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.servicetitan import CONNECTOR
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
}
_NOT_READ = "returns and AP credits are not read here; the emulator's own tests meet it"
_NOT_WRITTEN = "journal entries are not written here; the emulator's own tests meet it"
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
    )
    unplayed = frozenset(["ap_credits", "items", "journal_entries"])
    unwritten = frozenset([("payments", Action.CREATE)])
    unsaid = tuple(
        f"right {one.name}" for one in CONNECTOR.scopes if one.name not in SCOPES
    )  # its application lacks them
    silent = frozenset([("payments", Action.MARK_EXPORTED)])
    stepwise = frozenset([("customers", Action.UPDATE)])
    repeatable = frozenset(["customers", "vendors"])
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
        "customer_active_can_be_changed": Switch((False,)),
        "refund_splits_are_positive": Switch((True,)),
        "payments_can_be_created": Switch((False,)),
        "payment_status_moves_back": Switch((False,)),
        "paid_on_after_is_inclusive": Switch((True,)),
        "deposited_on_is_the_bank_deposit": Switch((True,)),
        "inactive_ap_credits_are_listed": Switch(untouched=_NOT_READ),
        "restocking_fee_lessens_returns": Switch(untouched=_NOT_READ),
        "return_exported_with_credit": Switch(untouched=_NOT_READ),
        "journal_entries_available": Switch(untouched=_NOT_WRITTEN),
        "journal_entry_creation_answers_id": Switch(untouched=_NOT_WRITTEN),
        "journal_entry_lines_are_checked": Switch(untouched=_NOT_WRITTEN),
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

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        if action is not Action.MARK_EXPORTED:
            return self._party_step(entity, action, reference, organisation)
        marked = self._to_mark(entity)
        composed = self.connector.compose(action, marked, organisation, reference, self.settings)
        return Step(entity, action, reference, composed.body, target_id=marked.id)

    def _to_mark(self, entity: str) -> CanonicalBill | Invoice | Payment:
        if entity == "bills":
            return self._bill()
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
        target = "" if action is Action.CREATE else str(self.desk.add(entity, 2, LONG_AGO).id)
        name = f"Made for {reference}" if action is Action.CREATE else f"Renamed for {reference}"
        party = Party(
            target, entity.removesuffix("s"), name, email="ada@contract.example", phone="(320) 555-0199",
            private_person=True, address=_PLACE,
        )  # fmt: skip
        composed = self.connector.compose(action, party, organisation, reference, self.settings)
        return Step(entity, action, reference, composed.body, target_id=target, number=name)

    def shows(self, step: Step, document: Document) -> bool:
        if isinstance(document, Party):
            return (document.name, document.reference) == (step.number, step.reference)
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
