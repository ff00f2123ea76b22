"""The token endpoint and the consent page. Every refusal has the same words."""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.servicenow import assertions
from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.grants import Client, Token
from ml_connector_sandbox.servicenow.instance import CLIENT_CREDENTIALS, Instance

TOKEN, CONSENT = "/oauth_token.do", "/oauth_auth.do"
_FORM = "application/x-www-form-urlencoded"
_SCOPE = "useraccount"


def denied(status: int = 401) -> web.Response:
    """A wrong client or user, a locked user, a grant that is not enabled: not the words of the standard."""
    return json_response({"error_description": "access_denied", "error": "server_error"}, status)


async def token(request: web.Request, instance: Instance) -> web.Response:
    """``POST /oauth_token.do``."""
    if request.method != "POST":
        return denied(405)
    if request.content_type != _FORM:
        return denied(instance.switches.json_token_status)
    form = dict(parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True))
    client = _client(request, instance, form)
    if client is None:
        return denied()
    grant = _GRANTS.get(form.get("grant_type", ""))
    return grant(instance, client, form) if grant else denied()


def consent(request: web.Request, instance: Instance) -> web.Response:
    """``GET /oauth_auth.do``: back to the client with a code, at once if the switch says so."""
    client = instance.grants.clients.get(request.query.get("client_id", ""))
    redirect = request.query.get("redirect_uri", "")
    if (
        client is None
        or not client.active
        or request.query.get("response_type") != "code"
        or redirect != client.redirect
    ):
        return _page("Invalid client or redirect URL", 400)
    user = instance.access.users.get(instance.switches.consent_user) or next(iter(instance.access.users.values()), None)
    if user is None or not instance.switches.auto_consent:
        return _page(f"{client.client_id} would like to connect to your ServiceNow account", 200)
    answer = {"code": instance.grants.code(client, user.name).text, "state": request.query.get("state", "")}
    return web.Response(status=302, headers={"Location": f"{redirect}?{urlencode(answer)}"})


def _client(request: web.Request, instance: Instance, form: dict[str, str]) -> Client | None:
    """The client of the form or of the Basic header; both are taken."""
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
    client = instance.grants.clients.get(name)
    return client if client and client.active and client.secret == secret else None


def _credentials(instance: Instance, client: Client, _: dict[str, str]) -> web.Response:
    """Needs the property, which does not exist unless somebody made it, and the client's application user."""
    if instance.property(CLIENT_CREDENTIALS) != "true":
        return denied()
    user = _admitted(instance, client.user)
    return _issued(instance, instance.grants.token(client, user.name)) if user else denied()


def _password(instance: Instance, client: Client, form: dict[str, str]) -> web.Response:
    user = _admitted(instance, form.get("username", ""))
    if user is None or user.password != form.get("password", ""):
        return denied()
    refresh = instance.grants.refresh(client, user.name)
    return _issued(instance, instance.grants.token(client, user.name), refresh.text)


def _refreshed(instance: Instance, client: Client, form: dict[str, str]) -> web.Response:
    """A new access token; the refresh token is kept."""
    found = instance.grants.redeemed(instance.grants.refreshes, form.get("refresh_token", ""), client)
    user = _admitted(instance, found.user) if found else None
    if found is None or user is None:
        return denied()
    echoed = found.text if instance.switches.refresh_echoed else ""
    return _issued(instance, instance.grants.new_token(client, user.name), echoed)


def _redeemed(instance: Instance, client: Client, form: dict[str, str]) -> web.Response:
    found = instance.grants.redeemed(instance.grants.codes, form.get("code", ""), client)
    if found is None or form.get("redirect_uri", "") != client.redirect or _admitted(instance, found.user) is None:
        return denied()
    del instance.grants.codes[found.text]
    refresh = instance.grants.refresh(client, found.user)
    return _issued(instance, instance.grants.token(client, found.user), refresh.text)


def _asserted(instance: Instance, client: Client, form: dict[str, str]) -> web.Response:
    """Without a refresh token: the client makes another assertion."""
    user = assertions.user_of(instance, client, form.get("assertion", ""), f"{instance.address}{TOKEN}")
    return _issued(instance, instance.grants.token(client, user.name)) if user else denied()


def _admitted(instance: Instance, name: str) -> User | None:
    user = instance.access.users.get(name)
    return user if user and user.admitted else None


def _issued(instance: Instance, made: Token, refresh: str = "") -> web.Response:
    body: dict[str, str | int] = {"access_token": made.text, "scope": _SCOPE, "token_type": "Bearer"}
    body["expires_in"] = instance.grants.life(made)
    return json_response(body | ({"refresh_token": refresh} if refresh else {}))


def _page(text: str, status: int) -> web.Response:
    return web.Response(status=status, text=f"<html><body>{html.escape(text)}</body></html>", content_type="text/html")


_GRANTS: Mapping[str, Callable[[Instance, Client, dict[str, str]], web.Response]] = MappingProxyType(
    {
        "client_credentials": _credentials,
        "password": _password,
        "refresh_token": _refreshed,
        "authorization_code": _redeemed,
        assertions.GRANT: _asserted,
    }
)
