"""Fills an instance from plain data: sources, legal entities, cost centres, accounts, suppliers, terms, users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.books.lookups import MAPPING
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.grants import Client
from ml_connector_sandbox.servicenow.instance import CLIENT_CREDENTIALS, CUSTOM_PROFILE, PAYABLES_PROFILE, Instance

Plain = Sequence[Mapping[str, str]]
_ADDRESS = {
    "street": "street_address", "city": "city", "state": "state_province", "zip": "zip_postal_code",
    "country": "registration_country",
}  # fmt: skip
_OWN_NAMES = {"registration_country": "country"}
INTEGRATION = frozenset({"sn_fcms_intg.integration_user", "sn_spend_intg.procurement_integrator", "import_transformer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What an instance starts with; every table's rows are column -> text.

    ``erp_sources``: names. ``legal_entities``: company_code, name, currency. ``cost_centers``: account_number, code,
    name and, for an ERP source, ``erp_source``. ``gl_accounts``: number, display_name, erp_source. ``suppliers``:
    erp_supplier_code, legal_name, tax_id ..., erp_source. ``payment_terms``: names to days. ``properties``: name to
    value; the one for client credentials is made when ``clients`` have an application user.
    """

    erp_sources: Sequence[str] = ()
    legal_entities: Plain = ()
    cost_centers: Plain = ()
    gl_accounts: Plain = ()
    suppliers: Plain = ()
    payment_terms: Mapping[str, int] = field(default_factory=dict)
    users: Sequence[User] = ()
    clients: Sequence[Client] = ()
    properties: Mapping[str, str] = field(default_factory=dict)


def seeded_instance(company: ServiceNowBooks, host: str, seed: Seed, profile: str = PAYABLES_PROFILE) -> Instance:
    """A new instance with what ``seed`` says. Raises ValueError on a taken host or an ERP source that is not there.

    On an instance with own tables suppliers go into ``u_ml_supplier_record``, and what only Accounts Payable has is
    left out.
    """
    instance = company.add(host, profile)
    for user in seed.users:
        instance.access.add(user)
    for client in seed.clients:
        instance.grants.clients[client.client_id] = client
    if any(one.user for one in seed.clients):
        instance.set_property(CLIENT_CREDENTIALS, "true")
    for name, value in seed.properties.items():
        instance.set_property(name, value)
    if profile == PAYABLES_PROFILE:
        _payables(instance, seed)
    else:
        _own(instance, seed)
    return instance


def _payables(instance: Instance, seed: Seed) -> None:
    insert = instance.records.insert
    for name in seed.erp_sources:
        insert("sn_fin_erp_source", {"name": name, "code": name, "active": "true"})
    for one in seed.legal_entities:
        insert("sn_fin_legal_entity", _sourced(instance, one))
    for name, days in seed.payment_terms.items():
        insert("sn_shop_payment_term", {"name": name, "number_of_days": str(days)})
    for one in seed.gl_accounts:
        insert("sn_fin_gl_account", {"inactive": "false"} | _sourced(instance, one))
    for one in seed.cost_centers:
        _mapped(instance, insert("cmn_cost_center", one), one)
    for one in seed.suppliers:
        company = insert("core_company", _company(one))
        made = insert("sn_fin_supplier", {"status": "active"} | dict(one) | {"related_company": company["sys_id"]})
        _mapped(instance, made, one)


def _company(supplier: Mapping[str, str]) -> dict[str, str]:
    """The company behind a supplier, with its address."""
    return {"name": supplier.get("legal_name", ""), "vendor": "true"} | {
        name: supplier[key] for name, key in _ADDRESS.items() if supplier.get(key)
    }


def _own(instance: Instance, seed: Seed) -> None:
    for one in seed.cost_centers:
        instance.records.insert("cmn_cost_center", one)
    for one in seed.suppliers:
        named = {_OWN_NAMES.get(name, name): value for name, value in one.items()}
        instance.records.insert("u_ml_supplier_record", {f"u_{name}": value for name, value in named.items()})


def _sourced(instance: Instance, given: Mapping[str, str]) -> dict[str, str]:
    """The row with its ERP source as a reference."""
    name = given.get("erp_source", "")
    return dict(given) | {"erp_source": _source(instance, name)["sys_id"] if name else ""}


def _mapped(instance: Instance, row: Row, given: Mapping[str, str]) -> None:
    if given.get("erp_source"):
        source = _source(instance, given["erp_source"])
        mapping = {"erp_source": source["sys_id"], "record": row["sys_id"], "record_table": row["sys_class_name"]}
        instance.records.insert(MAPPING, mapping)


def _source(instance: Instance, name: str) -> Row:
    found = instance.records.find("sn_fin_erp_source", name=name)
    if found is None:
        raise ValueError(f"the seed of {instance.host} names the ERP source {name!r}, which it does not have")
    return found


def small(company: ServiceNowBooks) -> tuple[Instance, Instance]:
    """Two small instances for tests, one with Accounts Payable and one with own tables."""
    centres = [
        {"account_number": "4100", "code": "ENG", "name": "Engineering", "erp_source": "ZOHO"},
        {"account_number": "4200", "code": "SAL", "name": "Sales", "erp_source": "ZOHO"},
    ]
    suppliers = [{"erp_supplier_code": "SUP-1", "legal_name": "Acme Hosting LLC", "erp_source": "ZOHO"}]
    seed = Seed(
        erp_sources=["ZOHO"],
        legal_entities=[{"company_code": "1000", "name": "Example Inc", "currency": "USD", "erp_source": "ZOHO"}],
        cost_centers=centres,
        gl_accounts=[{"number": "6400", "display_name": "Hosting", "erp_source": "ZOHO"}],
        suppliers=suppliers,
        payment_terms={"Net 30": 30},
    )
    payables = seeded_instance(company, "example.service-now.com", seed)
    second = seeded_instance(company, "exampletwo.service-now.com", seed, CUSTOM_PROFILE)
    for instance in (payables, second):
        instance.access.add(User(name="svc", password="not-a-secret", roles=INTEGRATION, email="svc@example.test"))  # noqa: S106
        instance.access.add(User(name="boss", password="not-a-secret", roles=frozenset({"admin"})))  # noqa: S106
        instance.grants.clients["client"] = Client(client_id="client", secret="not-a-secret", user="svc")  # noqa: S106
        instance.set_property(CLIENT_CREDENTIALS, "true")
    return payables, second
