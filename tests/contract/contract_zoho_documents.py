"""What people key in at the emulated Zoho Books: documents of every kind, in the past and now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import Company
from ml_connector_sandbox.zoho_books.books import contacts as contact_rules
from ml_connector_sandbox.zoho_books.books import expenses, purchases, receiving, sales_states
from ml_connector_sandbox.zoho_books.books import items as item_rules
from ml_connector_sandbox.zoho_books.books import payments as vendor_payments
from ml_connector_sandbox.zoho_books.books.masters import Contact, Item, Tax
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment, Invoice

DAY = date(2026, 11, 2)
SALES, COST, BANK = "4200", "5110", "1000"
PRICE = Decimal("20.55")
FIELD = "cf_ml_connector_ref"
LABEL = "ML Connector Ref"
MODULES = {
    "bills": "bill",
    "vendor_credits": "vendor_credit",
    "parties": "contact",
    "invoices": "invoice",
    "credit_notes": "creditnote",
    "payments": "customer_payment",
    "items": "item",
}
_REGISTERS = {"parties": "contacts", "payments": "customer_payments"}


@dataclass(frozen=True)
class Keyed:
    """The company's organisation, and shorthand for what stands at its screens."""

    company: Company

    @property
    def books(self) -> OrganisationBooks:
        return self.company.seed.organisation

    def file_fields(self) -> None:
        """The field for our reference, where a module has none yet."""
        for module in MODULES.values():
            if not self.books.fields_of(module):
                self.books.add_unique_field(module, LABEL)

    def marked(self, entity: str, reference: str) -> dict[str, Any]:
        """Our reference, as an earlier step of ours left it."""
        field = self.books.fields_of(MODULES[entity])[0].field_id
        return {"custom_fields": [{"customfield_id": field, "value": reference}]}

    # ---- what documents name

    @property
    def vendor(self) -> Contact:
        return self._contact("vendor")

    @property
    def customer(self) -> Contact:
        return self._contact("customer")

    def _contact(self, kind: str) -> Contact:
        found = (one for one in self.books.contacts if one.contact_type == kind and one.active)
        return next(found, None) or self.books.add_contact(f"Contract {kind}", kind)

    @property
    def item(self) -> Item:
        """Sold on the account of sales; there is one."""
        found = self.books.items.having("sku", "CONTRACT-1")
        body = {"sku": "CONTRACT-1", "account_id": self.account(SALES), "rate": PRICE}
        return found[0] if found else self.books.add_item("Contract work", self.account(COST), **body)

    @property
    def tax(self) -> Tax:
        """8.525 per cent."""
        found = (one for one in self.books.taxes.values() if one.tax_name == "Contract tax")
        return next(found, None) or self.books.add_tax("Contract tax", "8.525")

    def account(self, code: str) -> str:
        return self.company.seed.ledger[code].account_id

    def line(self, code: str = COST) -> dict[str, Any]:
        return {"account_id": self.account(code), "rate": Decimal("3.10"), "quantity": 2}

    def sold(self, amount: Decimal = PRICE) -> dict[str, Any]:
        return {"item_id": self.item.item_id, "rate": amount, "quantity": 1}

    # ---- sales

    def invoice(self, number: str, amount: Decimal = PRICE, **more: Any) -> Invoice:
        return self.books.add_invoice(self.customer, DAY, [self.sold(amount)], number=number, **more)

    def credit_note(self, number: str, **more: Any) -> CreditNote:
        return self.books.add_credit_note(self.customer, DAY, [self.sold()], number=number, **more)

    def payment(self, amount: Decimal, *on: tuple[Invoice, Decimal], **more: Any) -> CustomerPayment:
        return self.books.add_customer_payment(
            self.customer, amount, DAY, on, account_id=self.account(BANK), **more
        )  # fmt: skip

    # ---- many at once

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        if entity == "dimensions":
            return [self._option() if place % 3 != 1 else self._project() for place in range(count)]
        return [_FILLED[entity](self, f"Contract {entity} {self.books.next_sequence()}", at) for _ in range(count)]

    def _option(self) -> str:
        tag = next(iter(self.books.reporting_tags.values()))
        return self.books.add_tag_option(tag, f"Option {len(tag.options)}").option_id

    def _project(self) -> str:
        return self.books.add_project(f"Project {self.books.next_sequence()}", self.customer).project_id

    # ---- one that is there

    def touch(self, entity: str, id: str) -> None:
        if entity == "bills":
            bill = self.books.bills.get(id)
            assert bill is not None
            self.books.touch(bill)
        elif entity in ("parties", "items", "expenses", "payments") or entity in MODULES or entity == "vendor_payments":
            register = self.register(entity)
            document = register.get(id)
            document.modified = self.books.now()
            register.put(document)

    def remove(self, entity: str, id: str) -> bool:
        if entity not in _REMOVED:
            return False
        _REMOVED[entity](self, id)
        return True

    def register(self, entity: str) -> Any:
        return getattr(self.books, _REGISTERS.get(entity, entity))

    def counted(self, entity: str) -> int:
        if entity == "allocations":
            return sum(len(one.credits) for one in self.books.credit_notes)
        if entity == "refunds":
            sources = (*self.books.credit_notes, *self.books.customer_payments)
            return sum(len(one.refunds) for one in sources)
        return len(self.books.taxes if entity == "tax_codes" else self.register(entity))


