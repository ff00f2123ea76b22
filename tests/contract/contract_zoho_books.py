"""Zoho Books' side of the seeded company, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from contract_stage import Lack, Stage, Switch, Wrong

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.writing import Action, Step
from ml_connector_sandbox.zoho_books.books import contacts as contact_rules
from ml_connector_sandbox.zoho_books.books import payments as vendor_payments
from ml_connector_sandbox.zoho_books.books import purchases
from ml_connector_sandbox.zoho_books.books.masters import Contact

_LISTS = {
    "parties": "/contacts",
    "accounts": "/chartofaccounts",
    "tax_codes": "/settings/taxes",
    "dimensions": "/reportingtags/options",
    "bills": "/bills",
    "vendor_credits": "/vendorcredits",
    "vendor_payments": "/vendorpayments",
}
_SPOILT = {
    "parties": ("contact_type", ""),
    "accounts": ("account_name", {}),
    "tax_codes": ("tax_percentage", "a lot"),
    "dimensions": ("option_name", None),
    "bills": ("total", "twelve"),
    "vendor_credits": ("status", "mislaid"),
    "vendor_payments": ("amount", "a lot"),
}
_ALL_SCOPES = "settings accountants contacts bills debitnotes vendorpayments projects"
_FIELD = "cf_ml_connector_ref"


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
    """An organisation in the EU data centre, with the field for our reference in its three modules."""

    vendor = "zoho_books"
    page = 50
    limits_speed = 15.0
    fixed = frozenset(["accounts", "tax_codes", "dimensions"])
    unwritten = frozenset([("tax_codes", Action.CREATE)])
    unplayed = frozenset(
        ["allocations", "credit_notes", "currencies", "expenses", "invoices", "items", "payments", "refunds"]
    )
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
        Lack("accountants", _without_scope("accountants"), "accounts", ("ZohoBooks.accountants.READ",)),
        Lack("settings", _without_scope("settings"), "consent", ("settings.READ",)),
        Lack("bill field", _without_field("bill"), "reference field of bills", (_FIELD, "bills")),
        Lack("contact field", _without_field("contact"), "reference field of parties", (_FIELD, "contacts")),
        Lack(
            "credit field",
            _without_field("vendor_credit"),
            "reference field of vendor_credits",
            (_FIELD, "vendor credits"),
        ),
        Lack("unique field", _repeating_field, "reference field of bills", (_FIELD, "prevent duplicate values")),
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
        "duplicate_contact_names": Switch((False,)),
        "fields_endpoint": Switch((False,)),
        "custom_fields_replace": Switch((False,)),
        "rate_rounded": Switch((True,)),
        "bank_accounts_on_lines": Switch((True,)),
        "zero_total_status": Switch(("open",)),
        "void_frees_number": Switch((True,)),
        "other_currency_refused": Switch((False,)),
        "merge_parameter": Switch(untouched="the connector merges no contacts"),
        "upsert_created_status": Switch((201,)),
        "upsert_body_repeat": Switch(("refused", "lost")),
        "lock_date_itself_locked": Switch((False,)),
        "applying_bumps_source": Switch((False,)),
        "approval_first_state": Switch(("draft",)),
        "payment_detail_as_list": Switch(untouched="the connector writes no vendor payments"),
        "tags_by_preference": Switch((True,)),
        "reporting_tags_in_plan": Switch(untouched="without tags there are none to walk"),
        **{
            name: Switch((99999,))
            for name in (
                "duplicate_bill_code", "locked_period_code", "missing_lines_code", "mandatory_tag_code",
                "has_transactions_code", "payments_applied_code", "inactive_code", "unknown_reference_code",
                "wrong_status_code", "duplicate_field_code", "not_unique_field_code", "exemption_code",
                "negative_total_code", "feature_off_code", "over_payment_code",
            )
        },
    }  # fmt: skip

    granted = ",".join(f"ZohoBooks.{one}.ALL" for one in _ALL_SCOPES.split())
    _token = ""

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
        return {"projects": "yes"}

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
    def books(self) -> Any:
        return self.company.seed.organisation

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        whole = at.replace(microsecond=0)
        if entity == "dimensions":
            return [self._dimension() if place % 3 != 1 else self._project() for place in range(count)]
        return [self._add(entity, place, whole) for place in range(count)]

    def _add(self, entity: str, place: int, at: datetime) -> str:
        books = self.books
        name = f"Contract {entity} {books.next_sequence()}"
        match entity:
            case "parties":
                return str(books.add_contact(name, created=at).contact_id)
            case "accounts":
                return str(books.add_account(name, "expense", code=f"9{place}", created=at).account_id)
            case "tax_codes":
                return str(books.add_tax(name, "7.25").tax_id)
            case "bills":
                day = at.date() if not self._locked() else max(at.date(), date(2026, 10, 1))
                return str(books.add_bill(self._vendor(), name, day, [self._line()], created=at).document_id)
            case "vendor_payments":
                return self._payment(name, at)
            case _:
                body = {"vendor_credit_number": name}
                credit = books.add_vendor_credit(self._vendor(), at.date(), [self._line()], created=at, **body)
                return str(credit.document_id)

    def _dimension(self) -> str:
        tag = next(iter(self.books.reporting_tags.values()))
        return str(self.books.add_tag_option(tag, f"Option {len(tag.options)}").option_id)

    def _project(self) -> str:
        customer = next((one for one in self.books.contacts if one.contact_type == "customer"), None)
        customer = customer or self.books.add_contact("Contract customer", "customer")
        return str(self.books.add_project(f"Project {self.books.next_sequence()}", customer).project_id)

    def _payment(self, name: str, at: datetime) -> str:
        bank, amount = self.books.undeposited_funds.account_id, Decimal("12.40")
        made = self.books.add_payment(
            self._vendor(), amount, at.date(), [], bank, created=at, reference_number=name
        )  # fmt: skip
        return str(made.payment_id)

    def _line(self) -> dict[str, Any]:
        return {"account_id": self._account(), "rate": Decimal("3.10"), "quantity": 2}

    def _account(self) -> str:
        return str(self.company.seed.ledger["5110"].account_id)

    def _vendor(self) -> Contact:
        found: Contact = next(one for one in self.books.contacts if one.contact_type == "vendor")
        return found

    def touch(self, entity: str, id: str) -> None:
        books = self.books
        if entity == "bills":
            books.touch(books.bills.get(id))
        elif entity in ("parties", "vendor_credits", "vendor_payments"):
            register = books.contacts if entity == "parties" else getattr(books, entity)
            document = register.get(id)
            document.modified = books.now()
            register.put(document)

    def remove(self, entity: str, id: str) -> bool:
        books = self.books
        if entity == "bills":
            purchases.delete_bill(books, books.bills.get(id))
        elif entity == "parties":
            contact_rules.delete(books, books.contacts.get(id))
        elif entity == "vendor_credits":
            books.vendor_credits.remove(books.vendor_credits.get(id))
        elif entity == "vendor_payments":
            vendor_payments.delete_payment(books, books.vendor_payments.get(id))
        elif entity == "accounts":
            del books.accounts[id]
        elif entity == "tax_codes":
            del books.taxes[id]
        else:
            return False
        return True

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def lists(self, entity: str) -> str:
        return _LISTS[entity]

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        if entity == "parties":
            return self._party_step(action, reference, organisation)
        sign = -1 if entity == "vendor_credits" else 1
        target = self._existing(entity, reference) if action is not Action.CREATE else ""
        amount = sign * (Decimal("41.10") if action is Action.UPDATE else Decimal("20.55"))
        bill = Bill(
            id=target, vendor=Ref(self._vendor().contact_id), total=amount, number=f"N-{reference}",
            date=date(2026, 11, 2), currency="USD",
            lines=(BillLine("1", amount, account=Ref(self._account()), unit_cost=sign * Decimal("20.55"),
                            quantity=amount / (sign * Decimal("20.55"))),),
        )  # fmt: skip
        composed = self.connector.compose(action, bill, organisation, reference, self.settings)
        return Step(
            entity, action, reference, composed.body, target_id=target, party_id=bill.vendor.id, number=bill.number,
            date=bill.date, total=composed.total, currency="USD",
        )  # fmt: skip

    def _party_step(self, action: Action, reference: str, organisation: Organisation) -> Step:
        target = self._existing("parties", reference) if action is not Action.CREATE else ""
        name = f"Made for {reference}" if action is Action.CREATE else f"Renamed for {reference}"
        party = Party(target, "vendor", name, first_name="Ada", last_name="Ott", email="ada@contract.example")
        composed = self.connector.compose(action, party, organisation, reference, self.settings)
        return Step("parties", action, reference, composed.body, target_id=target, number=name)

    def _existing(self, entity: str, reference: str) -> str:
        module = {"bills": "bill", "parties": "contact", "vendor_credits": "vendor_credit"}[entity]
        field = self.books.fields_of(module)[0].field_id
        body = {"custom_fields": [{"customfield_id": field, "value": reference}]}
        day = date(2026, 11, 2)
        if entity == "bills":
            made = self.books.add_bill(self._vendor(), f"N-{reference}", day, [self._line()], **body)
            return str(made.document_id)
        if entity == "vendor_credits":
            number = {"vendor_credit_number": f"N-{reference}"}
            made = self.books.add_vendor_credit(self._vendor(), day, [self._line()], **body, **number)
            return str(made.document_id)
        return str(self.books.add_contact(f"Before {reference}", **body).contact_id)

    def shows(self, step: Step, document: Document) -> bool:
        if isinstance(document, Party):
            return document.name == step.number and document.reference == step.reference
        assert isinstance(document, Bill)
        if step.action is Action.VOID:
            return document.state is BillState.CANCELED
        return document.total == step.total and document.reference == step.reference

    def another(self, answer: Any) -> Any:
        other = {"total": 1, "contact_name": "Another"}
        return {
            key: {**one, **{name: other[name] for name in other if name in one}} if isinstance(one, dict) else one
            for key, one in answer.items()
        }

    def counted(self, entity: str) -> int:
        register = {"bills": "bills", "parties": "contacts", "vendor_credits": "vendor_credits"}[entity]
        return len(getattr(self.books, register))

    def forget_tokens(self) -> None:
        self.company.zoho_books.grants.withdraw_all()

    def revoke(self) -> None:
        self.company.zoho_books.grants.revoke(self._token)


STAGE = StageOfZohoBooks
