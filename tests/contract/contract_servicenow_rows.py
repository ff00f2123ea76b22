"""Rows of ServiceNow's seeded instance: added, changed and taken away as people do it at its screens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.books.values import stamp

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "parties": "sn_fin_supplier",
        "accounts": "sn_fin_gl_account",
        "dimensions": "cmn_cost_center",
        "legal_entities": "sn_fin_legal_entity",
        "payment_terms": "sn_shop_payment_term",
        "bills": "sn_shop_invoice",
        "vendor_payments": "sn_shop_invoice_payment_detail",
    }
)
SOURCE = "sn_fin_erp_source"
CENTRES, SUPPLIERS = TABLES["dimensions"], TABLES["parties"]


class InstanceRows:
    """The rows of the one instance of a company, by our names of entities."""

    def __init__(self, instance: Any) -> None:
        self.instance, self.records = instance, instance.records
        self._made = 0

    def age(self, moment: datetime) -> None:
        """Let everything on file be last changed before ``moment``, as it is at an instance that was in use."""
        for table in TABLES.values():
            for row in self.records.rows(table):
                self.date(row, moment)

    def date(self, row: Row, moment: datetime) -> None:
        """Created and last changed at this moment."""
        row["sys_created_on"] = row["sys_updated_on"] = stamp(moment)

    def add(self, entity: str, at: datetime) -> Row:
        """A new row of an entity, last changed at ``at``."""
        self._made += 1
        made: Row = self.records.insert(TABLES[entity], getattr(self, f"_{entity}")(f"C{self._made:05d}"))
        self.date(made, at)
        return made

    def row(self, entity: str, id: str) -> Row:
        found: Row = self.records.named(TABLES[entity], id)
        return found

    def first(self, table: str) -> Row:
        """The oldest row of a table."""
        found: Row = self.records.rows(table)[0]
        return found

    def mapped(self, table: str) -> Row:
        """The oldest row of a table that its ERP source has, so that a staged row finds it."""
        ids = {one["record"] for one in self.records.rows("sn_fin_erp_source_mapping")}
        return next(one for one in self.records.rows(table) if one["sys_id"] in ids and not one.get("valid_to"))

    def supplier(self) -> Row:
        return self.mapped(SUPPLIERS)

    def invoice(self, external: str, amount: str, **more: str) -> Row:
        """An invoice that waits for its approver; its payments are entered by ``external``, too."""
        entity, supplier = self.first("sn_fin_legal_entity"), self.supplier()
        given = {
            "external_invoice_number": external, "external_invoice_source": "Zoho Books",
            "supplier_invoice_number": f"N-{external}", "supplier": supplier["sys_id"], "state": "pending_approval",
            "invoice_date": "2026-11-02", "legal_entity": entity["sys_id"], "type": "non_po_invoice",
            "erp_source": self.first(SOURCE)["sys_id"], "subtotal": f"USD;{amount}", "invoice_amount": f"USD;{amount}",
        }  # fmt: skip
        made: Row = self.records.insert(TABLES["bills"], given | more)
        self.records.update(made, {"erp_number": external})  # it was posted
        self.date(made, self.instance.clock.now() - timedelta(days=1))
        return made

    def _parties(self, name: str) -> dict[str, str]:
        company = self.records.insert("core_company", {"name": f"Supplier {name}", "vendor": "true"})
        return {"erp_supplier_code": name, "legal_name": f"Supplier {name}", "related_company": company["sys_id"]}

    def _accounts(self, name: str) -> dict[str, str]:
        return {"number": name, "gl_account": name, "display_name": f"Account {name}", "inactive": "false"}

    def _dimensions(self, name: str) -> dict[str, str]:
        return {"account_number": name, "code": name, "name": f"Centre {name}"}

    def _legal_entities(self, name: str) -> dict[str, str]:
        return {"company_code": name, "name": f"Company {name}", "currency": "USD"}

    def _payment_terms(self, name: str) -> dict[str, str]:
        return {"name": f"Net {name}", "number_of_days": "30"}

    def _bills(self, name: str) -> dict[str, str]:
        return {
            "external_invoice_number": name, "supplier_invoice_number": f"N-{name}", "state": "pending_approval",
            "supplier": self.supplier()["sys_id"], "invoice_date": "2026-11-02", "invoice_amount": "USD;12.40",
            "subtotal": "USD;12.40",
        }  # fmt: skip

    def _vendor_payments(self, name: str) -> dict[str, str]:
        of = self.records.find(TABLES["bills"], external_invoice_number="PAID-1") or self.invoice("PAID-1", "99999.00")
        return {
            "invoice": of["sys_id"], "payment_amount": "USD;3.10", "payment_date": "2026-11-03",
            "payment_method": "cheque", "payment_reference_id": name,
        }  # fmt: skip
