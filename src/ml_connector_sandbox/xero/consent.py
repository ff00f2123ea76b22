"""The login and identity hosts: consent page, tokens, revocation. Every refusal of a token comes with 400."""

from __future__ import annotations

import base64
import binascii
import re
from html import escape
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web

from ml_connector_sandbox.kernel.emulator import Handler, json_response
from ml_connector_sandbox.xero.books.company import CUSTOM, PKCE, UNCERTIFIED_APPS, App, User, XeroBooks
from ml_connector_sandbox.xero.grants import ACCESS_SECONDS, AccessToken, RefreshToken, challenge_of
from ml_connector_sandbox.xero.hosts import AUTHORIZE_PATH, IDENTITY, LOGIN, REVOCATION_PATH, TOKEN_PATH
from ml_connector_sandbox.xero.scopes import APP_CONNECTIONS, OFFLINE, OPENID

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
FORM = """<p><strong>{app}</strong> wants access for <strong>{user}</strong>:</p><ul>{scopes}</ul>
<form method="post" action="{action}">{organisations}
<button type="submit" name="decision" value="accept">Allow access</button>
<button type="submit" name="decision" value="reject">Cancel</button>
</form>"""
TICK = '<label><input type="checkbox" name="organisation" value="{id}" checked> {name}</label><br>'
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class _Refusal(Exception):
    """A token request is refused with this word."""


