"""Xero's side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from contract_stage import Lack, Stage, Switch, Wrong
from contract_xero_documents import Keyed
from contract_xero_steps import another, shows, step_of

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.cli import redirect as way_back
from ml_connector.clock import Clock
from ml_connector.connectors.grants import Credentials, Http, Tokens
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.xero.scopes import SCOPES
from ml_connector.service import connecting
from ml_connector.settings import Sandbox as Handover
from ml_connector_sandbox.xero import OrganisationBooks

OTHER = "6f1b3d97-8c2e-4a40-9d55-3e907c2b8f14"
_LISTS = {
    "parties": "/Contacts",
    "accounts": "/Accounts",
    "tax_codes": "/TaxRates",
    "dimensions": "/TrackingCategories",
    "invoices": "/Invoices",
    "bills": "/Invoices",
    "credit_notes": "/CreditNotes",
    "vendor_credits": "/CreditNotes",
    "payments": "/Payments",
    "vendor_payments": "/Payments",
    "overpayments": "/Overpayments",
    "prepayments": "/Prepayments",
    "purchase_orders": "/PurchaseOrders",
}
_SPOILT = {
    "parties": ("Name", ""),
    "accounts": ("Name", {}),
    "tax_codes": ("EffectiveRate", "a lot"),
    "dimensions": ("Name", None),
    "invoices": ("Total", "twelve"),
    "bills": ("Status", "MISLAID"),
    "credit_notes": ("Total", []),
    "vendor_credits": ("Total", []),
    "payments": ("Amount", None),
    "vendor_payments": ("Amount", None),
    "overpayments": ("Total", "twelve"),
    "prepayments": ("RemainingCredit", "some"),
    "purchase_orders": ("Status", "MISLAID"),
}
_EVERYTHING = " ".join(scope.name for scope in SCOPES)
_A = "accounting."


def _without(scope: str) -> Callable[[StageOfXero], None]:
    """A consent of an earlier day, which covered less; at Xero nobody can untick a single right."""

    def take(stage: StageOfXero) -> None:
        stage.consented = " ".join(one for one in _EVERYTHING.split() if one != scope)

    return take


def _denied(action: str) -> Callable[[StageOfXero], None]:
    def take(stage: StageOfXero) -> None:
        stage.books.profile.denied_actions.add(action)

    return take


def _another_organisation(stage: StageOfXero) -> None:
    stage.company.xero.organisation(OTHER, name="Another Company")
    stage.company.xero_switches.consent_organisations = OTHER


class StageOfXero(Stage):
    """An organisation in the United States, connected by a person through a web app with a secret."""

    vendor = "xero"
    page = 50
    limits_speed = 30.0
    fixed = frozenset(["tax_codes", "dimensions"])
    vanishing = frozenset(["allocations"])
    wrong = (
        Wrong("client_secret", "other", ("client secret", "copy both")),
        Wrong("client_secret", "", ("client secret", "pkce")),
        Wrong("client_id", "OTHER", ("consent page", "unauthorized_client", "client id")),
        Wrong("redirect", "http://127.0.0.1:8743/oauth/xero", ("http://127.0.0.1:8743", "http://localhost")),
        Wrong("redirect", "https://elsewhere.example/back", ("consent page", "invalid_redirect_uri")),
        Wrong("app", "spa", ("Kind of app", "'spa'")),
        Wrong("app", "pkce", ("client id", "kind of app")),
        Wrong("app", "custom", ("kind of app", "web, pkce or custom")),
    )
    lacks = (
        Lack("contacts", _without(_A + "contacts"), "parties", (_A + "contacts",), frozenset([f"right {_A}contacts"])),
        Lack(
            "invoices",
            _without(_A + "invoices"),
            "invoices",
            (_A + "invoices",),
            frozenset([f"right {_A}invoices", "bills", "credit_notes", "vendor_credits", "purchase_orders"]),
        ),
        Lack(
            "payments",
            _without(_A + "payments"),
            "payments",
            (_A + "payments",),
            frozenset([f"right {_A}payments", "vendor_payments", "overpayments", "prepayments"]),
        ),
        Lack("bank", _without(_A + "banktransactions"), f"right {_A}banktransactions", ("allow all that is asked",)),
        Lack("settings", _without(_A + "settings.read"), "consent", (_A + "settings.read",)),
        Lack("organisation", _another_organisation, "consent", ("does not connect this organisation", "Connect again")),
        Lack("role", _denied("CreateInvoicePayment"), "permission CreateInvoicePayment", ("payments", "role")),
    )
    switches: ClassVar[Mapping[str, Switch]] = {
        "auto_consent": Switch(untouched="consent has its own tests"),
        "consent_user": Switch(untouched="consent has its own tests"),
        "consent_organisations": Switch(untouched="consent has its own tests"),
        "grace_refresh": Switch(("replaces", "repeats")),
        "custom_connection_tenant_header": Switch(untouched="met with a custom connection, which has its own tests"),
        "error_keys_lower_case": Switch((True,)),
        "missing_scope_status": Switch(untouched="met by its own check, which lacks a scope"),
        "expired_organisation": Switch(untouched="met by its own tests, where an organisation expires"),
        "missing_scope_word": Switch(untouched="met by its own check, which lacks a scope"),
        "limits": Switch((True,)),
        "minute_rolls": Switch((True,)),
        "day_rolls": Switch((True,)),
        "day_begins": Switch((0,)),
        "app_minute_limit": Switch((500,)),
        "app_minute_word": Switch(untouched="met by its own check, which has a 429 to look at"),
        "rapid_sync": Switch((True,)),
        "largest_request": Switch((10_485_760,)),
        "latency_seconds": Switch((0.05,)),
        "extra_fields": Switch((True,)),
        "updated_string": Switch((False,)),
        "idempotency_seconds": Switch((0,)),
        "idempotency_waits": Switch((False,)),
        "idempotency_validation_shape": Switch((False,)),
        "largest_page": Switch((10, 100)),
        "modified_since_inclusive": Switch((False,)),
        "modified_since_304": Switch((True,)),
        "deleted_orders_listed": Switch((True,)),
        "order_contact_stamp_ahead": Switch((True,)),
        "payment_list_rate_zero": Switch((True,)),
        "payments_atomic": Switch((True,), settings={"payments_together": "no"}),
        "answers_reversed": Switch((True,)),
        "half_cent": Switch(("even",)),
        "void_frees_number": Switch((True,)),
        "contact_match": Switch(("name,number",)),
        "persons_dropped": Switch((False,)),
        "zero_total_paid": Switch((False,)),
        "negative_total_refused": Switch((False,)),
        "lock_binds_drafts": Switch((False,)),
        "lock_date_text": Switch(("%Y-%m-%d",)),
        "bank_credit_reference": Switch((False,)),
        "order_steps_back": Switch((True,)),
        "applied_credit_fixed": Switch((False,)),
        "deleted_payment_reopens": Switch((False,)),
        "deleted_payment_moves": Switch((False,)),
        "payment_fires_invoice": Switch((False,)),
    }

    consented = ""  # the scopes of a consent of an earlier day; empty: a person consents now, to everything

    @property
    def keyed(self) -> Keyed:
        """What people key in at Xero."""
        return Keyed(self.books)

    @property
    def books(self) -> OrganisationBooks:
        return self.company.xero_organisation

    @property
    def credentials(self) -> dict[str, str]:
        given = dict(self.sandbox.handover["credentials"]["xero"])
        del given["organisation_id"]
        return given

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        auth = self.connector.auth
        if self.consented:
            held = self.company.xero.refresh_token(credentials["client_id"], self.consented).token
            return await auth.refresh(http, credentials, Tokens("", clock.now(), "", held), clock)
        if not auth.needs_consent(credentials):
            return await auth.first(http, credentials, clock)
        redirect = credentials["redirect"]
        asked = connecting.consent(self.connector, credentials, redirect)
        answered = await way_back.consented(Handover(clock, self.sandbox.handover["hosts"]), asked.address)
        returned = connecting.checked_return(asked, answered)
        return await auth.exchange(http, credentials, redirect, returned, clock)

    @property
    def organisation(self) -> str:
        return self.company.access.xero_organisation_id

    @property
    def settings(self) -> dict[str, str]:
        return {"prepayment_account": "4200"}

    def expected(self) -> Organisation:
        return Organisation(
            self.organisation, self.books.profile.name, "USD", "America/Chicago", "US", "US", "STANDARD",
            price_digits=4, rounding="line",
        )  # fmt: skip

    def short_pages(self) -> None:
        self.company.xero_switches.largest_page = self.page

    def say_when(self, say: bool) -> None:
        """Xero tells it of a full minute or day, and of none of its other limits."""
        if not say:
            self.company.xero_switches.app_minute_limit = 20

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        return self.keyed.fill(entity, count, at)

    def touch(self, entity: str, id: str) -> None:
        self.keyed.touch(entity, id)

    def remove(self, entity: str, id: str) -> bool:
        return self.keyed.remove(entity, id)

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def lists(self, entity: str) -> str:
        return _LISTS[entity]

    def rows(self, entity: str, body: Any) -> list[list[Any]]:
        if entity == "dimensions":
            return [category["Options"] for category in body["TrackingCategories"]]
        return super().rows(entity, body)

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        return step_of(self.keyed, self.connector, entity, action, reference, organisation, self.settings)

    def shows(self, step: Step, document: Document) -> bool:
        return shows(step, document)

    def another(self, answer: Any) -> Any:
        return another(answer)

    def counted(self, entity: str) -> int:
        return self.keyed.counted(entity)

    def forget_tokens(self) -> None:
        self.company.xero.grants.withdraw_all()

    def revoke(self) -> None:
        grants = self.company.xero.grants
        for one in list(grants.connections):
            grants.end(one.app, one.user)


STAGE = StageOfXero
