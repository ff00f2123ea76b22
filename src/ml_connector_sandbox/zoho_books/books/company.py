"""All organisations, users and client registrations of the emulated vendor."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.profile import DAILY_CALLS, Profile
from ml_connector_sandbox.zoho_books.data_centres import data_centre
from ml_connector_sandbox.zoho_books.grants import Grants, RefreshToken
from ml_connector_sandbox.zoho_books.switches import Switches

Listener = Callable[[str, str, str, Any], None]
"""Organisation, event such as ``bill.updated``, id, and the document as it stands after."""


@dataclass(slots=True, kw_only=True)
class User:
    """A person with an account in one data centre, and the organisations that person works in."""

    user_id: str
    name: str
    email: str
    data_centre: str
    organization_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Client:
    """A registration in the API console. ``secrets``: data centre -> client secret; only there it is known."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    secrets: dict[str, str]


class ZohoBooksBooks:
    """The vendor's whole record: fill it, then hand it to the emulator with the same clock."""

    def __init__(self, clock: SandboxClock, seed: int = 1) -> None:
        self.clock = clock
        self.switches = Switches()
        self.organisations: dict[str, OrganisationBooks] = {}
        self.users: dict[str, User] = {}
        self.clients: dict[str, Client] = {}
        self.grants = Grants(self, random.Random(seed))
        self.listener: Listener | None = None
        """Called after every change of a contact, an item or any document."""

    def organisation(
        self,
        organization_id: str,
        *,
        name: str = "Sandbox Company",
        data_centre: str = "us",
        plan: str = "Professional",
        trial: bool = False,
        time_zone: str = "America/New_York",
        currency: str = "USD",
        country_code: str = "US",
        tax_edition: str = "us",
        tax_rounding: str = "entity_level",
        price_precision: int = 2,
        fiscal_year_start: int = 1,
        fiscal_year_as_name: bool = False,
        locations_enabled: bool = False,
        reporting_tags_enabled: bool = True,
        tax_exemption_required: bool = False,
        purchase_approval: bool = False,
        user: str = "",
    ) -> OrganisationBooks:
        """Open an organisation's books. ``user`` is the e-mail of a known user; empty: the data centre's own
        administrator, made when missing. Raises ValueError on an unknown plan, data centre or user."""
        if plan not in DAILY_CALLS:
            raise ValueError(f"plan {plan!r} is unknown; there are: {', '.join(DAILY_CALLS)}")
        profile = Profile(
            organization_id=organization_id,
            name=name,
            data_centre=_known(data_centre),
            id_prefix=f"{260815 + 101 * len(self.organisations):06d}",
            currency_code=currency,
            time_zone=time_zone,
            plan=plan,
            trial=trial,
            country_code=country_code,
            tax_edition=tax_edition,
            tax_rounding=tax_rounding,
            price_precision=price_precision,
            fiscal_year_start=fiscal_year_start,
            fiscal_year_as_name=fiscal_year_as_name,
            locations_enabled=locations_enabled,
            reporting_tags_enabled=reporting_tags_enabled,
            tax_exemption_required=tax_exemption_required,
            purchase_approval=purchase_approval,
        )
        self._person(user, data_centre).organization_ids.append(organization_id)
        self.organisations[organization_id] = OrganisationBooks(self, profile)
        return self.organisations[organization_id]

    def user(self, email: str, name: str, data_centre: str = "us") -> User:
        """Add a person who can sign in at the consent page."""
        number = f"{700000000 + len(self.users)}"
        self.users[email] = User(user_id=number, name=name, email=email, data_centre=_known(data_centre))
        return self.users[email]

    def client(
        self,
        client_id: str,
        secret: str,
        redirect_uris: tuple[str, ...] | list[str],
        data_centre: str = "us",
        *,
        name: str = "Sandbox Client",
        other_data_centres: dict[str, str] | None = None,
    ) -> Client:
        """Register a client. ``other_data_centres``: data centre -> its own secret, when multi-DC is switched on."""
        secrets = {_known(data_centre): secret, **(other_data_centres or {})}
        client = Client(client_id=client_id, name=name, redirect_uris=tuple(redirect_uris), secrets=secrets)
        self.clients[client_id] = client
        return client

    def refresh_token(self, client_id: str, user: str = "", scopes: str = "ZohoBooks.fullaccess.all") -> RefreshToken:
        """A ready-made refresh token, as if the person had consented. ``user``: e-mail; empty: the first one the
        client can reach. ``.token`` is its text. Raises KeyError on an unknown client or user."""
        client = self.clients[client_id]
        person = self.users[user] if user else self.reachable_users(client)[0]
        return self.grants.issue_refresh_token(client, person, frozenset(scopes.split(",")))

    def reachable_users(self, client: Client) -> list[User]:
        """People whose data centre the client is registered in."""
        return [one for one in self.users.values() if one.data_centre in client.secrets]

    def _person(self, email: str, centre: str) -> User:
        if email:
            if email not in self.users:
                raise ValueError(f"user {email!r} is unknown; add it first with user(...)")
            return self.users[email]
        usual = f"admin@{centre}.sandbox.test"
        return self.users.get(usual) or self.user(usual, "Sandbox Administrator", centre)


def _known(name: str) -> str:
    return data_centre(name).name
