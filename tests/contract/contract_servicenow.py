"""ServiceNow's side of the seeded firm, as the contract's checks use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from contract_servicenow_rows import TABLES, InstanceRows
from contract_servicenow_switches import SWITCHES
from contract_stage import Lack, Stage, Wrong

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Organisation, Party
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicenow.books.access import Acl

_SPOILT = {
    "parties": ("related_company.name", ""),
    "accounts": ("gl_account", ["1", "2"]),
    "dimensions": ("valid_from", "soon"),
    "legal_entities": ("name", {"value": ["a", "b"]}),
    "payment_terms": ("name", ["Net", "30"]),
    "bills": ("invoice_date", "soon"),
    "vendor_payments": ("payment_date", "soon"),
}
_ADDRESS = Address(street="1 Pine St", city="Reno", state="NV", zip="89501", country="US")
_DAY = date(2026, 11, 2)
_STAGED = "sn_spend_intg_imp_invoice"
_PAID = f"{_STAGED}_payment_detail"
_FINANCE = "sn_fcms_intg"
# Columns that are shorter at the emulator than what may be sent, or that only carry our key: told, and nothing stands still.
_SHORT = {
    f"{_FINANCE}_imp_cost_center": ("u_name", "u_third_party_import_id"),
    f"{_FINANCE}_imp_supplier": ("u_legal_name", "u_street_address", "u_city", "u_currency", "u_third_party_import_id"),
    f"{_FINANCE}_supplier_location_inbound": ("u_name", "u_street_address", "u_city", "u_third_party_import_id"),
    f"{_FINANCE}_supplier_contact_inbound": ("u_email", "u_third_party_import_id"),
    _PAID: (
        "u_erp_supplier_code", "u_remit_to_street", "u_remit_to_city", "u_remit_to_state_or_province",
        "u_remit_to_zip_or_postal_code", "u_remit_to_country",
    ),
}  # fmt: skip


def _closed(table: str) -> Callable[[StageOfServiceNow], None]:
    def take(stage: StageOfServiceNow) -> None:
        stage.instance.access.acls.append(Acl(table=table, operation="read", roles=frozenset({"of_nobody"})))

    return take


def _set(table: str, where: dict[str, str], values: dict[str, str]) -> Callable[[StageOfServiceNow], None]:
    def take(stage: StageOfServiceNow) -> None:
        stage.emulator.desk({"act": "set", "table": table, "where": where, "values": values})

    return take


def _renamed(pair: str) -> Callable[[StageOfServiceNow], None]:
    def take(stage: StageOfServiceNow) -> None:
        stage.emulator.set_switches({"column_names": pair})

    return take


def _scoped(stage: StageOfServiceNow) -> None:
    stage.client.scoped = True


class StageOfServiceNow(Stage):
    """The firm's instance with Accounts Payable Operations; its maps let header and lines coalesce on the ledger's keys."""

    vendor = "servicenow"
    kind = "matrix:zoho_books-servicenow"
    page = 50
    limits_speed = 600.0
    longest_wait = 3600.0
    addition = b"u_sandbox_addition"
    stepwise = frozenset([("bills", Action.CREATE), ("bills", Action.UPDATE), ("parties", Action.CREATE)])
    settles_later = frozenset(["list_lag_seconds"])
    wrong = (
        Wrong("client_secret", "other", ("client ID or secret is wrong", "OAuth Application User")),
        Wrong("client_id", "other", ("client ID or secret is wrong", "system property")),
        Wrong("grant", "refresh_token", ("Refresh token is missing",)),
        Wrong("grant", "saml", ("Kind of grant 'saml'", "client_credentials")),
    )
    lacks = (
        Lack("scopes", _scoped, "grant", ("unscoped", "auth scope")),
        Lack(
            "rule", _set("sys_script", {"name": "Transform synchronously"}, {"active": "false"}),
            "business rule Transform synchronously", ("inactive", "sys_import_set_row"),
        ),
        Lack(
            "map", _set("sys_transform_map", {"source_table": _STAGED}, {"active": "false"}),
            f"transform map of {_STAGED}", ("No active transform map", "activates the map"),
        ),
        Lack(
            "column", _renamed(f"{_PAID}.u_erp_source=u_ledger"), f"column {_PAID}.u_erp_source",
            ("no column u_erp_source", "payment_columns=erp_source="), frozenset([f"column {_PAID}.u_ledger"]),
        ),
        Lack(
            "choice",
            _set("sys_choice", {"name": "sn_shop_invoice_payment_detail", "value": "cheque"}, {"inactive": "true"}),
            "choice sn_shop_invoice_payment_detail.payment_method", ("'cheque'", "payment_methods"),
        ),
        Lack(
            "ERP source", _set("sn_fin_erp_source", {"active": "true"}, {"name": "Elsewhere", "code": "EL"}),
            "ERP source", ("Elsewhere", "sn_fin_erp_source"),
        ),
    )  # fmt: skip
    unsaid = (
        *(f"column {table}.{name}" for table, names in _SHORT.items() for name in names),
        f"choice action of {_FINANCE}_supplier_contact_inbound",
    )
    switches = SWITCHES

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        books = self.company.servicenow
        assert books is not None
        self.instance = books.named("")
        self.books = InstanceRows(self.instance)
        self.books.age(self.clock.now() - timedelta(days=2))

    @property
    def client(self) -> Any:
        """The OAuth client of the connection, as the instance has it."""
        return next(iter(self.instance.grants.clients.values()))

    @property
    def credentials(self) -> dict[str, str]:
        return dict(self.sandbox.handover["credentials"]["servicenow"])

    @property
    def organisation(self) -> str:
        return str(self.instance.host)

    @property
    def settings(self) -> dict[str, str]:
        told = self.company.connection_settings["servicenow"]
        return {**told, "page_rows": str(self.page), "coalesces": "yes", "rate_per_hour": "2000"}

    def expected(self) -> Organisation:
        return Organisation(self.organisation, self.organisation.partition(".")[0], "USD", "UTC")

    def short_pages(self) -> None:
        """The page is the connection's setting here, see ``settings``."""

    def offers(self, entity: str, action: Action, settings: Any) -> bool:
        return action is not Action.UPDATE or settings.get("coalesces") == "yes"

    def fill(self, entity: str, count: int, at: datetime) -> list[str]:
        return [self.books.add(entity, at)["sys_id"] for _ in range(count)]

    def touch(self, entity: str, id: str) -> None:
        self.instance.records.touch(self.books.row(entity, id))

    def remove(self, entity: str, id: str) -> bool:
        self.instance.records.delete(self.books.row(entity, id))
        return True

    def spoilt(self, entity: str, row: dict[str, Any]) -> dict[str, Any]:
        name, value = _SPOILT[entity]
        return {**row, name: value}

    def lists(self, entity: str) -> str:
        return f"/table/{TABLES[entity]}"

    def say_when(self, say: bool) -> None:
        """A rate rule says when; the semaphore, whose places are all taken, answers a page."""
        if say:
            rule = {"name": "All", "request_limit_per_hour": "40", "active": "true"}
            self.instance.records.insert("sys_rate_limit_rules", rule)
        else:
            few = {"semaphore_threads": 1, "semaphore_queue": 0, "latency_seconds": 0.02}
            self.emulator.set_switches(few)

    def step(self, entity: str, action: Action, reference: str, organisation: Organisation) -> Step:
        document, found = self._document(entity, action, reference)
        composed = self.connector.compose(action, document, organisation, reference, self.settings)
        target = self._existing(reference) if action is Action.UPDATE else ""
        return Step(
            entity, action, reference, composed.body, target_id=target, number=found, date=_DAY,
            total=composed.total, currency="USD",
        )  # fmt: skip

    def _document(self, entity: str, action: Action, reference: str) -> tuple[Document, str]:
        match entity:
            case "bills":
                return self._bill(reference, Decimal("41.10") if action is Action.UPDATE else Decimal("20.55")), ""
            case "vendor_payments":
                return self._payment(reference), f"P-{reference}"
            case "dimensions":
                return Dimension("", "cost_center", f"Made for {reference}", number=reference, code="MADE"), reference
            case _:
                party = Party(
                    "", "vendor", f"Made for {reference}", first_name="Ada", last_name="Ott", address=_ADDRESS,
                    email=f"{reference.lower()}@contract.example", account_number=reference,
                )  # fmt: skip
                return party, f"Made for {reference}"

    def _bill(self, reference: str, first: Decimal) -> Bill:
        supplier, centre = self.books.supplier(), self.books.mapped("cmn_cost_center")
        lines = tuple(
            BillLine(
                str(n), amount, description=f"Copper pipe {n}", unit_cost=amount, tax=tax,
                account=Ref(number=self.books.first("sn_fin_gl_account")["number"]), tax_code=Ref("t", "Sales tax"),
                dimensions=(Ref(centre["sys_id"], centre["name"], centre["account_number"]),),
            )
            for n, (amount, tax) in enumerate([(first, Decimal("1.64")), (Decimal("3.00"), None)], 1)
        )  # fmt: skip
        return Bill(
            "", Ref(supplier["sys_id"], supplier["legal_name"], supplier["erp_supplier_code"]),
            first + Decimal("4.64"), number=f"N-{reference}", own_number=f"X-{reference}", date=_DAY, currency="USD",
            tax=Decimal("1.64"), lines=lines,
            legal_entity=Ref(number=self.books.first("sn_fin_legal_entity")["company_code"]),
        )  # fmt: skip

    def _payment(self, reference: str) -> Payment:
        paid = self.books.invoice(f"D-{reference}", "500.00")["erp_number"]
        amount = Decimal("20.55")
        return Payment(
            "", Ref(number=self.books.supplier()["erp_supplier_code"]), amount, date=_DAY, currency="USD",
            method=Ref(name="bank_transfer"), number=f"P-{reference}", remit_to=_ADDRESS,
            splits=(Allocation("1", Ref(number=paid), amount, _DAY),),
        )  # fmt: skip

    def _existing(self, reference: str) -> str:
        """The bill as it was taken in before, its staged rows long cleared."""
        key = reference
        made = self.books.invoice(f"X-{reference}", "25.19", third_party_import_id=key, state="draft")
        for n, amount in enumerate(["20.55", "3.00"], 1):
            self.instance.records.insert(
                "sn_shop_invoice_line",
                {"invoice": made["sys_id"], "erp_line_number": str(n), "sub_total": f"USD;{amount}",
                 "line_description": f"Copper pipe {n}", "third_party_import_id": f"{key}/{n}"},
            )  # fmt: skip
        return str(made["sys_id"])

    def shows(self, step: Step, document: Document) -> bool:
        match document:
            case Bill():
                return document.total == step.total and document.reference == step.reference
            case Payment():
                return document.amount == step.total and document.reference == step.reference
            case Dimension():
                return document.number == step.number
            case _:
                assert isinstance(document, Party)
                return document.name == step.number

    def another(self, answer: Any) -> Any:
        """The answer names other requests than those of the call."""
        served = [{**one, "id": f"other {one['id']}"} for one in answer["serviced_requests"]]
        return {**answer, "serviced_requests": served}

    def counted(self, entity: str) -> int:
        return len(self.instance.records.rows(TABLES[entity]))

    def forget_tokens(self) -> None:
        self.instance.grants.access.clear()

    def revoke(self) -> None:
        self.client.active = False


STAGE = StageOfServiceNow
