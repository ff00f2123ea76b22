"""The tax of a sale, to the cent as ServiceTitan has it, on the lines of the ledger's document.

ServiceTitan states the tax of a whole document. Every line goes with an amount of tax of its own, so that the ledger's sum
is exactly that tax, whatever its rates would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

import msgspec

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import ZERO, is_exact, quantum, rounded, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.integrations.bill_rules import tax_ref
from ml_connector.integrations.decisions import once_linked, waiting
from ml_connector.integrations.drafts import COMING, NO_ZONE, Draft, money, zone_key
from ml_connector.integrations.invoice_checks import own_key
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.views import View

ZONES = "tax_zones"  # the source's list, and the flow that links its entries with the ledger's taxes
_ONE = Decimal(1)


def tax_lines(invoice: Invoice, view: View, draft: Draft) -> None:
    """Spread the tax over taxable, chargeable lines by amount and the zone's base; the rest is exempt."""
    shares = _shares(invoice, view, draft) if invoice.tax else {}
    code = _zone_code(invoice, shares, view, draft) if shares else Ref()
    rest = any(i not in shares for i in range(len(draft.lines)))
    exempt = exempt_code(invoice, view, draft) if rest else Ref()
    draft.lines[:] = [
        msgspec.structs.replace(line, tax_code=code if i in shares else exempt, tax=shares.get(i, ZERO))
        for i, line in enumerate(draft.lines)
    ]


