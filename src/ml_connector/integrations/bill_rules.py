"""How a source's bill becomes a target's: accounts, tax, freight, dimensions and rounding, to the cent.

Every rule either gives target lines or says what is missing; all that is missing is collected, so that a bookkeeper
sees the whole list at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import ZERO, decimal, is_exact, split, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.integrations.bill_kinds import is_plain
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.drafts import (
    NO_ZONE,
    ROUNDING,
    Draft,
    Named,
    checked_account,
    line_account,
    money,
    unit_name,
    zone_key,
)
from ml_connector.integrations.jobs_of_lines import job_dimension, job_of
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View

UNIT_KEY = "business unit "
_SHARE = re.compile(r"^(?:(?P<percent>\d+(?:\.\d+)?)\s*%\s*)?(?P<kind>cost|account:(?P<account>\S+)|tax:(?P<tax>\S+))$")


def target_lines(bill: Bill, view: View, draft: Draft) -> None:
    """Item and expense lines with the target's accounts and dimensions. Zero lines are left out, visibly."""
    for line in bill.lines:
        if line.amount == 0:
            draft.notes.append(f"line {line.id} '{line.description[:40]}' of 0.00 is left out")
            continue
        # A new line, not a changed one: no reference of the source may reach the target.
        draft.lines.append(
            BillLine(
                line.id,
                line.amount,
                line.kind,
                description=_description(line, bill),
                sku=line.sku,
                quantity=line.quantity,
                unit_cost=line.unit_cost,
                account=_account(line, bill, view, draft),
                tax=line.tax,
                freight=line.freight,
                **_coded(line.business_unit, job_of(line, bill), bill, view, draft),
            )
        )


def _description(line: BillLine, bill: Bill) -> str:
    job = job_of(line, bill)
    told = f"Job {job.number or job.id}: " if job.id else ""
    return told + (line.description or line.sku)


def _account(line: BillLine, bill: Bill, view: View, draft: Draft) -> Ref:
    if is_plain(line, bill):
        return _plain_account(bill, view, draft)
    where = f"line {line.id} ({line.description[:40] or line.sku})"
    return line_account(line.account, where, bill.date, view, draft)


def _plain_account(bill: Bill, view: View, draft: Draft) -> Ref:
    """What a credit is booked to that nothing was sent back for."""
    name = "plain_credit_account"
    if value := view.settings.plain_credit_account:
        return checked_account(value, Named("", name), view, draft)
    draft.wait(waiting("plain_credit", "setting", f"setting:{name}", amount=money(-bill.total, bill.currency)))
    return Ref()


def _coded(unit: Ref, job: Ref, bill: Bill, view: View, draft: Draft) -> dict[str, Any]:
    """Tags, project and place of a line, of its business unit and its job."""
    found = unit_coding(unit if unit.id else bill.business_unit, bill.date, view, draft)
    beside = found.get("dimensions", ())
    own = job_dimension(job, beside, bill, view, draft)
    return {**found, "dimensions": (*beside, *own)} if own else found


# --- tax, freight and other charges ------------------------------------------------------------------------------


class TaxShare(msgspec.Struct, frozen=True):
    """One part of a tax rule: ``percent`` of the tax goes to cost, to an account, or is a recoverable tax code."""

    percent: Decimal
    kind: str
    target: str = ""


def tax_rule(text: str) -> tuple[TaxShare, ...]:
    """The parts of a rule such as ``cost``, ``account:123``, ``tax:456`` or ``40% cost, 60% account:123``.

    Raises ValueError with what is wrong.
    """
    shares = []
    for part in (piece.strip() for piece in text.split(",")):
        match = _SHARE.match(part)
        if match is None:
            raise ValueError(f"'{part}' is none of cost, account:<id>, tax:<id>")
        percent = decimal(match["percent"]) if match["percent"] else Decimal(100)
        shares.append(TaxShare(percent, match["kind"].split(":")[0], match["account"] or match["tax"] or ""))
    if sum(share.percent for share in shares) != 100:
        raise ValueError("the shares do not add up to 100 %")
    if len(shares) > 1 and any(share.kind == "tax" for share in shares):
        raise ValueError("a tax code takes the whole tax; give a recoverable share its own account instead")
    return tuple(shares)


def tax_lines(bill: Bill, view: View, draft: Draft) -> None:
    """Book the bill's tax by the tenant's rule for its zone."""
    if bill.tax == 0:
        return
    keys = tax_keys(bill)
    found = {key: rule for key in keys if (rule := view.mappings["tax"].get(key, bill.date)) is not None}
    if not found:
        draft.wait(_tax_unmapped(bill, keys, view))
        return
    key, rule = next(iter(found.items()))
    try:
        shares = tax_rule(rule)
        parts = split(bill.tax, [share.percent for share in shares], draft.currency)
        for share, part in zip(shares, parts, strict=True):
            _book_tax(share, part, bill.tax, key, view, draft)
    except ValueError as error:
        draft.wait(waiting("tax_rule_unusable", "mapping", f"tax:{key}", rule=rule, zone=key, why=str(error)))


def tax_keys(bill: Bill) -> tuple[str, ...]:
    """The rows of the tax table for a bill's tax, the first that is filled counts: its zone's, and where it names none,

    as receipts never do, its business unit's, else that of all without a zone.
    """
    zone = zone_key(bill.tax_zone)
    if zone != NO_ZONE:
        return (zone,)
    return (f"{UNIT_KEY}{bill.business_unit.id}", NO_ZONE) if bill.business_unit.id else (NO_ZONE,)


