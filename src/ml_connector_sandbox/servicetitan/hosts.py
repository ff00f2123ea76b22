"""ServiceTitan's real host names, and the environment each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ml_connector_sandbox.servicetitan.books import INTEGRATION, PRODUCTION

TOKEN_HOSTS: Mapping[str, str] = MappingProxyType(
    {"auth.servicetitan.io": PRODUCTION, "auth-integration.servicetitan.io": INTEGRATION}
)
API_HOSTS: Mapping[str, str] = MappingProxyType(
    {"api.servicetitan.io": PRODUCTION, "api-integration.servicetitan.io": INTEGRATION}
)