class Consent:
    """Handlers of both hosts."""

    def __init__(self, books: XeroBooks) -> None:
        self._books = books

    def handlers(self) -> dict[tuple[str, str, str], Handler]:
        """By host, method and path."""
        return {
            (LOGIN, "GET", AUTHORIZE_PATH): self.page,
            (LOGIN, "POST", AUTHORIZE_PATH): self.decide,
            (IDENTITY, "POST", TOKEN_PATH): self.token,
            (IDENTITY, "POST", REVOCATION_PATH): self.revoke,
        }

    async def page(self, request: web.Request) -> web.Response:
        """The consent page, or the redirect itself when consent is automatic."""
        app, person = self._app(request), self._person()
        if self._books.switches.auto_consent:
            wanted = self._books.switches.consent_organisations
            raise self._accepted(request, app, person, wanted.split(",") if wanted else person.organisation_ids)
        names = ((one, self._books.organisations[one].profile.name) for one in person.organisation_ids)
        form = FORM.format(
            app=escape(app.name),
            user=escape(person.email),
            scopes="".join(f"<li>{escape(one)}</li>" for one in sorted(_scopes(request))),
            organisations="".join(TICK.format(id=one, name=escape(name)) for one, name in names),
            action=escape(request.path_qs),
        )
        return _html("Allow access to your organisation data", form)

    async def decide(self, request: web.Request) -> web.Response:
        """The person's answer: a redirect with a code, or with ``error=access_denied``."""
        app, person, form = self._app(request), self._person(), await request.post()
        if form.get("decision") != "accept":
            raise _redirect(request, {"error": "access_denied"})
        ticked = [str(one) for one in form.getall("organisation", [])]
        raise self._accepted(request, app, person, [one for one in ticked if one in person.organisation_ids])

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code, refresh, or mint for a custom connection; parameters as a form only."""
        try:
            return json_response(await self._granted(request))
        except _Refusal as refusal:
            self._books.grants.counts["refused"] += 1
            return json_response({"error": str(refusal)}, 400)

    async def revoke(self, request: web.Request) -> web.Response:
        """End a refresh token with everything else of that person; an unknown one is no error."""
        try:
            form = await _form(request)
            self._books.grants.revoke(form.get("token", ""), self._client(request, form))
        except _Refusal as refusal:
            return json_response({"error": str(refusal)}, 400)
        return web.Response()

    async def _granted(self, request: web.Request) -> dict[str, Any]:
        form = await _form(request)
        app, kind = self._client(request, form), form.get("grant_type", "")
        if kind == "client_credentials":
            return self._minted(app, form)
        if kind not in ("authorization_code", "refresh_token"):
            raise _Refusal("unsupported_grant_type")
        if app.kind == CUSTOM:
            raise _Refusal("unauthorized_client")
        return self._exchanged(app, form) if kind == "authorization_code" else self._refreshed(app, form)

    def _exchanged(self, app: App, form: dict[str, str]) -> dict[str, Any]:
        code = self._books.grants.redeem(form.get("code", ""))
        if code is None or code.app is not app or form.get("redirect_uri") != code.redirect_uri:
            raise _Refusal("invalid_grant")
        verifier = form.get("code_verifier", "")
        if code.challenge and (not _VERIFIER.fullmatch(verifier) or challenge_of(verifier) != code.challenge):
            raise _Refusal("invalid_grant")
        grants, scopes = self._books.grants, code.scopes
        refresh = grants.issue_refresh_token(app, code.user, scopes, code.auth_event_id) if OFFLINE in scopes else None
        access = grants.issue_access_token(app, code.user, scopes, code.auth_event_id)
        return self._tokens(access, refresh, code.user, code.nonce)

    def _refreshed(self, app: App, form: dict[str, str]) -> dict[str, Any]:
        refresh = self._books.grants.rotate(form.get("refresh_token", ""), app)
        if refresh is None:
            raise _Refusal("invalid_grant")
        access = self._books.grants.issue_access_token(app, refresh.user, refresh.scopes, refresh.auth_event_id)
        return self._tokens(access, refresh, refresh.user, "")

    def _minted(self, app: App, form: dict[str, str]) -> dict[str, Any]:
        """A custom connection's own token; or one that only manages connections, of any app with a secret."""
        scopes = frozenset(form.get("scope", "").split())
        manages = scopes == {APP_CONNECTIONS} and app.kind != PKCE
        if app.kind != CUSTOM and not manages:
            raise _Refusal("unauthorized_client")
        if not scopes <= app.scopes or OFFLINE in scopes:
            raise _Refusal("invalid_scope")
        grants = self._books.grants
        live = [one for one in grants.connections if one.app is app and one.live]
        if app.kind == CUSTOM and not live:
            raise _Refusal("unauthorized_client")
        if not scopes:
            scopes = frozenset(one for one in app.scopes if one.startswith("accounting."))
        access = grants.issue_access_token(app, None, scopes, grants.new_id())
        return self._tokens(access, None, None, "")

    def _tokens(
        self, access: AccessToken, refresh: RefreshToken | None, user: User | None, nonce: str
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        if user is not None and OPENID in access.scopes:
            answer["id_token"] = self._books.grants.id_token(access.app, user, nonce)
        answer |= {"access_token": access.token, "expires_in": ACCESS_SECONDS, "token_type": "Bearer"}
        if refresh is not None:
            answer["refresh_token"] = refresh.token
        return answer | {"scope": " ".join(sorted(access.scopes))}

    def _client(self, request: web.Request, form: dict[str, str]) -> App:
        """Who calls: by HTTP Basic or by fields of the form. Raises _Refusal."""
        client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if not client_id:
            raise _Refusal("invalid_request")
        app = self._books.apps.get(client_id)
        if app is None or app.secret != secret:
            raise _Refusal("invalid_client")
        return app

    def _app(self, request: web.Request) -> App:
        """The app of a consent address; everything wrong is shown to the person, not redirected."""
        query = request.query
        app = self._books.apps.get(query.get("client_id", ""))
        if app is None or app.kind == CUSTOM:
            raise _shown("unauthorized_client")
        if query.get("redirect_uri") not in app.redirect_uris:
            raise _shown("invalid_redirect_uri")
        if query.get("response_type") != "code":
            raise _shown("unsupported_response_type")
        if not _scopes(request) or not _scopes(request) <= app.scopes:
            raise _shown("invalid_scope")
        challenge = query.get("code_challenge", "")
        if (app.kind == PKCE and not challenge) or (challenge and query.get("code_challenge_method") != "S256"):
            raise _shown("invalid_request")
        return app

    def _person(self) -> User:
        wanted = self._books.switches.consent_user
        found = [one for one in self._books.users.values() if wanted in ("", one.email)]
        if not found:
            raise _shown("access_denied")
        return found[0]

    def _accepted(self, request: web.Request, app: App, person: User, organisations: list[str]) -> web.HTTPFound:
        grants = self._books.grants
        if app.uncertified and any(grants.uncertified(app, one) >= UNCERTIFIED_APPS for one in organisations):
            # The vendor's words are not known.
            raise _shown("An organisation can be connected to two uncertified apps at most")
        event = grants.new_id()
        self._books.grants.connect(app, person, organisations, event)
        code = self._books.grants.issue_code(
            app,
            person,
            request.query["redirect_uri"],
            _scopes(request),
            challenge=request.query.get("code_challenge", ""),
            nonce=request.query.get("nonce", ""),
            event=event,
        )
        return _redirect(request, {"code": code.code, "scope": " ".join(sorted(code.scopes))})


async def _form(request: web.Request) -> dict[str, str]:
    """Raises _Refusal when the body is anything but a form."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise _Refusal("invalid_request")
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _Refusal("invalid_request") from None
    return unquote(name), unquote(secret)


def _scopes(request: web.Request) -> frozenset[str]:
    return frozenset(request.query.get("scope", "").split())


def _redirect(request: web.Request, values: dict[str, str]) -> web.HTTPFound:
    uri, state = request.query["redirect_uri"], request.query.get("state")
    query = urlencode({**values, **({"state": state} if state is not None else {})})
    return web.HTTPFound(f"{uri}{'&' if '?' in uri else '?'}{query}")


def _html(title: str, content: str) -> web.Response:
    return web.Response(text=PAGE.format(title=escape(title), content=content), content_type="text/html")


def _shown(word: str) -> web.HTTPBadRequest:
    page = PAGE.format(title="Error", content=f"<p>Error: {escape(word)}</p>")
    return web.HTTPBadRequest(text=page, content_type="text/html")
