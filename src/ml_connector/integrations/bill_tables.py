"""The mapping tables that bills need, whoever writes them: the keys a bill shows, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations.bill_kinds import is_plain
from ml_connector.integrations.bill_rules import UNIT_KEY, tax_keys, tax_rule
from ml_connector.integrations.drafts import NO_ZONE, account_key, zone_key
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.vendor_currencies import currency_key
from ml_connector.integrations.zones_alike import is_same_rate, rate_evidence


@dataclass(frozen=True, slots=True)
class AccountTable(TableType):
    """GL accounts, one for every line that carries an amount."""

    def listed_key(self, entry: Document) -> str:
        assert isinstance(entry, Account)
        return account_key(Ref(entry.id, entry.name, entry.number))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill):
            return ()
        lines = [line for line in document.lines if line.amount != 0 and not is_plain(line, document)]
        return [(account_key(line.account), line.account.name) for line in lines]


@dataclass(frozen=True, slots=True)
class TaxTable(TableType):
    """How the tax of a zone is booked: a rule, which a person decides whatever the zone is called."""

    @property
    def target_lists(self) -> tuple[str, ...]:
        return ("tax_codes", "accounts")

    @property
    def decided(self) -> bool:
        return True

    def listed_key(self, entry: Document) -> str:
        assert isinstance(entry, TaxCode)
        return zone_key(Ref(entry.id, entry.name))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill) or document.tax == 0:
            return ()
        return [(zone_key(document.tax_zone), document.tax_zone.name)]

    def tried(self, key: str, document: Document) -> tuple[str, ...]:
        return tax_keys(document) if isinstance(document, Bill) else (key,)

    def evidence(self, entry: Document | None, there: Document) -> str:
        return rate_evidence(entry, there)

    def speaks(self, entry: Document | None, there: Document) -> bool:
        return is_same_rate(entry, there)

    def freed_by(self, key: str) -> tuple[str, ...]:
        return (key, NO_ZONE) if key.startswith(UNIT_KEY) else (key,)

    def names(self, value: str) -> tuple[tuple[str, str], ...]:
        entities = {"account": "accounts", "tax": "tax_codes"}
        return tuple((entities[one.kind], one.target) for one in tax_rule(value) if one.kind in entities)

    def value_for(self, target_id: str, entity: str = "") -> str:
        return f"{'account' if entity == 'accounts' else 'tax'}:{target_id}"

    def with_id(self, value: str, entity: str, named: str, target_id: str) -> str:
        word = re.escape(self.value_for(named, entity))
        return re.sub(rf"(?<!\S){word}(?=\s*(?:,|$))", lambda _: self.value_for(target_id, entity), value)


@dataclass(frozen=True, slots=True)
class VendorTable(TableType):
    """Vendors, the source's own and those that bills name; a row ``<vendor id> <currency>`` is for documents in that one."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [(document.vendor.id, document.vendor.name)] if isinstance(document, Bill) else ()

    def tried(self, key: str, document: Document) -> tuple[str, ...]:
        currency = document.currency if isinstance(document, Bill) else ""
        return (currency_key(key, currency), key) if currency else (key,)

    def listed_key(self, entry: Document) -> str:
        return entry.id if isinstance(entry, Party) else ""

    def shown_by(self, key: str) -> tuple[str, ...]:
        return (key, key.partition(" ")[0])

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        currency = key.partition(" ")[2]
        if not currency or not isinstance(entry, Party) or entry.currency in ("", currency):
            return ""
        return f"{entry.name} is kept in {entry.currency} in the ledger, and not in {currency}"
