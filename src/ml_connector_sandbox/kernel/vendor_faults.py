"""What an emulator adds of its own to faults: which call is which, its words when it fails, its tokens and limits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from aiohttp import web

from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.fault_kinds import Place


class VendorFaults(ABC):
    """One vendor's part in faults. ``lacks`` names the kinds that the vendor does not have at all."""

    lacks: ClassVar[frozenset[str]] = frozenset()

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
