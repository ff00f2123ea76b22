"""Zoho's OAuth: consent in a browser, or a self-client's refresh token. Errors may come inside HTTP 200.

Access tokens live an hour and may be asked ten times in ten minutes per refresh token; refresh tokens do not rotate and
live until revoked, or until a 21st is issued to the same person and client. All of an account's addresses follow from
its data centre; the token answer's ``api_domain`` is the authority on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Auth, Consent, Credentials, Http, Tokens
from ml_connector.connectors.zoho_books import regions
from ml_connector.connectors.zoho_books.regions import Region
from ml_connector.connectors.zoho_books.scopes import SCOPES
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, NotJson, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

REFRESH_WAIT = 600.0  # ten access tokens in ten minutes per refresh token
_LIFE = 3600

_SENTENCES = {
    "invalid_client_secret": "Zoho does not accept the client secret: copy it again from the API console, for the data "
    "centre {centre} (each data centre has a secret of its own unless 'use the same credentials' is ticked).",
    "invalid_redirect_uri": "The redirect address is not the one registered for this client in Zoho's API console: "
    "enter exactly the same address in both places.",
    "redirect_uri_mismatch": "The redirect address is not the one registered for this client in Zoho's API console: "
    "enter exactly the same address in both places.",
    "access_denied": "The consent was declined at Zoho: connect again and choose Accept.",
    "invalid_code": "Zoho does not accept the code or refresh token: it was used before, has expired or was revoked, or is "
    "of another data centre than {centre}; connect again (a code lives two minutes).",
    "invalid_client": "Zoho does not know this client id at the data centre {centre}: either the client id is wrong, "
    "or the data centre is (the one of books.zoho.eu is eu, and so on), or the client is not enabled for several data "
    "centres in Zoho's API console.",
}


class ZohoAuth(Auth):
    """Consent, tokens and headers of Zoho."""

    interactive = True
    margin = 300.0

    def consent(self, credentials: Credentials, redirect: str, state: str) -> Consent:
        """The consent address. Offline access and a forced prompt: without them no refresh token is issued."""
        query = {
            "scope": ",".join(scope.name for scope in SCOPES),
            "client_id": credentials["client_id"],
            "response_type": "code",
            "access_type": "offline",
            "prompt": "consent",
            "redirect_uri": redirect_address(credentials, redirect),
            "state": state,
        }
        return Consent(f"{chosen(credentials).accounts_address}/oauth/v2/auth?{urlencode(query)}", state)

    async def exchange(
        self, http: Http, credentials: Credentials, redirect: str, returned: Mapping[str, str], clock: Clock
    ) -> Tokens:
        """Tokens for the returned code, asked at the accounts server the redirect names. Raises BadInput, Throttled."""
        if error := returned.get("error", ""):
            raise BadInput(_sentence(error, chosen(credentials)))
        if not returned.get("code"):
            raise BadInput("The address Zoho returned to carries no code: connect again from the beginning.")
        region = _exchange_region(credentials, returned)
        form = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "redirect_uri": redirect_address(credentials, redirect),
        }
        body = await _ask(http, region, credentials, form)
        if problem := _problem(body, region):
            # What another data centre says of the code and the client says nothing about them.
            raise BadInput((_error(body) and _mismatch(credentials, region)) or problem)
        if not body.get("refresh_token"):
            raise BadInput("Zoho issued no refresh token: connect again and accept the consent screen.")
        return _tokens(body, region, credentials, clock, str(body["refresh_token"]))

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """Tokens of a self-client's refresh token, without consent. Raises BadInput, Throttled."""
        secret = credentials.get("refresh_token", "").strip()
        if not secret:
            raise BadInput("No refresh token was given: connect with the consent screen, or enter a self-client's.")
        region = chosen(credentials)
        body = await _ask(http, region, credentials, {"grant_type": "refresh_token", "refresh_token": secret})
        if problem := _problem(body, region):
            raise BadInput(problem)
        return _tokens(body, region, credentials, clock, secret)

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """A new access token; the refresh token stays, and so do the scopes where the answer names none.

        Raises Reconnect for an error Zoho documents, Throttled, NotSent, and AnswerLost for all else: a grant is never
        given up for an error that nobody knows.
        """
        region = regions.by_accounts(tokens.extra.get("accounts", "")) or chosen(credentials)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        body = await _ask(http, region, credentials, form)
        if (error := _error(body)) and error not in _SENTENCES:
            raise AnswerLost(f"{region.accounts} refused a token with {error[:100]!r}, which Zoho does not document")
        if problem := _problem(body, region):
            raise Reconnect(problem)
        fresh = _tokens(body, region, credentials, clock, tokens.refresh_token)
        return fresh if fresh.scopes else msgspec.structs.replace(fresh, scopes=tokens.scopes)

    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """Zoho's own word in place of Bearer."""
        return {"Authorization": f"Zoho-oauthtoken {tokens.access_token}"}


