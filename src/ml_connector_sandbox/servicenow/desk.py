"""What people do at an instance's screens while the sandbox runs, over the admin address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ml_connector_sandbox.servicenow.books.access import Acl, Stop
from ml_connector_sandbox.servicenow.books.lookups import MAPPING
from ml_connector_sandbox.servicenow.books.payables import FAILED, INVOICE, OUTBOUND, PROCESSED
from ml_connector_sandbox.servicenow.books.records import InsertFailed, Row, UnknownTable
from ml_connector_sandbox.servicenow.books.values import stamp
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.instance import Instance

_OWN = "u_ml_bill_record"
_BY = "desk"


class Wish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One act. ``instance``: a host, empty for the only one. ``invoice``: its external number or its number.

    ``table``, ``where`` (column -> value) and ``values`` are for the acts ``set``, ``insert`` and ``delete``. Of ``register``
    the ``values`` are redirect, user_field, public_key and key_id of the OAuth client ``name``.
    """

    act: str
    instance: str = ""
    invoice: str = ""
    message: str = ""
    number: str = ""
    name: str = ""
    code: str = ""
    erp_source: str = ""
    table: str = ""
    where: dict[str, str] = {}
    values: dict[str, str] = {}
    operation: str = ""
    condition: str = ""
    mandatory: list[str] = []
    roles: list[str] = []
    field: str = ""


