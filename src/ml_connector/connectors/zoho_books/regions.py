"""Zoho's data centres: each has its own accounts server and its own API host, and an account lives in exactly one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

API_PATH = "/books/v3"


@dataclass(frozen=True, slots=True)
class Region:
    """One data centre. Canada's accounts server is on another domain than its API."""

    code: str
    title: str
    accounts: str
    api: str

    @property
    def accounts_address(self) -> str:
        """Where consent and tokens are asked."""
        return f"https://{self.accounts}"

    @property
    def base(self) -> str:
        """Base address of API calls."""
        return f"https://{self.api}{API_PATH}"


REGIONS: tuple[Region, ...] = (
    Region("us", "United States", "accounts.zoho.com", "www.zohoapis.com"),
    Region("eu", "Europe", "accounts.zoho.eu", "www.zohoapis.eu"),
    Region("in", "India", "accounts.zoho.in", "www.zohoapis.in"),
    Region("au", "Australia", "accounts.zoho.com.au", "www.zohoapis.com.au"),
    Region("jp", "Japan", "accounts.zoho.jp", "www.zohoapis.jp"),
    Region("ca", "Canada", "accounts.zohocloud.ca", "www.zohoapis.ca"),
    Region("cn", "China", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    Region("sa", "Saudi Arabia", "accounts.zoho.sa", "www.zohoapis.sa"),
)

HOSTS: frozenset[str] = frozenset(host for region in REGIONS for host in (region.accounts, region.api))
CODES: tuple[str, ...] = tuple(region.code for region in REGIONS)


def by_code(code: str) -> Region | None:
    """The data centre a person chose."""
    return _first(region for region in REGIONS if region.code == code.strip().lower())


def by_accounts(address: str) -> Region | None:
    """The data centre whose accounts server ``address`` is; None for anything but one of the eight, over https."""
    host = _https_host(address)
    return _first(region for region in REGIONS if region.accounts == host)


def by_api(address: str) -> Region | None:
    """The data centre whose API host ``address`` is; None for anything but one of the eight, over https."""
    host = _https_host(address)
    return _first(region for region in REGIONS if region.api == host)


def _first(regions: Iterable[Region]) -> Region | None:
    return next(iter(regions), None)


def _https_host(address: str) -> str:
    """Host of a bare https address; empty when it names a port, a user, a path or another scheme."""
    try:
        parts = urlsplit(address.strip())
        plain = parts.scheme == "https" and parts.path in ("", "/") and not parts.query
        return parts.netloc.lower() if plain and parts.netloc.lower() == parts.hostname else ""
    except ValueError:
        return ""
