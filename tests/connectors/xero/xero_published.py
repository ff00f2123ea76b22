"""Xero's published document as a validator of what we send.

``EXCEPTIONS`` is the one place where what we send differs on purpose, each with its reason. The document closes no
schema; here every named one is closed, so that a misspelt field is seen.
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

from ml_connector.transport.messages import Request

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "xero" / "openapi" / "xero_accounting.yaml"

# "METHOD /template place" -> reason; none is needed: what the facts say the document has wrong (scopes, the default of
# summarizeErrors, fields that answers have besides) is nothing that we send.
EXCEPTIONS: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """One published operation: the names it takes in the query and as headers, and the schema of its body."""

    method: str
    template: str
    pattern: re.Pattern[str]
    queries: frozenset[str]
    headers: frozenset[str]
    request: Any


def differences(request: Request) -> set[str]:
    """Everything about a request that is not as published, without the known exceptions."""
    found = [one for one in operations() if one.method == request.method and one.pattern.fullmatch(request.path)]
    if not found:
        return {f"{request.method} {request.path}: not published"}
    operation = found[0]
    said = [f"query.{name}" for name, _ in request.query if name not in operation.queries]
    said += [f"header.{name}" for name in request.headers if name.lower() not in operation.headers]
    if request.body is not None and operation.request is None:
        said.append("request: takes no body")
    if request.body is not None and operation.request is not None:
        said += [f"request.{one}" for one in _errors(json.loads(request.body), operation.request)]
    where = f"{request.method} {operation.template}"
    return {f"{where} {one}" for one in said} - EXCEPTIONS.keys()


def _errors(value: Any, shape: Any) -> Iterator[str]:
    for error in Draft7Validator(shape).iter_errors(value):
        where = ".".join(str(one) for one in error.absolute_path if isinstance(one, str))
        yield f"{where}: {error.message[-160:]}"


@functools.cache
def _document() -> Any:
    return yaml.load(PUBLISHED.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def zones() -> list[str]:
    """Every published word for a time zone."""
    found: list[str] = _document()["components"]["schemas"]["TimeZone"]["enum"]
    return found


@functools.cache
def operations() -> tuple[Operation, ...]:
    """All operations; a literal path before one with a value in the same place."""
    document = _document()
    components = _closed(document["components"])
    found = [
        _operation(document, components, template, method, one)
        for template, methods in document["paths"].items()
        for method, one in methods.items()
        if method in ("get", "put", "post", "delete")
    ]
    return tuple(sorted(found, key=lambda one: one.template.count("{")))


def _operation(document: Any, components: Any, template: str, method: str, one: Any) -> Operation:
    given = [*_document()["paths"][template].get("parameters", ()), *one.get("parameters", ())]
    parameters = [_put_in_place(document, parameter) for parameter in given]
    names: dict[str, set[str]] = {"query": set(), "header": {"xero-tenant-id"}, "path": set()}
    for parameter in parameters:
        names[parameter["in"]].add(parameter["name"].lower() if parameter["in"] == "header" else parameter["name"])
    content = _put_in_place(document, one.get("requestBody") or {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    request = None if schema is None else {**_closed(schema), "components": components}
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", template))
    return Operation(method.upper(), template, pattern, frozenset(names["query"]), frozenset(names["header"]), request)


def _put_in_place(document: Any, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found = document
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        node = found
    return node


def _closed(value: Any) -> Any:
    """JSON Schema's words, without samples and formats, and with every object that names its fields closed."""
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _closed(one) for key, one in value.items() if key not in ("example", "examples", "format")}
    if isinstance(changed.get("properties"), dict) and "allOf" not in changed:
        changed["additionalProperties"] = False
    return changed
