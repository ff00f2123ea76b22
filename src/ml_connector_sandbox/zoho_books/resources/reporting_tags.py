"""``/reportingtags``: dimensions and their options. No paging of tags, no time of change anywhere."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books.masters import ReportingTag, TagOption
from ml_connector_sandbox.zoho_books.errors import Refused, invalid, missing


def list_tags(call: ApiCall) -> Reply:
    """All tags. This answer has neither code nor message."""
    _require_feature(call)
    kept = sorted(call.books.reporting_tags.values(), key=lambda one: one.order)
    return Reply(payload={"reporting_tags": [_row(one) for one in kept]}, bare=True)


def list_options(call: ApiCall) -> Reply:
    """The options of one tag as a tree; ``tag_id`` is a query parameter."""
    _require_feature(call)
    tag_id = call.query.get("tag_id", "")
    if not tag_id:
        raise invalid("tag_id")
    tag = _tag(call, tag_id)
    roots = [one for one in tag.options.values() if not one.parent_id]
    payload = {
        "dependent_tags": [],
        "description": tag.description,
        "is_class": False,
        "is_draft": False,
        "tag_id": tag.tag_id,
        "tag_name": tag.tag_name,
        "options": [_option(tag, one, order) for order, one in enumerate(roots, start=1)],
        "page_context": {"page": 1, "per_page": call.switches.default_per_page, "has_more_page": False},
    }
    return Reply(payload=payload)


def list_all_options(call: ApiCall) -> Reply:
    """The options of one tag as a flat list, with a pseudo row for documents without the tag."""
    _require_feature(call)
    tag = _tag(call, call.path["tag_id"])
    rows = [
        {"option_id": one.option_id, "option_name": one.option_name, "depth": one.depth}
        for one in tag.options.values()
        if one.active
    ]
    untagged = {"option_id": "untagged", "option_name": "Untagged", "depth": 0}
    return Reply(payload={"results": [*rows, untagged]})


def _require_feature(call: ApiCall) -> None:
    if not call.books.reporting_tags_offered:
        message = "Reporting tags are not available in the plan of this organization."
        raise Refused(400, call.switches.feature_off_code, message)


def _tag(call: ApiCall, tag_id: str) -> ReportingTag:
    tag = call.books.reporting_tags.get(tag_id)
    if tag is None:
        raise missing("Reporting tag")
    return tag


def _row(tag: ReportingTag) -> dict[str, Any]:
    return {
        "tag_id": tag.tag_id,
        "tag_name": tag.tag_name,
        "tag_order": tag.order,
        "description": tag.description,
        "is_active": tag.active,
        "is_mandatory": tag.mandatory,
        "is_class": False,
        "is_draft": False,
    }


def _option(tag: ReportingTag, option: TagOption, order: int) -> dict[str, Any]:
    below = [one for one in tag.options.values() if one.parent_id == option.option_id]
    parent = tag.options.get(option.parent_id)
    return {
        "option_id": option.option_id,
        "option_name": option.option_name,
        "is_active": option.active,
        "is_default": option.is_default,
        "depth": option.depth,
        "option_order": order,
        "parent_id": option.parent_id,
        "parent_name": parent.option_name if parent else "",
        "criteria": [],
        "children": [_option(tag, one, place) for place, one in enumerate(below, start=1)],
    }


ROUTES = [
    Route(method="GET", path="/reportingtags", scope="settings.READ", handler=list_tags),
    Route(method="GET", path="/reportingtags/options", scope="settings.READ", handler=list_options),
    Route(
        method="GET",
        path="/reportingtags/{tag_id}/options/all",
        scope="settings.READ",
        handler=list_all_options,
    ),
]
