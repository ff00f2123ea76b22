"""A worker that stands still at its N-th write to a vendor (FREEZE_AT), until somebody wakes it.

FREEZE says where: ``checked``, when it has been found to be allowed, as those before it that have not left yet were; or
``leaving``, between its last check and its first byte.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from typing import Any

import aiohttp

from ml_connector.cli.main import run
from ml_connector.transport import wire

_writes = count(1)


def freeze_at(place: str) -> None:
    passage = wire._passage.get()
    if os.environ["FREEZE"] != place or passage is None or passage.safe or passage.lease is None:
        return
    if next(_writes) == int(os.environ["FREEZE_AT"]):
        os.kill(os.getpid(), signal.SIGSTOP)


class FreezingPassage(wire._Passage):
    """The same check, after which the process is stopped."""

    def pass_through(self) -> None:
        super().pass_through()
        freeze_at("checked")


leave = aiohttp.ClientRequest.write_bytes


async def write_bytes(self: aiohttp.ClientRequest, *given: Any) -> None:
    """The last step of all, which our own class takes after its last check."""
    freeze_at("leaving")
    await leave(self, *given)


wire._Passage = FreezingPassage  # type: ignore[misc]
aiohttp.ClientRequest.write_bytes = write_bytes  # type: ignore[method-assign, assignment]
sys.exit(run(["worker"]))
