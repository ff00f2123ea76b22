"""What people key in at the emulated Xero: documents of every kind, in the past and now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ml_connector_sandbox.company.at_xero import CHECKING
from ml_connector_sandbox.company.catalogue import LEDGER_CUSTOMERS, LEDGER_VENDORS
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import Document, Payment
from ml_connector_sandbox.xero.books.masters import Account, Contact, TrackingOption
from ml_connector_sandbox.xero.books.register import Register

DAY = date(2026, 11, 2)
SALES, COST = "4200", "5110"


@dataclass(frozen=True)
class Keyed:
    """The company's organisation, and shorthand for its desk."""

    books: OrganisationBooks

    @property
    def customer(self) -> Contact:
        return self.books.contacts.having("name", LEDGER_CUSTOMERS[0].casefold())[0]

    @property
    def vendor(self) -> Contact:
        return self.books.contacts.having("name", LEDGER_VENDORS[0].casefold())[0]

    @property
    def bank(self) -> Account:
        found = self.books.account_by_code(CHECKING)
        assert found is not None
        return found

    def account(self, code: str) -> Account:
        found = self.books.account_by_code(code)
        assert found is not None
        return found

    def line(self, amount: Any = "20.55", code: str = SALES) -> dict[str, Any]:
        return {"Description": "Work", "Quantity": 1, "UnitAmount": amount, "AccountCode": code, "TaxType": "NONE"}

    def invoice(self, number: str, amount: Any = "20.55", **more: Any) -> Document:
        return self.books.desk.add_invoice(self.customer, DAY, [self.line(amount)], InvoiceNumber=number, **more)

    def credit_note(self, number: str, **more: Any) -> Document:
        return self.books.desk.add_credit_note(self.customer, DAY, [self.line()], CreditNoteNumber=number, **more)

    def order(self, number: str, **more: Any) -> Document:
        lines = [self.line(code=COST)]
        return self.books.desk.add_purchase_order(self.vendor, DAY, lines, PurchaseOrderNumber=number, **more)

    # ---- many at once

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        """Some share a millisecond, others only the second."""
        whole = at.replace(microsecond=0)
        if entity == "payments":
            with self.books.at(whole):
                self.invoice(self._fresh("To be paid"), 10_000)
        if entity == "vendor_payments":
            with self.books.at(whole):
                self._bill(self._fresh("To be paid"), 10_000)
        return [self._one(entity, whole + timedelta(milliseconds=place % 7)) for place in range(count)]

    def _one(self, entity: str, at: datetime) -> str:
        with self.books.at(at):
            return self._added(entity, self._fresh(f"Contract {entity}"))

    def _fresh(self, words: str) -> str:
        return f"{words} {self.books.new_id()[:8]}"

    def _added(self, entity: str, name: str) -> str:
        desk, books = self.books.desk, self.books
        match entity:
            case "parties":
                return desk.add_contact(name).contact_id
            case "accounts":
                return desk.add_account(f"C{len(books.accounts)}", name, "EXPENSE").account_id
            case "tax_codes":
                return desk.add_tax_rate(name, "7.25").tax_type
            case "dimensions":
                option = TrackingOption(option_id=books.new_id(), name=name)
                next(iter(books.tracking.values())).options.append(option)
                return option.option_id
            case "invoices":
                return self.invoice(name).document_id
            case "bills":
                return self._bill(name).document_id
            case "credit_notes":
                return self.credit_note(name).document_id
            case "vendor_credits":
                lines = [self.line(code=COST)]
                return desk.add_credit_note(self.vendor, DAY, lines, sale=False, CreditNoteNumber=name).document_id
            case "payments":
                return desk.pay(self._payable("ACCREC"), DAY, "0.01", self.bank).payment_id
            case "vendor_payments":
                return desk.pay(self._payable("ACCPAY"), DAY, "0.01", self.bank).payment_id
            case "purchase_orders":
                return self.order(name).document_id
            case _:
                type_ = f"RECEIVE-{entity.removesuffix('s').upper()}"
                line = {"AccountCode": SALES, "TaxType": "NONE"}
                made = desk.add_bank_credit(type_, self.customer, DAY, "3.10", self.bank, line=line)
                return made.document_id

    def _bill(self, number: str, amount: Any = "20.55") -> Document:
        return self.books.desk.add_bill(self.vendor, DAY, [self.line(amount, COST)], InvoiceNumber=number)

    def _payable(self, type_: str) -> Document:
        open_ = (one for one in self.books.invoices if one.number.startswith("To be paid"))
        return next(one for one in open_ if one.type == type_)

    # ---- one that is there

    def touch(self, entity: str, id: str) -> None:
        moment = self.books.now()
        if entity == "accounts":
            self.books.accounts[id].updated = moment
        elif entity not in ("tax_codes", "dimensions"):
            register = self.register(entity)
            record = register.get(id)
            assert record is not None
            record.updated = moment
            register.put(record)

    def remove(self, entity: str, id: str) -> bool:
        """What Xero no longer lists. A deleted or voided invoice, credit note or payment stays in its list."""
        if entity == "purchase_orders":
            order = self.books.orders.get(id)
            assert order is not None
            self.books.desk.remove(order)
        elif entity == "tax_codes":
            del self.books.tax_rates[id]
        elif entity == "dimensions":
            for category in self.books.tracking.values():
                category.options = [one for one in category.options if one.option_id != id]
        else:
            return False
        return True

    def counted(self, entity: str) -> int:
        if entity == "allocations":
            credits = (self.books.credit_notes, self.books.overpayments, self.books.prepayments)
            return sum(len(one.allocations) for register in credits for one in register)
        kept = self.register(entity)
        types = {"invoices": "ACCREC", "bills": "ACCPAY"}
        return sum(1 for one in kept if entity not in types or one.type == types[entity])

    def register(self, entity: str) -> Register[Any]:
        names = {
            "parties": "contacts", "bills": "invoices", "purchase_orders": "orders", "vendor_payments": "payments",
            "vendor_credits": "credit_notes",
        }  # fmt: skip
        found: Register[Contact | Document | Payment] = getattr(self.books, names.get(entity, entity))
        return found