def carried_out(company: ServiceNowBooks, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a body asks for; tells what came of it. Raises ValueError with a sentence."""
    try:
        asked = msgspec.convert(wish, Wish, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"the desk cannot read this wish: {error}") from error
    if asked.act not in _ACTS:
        raise ValueError(f"the desk knows no act {asked.act!r}; it knows: {', '.join(sorted(_ACTS))}")
    instance = company.named(asked.instance)
    instance.catch_up()
    try:
        return _ACTS[asked.act](instance, asked)
    except UnknownTable as unknown:
        raise ValueError(f"{instance.host} has no table {str(unknown)!r}") from unknown
    except InsertFailed as refusal:
        raise ValueError(f"the record {str(refusal)!r} is there already, or does not fit its column") from refusal


def _invoice(instance: Instance, wish: Wish) -> Row:
    table, prefix = (INVOICE, "") if instance.payables.installed else (_OWN, "u_")
    found = instance.records.find(table, **{f"{prefix}external_invoice_number": wish.invoice})
    found = found or instance.records.find(table, number=wish.invoice)
    if not wish.invoice or found is None:
        raise ValueError(f"{instance.host} has no invoice {wish.invoice!r}")
    return found


def _state(instance: Instance, invoice: Row) -> dict[str, Any]:
    name = "state" if instance.payables.installed else "u_state"
    return {"invoice": invoice["number"], "state": invoice[name]}


def _to(state: str) -> Callable[[Instance, Wish], dict[str, Any]]:
    def act(instance: Instance, wish: Wish) -> dict[str, Any]:
        invoice = _invoice(instance, wish)
        if instance.payables.installed and state == "approved":
            instance.payables.approve(invoice)
        else:
            name = "state" if instance.payables.installed else "u_state"
            instance.records.update(invoice, {name: state}, _BY)
        return _state(instance, invoice)

    return act


def _outbound(instance: Instance, wish: Wish) -> tuple[Row, Row]:
    if not instance.payables.installed:
        raise ValueError(f"{instance.host} has no Accounts Payable, so nothing is posted from it")
    invoice = _invoice(instance, wish)
    found = instance.payables.newest_outbound(invoice)
    if found is None:
        raise ValueError(f"the invoice {wish.invoice!r} was not sent to the ERP; approve it first")
    return invoice, found


def _fail_posting(instance: Instance, wish: Wish) -> dict[str, Any]:
    invoice, outbound = _outbound(instance, wish)
    message = wish.message or "The ERP refused the invoice"
    _answer(instance, outbound, {"integration_status": FAILED, "processing_message": message})
    return _state(instance, invoice) | {"outbound": outbound["number"], "message": message}


def _post(instance: Instance, wish: Wish) -> dict[str, Any]:
    invoice, outbound = _outbound(instance, wish)
    answer = {"erp_number": wish.number or invoice["erp_number"], "integration_status": PROCESSED}
    _answer(instance, outbound, answer | {"erp_posting_date": stamp(instance.clock.now())[:10]})
    return _state(instance, invoice) | {"outbound": outbound["number"], "erp_number": invoice["erp_number"]}


def _answer(instance: Instance, outbound: Row, given: dict[str, str]) -> None:
    named = {instance.records.column_named(OUTBOUND, key): value for key, value in given.items()}
    instance.records.update(outbound, named, _BY)


def _send(instance: Instance, wish: Wish) -> dict[str, Any]:
    invoice, _ = _outbound(instance, wish)
    return _state(instance, invoice) | {"outbound": instance.payables.send(invoice)["number"]}


def _run_job(instance: Instance, _: Wish) -> dict[str, Any]:
    return {"moved": instance.payables.step()}


def _source(instance: Instance, wish: Wish) -> Row | None:
    if "sn_fin_erp_source" not in instance.records.tables or not wish.erp_source:
        return None
    found = instance.records.find("sn_fin_erp_source", name=wish.erp_source)
    if found is None:
        raise ValueError(f"{instance.host} has no ERP source {wish.erp_source!r}")
    return found


def _add_cost_center(instance: Instance, wish: Wish) -> dict[str, Any]:
    source = _source(instance, wish)
    given = {"account_number": wish.number, "name": wish.name, "code": wish.code}
    made = instance.records.insert("cmn_cost_center", given, _BY)
    if source is not None:
        mapping = {"erp_source": source["sys_id"], "record": made["sys_id"], "record_table": "cmn_cost_center"}
        instance.records.insert(MAPPING, mapping, _BY)
    return {"sys_id": made["sys_id"], "account_number": made["account_number"]}


def _expire_cost_center(instance: Instance, wish: Wish) -> dict[str, Any]:
    found = _named(instance, "cmn_cost_center", {"account_number": wish.number})
    instance.records.update(found, {"valid_to": stamp(instance.clock.now())}, _BY)
    return {"account_number": wish.number, "valid_to": found["valid_to"]}


def _add_gl_account(instance: Instance, wish: Wish) -> dict[str, Any]:
    source = _source(instance, wish)
    given = {"number": wish.number, "gl_account": wish.number, "display_name": wish.name, "inactive": "false"}
    made = instance.records.insert("sn_fin_gl_account", given | {"erp_source": source["sys_id"] if source else ""}, _BY)
    return {"sys_id": made["sys_id"], "number": made["number"]}


def _inactivate_supplier(instance: Instance, wish: Wish) -> dict[str, Any]:
    table, column, status = ("sn_fin_supplier", "erp_supplier_code", "status")
    if not instance.payables.installed:
        table, column, status = ("u_ml_supplier_record", "u_erp_supplier_code", "u_status")
    found = _named(instance, table, {column: wish.code})
    instance.records.update(found, {status: "inactive"}, _BY)
    return {"supplier": wish.code, "status": found[status]}


def _set(instance: Instance, wish: Wish) -> dict[str, Any]:
    found = _named(instance, wish.table, wish.where)
    return {"sys_id": found["sys_id"], "changed": instance.records.update(found, wish.values, _BY)}


def _insert(instance: Instance, wish: Wish) -> dict[str, Any]:
    return {"sys_id": instance.records.insert(wish.table, wish.values, _BY)["sys_id"]}


def _delete(instance: Instance, wish: Wish) -> dict[str, Any]:
    found = _named(instance, wish.table, wish.where)
    instance.records.delete(found)
    return {"deleted": found["sys_id"]}


def _stop(instance: Instance, wish: Wish) -> dict[str, Any]:
    instance.records.table(wish.table)
    made = Stop(
        table=wish.table, name=wish.name or "Stopped at the desk", operation=wish.operation, condition=wish.condition,
        mandatory=tuple(wish.mandatory),
    )  # fmt: skip
    instance.access.stops.append(made)
    return {"stop": made.name, "table": made.table}


def _restrict(instance: Instance, wish: Wish) -> dict[str, Any]:
    instance.records.table(wish.table)
    made = Acl(
        table=wish.table, operation=wish.operation or "read", roles=frozenset(wish.roles), field=wish.field,
        condition=wish.condition, binds_admin=True,
    )  # fmt: skip
    instance.access.acls.append(made)
    return {"table": made.table, "operation": made.operation, "field": made.field}


def _lift(instance: Instance, wish: Wish) -> dict[str, Any]:
    """Ends every rule of the desk and every further restriction on a table."""
    instance.access.stops = [one for one in instance.access.stops if one.table != wish.table]
    instance.access.acls = [one for one in instance.access.acls if one.table != wish.table]
    return {"table": wish.table}


def _lock(instance: Instance, wish: Wish) -> dict[str, Any]:
    user = instance.access.users.get(wish.name)
    if user is None:
        raise ValueError(f"{instance.host} has no user {wish.name!r}")
    user.locked = wish.act == "lock_user"
    instance.records.update(
        _named(instance, "sys_user", {"user_name": wish.name}), {"locked_out": str(user.locked)}, _BY
    )
    return {"user": wish.name, "locked": user.locked}


def _register(instance: Instance, wish: Wish) -> dict[str, Any]:
    """Changes an entry of the application registry; a public key is one more JWT verifier map. Raises ValueError."""
    client = instance.grants.clients.get(wish.name)
    if client is None:
        raise ValueError(f"{instance.host} has no OAuth client {wish.name!r}")
    client.redirect = wish.values.get("redirect", client.redirect)
    client.user_field = wish.values.get("user_field", client.user_field)
    if "public_key" in wish.values:
        load_pem_public_key(wish.values["public_key"].encode())  # one that cannot be read is told now
        client.keys[wish.values.get("key_id", "")] = wish.values["public_key"]
    return {"client": wish.name, "redirect": client.redirect, "user_field": client.user_field, "keys": [*client.keys]}


def _named(instance: Instance, table: str, where: Mapping[str, str]) -> Row:
    found = instance.records.find(table, **where) if where else None
    if found is None:
        said = ", ".join(f"{key} {value!r}" for key, value in where.items()) or "nothing said of it"
        raise ValueError(f"{instance.host} has no record of {table} with {said}")
    return found


_ACTS: Mapping[str, Callable[[Instance, Wish], dict[str, Any]]] = {
    "approve": _to("approved"),
    "reject": _to("rejected"),
    "cancel": _to("canceled"),
    "mark_exceptions": _to("exceptions_found"),
    "submit": _to("pending_approval"),
    "mark_paid": _to("paid"),
    "fail_posting": _fail_posting,
    "post": _post,
    "send": _send,
    "run_job": _run_job,
    "add_cost_center": _add_cost_center,
    "expire_cost_center": _expire_cost_center,
    "add_gl_account": _add_gl_account,
    "inactivate_supplier": _inactivate_supplier,
    "set": _set,
    "insert": _insert,
    "delete": _delete,
    "stop": _stop,
    "restrict": _restrict,
    "lift": _lift,
    "lock_user": _lock,
    "unlock_user": _lock,
    "register": _register,
}
