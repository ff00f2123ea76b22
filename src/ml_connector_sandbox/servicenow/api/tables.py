"""The Table API."""

from __future__ import annotations

from urllib.parse import quote

from multidict import MultiDict

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api.call import Answer, ApiCall
from ml_connector_sandbox.servicenow.api.rendering import Rendering
from ml_connector_sandbox.servicenow.api.writing import changed, given, inserted, require
from ml_connector_sandbox.servicenow.books.access import DELETE, READ
from ml_connector_sandbox.servicenow.books.query import Query
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.instance import INVALID_QUERY

DEFAULT_LIMIT = 10_000
QUERY_REFUSED = "Field(s) present in the query do not have permission to be read."


def collection(call: ApiCall, table: str) -> Answer:
    """``GET`` and ``POST`` of a table. Raises Refused, UnknownTable."""
    return _listed(call, table) if call.method in ("GET", "HEAD") else _created(call, table)


def record(call: ApiCall, table: str, sys_id: str) -> Answer:
    """``GET``, ``PUT``, ``PATCH``, ``DELETE`` of one record. Raises Refused, UnknownTable."""
    call.instance.records.table(table)
    row = call.instance.records.get(table, sys_id)
    if row is None or not call.instance.access.allowed(call.user, row["sys_class_name"], READ, row):
        raise errors.no_record()
    if call.method == "DELETE":
        require(call, table, DELETE, row)
        call.instance.records.delete(row)
        return Answer(204)
    if call.method in ("PUT", "PATCH"):
        changed(call, row, given(call, row["sys_class_name"]))
    return Answer(200, {"result": rendering(call).shown(row)})


def rendering(call: ApiCall) -> Rendering:
    """How the parameters of a call want records shown."""
    display = call.query.get("sysparm_display_value", "false")
    return Rendering(
        call.instance,
        call.user,
        display if display in ("true", "all") else "false",
        tuple(filter(None, (one.strip() for one in call.query.get("sysparm_fields", "").split(",")))),
        not call.flag("sysparm_exclude_reference_link"),
    )


def selected(call: ApiCall, table: str) -> list[Row]:
    """The rows that the call's query finds, whoever may read them. Raises Refused, UnknownTable."""
    instance = call.instance
    query = instance.queries.parsed(table, call.query.get("sysparm_query", ""))
    _require_readable(call, table, query)
    rows = instance.queries.found(table, query, none_if_dropped=instance.property(INVALID_QUERY) == "true")
    lag = instance.switches.list_lag_seconds
    edge = instance.clock.seconds() - lag
    return [row for row in rows if instance.records.born(row) <= edge] if lag else rows


def _listed(call: ApiCall, table: str) -> Answer:
    rows = selected(call, table)
    limit, offset = _number(call, "sysparm_limit", DEFAULT_LIMIT), _number(call, "sysparm_offset", 0)
    # The limit comes before the access rules: a page may be short, or empty, while there are more rows.
    page = [row for row in rows[offset : offset + limit] if call.instance.access.allowed(call.user, table, READ, row)]
    if call.version == "v1" and not page:
        raise errors.no_record()
    shape = rendering(call)
    answer = Answer(200, {"result": [shape.shown(row) for row in page]}, _headers(call, len(rows), limit, offset))
    if 0 < call.instance.switches.quota_rows < len(page):
        answer.raw = cut_by_quota(answer.content())
    return answer


def cut_by_quota(body: bytes) -> bytes:
    """A body that the quota stopped half-way: what was written, then an error object inside it."""
    refusal = errors.Refused(200, errors.CANCELLED, errors.CANCELLED_DETAIL)
    return body[: len(body) // 2] + exact.dumps(refusal.body())


def _created(call: ApiCall, table: str) -> Answer:
    call.instance.records.table(table)
    row = inserted(call, table, given(call, table))
    location = f"{call.instance.address}/api/now/table/{table}/{row['sys_id']}"
    return Answer(201, {"result": rendering(call).shown(row)}, {"Location": location})


def _headers(call: ApiCall, total: int, limit: int, offset: int) -> dict[str, str]:
    headers = {} if call.flag("sysparm_no_count") else {"X-Total-Count": str(total)}
    if total and limit and not call.flag("sysparm_suppress_pagination_header"):
        places = {"first": 0}
        if offset:
            places["prev"] = max(0, offset - limit)
        if offset + limit < total:
            places["next"] = offset + limit
        places["last"] = (total - 1) // limit * limit
        headers["Link"] = ",".join(f'<{_page(call, limit, place)}>;rel="{rel}"' for rel, place in places.items())
    return headers


def _page(call: ApiCall, limit: int, offset: int) -> str:
    query: MultiDict[str] = MultiDict(call.query)
    query["sysparm_limit"], query["sysparm_offset"] = str(limit), str(offset)
    shown = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return f"{call.instance.address}{call.path}?{shown}"


def _number(call: ApiCall, name: str, default: int) -> int:
    text = call.query.get(name, "")
    return int(text) if text.isdecimal() else default


def _require_readable(call: ApiCall, table: str, query: Query) -> None:
    terms = {term.field for group in query.groups for clause in group for term in clause}
    for name in terms | {one for one, _ in query.order}:
        if not readable(call, table, name):
            raise errors.Refused(403, errors.FAILED, QUERY_REFUSED)


def readable(call: ApiCall, table: str, name: str) -> bool:
    """Whether the caller may read a column, whatever the row."""
    return call.instance.access.allowed(call.user, table, READ, None, name.partition(".")[0])
