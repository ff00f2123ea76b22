"""The API's own description: what is answered, as it is encoded, beside what FastAPI knows of the requests."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ml_connector.service.approving import Approved
from ml_connector.service.clearing.shapes import ClearingReport
from ml_connector.service.differing import Differences
from ml_connector.service.erasing import Erasable, Erased
from ml_connector.service.explaining import Life
from ml_connector.service.made_vendors import MadeVendors
from ml_connector.service.mapping.coverage import Coverage
from ml_connector.service.mapping.effects import Simulated
from ml_connector.service.mapping.history import History
from ml_connector.service.mapping.listing import TableList, TableRows
from ml_connector.service.mapping.rows import Applied
from ml_connector.service.mapping.shapes import CsvFile, Suggestions, Targets
from ml_connector.service.mapping.surveying import SurveyState
from ml_connector.service.matches import Matches
from ml_connector.service.owed import Compared
from ml_connector.service.previewing import PlanPage
from ml_connector.service.recoded import RecodingList, RecodingReport
from ml_connector.service.records import Page
from ml_connector.service.replaying import Replayed
from ml_connector.service.rounding import RoundingReport
from ml_connector.service.standing import StandingReport
from ml_connector.service.status import Status
from ml_connector.service.tracking import TrackingReport
from ml_connector.web.problems import PROBLEM, Problem

_ANSWERS = (
    Applied, Approved, ClearingReport, Compared, Coverage, CsvFile, Differences, Erasable, Erased, History, Life, MadeVendors,
    Matches, Page, PlanPage, Problem, RecodingList, RecodingReport, Replayed, RoundingReport, Simulated, StandingReport,
    Status, Suggestions, SurveyState, TableList, TableRows, Targets, TrackingReport,
)  # fmt: skip
_AT = "#/components/schemas/{name}"


def answers(kind: type[Any]) -> dict[int | str, dict[str, Any]]:
    """The answers of an operation: one of ``kind``, or a problem."""
    return {
        200: {"description": (kind.__doc__ or "").strip(), "content": _content("application/json", kind.__name__)},
        "default": {"description": "A problem, with a sentence.", "content": _content(PROBLEM, Problem.__name__)},
    }


def _content(media: str, name: str) -> dict[str, Any]:
    return {media: {"schema": {"$ref": _AT.format(name=name)}}}


def description(app: FastAPI, *others: type[Any]) -> dict[str, Any]:
    """The OpenAPI document, with the schemas of everything that is answered. ``others`` are answered too."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, schemas = msgspec.json.schema_components([*_ANSWERS, *others], ref_template=_AT, schema_hook=_as_text)
    components = found.setdefault("components", {})
    own = components.setdefault("schemas", {})
    own.update(schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        own.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    for path in found["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return found


def _as_text(_: type[Any]) -> dict[str, Any]:
    return {"type": "string"}