def chosen(credentials: Credentials) -> Region:
    """The data centre a person chose. Raises BadInput."""
    region = regions.by_code(credentials.get("data_centre", ""))
    if region is None:
        raise BadInput(f"Data centre {credentials.get('data_centre', '')!r} is not one of {', '.join(regions.CODES)}.")
    return region


def redirect_address(credentials: Credentials, own: str) -> str:
    """The registered redirect address, else this product's own receiver."""
    return credentials.get("redirect", "").strip() or own


def _exchange_region(credentials: Credentials, returned: Mapping[str, str]) -> Region:
    named = returned.get("accounts-server", "")
    if not named:
        return chosen(credentials)
    region = regions.by_accounts(named)
    if region is None:
        raise BadInput(
            f"The redirect names the accounts server {named[:100]!r}, which is none of Zoho's eight: nothing was sent "
            "there; connect again from the beginning."
        )
    return region


def _sentence(error: str, region: Region) -> str:
    known = _SENTENCES.get(error)
    if known is None:
        return f"Zoho refused with {error[:100]!r}: connect again; if it stays, check the client in Zoho's API console."
    return known.format(centre=f"{region.code} ({region.title})")


def _mismatch(credentials: Credentials, region: Region) -> str:
    """One sentence when the account lives elsewhere than chosen, else empty."""
    picked = chosen(credentials)
    if picked == region:
        return ""
    return (
        f"This Zoho account lives in the data centre {region.code} ({region.title}), but {picked.code} was chosen: "
        f"choose {region.code}, with the client secret of that data centre."
    )


async def _ask(http: Http, region: Region, credentials: Credentials, form: Mapping[str, str]) -> dict[str, Any]:
    """One token call. Raises Throttled, NotSent, AnswerLost (5xx too); any other error is in the returned body."""
    who = {"client_id": credentials["client_id"], "client_secret": credentials["client_secret"]}
    answer = await http.send(
        Request(
            "POST",
            f"{region.accounts_address}/oauth/v2/token",
            body=urlencode({**form, **who}).encode(),
            content_type="application/x-www-form-urlencoded",
        )
    )
    if answer.status >= 500:
        raise AnswerLost(f"{region.accounts} failed with {answer.status} at the token call; it is asked again")
    body = _token_body(answer, region)
    if answer.status == 429 or _error(body) == "Access Denied":
        wait = answer.headers.get("retry-after", "")
        raise Throttled(
            "Zoho has given out too many tokens in the last ten minutes and asks to wait.",
            float(wait) if wait.isdigit() else REFRESH_WAIT,
        )
    if "access_token" not in body and not _error(body):
        raise AnswerLost(f"{region.accounts} answered {answer.status} without a token")
    return body


def _token_body(answer: Answer, region: Region) -> dict[str, Any]:
    try:
        body = answer.json()
    except NotJson as error:
        raise AnswerLost(f"{region.accounts} answered the token call with {answer.status} and no JSON") from error
    if not isinstance(body, dict):
        raise AnswerLost(f"{region.accounts} answered the token call with something that is no object")
    return body


def _error(body: Mapping[str, Any]) -> str:
    return str(body.get("error") or "")


def _api_domain(body: Mapping[str, Any], region: Region) -> str:
    return str(body.get("api_domain") or f"https://{region.api}")


def _problem(body: Mapping[str, Any], region: Region) -> str:
    """Why a token answer cannot be used, as a sentence; empty when it can."""
    if error := _error(body):
        return _sentence(error, region)
    named = _api_domain(body, region)
    if regions.by_api(named) is None:
        return f"Zoho sends API calls to {named[:100]!r}, which is none of its known hosts: nothing is called there."
    return ""


def _tokens(
    body: Mapping[str, Any], region: Region, credentials: Credentials, clock: Clock, refresh_token: str
) -> Tokens:
    """Tokens of a good answer; ``api_domain`` decides where calls go."""
    home = regions.by_api(_api_domain(body, region)) or region
    scopes = str(body.get("scope") or "").replace(",", " ").split()
    return Tokens(
        access_token=str(body["access_token"]),
        expires_at=clock.now() + timedelta(seconds=_life(body)),
        api_base=home.base,
        refresh_token=refresh_token,
        scopes=tuple(scopes),
        extra={
            "accounts": region.accounts_address,
            "data_centre": home.code,
            "notice": _mismatch(credentials, home),
        },
    )


def _life(body: Mapping[str, Any]) -> int:
    """Seconds. Older answers gave milliseconds in ``expires_in`` and seconds in ``expires_in_sec``; an hour at most."""
    stated = str(body.get("expires_in_sec") or body.get("expires_in") or "")
    return min(int(stated), _LIFE) if stated.isdigit() else _LIFE
