"""The mapping tables of payments and orders: what a payment type stands for, and where lines of orders go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import PurchaseOrder
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.drafts import NO_ACCOUNT, account_key
from ml_connector.integrations.tables import TableType

BANK = "BANK"  # Xero's type of bank accounts
MONEY = frozenset([BANK, "bank", "cash", "credit_card"])  # of accounts that hold money, as ledgers call their types
NO_TYPE = "(no type)"
TAX, SHIPPING = "(tax)", "(shipping)"
_RULE = re.compile(r"^(?P<kind>account|write-off|fee):(?P<account>\S+)$")
_WRITTEN = re.compile(r"^(?:(?P<kind>account|write-off|fee):)?\s*(?P<account>.+)$")


class PaymentRule(msgspec.Struct, frozen=True):
    """What payments of a type are in the ledger.

    ``account``: money on a bank or clearing account. ``write-off``: a credit note on an account, with the invoice's tax in
    its share. ``fee``: a credit note on an expense account, without tax. ``none``: nothing.
    """

    kind: str
    account: str = ""

    @property
    def is_credit(self) -> bool:
        """Whether it settles an invoice without money."""
        return self.kind in ("write-off", "fee")


def payment_rule(text: str) -> PaymentRule:
    """The rule of a row such as ``account:<id>``, ``write-off:<id>``, ``fee:<id>`` or ``none``. Raises ValueError."""
    value = text.strip()
    if value == "none":
        return PaymentRule("none")
    match = _RULE.match(value)
    if match is None:
        raise ValueError(f"'{value}' is none of account:<id>, write-off:<id>, fee:<id>, none")
    return PaymentRule(match["kind"], match["account"])


def clearing_account(value: str) -> str:
    """The bank or clearing account that a row names; empty for one that moves no money, or means nothing."""
    try:
        rule = payment_rule(value)
    except ValueError:  # its payments are held, and say so
        return ""
    return rule.account if rule.kind == "account" else ""


def type_key(method: Ref) -> str:
    """The key of a payment type in the mapping table: its id."""
    return method.id or NO_TYPE


@dataclass(frozen=True, slots=True)
class PaymentTypeTable(TableType):
    """What payments of a type are in the ledger, which a person decides whatever the type is called."""

    @property
    def target_lists(self) -> tuple[str, ...]:
        return ("accounts",)

    @property
    def decided(self) -> bool:
        return True

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [(type_key(document.method), document.method.name)] if isinstance(document, Payment) else ()

    def names(self, value: str) -> tuple[tuple[str, str], ...]:
        rule = payment_rule(value)
        return (("accounts", rule.account),) if rule.account else ()

    def written(self, value: str) -> tuple[tuple[str, str], ...]:
        """An account alone, by its number or name, is one that money goes to."""
        match = _WRITTEN.match(value)
        return (("accounts", match["account"]),) if match and value not in self.special else ()

    def not_chosen(self, entry: Document) -> str:
        if not isinstance(entry, Account) or (entry.active and (entry.takes_payments or entry.postable)):
            return ""
        return "takes neither payments nor document lines" if entry.active else "archived or inactive in the ledger"

    def offered(self, entry: Document, entity: str = "") -> tuple[str, str]:
        if not isinstance(entry, Account) or entry.takes_payments:
            return self.value_for(entry.id), ""
        return f"write-off:{entry.id}", f"or fee:{entry.number or entry.id}; takes no payments"

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        if not isinstance(entry, Account):
            return ""
        name = " ".join(part for part in (entry.number, entry.name) if part)
        if payment_rule(value).is_credit:
            if entry.type in MONEY:
                return f"{name} is a bank account, and a {payment_rule(value).kind} moves no money"
            no_lines = f"{name} takes no lines of documents in the ledger; name an income or expense account"
            return "" if entry.postable else no_lines
        if entry.takes_payments:
            return ""
        key = entry.number or entry.id
        ways = ["name a bank account", "enable payments to that one there"]
        if entry.postable:
            ways.append(f"say write-off:{key} or fee:{key} where no money moves")
        return f"{name} takes no payments in the ledger; {', '.join(ways[:-1])}, or {ways[-1]}"

    def value_for(self, target_id: str, entity: str = "") -> str:
        return f"account:{target_id}"

    def with_id(self, value: str, entity: str, named: str, target_id: str) -> str:
        match = _WRITTEN.match(value)
        return f"{match['kind'] or 'account'}:{target_id}" if match and match["account"] == named else value


@dataclass(frozen=True, slots=True)
class OrderAccountTable(TableType):
    """Accounts of order lines, which ServiceTitan shows none for. What is sold has a table of its own: the row of lines

    without an account is revenue there, and cost here.
    """

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, PurchaseOrder):
            return ()
        keys = [(account_key(line.account), line.account.name) for line in document.lines if line.amount != 0]
        charges = ((TAX, document.tax), (SHIPPING, document.shipping))
        return keys + [(key, "") for key, amount in charges if amount != 0]

    def tried(self, key: str, document: Document) -> tuple[str, ...]:
        return self.freed_by(key)

    def freed_by(self, key: str) -> tuple[str, ...]:
        """Tax and shipping without a row of their own wait for the row of lines without an account."""
        return (key, NO_ACCOUNT) if key in (TAX, SHIPPING) else (key,)
