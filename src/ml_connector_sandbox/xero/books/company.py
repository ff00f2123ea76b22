"""All organisations, people and apps of the emulated vendor."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.xero.books.editions import edition
from ml_connector_sandbox.xero.books.masters import Profile
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.grants import Grants, RefreshToken
from ml_connector_sandbox.xero.scopes import BROAD, EVERYTHING
from ml_connector_sandbox.xero.switches import Switches

Listener = Callable[[str, str, str, Any], None]
"""Tenant id, event such as ``invoice.updated``, id, and the record as it stands after."""

WEB, PKCE, CUSTOM = "web", "pkce", "custom connection"
DAY_CALLS = {"starter": 1000, "core": 5000, "plus": 5000, "advanced": 5000, "enterprise": 5000}
UNCERTIFIED_TIERS = frozenset({"starter", "core"})
UNCERTIFIED_APPS = 2
"""Apps of the uncertified tiers that an organisation may have connected; custom connections do not count."""
RAPID_TIERS = frozenset({"plus", "advanced", "enterprise"})


@dataclass(slots=True, kw_only=True)
class User:
    """A person who can sign in, and the organisations that person may connect."""

    user_id: str
    email: str
    name: str
    organisation_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class App:
    """A registration in the developer portal. ``kind``: web, pkce (no secret) or custom connection.

    ``scopes``: what the app may ask for. ``organisation_id``: of a custom connection, the one it is made for.
    """

    client_id: str
    secret: str = field(repr=False)
    name: str
    kind: str
    tier: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    organisation_id: str = ""

    @property
    def uncertified(self) -> bool:
        """Counts among the few uncertified apps of an organisation."""
        return self.tier in UNCERTIFIED_TIERS and self.kind != CUSTOM


class XeroBooks:
    """The vendor's whole record: fill it, then hand it to the emulator with the same clock."""

    def __init__(self, clock: SandboxClock, seed: int = 1) -> None:
        self.clock = clock
        self.switches = Switches()
        self.organisations: dict[str, OrganisationBooks] = {}
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self._chance = random.Random(seed)
        self.grants = Grants(self, random.Random(seed + 1))
        self.listener: Listener | None = None
        """Called after every change of a contact, document or payment."""

    def organisation(
        self,
        organisation_id: str,
        *,
        name: str = "Sandbox Company",
        country: str = "US",
        currency: str = "",
        time_zone: str = "",
        plan: str = "STANDARD",
        user: str = "",
        demo: bool = False,
        approvals: int | None = None,
    ) -> OrganisationBooks:
        """Open an organisation's books; its id, a GUID, is the tenant id. ``plan``: its Class; ``user``: e-mail of a
        person on record who may connect it, empty: the sandbox's administrator. Raises ValueError, KeyError."""
        if organisation_id in self.organisations or len(organisation_id) != 36:
            raise ValueError(f"organisation id {organisation_id!r} is taken or no GUID in lower case")
        found = edition(country)
        zone = time_zone or found.time_zone
        ZoneInfo(zone)
        profile = Profile(
            organisation_id=organisation_id.lower(),
            name=name,
            country_code=country,
            version=found.version,
            base_currency=currency or found.currency,
            time_zone=zone,
            plan=plan,
            short_code=f"!{self._chance.getrandbits(20):05x}",
            created=self.clock.now(),
            is_demo=demo,
            approvals_left=approvals,
        )
        person = self.users[user] if user else self._administrator()
        person.organisation_ids.append(profile.organisation_id)
        books = OrganisationBooks(self, profile, seed=self._chance.getrandbits(32))
        first, _, last = person.name.partition(" ")
        books.desk.add_user(person.email, first, last, role="FINANCIALADVISER")
        self.organisations[profile.organisation_id] = books
        return books

    def user(self, email: str, name: str) -> User:
        """Add a person who can sign in at the consent page."""
        self.users[email] = User(user_id=self.grants.new_id(), email=email, name=name)
        return self.users[email]

    def app(
        self,
        client_id: str,
        secret: str = "",
        redirect_uris: tuple[str, ...] | list[str] = (),
        *,
        name: str = "Sandbox App",
        kind: str = WEB,
        tier: str = "core",
        broad_scopes: bool = False,
        scopes: str = "",
        organisation_id: str = "",
    ) -> App:
        """Register an app. ``broad_scopes``: it is older than March 2026. ``scopes``: all it may ask for, empty:
        everything. A custom connection needs ``organisation_id`` and is connected at once. Raises ValueError."""
        if kind not in (WEB, PKCE, CUSTOM) or tier not in DAY_CALLS:
            raise ValueError(f"kind must be {WEB}, {PKCE} or {CUSTOM}, tier one of {', '.join(DAY_CALLS)}")
        for uri in redirect_uris:
            if not uri.startswith(("https://", "http://localhost")):
                raise ValueError(f"redirect {uri} must be https, or http://localhost")
        if bool(secret) == (kind == PKCE):
            raise ValueError("an app has a secret unless it is of the kind pkce")
        allowed = frozenset(scopes.split()) or EVERYTHING | (BROAD if broad_scopes else frozenset())
        made = App(
            client_id=client_id,
            secret=secret,
            name=name,
            kind=kind,
            tier=tier,
            redirect_uris=tuple(redirect_uris),
            scopes=allowed,
            organisation_id=organisation_id,
        )
        self.apps[client_id] = made
        if kind == CUSTOM:
            self.grants.connect(made, self._owner(organisation_id), [organisation_id], self.grants.new_id())
        return made

    def refresh_token(self, client_id: str, scopes: str, user: str = "") -> RefreshToken:
        """A ready-made refresh token over all of a person's organisations, as if consented. ``.token``: its text."""
        app = self.apps[client_id]
        person = self.users[user] if user else next(iter(self.users.values()))
        event = self.grants.new_id()
        self.grants.connect(app, person, person.organisation_ids, event)
        return self.grants.issue_refresh_token(app, person, frozenset(scopes.split()), event)

    def _owner(self, organisation_id: str) -> User:
        found = [one for one in self.users.values() if organisation_id in one.organisation_ids]
        if not found:
            raise ValueError(f"there is no organisation {organisation_id!r} for a custom connection")
        return found[0]

    def _administrator(self) -> User:
        usual = "admin@sandbox.test"
        return self.users.get(usual) or self.user(usual, "Sandbox Administrator")
