"""The taxes of lines as the ledger's list shows them today, by which it is foreseen what the ledger reckons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import plain, quantum, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.integrations.bill_rules import tax_ref
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.views import View

_SHOWN_DIGITS = 2  # of a rate in per cent; a document may show one with so few, though the list has more
_CHANGED = "tax_rate_changed"


def as_listed(code: Ref, view: View) -> Ref:
    """A line's tax with the rates that the list shows of it; as the document shows it where the list has none of it.

    A document shows one rate of a group, and each of the group's taxes is rounded by itself.
    """
    known = view.ledger.tax_codes.get(code.id)
    return code if known is None else tax_ref(known)


def parts_unread(lines: Sequence[BillLine | InvoiceLine], view: View, draft: Draft) -> bool:
    """Whether a line is on a group of which nobody knows the taxes; the draft waits for them."""
    known = (view.ledger.tax_codes.get(id_) for id_ in dict.fromkeys(line.tax_code.id for line in lines))
    unread = [one for one in known if one is not None and one.parts_unread]
    for one in unread:
        draft.wait(waiting("tax_parts_unread", "fact", f"tax_codes:{one.id}", name=one.name))
    return bool(unread)


def rates_changed(
    now: Bill | Invoice, entity: str, lines: Sequence[BillLine | InvoiceLine], view: View, draft: Draft
) -> None:  # fmt: skip
    """Lines that are sent again on the tax that they have there wait where that was another one when they were reckoned.

    ``now`` is the ledger's document, called ``entity`` there. What the vendor reckons a changed document by, the rate that it
    shows or today's, is documented nowhere. A ledger whose lines show no rates takes the tax that is stated.
    """
    if _CHANGED in view.released:
        return
    there = {line.id: line for line in now.lines if line.id}
    found: dict[str, tuple[TaxCode, str]] = {}
    for line in lines:
        shown, known = there.get(line.id), view.ledger.tax_codes.get(line.tax_code.id)
        if shown is None or known is None or shown.tax_code.id != known.id or known.id in found:
            continue
        if was := _other_rate(shown.tax_code, known) or _other_tax(shown, known, now, quantum(draft.currency)):
            found[known.id] = (known, was)
    for known, was in found.values():
        told = {"number": now.number, "date": str(now.date), "name": known.name, "was": was, "now": _per_cent(known)}
        for key in (f"{entity}:{now.id}", f"tax_codes:{known.id}"):
            draft.wait(waiting(_CHANGED, "fact", key, **told))


def _other_rate(shown: Ref, known: TaxCode) -> str:
    """The rate that a line shows, where it is not the list's; empty where it is, or one of them is not shown."""
    try:
        percent = Decimal(shown.number)
    except ArithmeticError:
        return ""
    if known.rate is None:
        return ""
    exponent = percent.as_tuple().exponent
    digits = max(_SHOWN_DIGITS, -exponent if isinstance(exponent, int) else 0)
    unit = Decimal(1).scaleb(-digits)
    return f"{plain(percent):f} %" if (known.rate * 100).quantize(unit) != percent.quantize(unit) else ""


def _other_tax(shown: BillLine | InvoiceLine, known: TaxCode, now: Bill | Invoice, unit: Decimal) -> str:
    """The tax that a line shows, where the list's rates do not make it so, to a ``unit`` of rounding for each tax.

    A group whose taxes the list does not tell, and a document with a discount or with tax included, tells nothing so.
    """
    if not shown.tax_code.number or shown.tax is None or now.discount or now.tax_basis is not TaxBasis.EXCLUSIVE:
        return ""
    if known.rate is None or bool(shown.tax_parts) > bool(known.parts):
        return ""
    taxes, rates = shown.tax_parts or (shown.tax,), known.parts or (known.rate,)
    if not shown.tax_parts:
        unit, rates = unit * len(rates), (total(rates),)
    wanted = sorted(abs(shown.amount * rate) for rate in rates)
    same = len(taxes) == len(rates) and all(
        abs(one - other) <= unit for one, other in zip(sorted(map(abs, taxes)), wanted, strict=True)
    )
    return "" if same else f"{' + '.join(f'{abs(one):,.2f}' for one in taxes)} on {abs(shown.amount):,.2f}"


def _per_cent(known: TaxCode) -> str:
    rates = known.parts or (() if known.rate is None else (known.rate,))
    return " + ".join(f"{plain(rate * 100):f} %" for rate in rates)
