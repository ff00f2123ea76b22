"""The firm's instance of ServiceNow, filled from its plain data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ml_connector_sandbox.company.payables.instance import CostCenter, Instance, KeyedInvoice, Supplier
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow import Client, Seed, ServiceNowBooks, User, seeded_instance
from ml_connector_sandbox.servicenow.instance import CUSTOM_PROFILE, PAYABLES_PROFILE
from ml_connector_sandbox.servicenow.instance import Instance as Served
from ml_connector_sandbox.servicenow.seeding import INTEGRATION


def at_servicenow(clock: SandboxClock, plain: Instance) -> ServiceNowBooks:
    """The instance with everything on file, and the two invoices that somebody keyed there by hand."""
    books = ServiceNowBooks(clock)
    serve(books, plain)
    return books


def serve(books: ServiceNowBooks, plain: Instance) -> None:
    """One more instance. Raises ValueError when its host is taken."""
    served = seeded_instance(books, plain.host, _seed(plain), CUSTOM_PROFILE if plain.own_tables else PAYABLES_PROFILE)
    for one in plain.invoices:
        _key(served, one)


# Where a mapping table's values, or a setting's, are found, and the column by which the firm's people call them.
_NAMED = {
    "accounts": ("sn_fin_gl_account", "gl_account"),
    "legal_entities": ("sn_fin_legal_entity", "company_code"),
    "vendors": ("sn_fin_supplier", "erp_supplier_code"),
    "terms": ("sn_shop_payment_term", "name"),
    "cost_centers": ("cmn_cost_center", "account_number"),
    "vendor_cost_centers": ("cmn_cost_center", "account_number"),
}


def by_id(books: ServiceNowBooks, table: str, rows: Mapping[str, str]) -> dict[str, str]:
    """Rows of a mapping table with the instance's ids in place of numbers and names; what it does not know stays."""
    if table not in _NAMED:
        return dict(rows)
    place, column = _NAMED[table]
    records = books.named("").records
    found = {key: records.find(place, **{column: value}) for key, value in rows.items()}
    return {key: row["sys_id"] if row else rows[key] for key, row in found.items()}


def _seed(plain: Instance) -> Seed:
    source = "" if plain.own_tables else plain.erp_source.name
    return Seed(
        erp_sources=[source] if source else [],
        legal_entities=[
            {"company_code": one.code, "name": one.name, "currency": one.currency, "erp_source": source}
            for one in plain.legal_entities
        ],
        cost_centers=[_center(one, source) for one in plain.cost_centers],
        gl_accounts=[
            {"number": one.number, "gl_account": one.number, "display_name": one.name, "type": one.kind, "erp_source": source}
            for one in plain.gl_accounts
        ],
        suppliers=[_supplier(one, source) for one in plain.suppliers],
        payment_terms={one.code: one.days for one in plain.payment_terms},
        users=[User(name=plain.user, password=plain.password, roles=INTEGRATION, zone=plain.time_zone)],
        clients=[
            Client(
                client_id=plain.client_id, secret=plain.client_secret, user=plain.user, redirect=plain.redirect
            )
        ],
    )  # fmt: skip


def _center(one: CostCenter, source: str) -> dict[str, str]:
    return {
        "account_number": one.account_number, "code": one.code, "name": one.name, "erp_source": source,
        "valid_from": _moment(one.valid_from), "valid_to": _moment(one.valid_to, "23:59:59"),
    }  # fmt: skip


def _moment(day: date | None, time: str = "00:00:00") -> str:
    return f"{day} {time}" if day else ""


def _supplier(one: Supplier, source: str) -> Mapping[str, str]:
    return {
        "erp_supplier_code": one.code, "legal_name": one.name, "erp_source": source, "street_address": one.street,
        "city": one.city, "state_province": one.state, "zip_postal_code": one.zip, "registration_country": one.country,
    }  # fmt: skip


def _key(served: Served, one: KeyedInvoice) -> None:
    records = served.records
    supplier = records.find("sn_fin_supplier", erp_supplier_code=one.supplier)
    entity = records.find("sn_fin_legal_entity", company_code=one.legal_entity)
    if supplier is None or entity is None:
        raise ValueError(f"the keyed invoice {one.number} names a supplier or legal entity that the instance lacks")
    records.insert(
        "sn_shop_invoice",
        {
            "supplier": supplier["sys_id"], "supplier_invoice_number": one.number, "invoice_date": str(one.date),
            "invoice_amount": f"{one.currency};{one.amount}", "currency": one.currency, "state": one.state,
            "legal_entity": entity["sys_id"], "subtotal": f"{one.currency};{one.amount}",
        },
    )  # fmt: skip
