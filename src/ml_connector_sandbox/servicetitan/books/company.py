"""The registered applications and the tenants, in both environments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books.table import Record
from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

PRODUCTION, INTEGRATION = "production", "integration"

Listener = Callable[[str, str, Record | None, Record], None]
"""Tenant, what the table holds, the version before (None: it is new), the version after."""


@dataclass(frozen=True, kw_only=True)
class App:
    """A registered application: one key in both environments, and the GUID its external data is kept under."""

    key: str
    name: str
    application_guid: str


@dataclass(kw_only=True)
class Grant:
    """What one tenant granted one application in one environment. ``scopes`` such as ``tn.acc.inventorybills:r``."""

    app_key: str
    tenant: str
    environment: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    revoked: bool = False


class ServiceTitanBooks:
    """Everything on record at ServiceTitan: applications, grants, tenants and their books."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.apps: dict[str, App] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        """By (environment, client id)."""
        self._tenants: dict[tuple[str, str], TenantBooks] = {}
        self._listener: Listener | None = None

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` after every change of a record of any tenant, those opened later too."""
        self._listener = listener
        for books in self._tenants.values():
            self._attach(books)

    def _attach(self, books: TenantBooks) -> None:
        if self._listener is not None:
            for table in books.tables().values():
                table.heard = partial(self._listener, books.number)

    def add_app(self, key: str, name: str, application_guid: str) -> App:
        """Register an application; its key starts with ``ak1.``. Raises ValueError when the key is taken."""
        if key in self.apps:
            raise ValueError(f"the app key {key} is taken")
        self.apps[key] = App(key=key, name=name, application_guid=application_guid.lower())
        return self.apps[key]

    def add_tenant(
        self,
        number: str,
        name: str,
        environment: str = PRODUCTION,
        *,
        keeps_bills: bool = True,
        ap_module: bool = True,
    ) -> TenantBooks:
        """Open a tenant's books. Raises ValueError when it exists or the environment is none of the two."""
        _check_environment(environment)
        if (environment, number) in self._tenants:
            raise ValueError(f"tenant {number} exists already in {environment}")
        books = TenantBooks(number, name, self.clock, keeps_bills, ap_module)
        self._tenants[environment, number] = books
        self._attach(books)
        return books

    def tenant(self, number: str, environment: str = PRODUCTION) -> TenantBooks:
        """Raises KeyError when there is no such tenant."""
        try:
            return self._tenants[environment, number]
        except KeyError:
            raise KeyError(f"there is no tenant {number} in {environment}") from None

    def tenants(self) -> dict[tuple[str, str], TenantBooks]:
        """Every tenant's books by (environment, number), in the order they were opened."""
        return dict(self._tenants)

    def tenant_name(self, number: str) -> str:
        """The name of the tenant with this number, in either environment; empty when there is none."""
        return next((books.name for (_, known), books in self._tenants.items() if known == number), "")

    def find_tenant(self, number: str, environment: str) -> TenantBooks | None:
        return self._tenants.get((environment, number))

    def add_grant(
        self,
        app_key: str,
        tenant: str,
        client_id: str,
        client_secret: str,
        scopes: tuple[str, ...],
        *,
        environment: str = PRODUCTION,
    ) -> Grant:
        """A tenant grants an application its scopes. Raises ValueError or KeyError on unknown or repeated names."""
        if app_key not in self.apps:
            raise ValueError(f"there is no app with the key {app_key}")
        self.tenant(tenant, environment)
        if (environment, client_id) in self.grants:
            raise ValueError(f"the client id {client_id} is taken in {environment}")
        grant = Grant(
            app_key=app_key,
            tenant=tenant,
            environment=environment,
            client_id=client_id,
            client_secret=client_secret,
            scopes=scopes,
        )
        self.grants[environment, client_id] = grant
        return grant

    def change_scopes(self, client_id: str, scopes: tuple[str, ...], environment: str = PRODUCTION) -> Grant:
        """Grant other scopes; tokens given out before keep theirs until they expire."""
        grant = self.grants[environment, client_id]
        grant.scopes = scopes
        return grant

    def revoke_grant(self, client_id: str, environment: str = PRODUCTION) -> Grant:
        """The tenant disconnects the application: the next token request is refused."""
        grant = self.grants[environment, client_id]
        grant.revoked = True
        return grant

    def as_dict(self) -> dict[str, Any]:
        """Everything on record by ``environment/tenant``; no secrets. Decimals stay Decimals."""
        tenants = {
            f"{environment}/{number}": {"name": books.name, **books.as_dict()}
            for (environment, number), books in self._tenants.items()
        }
        return {"apps": [app.name for app in self.apps.values()], "tenants": tenants}


def _check_environment(environment: str) -> None:
    if environment not in (PRODUCTION, INTEGRATION):
        raise ValueError(f"{environment!r} is neither {PRODUCTION!r} nor {INTEGRATION!r}")
