"""The vendors' published documents as validators of what goes over the wire.

``EXCEPTIONS`` lists every place where our requests or the emulators' answers differ on purpose, each with its reason;
``UNDECLARED`` the fields that Xero's recorded answers have and its document has not.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

VENDORS = Path(__file__).resolve().parents[3] / "shared" / "vendors"
SERVICETITAN = VENDORS / "servicetitan" / "openapi" / "_merged-core.json"
ZOHO_BOOKS = VENDORS / "zoho_books" / "openapi" / "books_2026-07"
# Describes the paths of invoices once more, for another document.
_ZOHO_TWICE = frozenset(["customer-debit-notes.yml"])
XERO = VENDORS / "xero" / "openapi"
# File -> where the paths of its operations begin.
_XERO_FILES = {"xero_accounting.yaml": "/api.xro/2.0", "xero-identity.yaml": ""}
_DOMAINS = {"servicetitan.io": "servicetitan", "xero.com": "xero"}

# "vendor method template place" -> reason; a place is "path", "query.<name>", "request.<field>" or "answer.<field>".
_PROBED = "/accounting/v2/tenant/{tenant}/"
EXCEPTIONS = {
    f"servicetitan POST {_PROBED}journal-entries request.": "the probe sends a body without content, to be refused",
    f"servicetitan POST {_PROBED}payments request.": "as POST journal-entries",
    "zoho_books GET /expenses query.date_start": "a variant of date, named in its description alone",
    "zoho_books GET /chartofaccounts answer.chartofaccounts.depth": "recorded as a number",
    "zoho_books GET /chartofaccounts answer.chartofaccounts.is_child_present": "recorded as true or false",
    "zoho_books GET /contacts query.sort_order": "seen to be honoured; believed only where the reply confirms it",
    "zoho_books GET /organizations answer.organizations.fiscal_year_start_month": "recorded as a text",
    "zoho_books GET /projects answer.page_context": "the schema says list; every other list shows one object",
    "zoho_books GET /vendorpayments answer.vendorpayments.check_details": "recorded as an object",
    "zoho_books GET /vendorpayments answer.vendorpayments.payment_number": "recorded as a text",
    "zoho_books GET /vendorpayments query.sort_order": "as contacts",
    "zoho_books GET /vendorpayments/{payment_id} answer.vendorpayment.billing_address": "recorded as an object",
    "zoho_books GET /vendorpayments/{payment_id} answer.vendorpayment.comments": "recorded as a list",
    "zoho_books GET /vendorpayments/{payment_id} answer.vendorpayment.payment_number": "recorded as a text",
    "zoho_books GET /reportingtags/options query.page": "the reply has a page context; an unknown name is ignored",
    "zoho_books GET /reportingtags/options query.per_page": "as page",
    "zoho_books GET /reportingtags/options answer.options.criteria": "empty without criteria; nothing of it is read",
    "zoho_books GET /settings/taxes query.filter_by": "recorded in the page context; where it is refused, done without",
    "zoho_books GET /settings/taxes/{tax_id} answer.tax": "the schema says list; every other resource shows one object",
    "zoho_books GET /vendorcredits query.sort_order": "as contacts",
    "zoho_books GET /vendorcredits/{vendor_credit_id} answer.vendor_credit.line_items": "as POST /vendorcredits",
    "zoho_books GET /{module_name}/{module_id} query.entity": "/settings/fields, described outside the files, looks so",
    "zoho_books POST /vendorcredits answer.vendor_credit.line_items": "the schema says object, its description lines",
    "zoho_books PUT /vendorcredits/{vendor_credit_id} answer.vendor_credit.line_items": "as POST /vendorcredits",
    "zoho_books GET /creditnotes answer.creditnotes": "recorded as a list",
    "zoho_books GET /creditnotes query.sort_order": "as contacts",
    "zoho_books GET /customerpayments query.sort_order": "as contacts",
    "zoho_books GET /expenses answer.page_context": "the schema says list; recorded as an object",
    "zoho_books GET /expenses query.sort_order": "as contacts",
    "zoho_books GET /invoices answer.page_context": "the schema says list; recorded as an object",
    "zoho_books GET /invoices query.sort_order": "as contacts",
    "zoho_books GET /items query.sort_order": "as contacts",
    "zoho_books POST /creditnotes/{creditnote_id}/invoices request.": "the fields of a row demanded of the body, too",
    "zoho_books POST /settings/taxes answer.tax": "as GET /settings/taxes/{tax_id}",
    "zoho_books PUT /creditnotes request.custom_fields": "the schema says texts, its own answer objects",
    "zoho_books PUT /invoices query.ignore_auto_number_generation": "published for the others; see invoices_created_by",
    "zoho_books PUT /customerpayments request.": "the fields of a row demanded of the body, too; recorded without",
    "zoho_books PUT /customerpayments/{payment_id} request.": "as PUT /customerpayments",
    "zoho_books PUT /items request.purchase_rate": "recorded as a number",
    **{
        f"zoho_books {call} answer.{shown}": "recorded as a text that is empty"
        for call, one in {"GET /expenses": "expenses", "GET /expenses/{expense_id}": "expense"}.items()
        for shown in (f"{one}.start_reading", f"{one}.end_reading")
    },
    **{
        f"zoho_books {call} answer.{one}.{amount}": "money is recorded as a number"
        for call, one, amounts in (
            ("GET /invoices", "invoices", "total balance shipping_charge"),
            ("GET /invoices/{invoice_id}", "invoice", "total balance shipping_charge"),
            ("PUT /invoices", "invoice", "total balance shipping_charge"),
            ("PUT /invoices/{invoice_id}", "invoice", "total balance shipping_charge"),
            ("GET /creditnotes/{creditnote_id}", "creditnote", "taxes.tax_amount"),
            ("PUT /creditnotes", "creditnote", "taxes.tax_amount"),
            ("PUT /creditnotes/{creditnote_id}", "creditnote", "taxes.tax_amount"),
            ("GET /items", "items", "tax_percentage"),
            ("GET /items/{item_id}", "item", "tax_percentage"),
            ("PUT /items", "item", "tax_percentage"),
        )
        for amount in amounts.split()
    },
}
# The introduction demands it in every call but the list of organisations; the files name it for some calls only.
EVERYWHERE = {"zoho_books": frozenset(["organization_id"])}
# Xero's document closes no schema. Here every one that names its fields is closed, so that a misspelt one is seen.
UNDECLARED = {
    "xero": frozenset(
        [
            "Id", "Status", "ProviderName", "DateTimeUTC", "DateString", "DueDateString", "DeliveryDateString",
            "InvoicePaymentServices", "ValidationErrors", "HasErrors", "IsDiscounted", "Type", "ID",
        ]
    )
}  # fmt: skip


def vendor_of(host: str) -> str:
    """Whose host it is."""
    return next((name for domain, name in _DOMAINS.items() if host.endswith(domain)), "zoho_books")


@dataclass(frozen=True, slots=True)
class Operation:
    """One published operation. ``queries``: the names it takes."""

    method: str
    template: str
    pattern: re.Pattern[str]
    queries: frozenset[str]
    request: Any
    answers: dict[str, Any]


def differences(
    vendor: str, method: str, path: str, query: list[str], sent: bytes, status: int, got: bytes,
    met: set[str] | None = None,
) -> set[str]:  # fmt: skip
    """Everything about one exchange that is not as published, without the known exceptions; those are added to ``met``."""
    met = set() if met is None else met
    operation = next((one for one in operations(vendor) if one.method == method and one.pattern.fullmatch(path)), None)
    if operation is None:
        return _unknown(f"{vendor} {method} {re.sub(r'[0-9]{3,}', '{id}', path)}", ["path: not published"], met)
    known = operation.queries | EVERYWHERE.get(vendor, frozenset())
    found = [f"query.{name}: not published" for name in query if name not in known]
    if sent and operation.request is not None:
        found += [f"request.{one}" for one in _errors(json.loads(sent), operation.request)]
    if sent and operation.request is None:
        found.append("request: takes no body")
    if 200 <= status < 300 and got:
        shape = operation.answers.get(str(status)) or next(iter(operation.answers.values()), None)
        told = [f"answer.{one}" for one in _errors(json.loads(got), shape)] if shape is not None else []
        found += [one for one in told if not _undeclared(vendor, one, met)]
    return _unknown(f"{vendor} {method} {operation.template}", found, met)


def unused(met: set[str]) -> set[str]:
    """The known exceptions that nothing met: the list holds what is needed and no more."""
    known = {*EXCEPTIONS, *(f"{vendor} {name}" for vendor, names in UNDECLARED.items() for name in names)}
    return known - met


def _undeclared(vendor: str, told: str, met: set[str]) -> bool:
    place, _, what = told.partition(": ")
    name = place.rpartition(".")[2]
    known = what == "not published" and name in UNDECLARED.get(vendor, frozenset())
    met |= {f"{vendor} {name}"} if known else set()
    return known


def _unknown(where: str, found: list[str], met: set[str]) -> set[str]:
    told = {f"{where} {one}": f"{where} {one.partition(':')[0]}" for one in found}
    met |= set(told.values()) & EXCEPTIONS.keys()
    return {one for one, place in told.items() if place not in EXCEPTIONS}


def _errors(value: Any, shape: Any) -> Iterator[str]:
    for error in Draft7Validator(shape).iter_errors(value):
        where = ".".join(str(one) for one in error.absolute_path if isinstance(one, str))
        if error.validator == "additionalProperties":
            names = re.findall(r"'(\w+)'", error.message.partition("(")[2])
            yield from (f"{'.'.join(filter(None, (where, name)))}: not published" for name in names)
        else:
            yield f"{where}: {error.message[-120:]}"


def line_fields(vendor: str, method: str, template: str) -> frozenset[str]:
    """The names that a line of the request may have. Raises StopIteration for an operation that is not published."""
    found = next(one for one in operations(vendor) if (one.method, one.template) == (method, template))
    node = found.request
    for name in ("line_items", ""):
        node = _put_in_place(found.request, node)
        node = node["properties"][name] if name else _put_in_place(found.request, node["items"])
    return frozenset(node["properties"])


@functools.cache
def operations(vendor: str) -> tuple[Operation, ...]:
    """All of a vendor's operations; a literal path before one with a value in the same place."""
    if vendor == "servicetitan":
        found = [*_operations(json.loads(SERVICETITAN.read_text()), "")]
    elif vendor == "xero":
        files = _XERO_FILES.items()
        found = [one for name, base in files for one in _operations(_closed(_yaml(XERO / name)), base)]
    else:
        files_ = [file for file in sorted(ZOHO_BOOKS.glob("*.yml")) if file.name not in _ZOHO_TWICE]
        found = [one for file in files_ for one in _operations(_yaml(file), "/books/v3")]
    return tuple(sorted(found, key=lambda one: one.template.count("{")))


