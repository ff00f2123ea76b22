"""A bill's lines as they are staged: net of tax, with accounts and cost centres of the target, to the cent."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, split, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.integrations.bill_rules import spread
from ml_connector.integrations.cost_centers import line_center, own_center
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import NO_ACCOUNT, Draft, money
from ml_connector.integrations.staging import Staged, source_key, where
from ml_connector.integrations.views import View

LINES = "lines"  # of a setting for charges: spread them


def stated_total(bill: Bill) -> Decimal:
    """What the bill's parts give: of a tax-inclusive one the lines contain the tax."""
    tax = ZERO if bill.tax_basis is TaxBasis.INCLUSIVE else bill.tax
    return total(line.amount for line in bill.lines) - bill.discount + tax + bill.shipping + bill.other


def net_of(bill: Bill, draft: Staged) -> Bill:
    """The same bill with net lines and its tax stated, each line with its share where that is known."""
    if bill.tax_basis is not TaxBasis.INCLUSIVE:
        return msgspec.structs.replace(bill, lines=_with_shares(bill, draft))
    places = enumerate(bill.lines, 1)
    unknown = [(n, line) for n, line in places if line.tax is None and line.tax_code.id and line.amount]
    if unknown:
        told = "; ".join(where(n, line.description) for n, line in unknown)
        draft.wait(waiting("line_tax_unknown", "source", f"bills:{bill.id}", lines=told, **draft.words))
    lines = tuple(msgspec.structs.replace(line, amount=line.amount - (line.tax or ZERO)) for line in bill.lines)
    tax = total(line.tax or ZERO for line in bill.lines)
    if tax:
        draft.notes.append(f"the amounts contain tax of {money(tax, bill.currency)}; the lines are staged without it")
    return msgspec.structs.replace(bill, lines=lines, tax=tax, tax_basis=TaxBasis.EXCLUSIVE)


def _with_shares(bill: Bill, draft: Staged) -> tuple[BillLine, ...]:
    """Lines with taxes that add up to the bill's: the ledger may round the whole otherwise than the parts."""
    stated = [abs(line.tax or ZERO) for line in bill.lines]
    if not bill.tax or not any(stated) or total(line.tax or ZERO for line in bill.lines) == bill.tax:
        return bill.lines
    shares = split(bill.tax, stated, bill.currency)
    draft.notes.append(f"the lines' taxes are adjusted to the bill's tax of {money(bill.tax, bill.currency)}")
    pairs = zip(bill.lines, shares, strict=True)
    return tuple(msgspec.structs.replace(line, tax=share) for line, share in pairs)


def staged_lines(bill: Bill, view: View, draft: Staged) -> None:
    """The lines of a net bill, added to the draft; lines of nothing are left out, visibly."""
    for n, line in enumerate(bill.lines, 1):
        if line.amount == 0 and not line.tax:
            draft.notes.append(f"{where(n, line.description)} of 0.00 is left out")
            continue
        draft.lines.append(_line(n, line, bill, view, draft))
    settings = view.settings
    charge("freight", bill.shipping, "freight_account", settings.freight_account, LineKind.FREIGHT, view, draft)
    charge("other charges", bill.other, "other_account", settings.other_account, LineKind.OTHER, view, draft)
    charge("a discount", -bill.discount, "discount_account", settings.discount_account, LineKind.OTHER, view, draft)


def numbered(draft: Draft) -> tuple[BillLine, ...]:
    """The draft's lines with their numbers and with quantity and price that give the amount to the cent."""
    return tuple(_priced(msgspec.structs.replace(line, id=str(n))) for n, line in enumerate(draft.lines, 1))


def _line(place: int, line: BillLine, bill: Bill, view: View, draft: Staged) -> BillLine:
    words = where(place, line.description or line.sku or line.account.name)
    account = _account(line.account, words, bill, view, draft)
    return BillLine(
        line.id, line.amount, line.kind, description=line.description or line.sku or line.account.name or "no description",
        sku=line.sku, quantity=line.quantity, unit_cost=line.unit_cost, account=account, tax_code=line.tax_code,
        dimensions=line_center(line, words, bill, view, draft), tax=line.tax,
    )  # fmt: skip


def _account(account: Ref, words: str, bill: Bill, view: View, draft: Staged) -> Ref:
    """The GL account there that a line's own is mapped to on the bill's day, checked."""
    key = source_key(account, NO_ACCOUNT)
    target = view.mappings["accounts"].get(key, bill.date)
    told = {"lines": words, "account": account.label() or "no account"}
    if target is None:
        draft.wait(waiting("gl_account_unmapped", "mapping", f"accounts:{key}", **told, **draft.words))
        return Ref()
    return checked(target, f"row '{key}' of the mapping table accounts", view, draft)


def checked(target: str, what: str, view: View, draft: Staged) -> Ref:
    """The GL account there, if lines may use it; else what is wrong with it is added to the draft."""
    account, key = view.ledger.accounts.get(target), f"accounts:{target}"
    if account is None:
        draft.wait(waiting("gl_account_unknown", "fact", key, what=what, id=target, **draft.words))
        return Ref(target)
    told = {"name": " ".join(part for part in (account.number, account.name) if part) or target, "what": what}
    if not account.active or not account.postable or not account.number:
        why = "is inactive" if not account.active else "takes no lines" if account.number else "has no number"
        draft.wait(waiting("gl_account_unusable", "fact", key, why=why, **told, **draft.words))
    return Ref(target, account.name, account.number)


def charge(
    what: str, amount: Decimal, setting: str, value: str, kind: LineKind, view: View, draft: Staged
) -> None:  # fmt: skip
    """Stage freight, other charges or a discount on the account that ``setting`` names, or in the lines."""
    if amount == 0:
        return
    told = {"what": what, "amount": money(amount, draft.currency), "setting": setting}
    if not value:
        draft.wait(waiting("freight_unmapped", "setting", f"setting:{setting}", **told))
    elif value == LINES:
        try:
            spread(amount, (), draft, amount)
        except ValueError as error:
            draft.wait(waiting("charge_unspread", "setting", f"setting:{setting}", why=str(error), **told))
    else:
        _add(BillLine(what, amount, kind, what.removeprefix("a ").capitalize()), value, setting, view, draft)


def _add(line: BillLine, account: str, setting: str, view: View, draft: Staged) -> None:
    bill = view.document
    assert isinstance(bill, Bill)
    draft.lines.append(
        msgspec.structs.replace(
            line, unit_cost=line.amount, account=checked(account, f"setting {setting}", view, draft),
            dimensions=own_center(bill, view, draft),
        )
    )  # fmt: skip


def _priced(line: BillLine) -> BillLine:
    """Quantity 1 at the line's amount where quantity and price do not give it; the real ones are told in the words."""
    if line.quantity * line.unit_cost == line.amount:
        return line
    told = f" ({line.quantity:f} x {line.unit_cost:f})" if line.unit_cost and line.quantity not in (0, 1) else ""
    description = line.description + told
    return msgspec.structs.replace(line, quantity=Decimal(1), unit_cost=line.amount, description=description)
