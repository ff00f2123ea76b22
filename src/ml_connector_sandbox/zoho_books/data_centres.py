"""The eight data centres: an organisation, its users and a client registration live in exactly one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataCentre:
    """One region. ``name`` is the short form used in ``location=`` of the consent redirect."""

    name: str
    accounts_host: str
    api_host: str

    @property
    def accounts_server(self) -> str:
        """Base address for consent and tokens."""
        return f"https://{self.accounts_host}"

    @property
    def api_domain(self) -> str:
        """What token replies carry as ``api_domain``; the API is under ``/books/v3``."""
        return f"https://{self.api_host}"


DATA_CENTRES: tuple[DataCentre, ...] = (
    DataCentre("us", "accounts.zoho.com", "www.zohoapis.com"),
    DataCentre("eu", "accounts.zoho.eu", "www.zohoapis.eu"),
    DataCentre("in", "accounts.zoho.in", "www.zohoapis.in"),
    DataCentre("au", "accounts.zoho.com.au", "www.zohoapis.com.au"),
    DataCentre("jp", "accounts.zoho.jp", "www.zohoapis.jp"),
    # Canada's accounts server is not accounts.zoho.ca.
    DataCentre("ca", "accounts.zohocloud.ca", "www.zohoapis.ca"),
    DataCentre("cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    DataCentre("sa", "accounts.zoho.sa", "www.zohoapis.sa"),
)


def data_centre(name: str) -> DataCentre:
    """The data centre with this short name. Raises ValueError on an unknown name."""
    for one in DATA_CENTRES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in DATA_CENTRES)
    raise ValueError(f"no data centre {name!r}; there are: {known}")


def by_accounts_host(host: str) -> DataCentre | None:
    """The data centre whose accounts server this host is."""
    return next((one for one in DATA_CENTRES if one.accounts_host == host), None)


def by_api_host(host: str) -> DataCentre | None:
    """The data centre whose API server this host is."""
    return next((one for one in DATA_CENTRES if one.api_host == host), None)