def _pattern(base: str, template: str) -> re.Pattern[str]:
    """Xero's own SDK and documents spell one path in two ways, so it tells paths apart without case."""
    flags = re.IGNORECASE if template == "/Connections" else re.NOFLAG
    return re.compile(base + re.sub(r"\{\w+\}", "[^/]+", template), flags)


def _yaml(file: Path) -> Any:
    return yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _operations(document: Any, base: str) -> Iterator[Operation]:
    components = _json_words(document.get("components", {}))
    for template, methods in document["paths"].items():
        for method, one in methods.items():
            if method not in ("get", "post", "put", "delete", "patch"):
                continue
            given = (*methods.get("parameters", ()), *one.get("parameters", ()))
            names = [_put_in_place(document, parameter).get("name", "") for parameter in given]
            answers = one.get("responses", {}).items()
            yield Operation(
                method.upper(), template, _pattern(base, template), frozenset(names),
                _json_schema(document, components, one.get("requestBody")),
                {status: _json_schema(document, components, answer) for status, answer in answers},
            )  # fmt: skip


def _json_schema(document: Any, components: Any, part: Any) -> Any:
    """The schema of a body with the document's components beside it, in JSON Schema's words; None without one."""
    content = _put_in_place(document, part).get("content", {}) if part else {}
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else {**_json_words(schema), "components": components}


def _closed(value: Any) -> Any:
    """The document with every schema closed that names its fields by itself."""
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _closed(one) for key, one in value.items()}
    if value.get("type") == "object" and isinstance(value.get("properties"), dict) and "allOf" not in value:
        changed["additionalProperties"] = False
    return changed


def _put_in_place(document: Any, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found = document
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        node = found
    return node


def _json_words(value: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as a type; whole amounts are integers only because the samples are; no examples."""
    if isinstance(value, list):
        return [_json_words(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _json_words(one) for key, one in value.items() if key not in ("example", "examples", "format")}
    if changed.get("type") == "integer":
        changed["type"] = "number"
    if value.get("nullable") is True and isinstance(changed.get("type"), str):
        changed["type"] = [changed["type"], "null"]
        if "enum" in changed:
            changed["enum"] = [*changed["enum"], None]
    return changed
