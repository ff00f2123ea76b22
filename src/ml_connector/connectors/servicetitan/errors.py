"""What ServiceTitan's answers prove, in sentences.

TransportError
+-- RequestRefused   the vendor read the request and refuses it as it stands: our defect or a changed API
+-- Outage           the vendor failed (5xx); a read may be repeated later
+-- UnexpectedShape  a good status with a body that lacks what the published specification promises
NotPermitted
+-- FeatureOff       refused with 403 although the token has the scope: the tenant does not have the module
+-- Withdrawn        the gateway knows no such list (any more); also NotFound

Two error bodies exist: the gateway's (type, status, title, traceId) and the module's, which adds a map
``errors`` of field to sentences. Neither is certain to be JSON at all.
"""

from __future__ import annotations

from typing import Any, NoReturn

from ml_connector.connectors.servicetitan.limits import wait
from ml_connector.connectors.writing import Later, Outcome, Rejected, Uncertain
from ml_connector.errors import Acts, NotFound, Recovery
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect, Throttled, TransportError
from ml_connector.transport.messages import Answer

# The gateway's title for a tenant the token may not use; also for one that is not a number.
_WRONG_TENANT = "resource owner validation failed"

# The gateway's title for a path or method that it does not know.
_NO_OPERATION = "unable to match incoming request"

_RIGHT_WAIT = 3600.0  # a person has to act; nothing is gained by asking sooner

APP_KEY_SENTENCE = (
    "ServiceTitan refused the access token or the application key; if the client id and client secret are right, "
    "the App Key is wrong: copy it (it starts with ak1) from the application in the ServiceTitan developer portal."
)
TENANT_SENTENCE = (
    "ServiceTitan says that tenant {tenant} may not be used with these credentials: correct the tenant id, or let the "
    "tenant's administrator connect the application under Settings, Integrations, API Application Access."
)
SCOPE_SENTENCE = (
    "ServiceTitan refuses this for want of the scope {scope}: add it to the application in the developer portal and "
    "let the tenant's administrator accept the new version of the application."
)

WITHDRAWN = (
    "ServiceTitan's API does not offer this account the call for {what} (any more), and nothing was done: ask ServiceTitan's "
    "support for it, or turn the flow off and enter it by hand."
)

WITHDRAWN_LIST = (
    "ServiceTitan's API does not offer this account the list {what} (any more), so what needs it stands still: ask "
    "ServiceTitan's support for it, or turn the flow off; it is asked for again every hour."
)


class RequestRefused(TransportError):
    """The vendor refuses the request as it stands; repeating it changes nothing."""

    recovery = Recovery.DEFECT
    acts = Acts.US

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Outage(TransportError):
    """The vendor answered with a server error."""


class UnexpectedShape(TransportError):
    """The answer has a good status and not the documented fields."""

    recovery = Recovery.DEFECT
    acts = Acts.US


class FeatureOff(NotPermitted):
    """Refused although the token has the scope. What a tenant without a module is answered is not published."""

    def __init__(self, what: str, scope: str) -> None:
        super().__init__(
            f"ServiceTitan refuses {what} although the connection was given the scope {scope}: the tenant's administrator "
            "has taken it away, or the tenant does not have this module. The administrator accepts the application's newest "
            "version in ServiceTitan; if that does not help, ask ServiceTitan's support."
        )


class Withdrawn(NotPermitted, NotFound):
    """A list that the gateway does not know; its words, "Unable to match incoming request to an operation", were captured."""

    def __init__(self, what: str) -> None:
        super().__init__(WITHDRAWN_LIST.format(what=what))


def problem(answer: Answer) -> str:
    """The vendor's own words: the title and, where it says so, what is wrong with which field."""
    try:
        body = answer.json()
    except NotJson:
        return answer.body[:80].decode("utf-8", "replace").strip() or "an empty answer"
    if not isinstance(body, dict):
        return f"status {answer.status}"
    said = str(body.get("title") or f"status {answer.status}").strip().rstrip(".")
    fields = _fields(body.get("errors"))
    return f"{said} ({fields})" if fields else said


def _fields(errors: Any) -> str:
    if not isinstance(errors, dict):
        return ""
    parts = []
    for name, said in errors.items():
        texts = said if isinstance(said, list) else [said]
        parts.append(f"{name}: {' '.join(str(text).strip() for text in texts)}" if name else " ".join(map(str, texts)))
    return "; ".join(parts)


def is_wrong_tenant(answer: Answer) -> bool:
    """Whether a 403 is the gateway's answer to a tenant id that these credentials may not use."""
    return answer.status == 403 and _WRONG_TENANT in problem(answer).lower()


def is_withdrawn(answer: Answer) -> bool:
    """Whether a 404 is the gateway's answer to a call that it does not offer (any more)."""
    return answer.status == 404 and _NO_OPERATION in problem(answer).lower()


def rights(answer: Answer, tenant: str, scope: str) -> str:
    """The sentence for a 401 or 403: which of application key, tenant and scope is at fault, and who changes it."""
    if answer.status == 401:
        return APP_KEY_SENTENCE
    if is_wrong_tenant(answer):
        return TENANT_SENTENCE.format(tenant=tenant)
    return SCOPE_SENTENCE.format(scope=scope)


def refuse(answer: Answer, *, what: str, tenant: str, scope: str) -> NoReturn:
    """Raise what a read's answer other than 200 means; ``what`` is the resource, ``scope`` the right it needs."""
    if answer.status == 401 or is_wrong_tenant(answer):
        raise Reconnect(rights(answer, tenant, scope))
    if answer.status == 403:
        raise NotPermitted(rights(answer, tenant, scope))
    if is_withdrawn(answer):
        raise Withdrawn(what)
    if answer.status == 404:
        raise NotFound(f"ServiceTitan knows no {what}: {problem(answer)}.")
    if answer.status == 429:
        raise Throttled(f"ServiceTitan says too many calls for {what}.", wait(answer) or 0.0)
    if answer.status >= 500:
        raise Outage(f"ServiceTitan failed with {answer.status} while reading {what}: {problem(answer)}.")
    raise RequestRefused(f"ServiceTitan refused to read {what} with {answer.status}: {problem(answer)}.", answer.status)


def write_outcome(answer: Answer, *, what: str, tenant: str, scope: str) -> Outcome:
    """What a write's answer other than 200 proves. 5xx may have been done: only a look-up tells."""
    if answer.status == 429:
        return Later(f"ServiceTitan says too many calls for {what}.", wait(answer) or 0.0)
    if answer.status in (401, 403):  # says nothing of the document: it goes on by itself once the connection is right
        return Later(rights(answer, tenant, scope), _RIGHT_WAIT, forbidden=True)
    if is_withdrawn(answer):
        return Later(WITHDRAWN.format(what=what), _RIGHT_WAIT, forbidden=True)
    if 400 <= answer.status < 500:
        said = f"ServiceTitan refused {what}: {problem(answer)}."
        return Rejected(str(answer.status), said, "Correct it in ServiceTitan and replay.", raw=answer.body)
    return Uncertain(f"ServiceTitan answered {what} with {answer.status}: {problem(answer)}.")
