"""ServiceTitan's side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from contract_stage import Lack, Stage, Switch, Wrong

from ml_connector.canonical.documents import Bill as CanonicalBill
from ml_connector.canonical.documents import Document, Organisation, Ref
from ml_connector.connectors.base import Action, Step
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.servicetitan.books import (
    Bill,
    BillItem,
    BusinessUnit,
    GlAccount,
    PurchaseOrder,
    PurchaseOrderItem,
    Record,
    Table,
    TaxRate,
    TaxZone,
    Vendor,
)

_LISTS = {
    "vendors": "/vendors",
    "accounts": "/gl-accounts",
    "business_units": "/business-units",
    "tax_zones": "/tax-zones",
    "bills": "/export/inventory-bills",
    "receipts": "/receipts",
    "purchase_orders": "/purchase-orders",
}
_SPOILT = {
    "vendors": ("active", "perhaps"),
    "accounts": ("active", "perhaps"),
    "business_units": ("active", "perhaps"),
    "tax_zones": ("rates", "none"),
    "bills": ("billAmount", "twelve"),
    "receipts": ("items", 5),
    "purchase_orders": ("total", [1]),
}


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
    )
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
    def books(self) -> Any:
        return self.company.seed.tenant

    def _table(self, entity: str) -> Table[Any]:
        name = {"accounts": "gl_accounts"}.get(entity, entity)
        found: Table[Any] = getattr(self.books, name)
        return found

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        second = at.strftime("%Y-%m-%dT%H:%M:%S")
        # Some share all seven digits of the fraction, others only the second.
        return [str(self._add(entity, place, f"{second}.{place % 7 + 1:07d}Z").id) for place in range(count)]

    def _add(self, entity: str, place: int, at: str) -> Record:
        books, name = self.books, f"Contract {entity} {len(self._table(entity))}"
        match entity:
            case "vendors":
                return books.add_vendor(Vendor(name=name, email=f"v{place}@contract.example"), at)  # type: ignore[no-any-return]
            case "accounts":
                return books.add_gl_account(GlAccount(name=name, number=f"9{place:05d}"), at)  # type: ignore[no-any-return]
            case "business_units":
                return books.add_business_unit(BusinessUnit(name=name, currency="USD"), at)  # type: ignore[no-any-return]
            case "tax_zones":
                zone = TaxZone(name=name, rates=(TaxRate(name=name, rate=Decimal("0.05")),))
                return books.add_tax_zone(zone, at)  # type: ignore[no-any-return]
            case "bills":
                return books.add_bill(self._bill(place), at)  # type: ignore[no-any-return]
            case "purchase_orders":
                return self._order(place, at)
            case _:
                order = self._order(place, at)
                return books.receive(order.id, at=at)[0]  # type: ignore[no-any-return]

    def _order(self, place: int, at: str) -> PurchaseOrder:
        item = PurchaseOrderItem(sku_code="C", sku_name="Coil", quantity=Decimal(2), cost=Decimal("3.10"))
        order = PurchaseOrder(
            number=f"C-{place}", vendor_id=self._vendor(), order_date=date(2026, 9, 1), items=(item,), status="Sent"
        )
        kept: PurchaseOrder = self.books.add_purchase_order(order, at)
        return kept

    def _bill(self, place: int) -> Bill:
        item = BillItem(sku_code="C", name="Coil", quantity=Decimal(2), cost=Decimal("3.1000000001"))
        return Bill(reference_number=f"CB-{place}", vendor_id=self._vendor(), bill_date=date(2026, 9, 1), items=(item,))

    def _vendor(self) -> int:
        return int(next(iter(self.books.vendors)).id)

    def touch(self, entity: str, id: str) -> None:
        self._table(entity).touch(int(id))

    def remove(self, entity: str, id: str) -> bool:
        if entity != "bills":
            return False
        self.books.delete_bill(int(id))
        return True

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def lists(self, entity: str) -> str:
        return _LISTS[entity]

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        bill = next(
            one
            for one in self.books.bills
            if one.active and one.sync_status != "Exported" and one.purchase_order_id is not None
        )
        if self.company.servicetitan_switches.mark_exported_demands_posted:
            self.books.post_bills([bill.id], "Contract", date(2026, 9, 2))
        document = CanonicalBill(
            id=str(bill.id), vendor=Ref(str(bill.vendor_id)), total=bill.amount(True), complete=True,
            purchase_order=Ref(str(bill.purchase_order_id)),
        )  # fmt: skip
        composed = self.connector.compose(action, document, organisation, reference, self.settings)
        return Step(entity, action, reference, composed.body, target_id=document.id)

    def shows(self, step: Step, document: Document) -> bool:
        return isinstance(document, CanonicalBill) and document.exported

    def another(self, answer: Any) -> Any:
        return [{**one, "inventoryBillId": 1, "billId": 1} for one in answer]

    def counted(self, entity: str) -> int:
        return sum(1 for one in self._table(entity) if one.active)

    def forget_tokens(self) -> None:
        self.sandbox.servicetitan.tokens.withdraw_all()

    def revoke(self) -> None:
        self.company.servicetitan.revoke_grant(self.company.access.client_id)
        self.forget_tokens()


STAGE = StageOfServiceTitan
