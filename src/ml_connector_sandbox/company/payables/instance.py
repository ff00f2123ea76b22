"""What the firm's ServiceNow instance has on file before the first bill, as plain data for the emulator's seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpSource:
    """The ERP that Accounts Payable Operations knows the ledger as; one for each Zoho organisation."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntity:
    """A company of the firm; ``code`` is the ERP company code that invoices carry."""

    code: str
    name: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCenter:
    """``account_number`` is the key that invoice lines carry. Valid from ``valid_from`` through ``valid_to``; None: open."""

    account_number: str
    code: str
    name: str
    legal_entity: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlAccount:
    """A general ledger account that invoice lines may carry."""

    number: str
    name: str
    kind: str = "expense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A supplier that is there already. ``code``: its ERP supplier code under the firm's ERP source."""

    code: str
    name: str
    email: str
    street: str
    city: str
    state: str
    zip: str
    country: str
    currency: str
    payment_term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerm:
    """``code`` is the text that invoices carry, such as ``Net 30``."""

    code: str
    name: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedInvoice:
    """An invoice that somebody keyed by hand there; it carries no key of ours. ``amount``: gross, in ``currency``."""

    supplier: str
    number: str
    date: date
    amount: Decimal
    currency: str
    legal_entity: str
    state: str = "pending_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Everything on file. The credentials open nothing outside the sandbox.

    ``own_tables``: it has no Accounts Payable Operations but tables of the firm's, which the connection is told of by
    ``columns``, settings of it; ``gl_accounts`` and ``legal_entities`` stand in no table there and are known by number.
    """

    host: str = "halyardfinch.service-now.com"
    client_id: str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    client_secret: str = "sandbox-halyard-finch-servicenow"  # noqa: S105 - opens the sandbox only
    user: str = "ml.connector"
    password: str = "sandbox-halyard-finch-password"  # noqa: S105
    redirect: str = "http://127.0.0.1:8743/oauth/servicenow"
    time_zone: str = "America/New_York"
    currency: str = "USD"
    external_source: str = "Zoho Books"
    type_po: str = "po_invoice"  # the vendor's pages print this value of Invoice type in two spellings
    erp_source: ErpSource
    legal_entities: tuple[LegalEntity, ...]
    cost_centers: tuple[CostCenter, ...]
    gl_accounts: tuple[GlAccount, ...]
    suppliers: tuple[Supplier, ...]
    payment_terms: tuple[PaymentTerm, ...]
    invoices: tuple[KeyedInvoice, ...] = ()
    own_tables: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def entity_names(self) -> dict[str, str]:
        """Company code to how an invoice shows its legal entity: by its name, or where it is a text by the code itself."""
        return {one.code: one.code if self.own_tables else one.name for one in self.legal_entities}

    def settings(self) -> dict[str, str]:
        """What a connection must be told of it."""
        return {
            "erp_source": self.erp_source.name, "external_source": self.external_source, "currency": self.currency,
            "type_po": self.type_po, **self.columns,
        }  # fmt: skip
