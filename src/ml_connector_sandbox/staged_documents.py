"""Invoices, credit memos and payment details of an instance of ServiceNow, as its books say, for comparison."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.ledger_documents import number_key

ZERO = Decimal(0)
GONE = "canceled"
CHARGES = ("other_charges", "shipping_amount")
# Behind a payment's number, so that two under one number stay two where the transform map coalesces on it.
MARK = re.compile(r" #[0-9a-f]{8}$")
Amounts = dict[str, Decimal]
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment row. ``bill``: the ledger's id of the bill; ``amount`` in ``currency``."""

    bill: str
    currency: str
    amount: Decimal
    reference: str

    @property
    def shown(self) -> str:
        """For sentences."""
        return f"payment {self.reference} of {self.amount} {self.currency} on bill {self.bill or '(none)'}"


@dataclass(frozen=True, slots=True)
class Staged:
    """One live invoice or credit memo. ``external``: the ledger's id, empty where a person keyed it.

    ``total`` is gross, ``net`` lines and charges less discounts, ``tax`` that of the tax lines and of the lines themselves.
    ``currencies``: all that its amounts are in. ``centers`` and ``accounts`` are numbers, line by line.
    """

    external: str
    number: str
    supplier: str
    currency: str
    total: Decimal
    net: Decimal
    tax: Decimal
    currencies: frozenset[str]
    centers: tuple[str, ...]
    accounts: tuple[str, ...]
    legal_entity: str

    @property
    def facts(self) -> tuple[Any, ...]:
        """What two papers of one invoice share."""
        return (self.supplier, number_key(self.number), self.total, self.currency)

    @property
    def shown(self) -> str:
        """For sentences."""
        return f"invoice {self.number or self.external} of supplier {self.supplier or '(none)'} over {self.total}"


def read_staged(instance: Mapping[str, Sequence[Table]]) -> list[Staged]:
    """All invoices that are not cancelled."""
    lines, taxes = (_by_invoice(instance[f"sn_shop_invoice_{part}"]) for part in ("line", "tax_line"))
    live = [one for one in instance["sn_shop_invoice"] if one["state"] != GONE]
    return [_staged(one, lines[_key(one)], taxes[_key(one)]) for one in live]


def read_payments(instance: Mapping[str, Sequence[Table]]) -> list[Paid]:
    """All payment rows."""
    return [
        Paid(one["invoice"], *_price(one["payment_amount"]), MARK.sub("", one["payment_reference_id"]))
        for one in instance["sn_shop_invoice_payment_detail"]
    ]


def read_suppliers(instance: Mapping[str, Sequence[Table]]) -> list[str]:
    """The codes of all suppliers."""
    return [one["erp_supplier_code"] for one in instance["sn_fin_supplier"]]


def added(sums: Amounts, currency: str, amount: Decimal) -> None:
    """Add to the sum of a currency."""
    sums[currency] = sums.get(currency, ZERO) + amount


def _key(invoice: Table) -> str:
    """How lines and payments name their invoice in the books."""
    return str(invoice["external_invoice_number"] or invoice["number"])


def _by_invoice(rows: Sequence[Table]) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = defaultdict(list)
    for one in rows:
        found[one["invoice"]].append(one)
    return found


def _staged(invoice: Table, lines: Sequence[Table], taxes: Sequence[Table]) -> Staged:
    ordered = sorted(lines, key=lambda one: int(one["erp_line_number"] or 0))
    currency, total = _price(invoice["invoice_amount"])
    prices = [one["sub_total"] for one in ordered] + [one["tax_amount"] for one in taxes] + [invoice["invoice_amount"]]
    charges = sum((_price(invoice[name])[1] for name in CHARGES), ZERO) - _price(invoice["discounts"])[1]
    return Staged(
        external=invoice["external_invoice_number"],
        number=invoice["supplier_invoice_number"],
        supplier=invoice["supplier"],
        currency=currency,
        total=total,
        net=sum((_price(one["sub_total"])[1] for one in ordered), charges),
        tax=sum((_price(one["tax_amount"])[1] for one in (*taxes, *ordered)), ZERO),
        currencies=frozenset(_price(one)[0] for one in prices),
        centers=tuple(one["cost_center"] for one in ordered),
        accounts=tuple(one["ledger_account"] for one in ordered),
        legal_entity=invoice["legal_entity"],
    )


def _price(value: Mapping[str, Any] | None) -> tuple[str, Decimal]:
    return (value["currency"], Decimal(value["amount"])) if value else ("", ZERO)
