"""The taxes of lines as the ledger's list shows them today, by which it is foreseen what the ledger reckons."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import ZERO, plain, quantum, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.integrations.bill_rules import tax_ref
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.views import View

_SHOWN_DIGITS = 2  # of a rate in per cent; a document may show one with so few, though the list has more


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
    if "tax_rate_changed" in view.released:
        return
    there = {line.id: line for line in now.lines if line.id}
    found: dict[str, tuple[TaxCode, str]] = {}
    for line in lines:
        shown, known = there.get(line.id), view.ledger.tax_codes.get(line.tax_code.id)
        if shown is None or known is None or shown.tax_code.id != known.id or known.id in found:
            continue
        if was := _reckoned_otherwise(shown, known, now, quantum(draft.currency)):
            found[known.id] = (known, was)
    for known, was in found.values():
        told = {"number": now.number, "date": str(now.date), "name": known.name, "was": was, "now": _per_cent(known)}
        for key in (f"{entity}:{now.id}", f"tax_codes:{known.id}"):
            draft.wait(waiting("tax_rate_changed", "fact", key, **told))


def _reckoned_otherwise(shown: BillLine | InvoiceLine, known: TaxCode, now: Bill | Invoice, unit: Decimal) -> str:
    """By what rate or to what tax the line was reckoned, where that is not today's; empty where it is, or cannot be told.

    Its tax counts before the rate that it shows: whether that is the rate of then or the one of the day on which the
    document was read is documented nowhere.
    """
    percent = _percent(shown.tax_code)
    if percent is None or known.rate is None:
        return ""
    told = f"{plain(percent):f} %" if _differs(percent, known.rate) else ""
    if not _tells_tax(shown, known, now):
        return told
    rates = known.parts if shown.tax_parts else (known.rate,)
    slack = unit * max(len(known.parts), 1) if not shown.tax_parts else unit
    if not _gives(shown, rates, slack):
        return told or f"{' + '.join(f'{abs(one):,.2f}' for one in _taxes(shown))} on {abs(shown.amount):,.2f}"
    then = abs(shown.amount * percent / 100 - total(_taxes(shown))) <= unit * len(_taxes(shown))
    return told if then else ""


def _percent(shown: Ref) -> Decimal | None:
    """The rate that a line shows; None where it shows none, as with a ledger that takes the tax as it is stated."""
    try:
        return Decimal(shown.number)
    except ArithmeticError:
        return None


def _differs(percent: Decimal, rate: Decimal) -> bool:
    """Whether the rate in per cent that a line shows is another than the list's, in the digits that it shows."""
    exponent = percent.as_tuple().exponent
    unit = Decimal(1).scaleb(-max(_SHOWN_DIGITS, -exponent if isinstance(exponent, int) else 0))
    return (rate * 100).quantize(unit) != percent.quantize(unit)


def _tells_tax(shown: BillLine | InvoiceLine, known: TaxCode, now: Bill | Invoice) -> bool:
    """Whether the tax of a line can be laid against rates: not of a group whose taxes the list does not tell, nor on a

    document with a discount of its own or with tax included.
    """
    plain_ = not now.discount and now.tax_basis is TaxBasis.EXCLUSIVE
    return plain_ and shown.tax is not None and bool(shown.tax_parts) <= bool(known.parts)


def _taxes(shown: BillLine | InvoiceLine) -> tuple[Decimal, ...]:
    return shown.tax_parts or (shown.tax or ZERO,)


def _gives(shown: BillLine | InvoiceLine, rates: Sequence[Decimal], slack: Decimal) -> bool:
    """Whether the rates make the taxes of a line, each to within ``slack`` of rounding."""
    taxes, wanted = sorted(map(abs, _taxes(shown))), sorted(abs(shown.amount * rate) for rate in rates)
    return len(taxes) == len(wanted) and all(
        abs(one - other) <= slack for one, other in zip(taxes, wanted, strict=True)
    )


def _per_cent(known: TaxCode) -> str:
    rates = known.parts or (() if known.rate is None else (known.rate,))
    return " + ".join(f"{plain(rate * 100):f} %" for rate in rates)
