"""Clients, codes and tokens of one instance."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow.switches import Switches

CODE_SECONDS = 60
ACCESS_SECONDS = 1800
REFRESH_SECONDS = 8_640_000


@dataclass(slots=True, kw_only=True)
class Client:
    """An OAuth application registry entry.

    ``user``: the OAuth Application User, as whom the client credentials grant acts; empty: there is none. ``scoped``:
    registered without a broad scope and without a REST API Auth Scope, so that no API lets its tokens in. ``keys``: its
    JWT verifier maps, key id to public key in PEM. ``user_field``: the column of users that an assertion's ``sub`` names,
    ``user_name`` or ``email``.
    """

    client_id: str
    secret: str
    user: str = ""
    redirect: str = ""
    scoped: bool = False
    active: bool = True
    access_seconds: int = ACCESS_SECONDS
    refresh_seconds: int = REFRESH_SECONDS
    keys: dict[str, str] = field(default_factory=dict)
    user_field: str = "user_name"


@dataclass(slots=True)
class Token:
    """An access, refresh or code token of a client for a user; ``until`` in sandbox seconds."""

    text: str
    client: Client
    user: str
    until: float


@dataclass
class Grants:
    """What was granted on one instance."""

    clock: SandboxClock
    switches: Switches
    clients: dict[str, Client] = field(default_factory=dict)
    access: dict[str, Token] = field(default_factory=dict)
    refreshes: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Token] = field(default_factory=dict)
    issued: int = 0

    def token(self, client: Client, user: str) -> Token:
        """The access token in force for a client and a user; a new one when there is none."""
        now = self.clock.seconds()
        for one in self.access.values():
            if one.client is client and one.user == user and one.until > now:
                return one
        return self.new_token(client, user)

    def new_token(self, client: Client, user: str) -> Token:
        """A further access token, whatever there is."""
        self.issued += 1
        made = Token(secrets.token_urlsafe(48), client, user, self.clock.seconds() + client.access_seconds)
        self.access[made.text] = made
        return made

    def refresh(self, client: Client, user: str) -> Token:
        """The refresh token of a client for a user: the one there is, else a new one."""
        now = self.clock.seconds()
        for one in self.refreshes.values():
            if one.client is client and one.user == user and one.until > now:
                return one
        made = Token(secrets.token_urlsafe(48), client, user, now + client.refresh_seconds)
        self.refreshes[made.text] = made
        return made

    def code(self, client: Client, user: str) -> Token:
        """An authorization code, good once and for a minute."""
        made = Token(secrets.token_urlsafe(24), client, user, self.clock.seconds() + CODE_SECONDS)
        self.codes[made.text] = made
        return made

    def redeemed(self, tokens: dict[str, Token], text: str, client: Client) -> Token | None:
        """The live token with this text, if it is this client's."""
        found = tokens.get(text)
        return found if found and found.client is client and found.until > self.clock.seconds() else None

    def bearer(self, text: str) -> Token | None:
        """The access token with this text, if it is alive and its client active."""
        found = self.access.get(text)
        return found if found and found.client.active and found.until > self.clock.seconds() else None

    def life(self, token: Token) -> int:
        """``expires_in`` of an access token, in whole seconds."""
        if not self.switches.remaining_life:
            return token.client.access_seconds - 1
        return max(0, int(token.until - self.clock.seconds() - 0.001))
