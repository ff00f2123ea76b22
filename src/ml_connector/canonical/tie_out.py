"""Tie-out: a document's parts give its total to the cent, in the source, in the plan and in the target's answer."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.money import total
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice


def computed_total(bill: Bill) -> Decimal:
    """``sum(lines) - discount + tax + shipping + other``, exact."""
    return total(line.amount for line in bill.lines) - bill.discount + bill.tax + bill.shipping + bill.other


def difference(bill: Bill) -> Decimal:
    """Stated total less computed total; zero when the bill ties."""
    return bill.total - computed_total(bill)


def invoiced_total(invoice: Invoice) -> Decimal:
    """``sum(chargeable lines) - discount + tax``, exact."""
    return total(line.amount for line in invoice.lines if line.chargeable) - invoice.discount + invoice.tax
