"""Faults at numbered calls: which fault strikes which call, once, so many times, or until it is cleared.

Owns: what is to strike and what has struck. Must not know: how a fault looks to the client (``striking``).
Invariant: a call is struck by at most one fault; a fault that does not last strikes exactly ``times`` calls.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ml_connector_sandbox.kernel.calls import Call, CallLog
from ml_connector_sandbox.kernel.fault_kinds import KINDS, Kind, Place
from ml_connector_sandbox.kernel.port import Port
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults

__all__ = ["KINDS", "Fault", "Faults", "Kind", "Place"]

REFUSED = "refused"
REFUSED_SECONDS = 0.5
STATES = frozenset({"revoked", "day limit"})
"""Kinds that change the vendor's state: it refuses by itself from then on."""


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """What is to go wrong.

    ``call``: the first numbered call it strikes, or the next one after it that the kind applies to; None: the next.
    ``times``: how many calls that it applies to, in a row; no meaning for a standing kind.
    ``seconds``: as the kind says. ``refused``, ``timeout before``, ``timeout after`` and ``slow`` take machine
    seconds (0.5; until the client hangs up; the same; 1.0), limits take sandbox seconds (5; the token endpoint 60).
    """

    call: int | None = None
    kind: str = ""
    times: int = 1
    seconds: float | None = None

    def as_dict(self) -> dict[str, int | str | float | None]:
        """Plain values."""
        return {"call": self.call, "kind": self.kind, "times": self.times, "seconds": self.seconds}


@dataclass(slots=True, eq=False)
class _Pending:
    fault: Fault
    kind: Kind
    left: int
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    begun: bool = False
    """A change of the vendor's state that has been made."""

    def due(self, number: int) -> bool:
        return self.fault.call is None or number >= self.fault.call


class Faults:
    """The faults of one emulator, whose calls are in ``log``; ``name`` is the emulator's."""

    def __init__(self, name: str, log: CallLog, vendor: VendorFaults) -> None:
        self.name, self.vendor = name, vendor
        self.fired: list[tuple[Fault, int]] = []
        """Every stroke: the fault and the number of the call; of a standing state, where it began."""
        self.let_go_times = 0
        """Grows whenever calls that are held are to be let go."""
        self._log = log
        self._pending: list[_Pending] = []
        self._struck: dict[Fault, asyncio.Event] = {}
        self._port: Port | None = None
        self._closed = False

    @property
    def pending(self) -> list[Fault]:
        """What has not struck as often as it shall, and what still stands."""
        self._drop_passed()
        return [one.fault for one in self._pending]

    def add(self, fault: Fault) -> Fault:
        """Let something go wrong. Raises ValueError with a sentence when it cannot."""
        self._require(fault)
        pending = _Pending(fault, self.vendor.kinds[fault.kind], fault.times)
        self._pending.append(pending)
        self._struck[fault] = pending.struck
        self.refuse_if_due()
        return fault

    def clear(self) -> int:
        """End all faults, those that stand, too, and let held calls go; returns how many there were."""
        gone, self._pending = self._pending, []
        for one in gone:
            if one.begun:
                self.vendor.end(one.fault.kind)
            one.struck.set()
        self.let_go()
        return len(gone)

    async def struck(self, fault: Fault) -> None:
        """Wait until the fault has struck for the first time. Raises ValueError when it is cleared before."""
        if fault not in self._struck:
            raise ValueError(f"this fault was never added to {self.name}: {fault.kind}")
        await self._struck[fault].wait()
        if all(one is not fault for one, _ in self.fired):
            raise ValueError(f"the fault '{fault.kind}' was cleared before it struck a call of {self.name}")

    def applicable(self, call: Call) -> list[str]:
        """The kinds that can strike such a call, in the order of KINDS, the vendor's own last."""
        return [name for name in self.vendor.kinds if self._applies(name, call)]

    def take(self, call: Call) -> Fault | None:
        """The fault that strikes this call, which is noted as struck; None: the call goes as always."""
        if self._closed:
            return None
        self._drop_passed()
        # What lasts strikes where nothing else does.
        for one in sorted(self._pending, key=lambda one: one.kind.standing):
            if one.fault.kind != REFUSED and not one.begun and one.due(call.number):
                if not self._applies(one.fault.kind, call):
                    continue
                self._strike(one, call.number)
                call.fault = one.fault.kind
                return one.fault
        return None

    def served_at(self, port: Port) -> None:
        """The port at which the emulator's calls come in."""
        self._port = port
        self.refuse_if_due()

    @property
    def refusing(self) -> bool:
        """Whether the port refuses connections now; then connections end with the answer under way."""
        return self._port is not None and self._port.refusing

    def refuse_if_due(self) -> bool:
        """Close the port if the next call shall find it closed; whether it was closed just now."""
        if self._port is None or self._closed:
            return False
        number = len(self._log.calls) + 1
        due = [one for one in self._pending if one.fault.kind == REFUSED and one.due(number)]
        for one in due:
            seconds = REFUSED_SECONDS if one.fault.seconds is None else one.fault.seconds
            self._port.refuse(seconds * one.fault.times)
            one.left = 1
            self._strike(one, number)
        return bool(due)

    def close(self) -> None:
        """The sandbox stops: nothing is struck any more, and held calls end."""
        self._closed = True
        self.let_go()

    def let_go(self) -> None:
        """End the wait of all calls that are held now."""
        self.let_go_times += 1

    def _strike(self, one: _Pending, number: int) -> None:
        self.fired.append((one.fault, number))
        one.struck.set()
        if one.fault.kind in STATES:
            one.begun = True
        elif not one.kind.standing:
            one.left -= 1
            if one.left == 0:
                self._pending.remove(one)

    def _drop_passed(self) -> None:
        """A state that is over (a new consent, midnight) is no longer pending."""
        self._pending = [one for one in self._pending if not one.begun or self.vendor.lasts(one.fault.kind)]

    def _applies(self, kind: str, call: Call) -> bool:
        return self.vendor.place(call) in self.vendor.kinds[kind].places and self.vendor.applies(kind, call)

    def _require(self, fault: Fault) -> None:
        if fault.kind not in self.vendor.kinds:
            raise ValueError(f"there is no kind of fault {fault.kind!r}; there are: {', '.join(self.vendor.kinds)}")
        if fault.kind in self.vendor.lacks:
            raise ValueError(f"{self.name} knows no '{fault.kind}', so this fault would never strike")
        if fault in self._struck:
            raise ValueError(f"this fault was added to {self.name} before; make another one like it")
        if fault.call is not None and fault.call < 1:
            raise ValueError(f"calls are numbered from 1, so no fault can strike call {fault.call}")
        if fault.times < 1:
            raise ValueError(f"a fault strikes at least once, not {fault.times} times")
        if fault.seconds is not None and not 0 < fault.seconds < float("inf"):
            raise ValueError(f"the seconds of a fault must be more than 0, not {fault.seconds}")
