"""Zoho Books' side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from contract_stage import Lack, Stage, Switch, Wrong
from contract_zoho_documents import FIELD, Keyed
from contract_zoho_steps import another, shows, step_of

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.writing import Action, Step
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

_LISTS = {
    "parties": "/contacts",
    "accounts": "/chartofaccounts",
    "tax_codes": "/settings/taxes",
    "dimensions": "/reportingtags/options",
    "bills": "/bills",
    "vendor_credits": "/vendorcredits",
    "vendor_payments": "/vendorpayments",
    "invoices": "/invoices",
    "credit_notes": "/creditnotes",
    "payments": "/customerpayments",
    "items": "/items",
    "expenses": "/expenses",
    "currencies": "/settings/currencies",
}
_SPOILT = {
    "parties": ("contact_type", ""),
    "accounts": ("account_name", {}),
    "tax_codes": ("tax_percentage", "a lot"),
    "dimensions": ("option_name", None),
    "bills": ("total", "twelve"),
    "vendor_credits": ("status", "mislaid"),
    "vendor_payments": ("amount", "a lot"),
    "invoices": ("total", "twelve"),
    "credit_notes": ("status", "mislaid"),
    "payments": ("amount", "a lot"),
    "items": ("name", ""),
    "expenses": ("total", "much"),
    "currencies": ("currency_code", ""),
}
_ALL_SCOPES = (
    "settings accountants contacts bills debitnotes vendorpayments projects invoices creditnotes customerpayments "
    "expenses"
)


def _without_scope(module: str) -> Callable[[StageOfZohoBooks], None]:
    def take(stage: StageOfZohoBooks) -> None:
        kept = [one for one in _ALL_SCOPES.split() if one != module]
        stage.granted = ",".join(f"ZohoBooks.{one}.ALL" for one in kept)

    return take


def _without_field(module: str) -> Callable[[StageOfZohoBooks], None]:
    def take(stage: StageOfZohoBooks) -> None:
        fields = stage.books.custom_fields
        for one in [one for one in fields.values() if one.module == module]:
            del fields[one.field_id]

    return take


def _repeating_field(stage: StageOfZohoBooks) -> None:
    for one in stage.books.custom_fields.values():
        one.unique = False if one.module == "bill" else one.unique


def _another_user(stage: StageOfZohoBooks) -> None:
    for person in stage.company.zoho_books.users.values():
        person.organization_ids.clear()


class StageOfZohoBooks(Stage):
    """An organisation in the EU data centre, with the field for our reference in every module."""

    vendor = "zoho_books"
    page = 50
    limits_speed = 15.0
    fixed = frozenset(["accounts", "tax_codes", "dimensions", "currencies"])
    vanishing = frozenset(["payments", "refunds", "allocations"])
    # The answer to an application shows none, and a refund is looked up where the answer does not show it.
    silent = frozenset([("allocations", Action.CREATE), ("refunds", Action.CREATE), ("parties", Action.SET_STATUS)])
    wrong = (
        Wrong("client_secret", "other", ("client secret", "data centre eu")),
        Wrong("client_id", "1000.OTHER", ("client id", "data centre eu")),
        Wrong("data_centre", "us", ("client id", "data centre us")),
        Wrong("data_centre", "uk", ("Data centre", "'uk'")),
        Wrong("refresh_token", "1000.other", ("refresh token", "connect again")),
        Wrong("refresh_token", "", ("refresh token",)),
    )
    unsaid = ("rights",)
    lacks = (
        Lack("contacts", _without_scope("contacts"), "parties", ("ZohoBooks.contacts.READ",)),
        Lack("bills", _without_scope("bills"), "bills", ("ZohoBooks.bills.READ",)),
        Lack("debitnotes", _without_scope("debitnotes"), "vendor_credits", ("ZohoBooks.debitnotes.READ",)),
        Lack("vendorpayments", _without_scope("vendorpayments"), "vendor_payments", ("vendorpayments.READ",)),
        Lack("invoices", _without_scope("invoices"), "invoices", ("ZohoBooks.invoices.READ",)),
        Lack("creditnotes", _without_scope("creditnotes"), "credit_notes", ("ZohoBooks.creditnotes.READ",)),
        Lack("customerpayments", _without_scope("customerpayments"), "payments", ("customerpayments.READ",)),
        Lack("expenses", _without_scope("expenses"), "expenses", ("ZohoBooks.expenses.READ",)),
        Lack("accountants", _without_scope("accountants"), "accounts", ("ZohoBooks.accountants.READ",)),
        Lack("settings", _without_scope("settings"), "consent", ("settings.READ",)),
        Lack("bill field", _without_field("bill"), "reference field of bills", (FIELD, "bills")),
        Lack("contact field", _without_field("contact"), "reference field of parties", (FIELD, "contacts")),
        Lack(
            "credit field",
            _without_field("vendor_credit"),
            "reference field of vendor_credits",
            (FIELD, "vendor credits"),
        ),
        Lack("invoice field", _without_field("invoice"), "reference field of invoices", (FIELD, "invoices")),
        Lack(
            "credit note field",
            _without_field("creditnote"),
            "reference field of credit_notes",
            (FIELD, "credit notes"),
        ),
        Lack(
            "payment field",
            _without_field("customer_payment"),
            "reference field of payments",
            (FIELD, "customer payments"),
        ),
        Lack("unique field", _repeating_field, "reference field of bills", (FIELD, "prevent duplicate values")),
        Lack("organisation", _another_user, "organisation", ("20083355021", "none")),
    )
    switches: ClassVar[Mapping[str, Switch]] = {
        "auto_consent": Switch(untouched="consent has its own tests"),
        "consent_user": Switch(untouched="consent has its own tests"),
        "live_access_tokens": Switch((1, 15, 30)),
        "bearer_accepted": Switch((False,)),
        "limits": Switch((True,)),
        "fixed_minute": Switch((True,)),
        "retry_after_header": Switch(untouched="met by its own check, which has a 429 to look at"),
        "latency_seconds": Switch((0.05,)),
        "list_lag_seconds": Switch((30.0,)),
        "extra_fields": Switch((True,)),
        "default_per_page": Switch((10, 5000)),
        "default_per_page_accounts": Switch((10, 200)),
        "max_per_page": Switch((10, 5000)),
        "modified_since_inclusive": Switch((True,)),
        "contacts_sort_descending": Switch((False,)),
        "vendor_credits_list_key": Switch(("vendorcredits",)),
        "invoice_lines": Switch(("account",)),
        "numbers_generated": Switch((False,)),
        "number_without_flag": Switch(("refused", "taken")),
        "upsert_keeps_number": Switch((False,), settings={"invoices_created_by": "number"}),
        "void_frees_sales_number": Switch((True,)),
        "draft_invoice_payable": Switch((True,)),
        "payment_refund_as_list": Switch((False,)),
        "same_status_refused": Switch((False,)),
        "demanded_us": Switch(untouched="met by its own check, which writes a line without a tax"),
        "demanded_uk": Switch(untouched="the company is in the United States; met where its edition is another"),
        "demanded_in": Switch(untouched="the company is in the United States; met where its edition is another"),
        "demanded_gcc": Switch(untouched="the company is in the United States; met where its edition is another"),
        "duplicate_item_names": Switch((False,)),
        "person_needs_contact_id": Switch(untouched="the connector writes persons with their contact"),
        "person_written_as_list": Switch(untouched="the connector writes persons with their contact"),
        "duplicate_contact_names": Switch((False,)),
        "fields_endpoint": Switch((False,)),
        "custom_fields_replace": Switch((False,)),
        "rate_rounded": Switch((True,)),
        "bank_accounts_on_lines": Switch((True,)),
        "zero_total_status": Switch(("open",)),
        "void_frees_number": Switch((True,)),
        "other_currency_refused": Switch((False,)),
        "refuse_inactive_with_open": Switch((True,)),
        "merge_parameter": Switch(untouched="the connector merges no contacts"),
        "upsert_created_status": Switch((201,)),
        "upsert_body_repeat": Switch(("refused", "lost")),
        "lock_date_itself_locked": Switch((False,)),
        "applying_bumps_source": Switch((False,)),
        "approval_first_state": Switch(("draft",)),
        "payment_detail_as_list": Switch(untouched="the connector writes no vendor payments"),
        "tags_by_preference": Switch((True,)),
        "features_off": Switch(untouched="a list that is not there cannot be walked; the engine's tests take lists back"),
        "urls_gone": Switch(untouched="as features_off"),
        "reporting_tags_in_plan": Switch(untouched="without tags there are none to walk"),
        **{
            name: Switch((99999,))
            for name in (
                "duplicate_bill_code", "locked_period_code", "missing_lines_code", "mandatory_tag_code",
                "has_transactions_code", "payments_applied_code", "inactive_code", "unknown_reference_code",
                "wrong_status_code", "duplicate_field_code", "not_unique_field_code", "exemption_code",
                "negative_total_code", "feature_off_code", "over_payment_code",
                "already_exists_code",
            )
        },
    }  # fmt: skip

    granted = ",".join(f"ZohoBooks.{one}.ALL" for one in _ALL_SCOPES.split())
    _token = ""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.keyed.file_fields()

    @property
    def keyed(self) -> Keyed:
        """What people key in at Zoho Books."""
        return Keyed(self.company)

    @property
    def credentials(self) -> dict[str, str]:
        given = dict(self.sandbox.handover["credentials"]["zoho_books"])
        del given["organization_id"]
        return {**given, "refresh_token": self._refresh_token()}

    def _refresh_token(self) -> str:
        client = self.company.access.zoho_client_id
        self._token = self._token or self.company.zoho_books.refresh_token(client, scopes=self.granted).token
        return self._token

    @property
    def organisation(self) -> str:
        return self.company.access.organization_id

    @property
    def settings(self) -> dict[str, str]:
        return {"projects": "yes", "contact_types": "both"}

    def expected(self) -> Organisation:
        profile = self.books.profile
        return Organisation(
            self.organisation, profile.name, "USD", "America/Chicago", "US", "US", "Professional",
            rounding="document", fiscal_year_start_month=1, locked_through=self._locked(),
        )  # fmt: skip

    def _locked(self) -> date | None:
        lock = self.books.locks.get("purchase")
        return lock.lock_date if lock else None

    def short_pages(self) -> None:
        self.company.zoho_books_switches.max_per_page = self.page

    @property
    def books(self) -> OrganisationBooks:
        return self.company.seed.organisation

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        return self.keyed.fill(entity, count, at.replace(microsecond=0))

    def touch(self, entity: str, id: str) -> None:
        self.keyed.touch(entity, id)

    def remove(self, entity: str, id: str) -> bool:
        return self.keyed.remove(entity, id)

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def lists(self, entity: str) -> str:
        return _LISTS[entity]

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        return step_of(self.keyed, self.connector, entity, action, reference, organisation, self.settings)

    def shows(self, step: Step, document: Document) -> bool:
        return shows(step, document)

    def another(self, answer: Any) -> Any:
        return another(answer)

    def counted(self, entity: str) -> int:
        return self.keyed.counted(entity)

    def forget_tokens(self) -> None:
        self.company.zoho_books.grants.withdraw_all()

    def revoke(self) -> None:
        self.company.zoho_books.grants.revoke(self._token)


STAGE = StageOfZohoBooks