def _tax_unmapped(bill: Bill, keys: Sequence[str], view: View) -> Waiting:
    amount = money(bill.tax, bill.currency)
    if keys[-1] != NO_ZONE:
        return waiting("tax_unmapped", "mapping", f"tax:{keys[-1]}", amount=amount, zone=keys[-1])
    unit = unit_name(bill.business_unit, view)
    other = f" (the row '{keys[0]}' is for business unit {unit} alone)" if len(keys) > 1 else ""
    return waiting("tax_without_zone", "mapping", f"tax:{NO_ZONE}", amount=amount, other=other)


def _book_tax(share: TaxShare, amount: Decimal, whole: Decimal, key: str, view: View, draft: Draft) -> None:
    if share.kind == "cost":
        spread(amount, [line.tax for line in draft.lines], draft, whole)
    elif share.kind == "account":
        account = checked_account(share.target, Named("tax", key), view, draft)
        _add_line(BillLine("tax", amount, LineKind.TAX, f"Tax {key}", account=account), view, draft)
    else:
        code = view.ledger.tax_codes.get(share.target)
        if code is None or not code.active:
            raise ValueError(f"the ledger has no active tax {share.target}")
        kinds = _taxed_kinds(code, whole, draft)
        draft.lines[:] = [
            msgspec.structs.replace(line, tax_code=tax_ref(code)) if line.kind in kinds else line
            for line in draft.lines
        ]


def _taxed_kinds(code: TaxCode, tax: Decimal, draft: Draft) -> tuple[LineKind, ...]:
    """Which lines a tax code stands on. ServiceTitan does not say; items and expenses, or those that give the tax."""
    choices = ((LineKind.ITEM, LineKind.EXPENSE), (LineKind.ITEM,), (LineKind.EXPENSE,))
    if code.rate is None:
        return choices[0]
    rate = code.rate

    def apart(kinds: tuple[LineKind, ...]) -> Decimal:
        return abs(total(line.amount for line in draft.lines if line.kind in kinds) * rate - tax)

    return min(choices, key=apart)


def tax_ref(code: TaxCode) -> Ref:
    """A tax code on a target line; its number is the rate in per cent, for the target's arithmetic, if it is known.

    Of a group whose taxes are each rounded by themselves, their rates with a plus between: "6.875+0.5".
    """
    rates = code.parts or (() if code.rate is None else (code.rate,))
    return Ref(code.id, code.name, "+".join(format(rate * 100, "f") for rate in rates))


def charge(what: str, amount: Decimal, setting: str, value: str, kind: LineKind, view: View, draft: Draft) -> None:
    """Book freight, other charges or a discount to the account that ``setting`` names, or into the lines."""
    if amount == 0:
        return
    if not value:
        shown = money(amount, draft.currency)
        draft.wait(
            waiting("freight_unmapped", "setting", f"setting:{setting}", what=what, amount=shown, setting=setting)
        )
        return
    if value == "lines":
        allocated = [line.freight for line in draft.lines] if kind is LineKind.FREIGHT else []
        try:
            spread(amount, allocated, draft, amount)
        except ValueError as error:
            told = {"what": what, "amount": money(amount, draft.currency), "why": str(error), "setting": setting}
            draft.wait(waiting("charge_unspread", "setting", f"setting:{setting}", **told))
        return
    account = checked_account(value, Named("", setting), view, draft)
    _add_line(BillLine(what, amount, kind, what.capitalize(), account=account), view, draft)


def _add_line(line: BillLine, view: View, draft: Draft) -> None:
    """A line of our own; like every line of the bill it carries the bill's business unit and job."""
    bill = view.document
    assert isinstance(bill, Bill)
    draft.lines.append(
        msgspec.structs.replace(
            line,
            unit_cost=line.amount,
            description=_description(line, bill),
            **_coded(Ref(), job_of(None, bill), bill, view, draft),
        )
    )


def spread(amount: Decimal, allocated: Sequence[Decimal | None], draft: Draft, whole: Decimal) -> None:
    """Add ``amount`` to the item lines: as the source allocated the ``whole`` it is a part of, else by value.

    Raises ValueError when there is no line to carry it.
    """
    bearers = [i for i, line in enumerate(draft.lines) if line.kind in (LineKind.ITEM, LineKind.EXPENSE)]
    if not bearers:
        raise ValueError("the bill has no line that could carry it")
    stated = [part for part in (allocated[i] for i in bearers) if part is not None] if allocated else []
    complete = len(stated) == len(bearers) and total(stated) == whole
    if complete and whole == amount and all(is_exact(part, draft.currency) for part in stated):
        shares: Sequence[Decimal] = stated
    else:
        weights = _weights(stated) if complete else None
        shares = split(amount, weights or _weights([draft.lines[i].amount for i in bearers]) or (), draft.currency)
    for i, share in zip(bearers, shares, strict=True):
        draft.lines[i] = msgspec.structs.replace(draft.lines[i], amount=draft.lines[i].amount + share)


def _weights(amounts: Sequence[Decimal]) -> list[Decimal] | None:
    """What each line bears: amounts of the sum's sign, the others nothing; None when there is none of that sign."""
    sign = -1 if total(amounts) < 0 else 1
    weights = [max(sign * amount, ZERO) for amount in amounts]
    return weights if any(weights) else None


def rounding_line(difference: Decimal, view: View, draft: Draft) -> bool:
    """Add a rounding line of at most the allowed size, visibly; False when the settings do not allow it."""
    settings = view.settings
    if not settings.rounding_account or abs(difference) > settings.rounding_limit:
        return False
    account = checked_account(settings.rounding_account, Named("", "rounding_account"), view, draft)
    _add_line(BillLine("rounding", difference, LineKind.ROUNDING, ROUNDING, account=account), view, draft)
    draft.notes.append(f"rounding of {money(difference, draft.currency)} to {account.label()}")
    return True
