"""What an emulator adds of its own to faults: which call is which, its words when it fails, its tokens and limits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import ClassVar

from aiohttp import web

from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.fault_kinds import KINDS, Kind, Place
from ml_connector_sandbox.kernel.port import Handler


class VendorFaults(ABC):
    """One vendor's part in faults.

    ``lacks`` names the kinds that the vendor does not have at all, ``own`` adds kinds that only this vendor has.
    """

    lacks: ClassVar[frozenset[str]] = frozenset()
    own: ClassVar[Mapping[str, Kind]] = MappingProxyType({})

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds that every vendor may have, then the vendor's own."""
        return {**KINDS, **self.own}

    async def strike(self, kind: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What a call struck by one of the vendor's own kinds is answered. Vendors that have any override it."""
        raise NotImplementedError(f"the kind {kind!r} is not carried out by {type(self).__name__}")

    @abstractmethod
    def place(self, call: Call) -> Place:
        """What this call is."""

    def applies(self, kind: str, call: Call) -> bool:
        """Whether a kind that fits the call's place fits the call, too."""
        return kind not in self.lacks

    @abstractmethod
    def counted(self, request: web.Request) -> AbstractAsyncContextManager[None]:
        """The time a call is under way that is not carried out: it counts in the vendor's limits all the same."""

    @abstractmethod
    def server_error(self, call: Call) -> web.Response:
        """500 in the vendor's words."""

    @abstractmethod
    def unauthorised(self, call: Call) -> web.Response:
        """401 in the vendor's words."""

    @abstractmethod
    def too_many(self, request: web.Request, seconds: float, retry_after: bool) -> web.Response:
        """429 in the vendor's words; ``seconds`` of sandbox time to wait, in ``Retry-After`` if ``retry_after``."""

    @abstractmethod
    def token_throttled(self, seconds: float) -> web.Response:
        """What the token endpoint answers when it was asked too often; ``seconds`` of sandbox time to wait."""

    @abstractmethod
    def expire(self, request: web.Request) -> None:
        """The access token that the call carries is dead from now on."""

    @abstractmethod
    def begin(self, kind: str, request: web.Request) -> None:
        """``revoked`` or ``day limit`` begins; the vendor itself refuses from now on."""

    @abstractmethod
    def end(self, kind: str) -> None:
        """``revoked`` or ``day limit`` is cleared, as far as the vendor can undo it."""

    @abstractmethod
    def lasts(self, kind: str) -> bool:
        """Whether ``revoked`` or ``day limit``, once begun, is still in force."""