# --- how each is keyed in and taken away ---------------------------------------------------------------------------


def _party(keyed: Keyed, name: str, at: datetime) -> str:
    """Of both types in turn."""
    kind = ("vendor", "customer")[len(keyed.books.contacts) % 2]
    return keyed.books.add_contact(name, kind, created=at).contact_id


def _account(keyed: Keyed, name: str, at: datetime) -> str:
    return keyed.books.add_account(name, "expense", code=name.rpartition(" ")[2], created=at).account_id


def _tax(keyed: Keyed, name: str, at: datetime) -> str:
    """One in forty is a group of taxes, which stands in the same list and costs a call of its own."""
    if (len(keyed.books.taxes) + len(keyed.books.tax_groups)) % 40 == 0:
        return keyed.books.add_tax_group(name, [keyed.tax]).tax_group_id
    return keyed.books.add_tax(name, "7.25").tax_id


def _currency(keyed: Keyed, name: str, at: datetime) -> str:
    return keyed.books.add_currency(f"X{len(keyed.books.currencies):03}", name).currency_id


def _bill(keyed: Keyed, name: str, at: datetime) -> str:
    lock = keyed.books.locks.get("purchase")
    day = max(at.date(), date(2026, 10, 1)) if lock else at.date()
    return keyed.books.add_bill(keyed.vendor, name, day, [keyed.line()], created=at).document_id


def _vendor_credit(keyed: Keyed, name: str, at: datetime) -> str:
    made = keyed.books.add_vendor_credit(
        keyed.vendor, at.date(), [keyed.line()], created=at, vendor_credit_number=name
    )  # fmt: skip
    return made.document_id


def _vendor_payment(keyed: Keyed, name: str, at: datetime) -> str:
    bank, amount = keyed.books.undeposited_funds.account_id, Decimal("12.40")
    made = keyed.books.add_payment(keyed.vendor, amount, at.date(), [], bank, created=at, reference_number=name)
    return made.payment_id


def _invoice(keyed: Keyed, name: str, at: datetime) -> str:
    return keyed.invoice(name, created=at).document_id


def _credit_note(keyed: Keyed, name: str, at: datetime) -> str:
    return keyed.credit_note(name, created=at).document_id


def _payment(keyed: Keyed, name: str, at: datetime) -> str:
    return keyed.payment(PRICE, created=at, reference_number=name).payment_id


def _item(keyed: Keyed, name: str, at: datetime) -> str:
    more = {"sku": name.upper(), "account_id": keyed.account(SALES), "rate": PRICE}
    return keyed.books.add_item(name, keyed.account(COST), created=at, **more).item_id


def _expense(keyed: Keyed, name: str, at: datetime) -> str:
    body = {
        "date": DAY.isoformat(),
        "account_id": keyed.account(COST),
        "paid_through_account_id": keyed.account(BANK),
        "amount": PRICE,
        "reference_number": name,
    }
    return expenses.create(keyed.books, body, at).expense_id


_FILLED: Mapping[str, Callable[[Keyed, str, datetime], str]] = {
    "parties": _party,
    "accounts": _account,
    "tax_codes": _tax,
    "currencies": _currency,
    "bills": _bill,
    "vendor_credits": _vendor_credit,
    "vendor_payments": _vendor_payment,
    "invoices": _invoice,
    "credit_notes": _credit_note,
    "payments": _payment,
    "items": _item,
    "expenses": _expense,
}


def _tax_gone(keyed: Keyed, id: str) -> None:
    kept: dict[str, Any] = keyed.books.taxes if id in keyed.books.taxes else keyed.books.tax_groups  # type: ignore[assignment]
    del kept[id]


def _currency_gone(keyed: Keyed, id: str) -> None:
    found = keyed.books.currency_by_id(id)
    assert found is not None
    del keyed.books.currencies[found.currency_code]


def _by(entity: str, rule: Callable[[Any, Any], None]) -> Callable[[Keyed, str], None]:
    return lambda keyed, id: rule(keyed.books, keyed.register(entity).get(id))


_REMOVED: Mapping[str, Callable[[Keyed, str], None]] = {
    "parties": _by("parties", contact_rules.delete),
    "bills": _by("bills", purchases.delete_bill),
    "vendor_credits": lambda keyed, id: keyed.books.vendor_credits.remove(keyed.register("vendor_credits").get(id)),
    "vendor_payments": _by("vendor_payments", vendor_payments.delete_payment),
    "invoices": _by("invoices", sales_states.delete_invoice),
    "credit_notes": _by("credit_notes", sales_states.delete_credit_note),
    "payments": _by("payments", receiving.delete),
    "items": _by("items", item_rules.delete),
    "expenses": _by("expenses", expenses.delete),
    "accounts": lambda keyed, id: keyed.books.accounts.__delitem__(id),
    "tax_codes": _tax_gone,
    "currencies": _currency_gone,
}
