"""The vendor's published response schemas, as JSON Schema validators.

KNOWN_EXCEPTIONS names every place where an answer differs from the published document on purpose.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError  # type: ignore[import-untyped]

DOCUMENT = Path(__file__).resolve().parents[4] / "shared/vendors/servicetitan/openapi/_merged-core.json"
SKIP_REASON = "the published specification is not beside the checkout (../shared)"

KNOWN_EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(method, path) -> why its answers are not held against the document. None is needed."""

formats = FormatChecker(formats=())


@formats.checks("date-time")  # type: ignore[untyped-decorator]
def _is_instant(value: object) -> bool:
    form = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,7})?Z"
    return not isinstance(value, str) or re.fullmatch(form, value) is not None


def nullable(value: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as a JSON Schema type."""
    if isinstance(value, list):
        return [nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {key: nullable(one) for key, one in value.items()}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        changed["type"] = [value["type"], "null"]
    return changed


@functools.cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = nullable(json.loads(DOCUMENT.read_text()))
    return loaded


@functools.cache
def _validator(method: str, template: str) -> Draft202012Validator | None:
    """None where the document publishes no body."""
    answer = document()["paths"][template][method.lower()]["responses"]["200"]
    if "content" not in answer:
        return None
    schema = {**answer["content"]["application/json"]["schema"], "components": document()["components"]}
    return Draft202012Validator(schema, format_checker=formats)


@functools.cache
def _templates(method: str) -> list[tuple[re.Pattern[str], str]]:
    paths = [path for path, item in document()["paths"].items() if method.lower() in item]
    paths.sort(key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


def check(method: str, path: str, text: bytes) -> None:
    """Raises jsonschema.ValidationError when a 200 answer is not what the document says."""
    template = next(template for pattern, template in _templates(method) if pattern.fullmatch(path))
    if (method, template) in KNOWN_EXCEPTIONS:
        return
    validator = _validator(method, template)
    if validator is None and text:
        raise ValidationError(f"{method} {template} is published without a body")
    if validator is not None:
        validator.validate(json.loads(text))
