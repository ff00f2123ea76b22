"""The accounts servers: consent page, codes, tokens, revocation. Refusals of tokens come with HTTP 200."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.zoho_books.books.company import Client, User, ZohoBooksBooks
from ml_connector_sandbox.zoho_books.data_centres import (
    DATA_CENTRES,
    DataCentre,
    by_accounts_host,
    data_centre,
)
from ml_connector_sandbox.zoho_books.grants import ACCESS_SECONDS, AccessToken, RefreshToken, TooManyRequests

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
FORM = """<p><strong>{client}</strong> would like to act for <strong>{user}</strong> with these scopes:</p>
<ul>{scopes}</ul>
<form method="post" action="{action}">
<button type="submit" name="decision" value="accept">Accept</button>
<button type="submit" name="decision" value="reject">Reject</button>
</form>"""


class Consent:
    """Handlers of every accounts server; the ``Host`` header says which data centre is meant."""

    def __init__(self, books: ZohoBooksBooks) -> None:
        self._books = books

    def add_routes(self, app: web.Application) -> None:
        """Consent, token, revocation and server list."""
        app.router.add_get("/oauth/v2/auth", self.page)
        app.router.add_post("/oauth/v2/auth", self.decide)
        app.router.add_post("/oauth/v2/token", self.token)
        app.router.add_get("/oauth/v2/token", self.token_by_get)
        app.router.add_post("/oauth/v2/token/revoke", self.revoke)
        app.router.add_get("/oauth/serverinfo", self.server_info)

    async def page(self, request: web.Request) -> web.Response:
        """The consent page, or the redirect itself when consent is automatic."""
        client = self._client(request)
        user = self._person(client)
        if self._books.switches.auto_consent:
            raise self._accepted(request, client, user)
        scopes = "".join(f"<li>{escape(one)}</li>" for one in _scopes(request))
        form = FORM.format(
            client=escape(client.name),
            user=escape(user.email),
            scopes=scopes,
            action=escape(request.path_qs),
        )
        return _html("Allow access to your data", form)

    async def decide(self, request: web.Request) -> web.Response:
        """The person's answer: a redirect with a code, or with ``error=access_denied``."""
        client = self._client(request)
        decision = (await request.post()).get("decision")
        if decision == "accept":
            raise self._accepted(request, client, self._person(client))
        raise _redirect(request, {"error": "access_denied"})

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code or refresh; parameters in query or form, never JSON."""
        given = await parameters(request)
        centre = _centre(request)
        client = self._books.clients.get(given.get("client_id", ""))
        if client is None or centre.name not in client.secrets:
            return _error("invalid_client")
        if given.get("client_secret") != client.secrets[centre.name]:
            return _error("invalid_client_secret")
        try:
            if given.get("grant_type") == "authorization_code":
                return self._exchange(given, client, centre)
            if given.get("grant_type") == "refresh_token":
                return self._refresh(given, client, centre)
        except TooManyRequests:
            return throttled()
        # The vendor's word for an unknown grant type is not documented.
        return _error("unsupported_grant_type")

    async def token_by_get(self, request: web.Request) -> web.Response:
        """The vendor shows a general error page."""
        return error_page()

    async def revoke(self, request: web.Request) -> web.Response:
        """End a refresh token."""
        given = await parameters(request)
        if not self._books.grants.revoke(given.get("token", "")):
            return _error("invalid_code")
        return json_response({"status": "success"})

    async def server_info(self, request: web.Request) -> web.Response:
        """The accounts servers of all data centres."""
        servers = {one.name: one.accounts_server for one in DATA_CENTRES}
        return json_response({"result": "success", "locations": servers})

    def _exchange(self, given: dict[str, str], client: Client, centre: DataCentre) -> web.Response:
        code = self._books.grants.code(given.get("code", ""), client, centre.name)
        if code is None:
            return _error("invalid_code")
        if given.get("redirect_uri") != code.redirect_uri:
            return _error("invalid_redirect_uri")
        refresh, access = self._books.grants.redeem(code)
        return _tokens(access, centre, refresh)

    def _refresh(self, given: dict[str, str], client: Client, centre: DataCentre) -> web.Response:
        refresh = self._books.grants.refresh_token(given.get("refresh_token", ""), client, centre.name)
        if refresh is None:
            return _error("invalid_code")
        return _tokens(self._books.grants.issue_access_token(refresh, refreshing=True), centre)

    def _client(self, request: web.Request) -> Client:
        """The registered client of a consent address; everything wrong is shown to the person, not redirected."""
        client = self._books.clients.get(request.query.get("client_id", ""))
        if client is None or _centre(request).name not in client.secrets:
            raise _refusal("invalid_client")
        if request.query.get("redirect_uri") not in client.redirect_uris:
            raise _refusal("invalid_redirect_uri")
        if request.query.get("response_type") != "code":
            raise _refusal("invalid_response_type")
        if not _scopes(request) or not all(one.startswith("ZohoBooks.") for one in _scopes(request)):
            raise _refusal("invalid_scope")
        return client

    def _person(self, client: Client) -> User:
        people = self._books.reachable_users(client)
        wanted = self._books.switches.consent_user
        found = [one for one in people if wanted in ("", one.email)]
        if not found:
            raise _refusal("access_denied")
        return found[0]

    def _accepted(self, request: web.Request, client: Client, user: User) -> web.HTTPFound:
        query = request.query
        try:
            code = self._books.grants.issue_code(
                client,
                user,
                query["redirect_uri"],
                frozenset(_scopes(request)),
                offline=query.get("access_type", "online") == "offline",
                consent=query.get("prompt") == "consent",
            )
        except TooManyRequests:
            raise _refusal("Access Denied") from None
        # The person's own data centre answers, whichever server the page was opened at.
        home = data_centre(user.data_centre)
        return _redirect(
            request,
            {"code": code.code, "location": home.name, "accounts-server": home.accounts_server},
        )


def _centre(request: web.Request) -> DataCentre:
    found = by_accounts_host(request.host.split(":")[0])
    if found is None:
        raise web.HTTPNotFound(text="this host is no accounts server\n")
    return found


def _scopes(request: web.Request) -> list[str]:
    return [one.strip() for one in request.query.get("scope", "").split(",") if one.strip()]


async def parameters(request: web.Request) -> dict[str, str]:
    """What was sent, in the query or as a form."""
    form: MultiMapping[object] = await request.post()
    return {**request.query, **{name: value for name, value in form.items() if isinstance(value, str)}}


def _redirect(request: web.Request, values: dict[str, str]) -> web.HTTPFound:
    uri = request.query["redirect_uri"]
    state = request.query.get("state")
    query = urlencode({**values, **({"state": state} if state is not None else {})})
    return web.HTTPFound(f"{uri}{'&' if '?' in uri else '?'}{query}")


def _tokens(access: AccessToken, centre: DataCentre, refresh: RefreshToken | None = None) -> web.Response:
    answer: dict[str, object] = {"access_token": access.token}
    if refresh is not None:
        answer["refresh_token"] = refresh.token
    answer |= {"api_domain": centre.api_domain, "token_type": "Bearer", "expires_in": ACCESS_SECONDS}
    return json_response(answer)


def _error(word: str) -> web.Response:
    return json_response({"error": word})


def throttled() -> web.Response:
    """Tokens or codes were asked for too often."""
    description = "You have made too many requests continuously. Please try again after some time."
    return json_response({"error": "Access Denied", "error_description": description, "status": "failure"}, status=400)


def error_page() -> web.Response:
    """The general error page of the accounts servers."""
    return _html("An error occurred while processing your request", "<p>Please try again.</p>", 500)


def _html(title: str, content: str, status: int = 200) -> web.Response:
    page = PAGE.format(title=escape(title), content=content)
    return web.Response(text=page, status=status, content_type="text/html")


def _refusal(word: str) -> web.HTTPBadRequest:
    page = PAGE.format(title="Error", content=f"<p>{escape(word)}</p>")
    return web.HTTPBadRequest(text=page, content_type="text/html")
