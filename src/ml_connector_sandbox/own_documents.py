"""Bills and payments in a firm's own tables on an instance of ServiceNow, as its books say, for comparison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector_sandbox.staged_documents import GONE, MARK, ZERO, Paid, Staged, Table

BILLS = "u_ml_bill_record"
_CHARGES = ("u_other_charges", "u_shipping_amount")


def read_own_staged(instance: Mapping[str, Sequence[Table]]) -> list[Staged]:
    """All bills that are not cancelled; accounts and legal entities are texts there."""
    lines, taxes = (_by_bill(instance[f"u_ml_bill_{part}_record"]) for part in ("line", "tax"))
    live = [one for one in instance[BILLS] if one["u_state"] != GONE]
    return [_staged(one, lines[_key(one)], taxes[_key(one)]) for one in live]


def read_own_payments(instance: Mapping[str, Sequence[Table]]) -> list[Paid]:
    """All payment rows."""
    return [
        Paid(
            one["u_bill"],
            one["u_currency"],
            _amount(one, "u_payment_amount"),
            MARK.sub("", one["u_payment_reference_id"]),
        )
        for one in instance["u_ml_payment_record"]
    ]


def read_own_suppliers(instance: Mapping[str, Sequence[Table]]) -> list[str]:
    """The codes of all suppliers."""
    return [one["u_erp_supplier_code"] for one in instance["u_ml_supplier_record"]]


def _key(bill: Table) -> str:
    """How lines and payments name their bill in the books."""
    return str(bill["u_external_invoice_number"] or bill["number"])


def _by_bill(rows: Sequence[Table]) -> dict[str, list[Table]]:
    found: dict[str, list[Table]] = defaultdict(list)
    for one in rows:
        found[one["u_bill"]].append(one)
    return found


def _staged(bill: Table, lines: Sequence[Table], taxes: Sequence[Table]) -> Staged:
    ordered = sorted(lines, key=lambda one: int(one["u_erp_line_number"] or 0))
    charges = sum((_amount(bill, name) for name in _CHARGES), ZERO) - _amount(bill, "u_discounts")
    return Staged(
        external=bill["u_external_invoice_number"],
        number=bill["u_supplier_invoice_number"],
        supplier=bill["u_supplier"],
        currency=bill["u_currency"],
        total=_amount(bill, "u_amount_invoiced"),
        net=sum((_amount(one, "u_subtotal") for one in ordered), charges),
        tax=sum((_amount(one, "u_tax_amount") for one in (*taxes, *ordered)), ZERO),
        currencies=frozenset(one["u_currency"] for one in (bill, *ordered, *taxes)),
        centers=tuple(one["u_cost_center"] for one in ordered),
        accounts=tuple(one["u_gl_account"] for one in ordered),
        legal_entity=bill["u_legal_entity"],
    )


def _amount(row: Table, name: str) -> Decimal:
    value = row[name]
    return ZERO if value is None else Decimal(value)
