"""What stands before the modules: the operation, the token, the app key, the tenant, the limit, the scope.

The vendor does not say in which order it looks; this is the order assumed here.
"""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.limits import SlidingWindow
from ml_connector_sandbox.servicetitan.answers import gateway_refusal, too_many
from ml_connector_sandbox.servicetitan.books import Grant, ServiceTitanBooks, TenantBooks
from ml_connector_sandbox.servicetitan.calls import Operation
from ml_connector_sandbox.servicetitan.switches import Switches
from ml_connector_sandbox.servicetitan.tokens import Bearer, Tokens

_CALLS_PER_SECOND = 60  # per application and tenant
_VERSION = "v2"
_FEEDS = "export/"
EXPIRED = "JWT is invalid or expired."


class Gateway:
    """Lets a call through to an operation on a tenant's books, or refuses it with the gateway's four keys."""

    def __init__(self, clock: SandboxClock, books: ServiceTitanBooks, tokens: Tokens, switches: Switches) -> None:
        self._clock, self._books, self._tokens, self._switches = clock, books, tokens, switches
        self._operations: list[tuple[Operation, list[str]]] = []
        self.windows: dict[tuple[str, str, str], SlidingWindow] = {}

    def serve(self, operations: list[Operation]) -> None:
        """The operations there are; a literal path goes before one with a value in the same place."""
        split = [(one, one.path.split("/")) for one in operations]
        self._operations = sorted(split, key=lambda one: one[0].path.count("{"))

    def admit(self, environment: str, request: web.Request) -> tuple[Operation, dict[str, str], TenantBooks]:
        """The operation, the values in its path, and the tenant's books. Raises Refusal."""
        operation, values = self._operation(request)
        bearer = self._bearer(environment, request)
        books = self._tenant(environment, bearer, values["tenant"])
        self._count(environment, bearer.grant)
        if operation.scope not in bearer.scopes:
            raise gateway_refusal(403, f"Insufficient scope, '{operation.scope}' is required.")
        return operation, values, books

    def _operation(self, request: web.Request) -> tuple[Operation, dict[str, str]]:
        parts = request.path.removeprefix("/").split("/")
        if len(parts) > 4 and parts[1] == _VERSION and parts[2] == "tenant":
            for operation, pattern in self._operations:
                values = _matched(pattern, parts[4:]) if self._is_there(operation) else None
                if values is not None and (operation.method, operation.module) == (request.method, parts[0]):
                    return operation, {**values, "tenant": parts[3]}
        raise gateway_refusal(404, "Unable to match incoming request to an operation.")

    def _is_there(self, operation: Operation) -> bool:
        """Whether the vendor has it: one that was withdrawn is an unknown path, whoever asks."""
        if operation.switch and not getattr(self._switches, operation.switch):
            return False
        return operation.path.removeprefix(_FEEDS).partition("/")[0] not in self._switches.withdrawn.split(",")

    def _bearer(self, environment: str, request: web.Request) -> Bearer:
        if not request.headers.get("Authorization"):
            raise gateway_refusal(401, "JWT not present.")
        bearer = self._tokens.read(environment, token_of(request))
        if bearer is None:
            raise gateway_refusal(401, EXPIRED)
        key = request.headers.get("ST-App-Key") or request.query.get("servicetitanapplicationkey")
        if key != bearer.grant.app_key:
            raise gateway_refusal(401, "ST-App-Key is missing or does not belong to the client of the JWT.")
        return bearer

    def _tenant(self, environment: str, bearer: Bearer, number: str) -> TenantBooks:
        books = self._books.find_tenant(number, environment)
        if books is None or bearer.grant.tenant != number:
            raise gateway_refusal(403, "Resource owner validation failed, please check 'tenant' path value(s).")
        return books

    def _count(self, environment: str, grant: Grant) -> None:
        if not self._switches.limits:
            return
        place = (environment, grant.app_key, grant.tenant)
        window = self.windows.setdefault(place, SlidingWindow(self._clock, _CALLS_PER_SECOND, 1))
        wait = window.take()
        if wait is not None:
            raise too_many(wait, self._switches.retry_after_header)


def token_of(request: web.Request) -> str:
    """The token a call carries; the bare token is as good as one behind ``Bearer``."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    values: dict[str, str] = {}
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{") and part:
            values[expected[1:-1]] = part
        elif expected != part:
            return None
    return values
