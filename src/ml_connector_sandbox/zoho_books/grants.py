"""Codes and tokens: what was granted to which client by which person, and until when."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml_connector_sandbox.kernel.limits import SlidingWindow

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.company import Client, User, ZohoBooksBooks

CODE_SECONDS = 120
ACCESS_SECONDS = 3600
TOKENS_PER_TEN_MINUTES = 10
CODES_PER_TEN_MINUTES = 10
REFRESH_TOKENS_PER_USER = 20


class TooManyRequests(Exception):
    """Tokens or codes were asked for too often."""


@dataclass(slots=True, kw_only=True)
class Code:
    """A grant code. Single use; dies 120 s after ``issued`` (sandbox seconds)."""

    code: str
    client: Client
    user: User
    redirect_uri: str
    scopes: frozenset[str]
    offline: bool
    consented: bool
    issued: float


@dataclass(slots=True, kw_only=True)
class RefreshToken:
    """Lives until revoked or evicted. ``token`` is its text."""

    token: str
    client: Client
    user: User
    scopes: frozenset[str]
    window: SlidingWindow
    live: deque[str] = field(default_factory=deque)
    refreshes: int = 0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Lives until ``expires`` (sandbox seconds)."""

    token: str
    user: User
    scopes: frozenset[str]
    expires: float


class Grants:
    """Everything issued so far, all data centres."""

    def __init__(self, books: ZohoBooksBooks, chance: random.Random) -> None:
        self._books, self._chance = books, chance
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}
        self._code_windows: dict[str, SlidingWindow] = {}
        self.counts = {"access_tokens": 0, "refresh_tokens": 0, "refreshes": 0, "evicted": 0, "throttled": 0}

    def issue_code(
        self,
        client: Client,
        user: User,
        redirect_uri: str,
        scopes: frozenset[str],
        *,
        offline: bool,
        consent: bool,
    ) -> Code:
        """A fresh code. Raises TooManyRequests after ten in ten minutes for one client."""
        window = self._code_windows.setdefault(
            client.client_id, SlidingWindow(self._books.clock, CODES_PER_TEN_MINUTES, 600)
        )
        self._throttle(window)
        code = Code(
            code=self._text(),
            client=client,
            user=user,
            redirect_uri=redirect_uri,
            scopes=scopes,
            offline=offline,
            consented=consent,
            issued=self._books.clock.seconds(),
        )
        self._codes[code.code] = code
        return code

    def code(self, text: str, client: Client, centre: str) -> Code | None:
        """A code that can still be redeemed by this client in this data centre."""
        code = self._codes.get(text)
        if code is None or code.client is not client or code.user.data_centre != centre:
            return None
        return code if self._books.clock.seconds() < code.issued + CODE_SECONDS else None

    def redeem(self, code: Code) -> tuple[RefreshToken | None, AccessToken]:
        """Use a code up. A refresh token comes with offline access at the first consent or a forced one."""
        del self._codes[code.code]
        mine = self._of(code.client, code.user)
        if code.offline and (code.consented or not mine):
            refresh = self.issue_refresh_token(code.client, code.user, code.scopes)
            return refresh, self.issue_access_token(refresh)
        return None, self._access_token(code.user, code.scopes)

    def issue_refresh_token(self, client: Client, user: User, scopes: frozenset[str]) -> RefreshToken:
        """A new refresh token; the 21st of a user and client silently removes the oldest."""
        mine = self._of(client, user)
        if len(mine) >= REFRESH_TOKENS_PER_USER:
            self.revoke(mine[0].token)
            self.counts["evicted"] += 1
        window = SlidingWindow(self._books.clock, TOKENS_PER_TEN_MINUTES, 600)
        token = RefreshToken(token=self._text(), client=client, user=user, scopes=scopes, window=window)
        self._refresh[token.token] = token
        self.counts["refresh_tokens"] += 1
        return token

    def refresh_token(self, text: str, client: Client, centre: str) -> RefreshToken | None:
        """A living refresh token of this client in this data centre."""
        token = self._refresh.get(text)
        return token if token and token.client is client and token.user.data_centre == centre else None

    def issue_access_token(self, refresh: RefreshToken, refreshing: bool = False) -> AccessToken:
        """A new access token. Raises TooManyRequests after ten in ten minutes; the oldest live one may die."""
        self._throttle(refresh.window)
        token = self._access_token(refresh.user, refresh.scopes)
        refresh.live.append(token.token)
        while len(refresh.live) > self._books.switches.live_access_tokens:
            self._access.pop(refresh.live.popleft(), None)
        if refreshing:
            refresh.refreshes += 1
            self.counts["refreshes"] += 1
        return token

    def access(self, text: str) -> AccessToken | None:
        """A living access token."""
        token = self._access.get(text)
        return token if token and self._books.clock.seconds() < token.expires else None

    def count_refresh(self, text: str) -> None:
        """Count a request for an access token that is not answered. Raises TooManyRequests."""
        if text in self._refresh:
            self._throttle(self._refresh[text].window)

    def revoke(self, text: str) -> bool:
        """End a refresh token and the access tokens made from it; False when there is none."""
        token = self._refresh.pop(text, None)
        for one in token.live if token else ():
            self._access.pop(one, None)
        return token is not None

    def withdraw(self, text: str) -> None:
        """This access token is refused with 401 from now on."""
        self._access.pop(text, None)

    def withdraw_all(self) -> None:
        """Every access token given out until now is refused with 401; refresh tokens live on."""
        self._access.clear()

    def refresh_tokens(self) -> list[RefreshToken]:
        """All living refresh tokens, oldest first."""
        return list(self._refresh.values())

    def _of(self, client: Client, user: User) -> list[RefreshToken]:
        return [one for one in self._refresh.values() if one.client is client and one.user is user]

    def _access_token(self, user: User, scopes: frozenset[str]) -> AccessToken:
        expires = self._books.clock.seconds() + ACCESS_SECONDS
        token = AccessToken(self._text(), user, scopes, expires)
        self._access[token.token] = token
        self.counts["access_tokens"] += 1
        return token

    def _throttle(self, window: SlidingWindow) -> None:
        if self._books.switches.limits and window.take() is not None:
            self.counts["throttled"] += 1
            raise TooManyRequests

    def _text(self) -> str:
        return f"1000.{self._chance.getrandbits(128):032x}.{self._chance.getrandbits(128):032x}"
