"""Codes, tokens and connections: who granted what to which app, and until when."""

from __future__ import annotations

import base64
import hashlib
import random
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.kernel import exact

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.company import App, User, XeroBooks

CODE_SECONDS, ACCESS_SECONDS, ID_SECONDS = 300, 1800, 300
REFRESH_SECONDS, GRACE_SECONDS = 60 * 86400, 30 * 60


@dataclass(slots=True, kw_only=True)
class Connection:
    """One organisation that a person connected to an app. ``updated`` moves when it is connected again."""

    connection_id: str
    app: App
    user: User
    tenant_id: str
    auth_event_id: str
    created: datetime
    updated: datetime
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A grant code: single use, dead after five minutes. ``challenge`` is that of PKCE, S256."""

    code: str
    app: App
    user: User
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    nonce: str
    auth_event_id: str
    issued: float


@dataclass(slots=True, kw_only=True)
class RefreshToken:
    """Dead 60 days after ``issued``, and 30 minutes after ``rotated`` or once its successor was used itself."""

    token: str
    app: App
    user: User
    scopes: frozenset[str]
    auth_event_id: str
    issued: float
    rotated: float | None = None
    successor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """``user`` None: a client-credentials token, of a custom connection or for managing connections."""

    token: str
    app: App
    user: User | None
    scopes: frozenset[str]
    expires: float


class Grants:
    """Everything issued so far."""

    def __init__(self, books: XeroBooks, chance: random.Random) -> None:
        self._books, self._chance = books, chance
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}
        self.connections: list[Connection] = []
        self.counts = {"access_tokens": 0, "refreshes": 0, "grace_refreshes": 0, "refused": 0}

    def new_id(self) -> str:
        """A GUID."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    # ---- connections

    def connect(self, app: App, user: User, tenant_ids: list[str], auth_event_id: str) -> None:
        """Connect organisations; one that was disconnected keeps its id and moves ``updated``."""
        moment = self._books.clock.now()
        for tenant_id in tenant_ids:
            known = self._connection(app, user, tenant_id)
            if known is None:
                made = Connection(
                    connection_id=self.new_id(), app=app, user=user, tenant_id=tenant_id, auth_event_id=auth_event_id,
                    created=moment, updated=moment,
                )  # fmt: skip
                self.connections.append(made)
            elif not known.live:
                known.live, known.updated, known.auth_event_id = True, moment, auth_event_id

    def connected(self, token: AccessToken) -> list[Connection]:
        """The living connections that an access token reaches."""
        mine = (one for one in self.connections if one.live and one.app is token.app)
        return [one for one in mine if token.user in (None, one.user)]

    def uncertified(self, app: App, tenant_id: str) -> int:
        """Other uncertified apps that an organisation has connected."""
        live = (one.app for one in self.connections if one.live and one.tenant_id == tenant_id and one.app is not app)
        return len({one.client_id for one in live if one.uncertified})

    def disconnect(self, tenant_id: str) -> None:
        """What a person does in Xero: the organisation is cut off from every app; tokens live on for the others."""
        for one in self.connections:
            if one.tenant_id == tenant_id:
                one.live = False

    def _connection(self, app: App, user: User, tenant_id: str) -> Connection | None:
        same = (one for one in self.connections if one.app is app and one.user is user)
        return next((one for one in same if one.tenant_id == tenant_id), None)

    # ---- codes

    def issue_code(
        self, app: App, user: User, redirect_uri: str, scopes: frozenset[str], *, challenge: str, nonce: str, event: str
    ) -> Code:
        """A fresh code."""
        code = Code(
            code=self._text(),
            app=app,
            user=user,
            redirect_uri=redirect_uri,
            scopes=scopes,
            challenge=challenge,
            nonce=nonce,
            auth_event_id=event,
            issued=self._books.clock.seconds(),
        )
        self._codes[code.code] = code
        return code

    def redeem(self, text: str) -> Code | None:
        """Take a code out; None when it was used, is too old or never was."""
        code = self._codes.pop(text, None)
        return code if code and self._books.clock.seconds() < code.issued + CODE_SECONDS else None

    # ---- tokens

    def issue_refresh_token(self, app: App, user: User, scopes: frozenset[str], auth_event_id: str) -> RefreshToken:
        """A new refresh token."""
        token = RefreshToken(
            token=self._text(),
            app=app,
            user=user,
            scopes=scopes,
            auth_event_id=auth_event_id,
            issued=self._books.clock.seconds(),
        )
        self._refresh[token.token] = token
        return token

    def rotate(self, text: str, app: App) -> RefreshToken | None:
        """The successor of a refresh token; None when it is dead, foreign or past its grace."""
        token, now = self._refresh.get(text), self._books.clock.seconds()
        if token is None or token.app is not app or now >= token.issued + REFRESH_SECONDS:
            return None
        self.counts["refreshes"] += 1
        if token.rotated is None:
            token.rotated = now
        elif not self._in_grace(token, now):
            return None
        else:
            self.counts["grace_refreshes"] += 1
            word = self._books.switches.grace_refresh
            if word == "repeats":
                return self._refresh[token.successor]
            if word == "replaces":
                self._refresh.pop(token.successor, None)
        made = self.issue_refresh_token(app, token.user, token.scopes, token.auth_event_id)
        token.successor = made.token
        return made

    def issue_access_token(
        self, app: App, user: User | None, scopes: frozenset[str], auth_event_id: str
    ) -> AccessToken:
        """A new access token, a JWT good for 30 minutes."""
        now = self._books.clock.seconds()
        claims = {
            "nbf": int(now), "exp": int(now) + ACCESS_SECONDS, "iss": "https://identity.xero.com",
            "aud": "https://identity.xero.com/resources", "client_id": app.client_id,
            "jti": self._text(), "authentication_event_id": auth_event_id, "scope": sorted(scopes),
        }  # fmt: skip
        if user is not None:
            claims |= {"sub": _digest(user.user_id), "xero_userid": user.user_id, "auth_time": int(now)}
        token = AccessToken(token=self._jwt(claims), app=app, user=user, scopes=scopes, expires=now + ACCESS_SECONDS)
        self._access[token.token] = token
        self.counts["access_tokens"] += 1
        return token

    def id_token(self, app: App, user: User, nonce: str) -> str:
        """Who signed in, as a JWT good for five minutes."""
        now = int(self._books.clock.seconds())
        claims: dict[str, Any] = {
            "nbf": now, "exp": now + ID_SECONDS, "iss": "https://identity.xero.com", "aud": app.client_id, "iat": now,
            "sub": _digest(user.user_id), "xero_userid": user.user_id, "email": user.email, "name": user.name,
        }  # fmt: skip
        return self._jwt(claims | ({"nonce": nonce} if nonce else {}))

    def access(self, text: str) -> AccessToken | None:
        """An access token, expired or not; None when it is unknown or withdrawn."""
        return self._access.get(text)

    def withdraw(self, text: str) -> None:
        """This access token has run out: it is refused as expired from now on."""
        token = self._access.get(text)
        if token is not None:
            self._access[text] = AccessToken(
                token=token.token, app=token.app, user=token.user, scopes=token.scopes,
                expires=min(token.expires, self._books.clock.seconds()),
            )  # fmt: skip

    def withdraw_all(self) -> None:
        """Every access token given out has run out; whoever holds a grant wins a new one."""
        for text in list(self._access):
            self.withdraw(text)

    def revoke(self, text: str, app: App) -> None:
        """End a refresh token with all of that person's tokens and connections of the app; unknown ones are ignored."""
        token = self._refresh.get(text)
        if token is not None and token.app is app:
            self.end(app, token.user)

    def end(self, app: App, user: User) -> None:
        """Nothing that this person granted to this app counts any longer."""
        self._refresh = {key: one for key, one in self._refresh.items() if one.app is not app or one.user is not user}
        self._access = {
            key: one for key, one in self._access.items() if one.app is not app or one.user not in (user, None)
        }
        for one in self.connections:
            if one.app is app and one.user is user:
                one.live = False

    def refresh_tokens(self) -> list[RefreshToken]:
        """All refresh tokens that still work, grace aside, oldest first."""
        now = self._books.clock.seconds()
        return [one for one in self._refresh.values() if one.rotated is None and now < one.issued + REFRESH_SECONDS]

    def _in_grace(self, token: RefreshToken, now: float) -> bool:
        successor = self._refresh.get(token.successor)
        used = successor is None or successor.rotated is not None
        return token.rotated is not None and now <= token.rotated + GRACE_SECONDS and not used

    def _text(self) -> str:
        return f"{self._chance.getrandbits(256):064x}"

    def _jwt(self, claims: dict[str, Any]) -> str:
        """The signature is noise: clients are not to check it, and nobody can."""
        parts = [{"alg": "RS256", "kid": "sandbox", "typ": "JWT"}, claims]
        noise = self._chance.getrandbits(1024).to_bytes(128, "big")
        return ".".join([*(_base64(exact.dumps(one)) for one in parts), _base64(noise)])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return _base64(hashlib.sha256(verifier.encode()).digest())
