"""ServiceTitan's bank deposits as canonical documents. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.canonical.money import ZERO, plain
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposit, Deposited
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.payloads import LedgerAccount
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, ref_id, text

_OPEN = "Open"


def deposit(payload: payloads.Deposit, listed: Iterable[payloads.Transaction]) -> Deposit:
    """A deposit with its payments, in the order of their ids. A payment that was taken back is none of them.

    Whether it ties is looked at where it is planned. Raises Unreadable naming the field.
    """
    if payload.gross_amount is None or payload.net_amount is None:
        raise Unreadable(f"field {'netAmount' if payload.gross_amount is not None else 'grossAmount'} is missing")
    return Deposit(
        id=str(payload.id),
        gross=plain(payload.gross_amount),
        net=plain(payload.net_amount),
        fees=ZERO if payload.fees is None else plain(payload.fees),
        number=text(payload.name),
        date=date(payload.deposit_date, "depositDate"),
        payments=tuple(_payment(one) for one in sorted(listed, key=lambda one: one.id) if one.active),
        deposited=payload.deposit_status != _OPEN,
        bank_account=_account(payload.bank_account),
        fee_account=_account(payload.fee_account),
        state=text(payload.deposit_status),
        exported=payload.sync_status == "Exported",
        active=payload.active,
        stamp=payload.modified_on or payload.created_on or "",
    )


def _payment(one: payloads.Transaction) -> Deposited:
    if one.total is None:
        raise Unreadable(f"field total of transaction {one.id} is missing")
    type_id = str(one.type_id or "").strip()
    return Deposited(
        id=str(one.id),
        amount=plain(one.total),
        date=date(one.date, "date"),
        number=text(one.check_number) or text(one.auth_code),
        method=Ref("" if type_id == "0" else type_id, text(one.type)),
        business_unit=named(one.business_unit),
    )


def _account(account: LedgerAccount | None) -> Ref:
    return Ref() if account is None else Ref(ref_id(account.id), text(account.name), text(account.number))
