"""The invoice's way through Accounts Payable: the job of every 30 minutes, approval, posting, payment."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ml_connector_sandbox.servicenow.books.records import Records, Row
from ml_connector_sandbox.servicenow.books.transforms import BY_SCRIPT

INVOICE, LINE, PAYMENT = "sn_shop_invoice", "sn_shop_invoice_line", "sn_shop_invoice_payment_detail"
OUTBOUND, TASK = "sn_spend_intg_outbound_invoice", "sn_shop_erp_error_task"
NEW, PROCESSED, FAILED = "10", "30", "40"
_ENDED = frozenset({"approved", "pending_payment", "paid", "rejected", "canceled"})
_CHARGES = ("tax_amount", "other_charges", "shipping_amount")


class Payables:
    """Invoices of one instance; does nothing where Accounts Payable is not installed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        records.listeners.append(self._written)

    @property
    def installed(self) -> bool:
        """Whether the instance has the tables and their plug-in is active."""
        return self._records.available(INVOICE)

    def step(self) -> bool:
        """One run of the job: every waiting invoice one step on. Whether any moved."""
        moved = False
        for one in self._records.rows(INVOICE) if self.installed else []:
            state = self._next(one)
            moved = (bool(state) and self._records.update(one, {"state": state})) or moved
        return moved

    def exceptions(self, invoice: Row) -> list[str]:
        """What matching finds wrong, as sentences."""
        lines = self._records.having(LINE, invoice=invoice["sys_id"])
        found = [] if lines else ["The invoice has no lines."]
        if any(not one["cost_center"] or not one["ledger_account"] for one in lines):
            found.append("A line has no cost center or no GL account.")
        if any(self._expired(one["cost_center"]) for one in lines):
            found.append("A line has a cost center that is not valid any more.")
        supplier = self._records.get("sn_fin_supplier", invoice["supplier"])
        if supplier is None or supplier["status"] == "inactive":
            found.append("The supplier is missing or inactive.")
        if lines and self._expected(invoice, lines) != self._amount(invoice, "invoice_amount"):
            found.append("Lines, taxes and charges do not add up to the invoice amount.")
        return found

    def locked(self, table: str, row: Row) -> str:
        """Why a transform leaves a record alone: its invoice was approved or ended. Empty: it does not."""
        if not self._records.switches.locked_when_approved or table not in (INVOICE, LINE):
            return ""
        invoice = row if table == INVOICE else self._records.get(INVOICE, row["invoice"])
        return BY_SCRIPT if invoice is not None and invoice["state"] in _ENDED else ""

    def approve(self, invoice: Row) -> Row | None:
        """The invoice is approved and goes out to the ERP; the outbound record."""
        self._records.update(invoice, {"state": "approved"})
        return self.send(invoice)

    def send(self, invoice: Row) -> Row:
        """ "Send to ERP": a new outbound record, with its lines."""
        given = {"invoice": invoice["sys_id"], "integration_status": NEW, "erp_source": invoice["erp_source"]}
        given = {self._outbound(key): one for key, one in given.items()}
        made = self._records.insert(OUTBOUND, given | {self._outbound("invoice_status"): invoice["state"]})
        part = f"{OUTBOUND}_line"
        for one in self._records.having(LINE, invoice=invoice["sys_id"]):
            named = {"outbound_invoice": made["sys_id"], "source": one["sys_id"], "record_table": LINE}
            self._records.insert(part, {self._records.column_named(part, key): value for key, value in named.items()})
        self._records.update(invoice, {"erp_integration_status": "New"})
        return made

    def newest_outbound(self, invoice: Row) -> Row | None:
        """The outbound record that counts; older ones are history."""
        found = self._records.having(OUTBOUND, **{self._outbound("invoice"): invoice["sys_id"]})
        return found[-1] if found else None

    def paid(self, invoice: Row) -> Decimal:
        """The sum of the invoice's payments."""
        payments = self._records.having(PAYMENT, invoice=invoice["sys_id"])
        return sum((self._amount(one, "payment_amount") for one in payments), Decimal(0))

    def _outbound(self, canonical: str) -> str:
        return self._records.column_named(OUTBOUND, canonical)

    def _next(self, invoice: Row) -> str:
        match invoice["state"]:
            case "draft":
                return "suspected_duplicate" if self._duplicates(invoice) else "received"
            case "received":
                return "exceptions_found" if self.exceptions(invoice) else "no_exceptions_found"
            case "no_exceptions_found":
                return "pending_approval"
            case _:
                return ""

    def _duplicates(self, invoice: Row) -> bool:
        key = {one: invoice[one] for one in ("supplier", "supplier_invoice_number")}
        return all(key.values()) and any(
            one["state"] not in ("canceled", "rejected")
            for one in self._records.having(INVOICE, **key)
            if one["sys_id"] != invoice["sys_id"]
        )

    def _expired(self, cost_center: str) -> bool:
        found = self._records.get("cmn_cost_center", cost_center) if cost_center else None
        now = self._records.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        return found is not None and bool(found["valid_to"]) and found["valid_to"] < now

    def _expected(self, invoice: Row, lines: list[Row]) -> Decimal:
        """Lines, taxes and charges less discounts. Taxes are those of the tax lines, else the header's."""
        taxes = self._records.having("sn_shop_invoice_tax_line", invoice=invoice["sys_id"])
        charged = [_CHARGES[1], _CHARGES[2]] if taxes else list(_CHARGES)
        total = sum((self._amount(one, "sub_total") for one in lines), Decimal(0))
        total += sum((self._amount(one, "tax_amount") for one in taxes), Decimal(0))
        total += sum((self._amount(invoice, name) for name in charged), Decimal(0))
        return total - abs(self._amount(invoice, "discounts"))

    def _amount(self, row: Mapping[str, str], name: str) -> Decimal:
        price = self._records.price(row.get(name, ""))
        return price[1] if price else Decimal(0)

    def _written(self, table: str, row: Row, before: Row | None) -> None:
        """What the platform's rules do after a row was written, whoever wrote it."""
        if table == OUTBOUND and before is not None:
            self._answered(row, before)
        elif table == PAYMENT:
            self._settle(row["invoice"])
        elif table == INVOICE and before is None and not self._records.switches.erp_number_inbound:
            self._records.clear(row, "erp_number")
        elif table == INVOICE and before is not None and row["state"] == "pending_payment" != before["state"]:
            self._settle(row["sys_id"])

    def _answered(self, row: Row, before: Row) -> None:
        """The ERP's answer on an outbound record moves its invoice and opens or closes an error task."""
        invoice = self._records.get(INVOICE, row[self._outbound("invoice")])
        status = row[self._outbound("integration_status")]
        if invoice is None or status == before[self._outbound("integration_status")]:
            return
        if status == FAILED:
            self._failed(invoice, row)
        elif status == PROCESSED:
            number = row[self._outbound("erp_number")] or invoice["erp_number"]
            posted = row[self._outbound("erp_posting_date")]
            given = {"erp_number": number, "erp_posting_date": posted, "erp_integration_status": "Processed"}
            self._records.update(invoice, given | {"erp_sync_failed": "false", "state": "pending_payment"})
            self._close_tasks(invoice)

    def _failed(self, invoice: Row, outbound: Row) -> None:
        message = outbound[self._outbound("processing_message")]
        self._records.update(invoice, {"erp_integration_status": "Failed", "erp_sync_failed": "true"})
        task = {"state": "Open", "sub_type": "Invoice ERP Integration", "description": message}
        task |= {self._records.column_named(TASK, "invoice"): invoice["sys_id"], "assignment_group": "Accounts Payable"}
        self._records.insert(TASK, task | {"short_description": f"Invoice {invoice['number']} failed to post"})
        error = "sn_spend_intg_import_error"
        told = {
            "error_message": message,
            "outbound_status": outbound["sys_id"],
            "supplier_invoice_number": invoice["supplier_invoice_number"],
        }
        self._records.insert(error, {self._records.column_named(error, key): value for key, value in told.items()})

    def _close_tasks(self, invoice: Row) -> None:
        for one in self._records.having(TASK, **{self._records.column_named(TASK, "invoice"): invoice["sys_id"]}):
            self._records.update(one, {"state": "Closed"})

    def _settle(self, sys_id: str) -> None:
        """An invoice pending payment is paid once its payments reach its amount."""
        invoice = self._records.get(INVOICE, sys_id)
        if invoice is None or invoice["state"] != "pending_payment" or not self._records.switches.payments_pay:
            return
        if self.paid(invoice) >= self._amount(invoice, "invoice_amount") > 0:
            days = [one["payment_date"] for one in self._records.having(PAYMENT, invoice=sys_id)]
            self._records.update(invoice, {"state": "paid", "payment_date": max(days)})