def apportion(amount: Decimal, weights: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """``amount`` in shares proportional to ``weights``, which may be negative but not sum to zero; nothing is lost.

    Each is exact in the currency; what rounding leaves goes to the largest remainders, earlier ones first. Raises
    ValueError.
    """
    if not is_exact(amount, currency):
        raise ValueError(f"{amount} has digits below the smallest unit of {currency}")
    whole = sum(map(Fraction, weights), Fraction(0))
    if whole == 0:
        raise ValueError("there is nothing that could carry it")
    unit = Fraction(quantum(currency))
    exact = [Fraction(amount) / unit * Fraction(weight) / whole for weight in weights]
    units = [floor(one) for one in exact]
    by_remainder = sorted((i for i, weight in enumerate(weights) if weight), key=lambda i: (units[i] - exact[i], i))
    for i in by_remainder[: int(Fraction(amount) / unit) - sum(units)]:
        units[i] += 1
    return tuple(quantum(currency) * one for one in units)


def _shares(invoice: Invoice, view: View, draft: Draft) -> dict[int, Decimal]:
    """The tax of each line that bears some, by its place."""
    zone = view.source_lists.get(ZONES, {}).get(invoice.tax_zone.id)
    weights = {
        i: line.amount * rate
        for i, line in enumerate(draft.lines)
        if line.taxable and (rate := _rate(line, zone if isinstance(zone, TaxCode) else None))
    }
    bearing = {i: weight for i, weight in weights.items() if weight}
    try:
        return dict(zip(bearing, apportion(invoice.tax, list(bearing.values()), draft.currency), strict=True))
    except ValueError:
        told = {"amount": money(invoice.tax, draft.currency), "zone": zone_key(invoice.tax_zone)}
        draft.wait(waiting("tax_without_line", "source", own_key(invoice), **told))
        return {}


def _rate(line: InvoiceLine, zone: TaxCode | None) -> Decimal:
    """How much of a line the zone taxes, against the others: alike unless it taxes labor and material differently."""
    if zone is None or zone.rate is not None or (zone.labor_rate is None and zone.material_rate is None):
        return _ONE
    rates = {"labor": zone.labor_rate, "material": zone.material_rate}
    return rates.get(line.tax_base) or ZERO


# --- tax types ---------------------------------------------------------------------------------------------------


def _zone_code(invoice: Invoice, shares: Mapping[int, Decimal], view: View, draft: Draft) -> Ref:
    key, table = zone_key(invoice.tax_zone), view.ways.sales_tax
    value = _mapped(invoice, view)
    linked = view.links.get((ZONES, invoice.tax_zone.id), "") if value is None else ""
    amount = money(invoice.tax, draft.currency)
    if value is None and not linked:
        _unmapped(invoice, amount, view, draft)
        return Ref()
    target = value or linked
    code_ = _to_come(target, invoice, view) or view.ledger.tax_codes.get(target)
    why = _fault(code_, target)
    if not why and code_ is not None and code_.rate == 0:
        why = f"its rate is zero, and the document has tax of {amount}"
    if why or code_ is None:
        code = "tax_link_unusable" if linked else "tax_type_unusable"
        draft.wait(waiting(code, "mapping", f"{table}:{key}", target=target, zone=key, why=why))
        if linked:
            draft.wait(waiting(code, "fact", f"tax_codes:{target}", target=target, zone=key, why=why, row=key))
        return Ref()
    _tell_difference(code_, [draft.lines[i].amount for i in shares], invoice.tax, draft)
    return tax_ref(code_)


def _unmapped(invoice: Invoice, amount: str, view: View, draft: Draft) -> None:
    """Nobody has said which tax it is; where the flow of zones is on and knows the zone, that one is asked first."""
    zone, table = invoice.tax_zone, view.ways.sales_tax
    key, pair = zone_key(zone), (ZONES, invoice.tax_zone.id)
    if pair in view.asked:
        for kind, place in (("link", f"{ZONES}:{zone.id}"), ("mapping", f"{table}:{key}")):
            draft.wait(waiting("sales_tax_pending", kind, place, amount=amount, zone=key))
        draft.asks += [] if pair in draft.asks else [pair]
        return
    code = "sales_tax_without_zone" if key == NO_ZONE else "sales_tax_unmapped"
    draft.wait(waiting(code, "mapping", f"{table}:{key}", amount=amount, zone=key))
    if view.ways.links_zones and zone.id:
        draft.wait(once_linked(code, ZONES, zone.id, key))


def _to_come(target: str, invoice: Invoice, view: View) -> TaxCode | None:
    """The tax that the ledger has still to give, as the zone makes it."""
    zone = view.source_lists.get(ZONES, {}).get(invoice.tax_zone.id)
    if not target.startswith(COMING) or not isinstance(zone, TaxCode):
        return None
    return TaxCode(target, zone.name, zone.rate)


def _mapped(invoice: Invoice, view: View) -> str | None:
    """The row of the zone as the document names it, else as ServiceTitan's list does."""
    listed = view.source_lists.get(ZONES, {}).get(invoice.tax_zone.id)
    keys = (zone_key(invoice.tax_zone), str(getattr(listed, "name", "")))
    found = (view.mappings[view.ways.sales_tax].get(key, invoice.date) for key in keys if key)
    return next((value for value in found if value is not None), None)


def _tell_difference(code: TaxCode, amounts: Sequence[Decimal], tax: Decimal, draft: Draft) -> None:
    """More than rounding of each line: worth a look at the mapping, and ServiceTitan's tax goes all the same."""
    if code.rate is None:
        return
    theirs = total(rounded(amount * code.rate, draft.currency) for amount in amounts)
    if abs(theirs - tax) > quantum(draft.currency) * len(amounts):
        told = f"{code.name} would make the tax {money(theirs, draft.currency)}"
        draft.notes.append(f"{told}; ServiceTitan's {money(tax, draft.currency)} goes")


def exempt_code(invoice: Invoice, view: View, draft: Draft) -> Ref:
    """The tax type of what is not taxed, as the row ``(exempt)`` names it; none where the ledger asks for none."""
    table = view.ways.sales_tax
    value = view.mappings[table].get(EXEMPT, invoice.date)
    if value is None and not view.ways.names_exempt:
        return Ref()
    if value is None:
        none = [code.id for code in view.ledger.tax_codes.values() if code.active and code.rate == 0]
        known = f" The ledger's tax types of no rate are {', '.join(sorted(none))}." if none else ""
        draft.wait(waiting("exempt_unmapped", "mapping", f"{table}:{EXEMPT}", known=known))
        return Ref()
    code = view.ledger.tax_codes.get(value)
    why = _fault(code, value)
    if not why and code is not None and code.rate:
        why = "its rate is not zero, and the line is not taxed"
    if why or code is None:
        draft.wait(waiting("tax_type_unusable", "mapping", f"{table}:{EXEMPT}", target=value, zone=EXEMPT, why=why))
        return Ref()
    return tax_ref(code)


def _fault(code: TaxCode | None, value: str) -> str:
    if code is None:
        return f"the ledger has no tax {value}"
    return "" if code.active else "it is not active in the ledger"
