"""The PostgreSQL process of one data directory: is it alive, start it, stop it. Called with the gate held only."""

from __future__ import annotations

import shutil
import signal
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
from psycopg import pq

from ml_connector.store.embedded.cluster import (
    DATABASE,
    SUPERUSER,
    binaries,
    ensure_cluster,
    execute,
    new_log,
)
from ml_connector.store.embedded.directory import DataDirectory
from ml_connector.store.embedded.errors import EmbeddedServerError, unusable
from ml_connector.store.embedded.sockets import PORT, clear_socket, remove_short, socket_directory

POLL = 0.02  # seconds
START_PATIENCE = 1800  # seconds; recovery after a crash first syncs every file, and must not be broken off
STOP_PATIENCE = 60  # seconds, for the final checkpoint; then the server is stopped as by a crash, and recovers
KEPT_LOGS = 20
WAL_SEGMENT = 16 << 20  # bytes; PostgreSQL does not run where not even one of them has room


class Postmaster:
    """The server of ``directory``."""

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._pid_file = directory.postgres / "postmaster.pid"
        self._life = directory.lock("server")
        self.given_up = threading.Event()

    @property
    def url(self) -> str:
        """Where the superuser reaches the product's database."""
        place = quote(str(socket_directory(self._directory)), safe="")
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={place}&port={PORT}"

    def ensure_ready(self) -> None:
        """Join the running server or start one; returns when it accepts connections."""
        if self._becomes_ready():
            return
        self._start()
        if not self._becomes_ready():
            raise unusable(self._directory.path, self._last_words(), self._directory.account.permission_remedy)

    def stop(self) -> None:
        """Stop the server and wait until its last process has gone. Raises EmbeddedServerError if it stays."""
        for request in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's fast, then its immediate shutdown
            for _ in range(int(STOP_PATIENCE / POLL)):
                if not self._alive():
                    remove_short(self._directory)
                    return
                self._signal(request)
                _pause()
        raise EmbeddedServerError(
            f"PostgreSQL in {self._directory.path} does not stop; if another container started it, stop that one."
        )

    def _alive(self) -> bool:
        """Whether any process of this directory's server lives: they all inherited this lock."""
        free = self._life.take(wait=False)
        self._life.release()
        return not free

    def _becomes_ready(self) -> bool:
        """Wait for a living server to accept connections; False once none lives."""
        for _ in range(int(START_PATIENCE / POLL)):
            if not self._alive():
                return False
            if self.given_up.is_set():
                raise EmbeddedServerError(f"PostgreSQL in {self._directory.path} was not waited for any longer.")
            status = self._pid_lines()[7:8]
            if status == ["ready"] and pq.PGconn.ping(f"{self.url}&connect_timeout=5".encode()) == pq.Ping.OK:
                return True
            if status == ["stopping"]:  # its clients may stay for ever; we need it down to start it anew
                self._signal(signal.SIGINT)
            _pause()
        raise EmbeddedServerError(
            f"PostgreSQL in {self._directory.path} was not ready after {START_PATIENCE // 60} minutes; "
            f"see {self._directory.logs}."
        )

    def _start(self) -> None:
        self._refuse_foreign_server()
        self._life.take(shared=True)
        try:
            ensure_cluster(self._directory, self._life)
            self._pid_file.unlink(missing_ok=True)
            self._launch()
        finally:
            self._life.abandon()

    def _launch(self) -> None:
        _prune(self._directory.owner_only(self._directory.logs))
        # The shell leaves at once, so that the server is no child of ours.
        command = ["/bin/sh", "-c", '"$@" &', "sh", *self._command()]
        with new_log(self._directory, "startup.log").open("ab") as output:
            execute(self._directory, command, self._life, output)

    def _command(self) -> list[str]:
        """The server with the settings that must hold whatever postgresql.conf says."""
        place = socket_directory(self._directory)
        clear_socket(place)
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"{}"'.format(str(place).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "logging_collector": "on",
            "log_destination": "stderr",
            "log_directory": str(self._directory.logs),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), "-D", str(self._directory.postgres), *options]

    def _refuse_foreign_server(self) -> None:
        if server := self._process():
            raise EmbeddedServerError(
                f"PostgreSQL process {server.pid} works in {self._directory.postgres} and was not started by "
                "ml-connector; stop it first."
            )

    def _process(self) -> psutil.Process | None:
        """The process that postmaster.pid names, if it is a PostgreSQL of this very directory."""
        try:
            process = psutil.Process(int(self._pid_lines()[0]))
            return process if _serves(process, self._directory.postgres) else None
        except (IndexError, ValueError, psutil.Error):  # no file, a torn one, or a number nobody has
            return None

    def _signal(self, request: signal.Signals) -> None:
        if server := self._process():
            with suppress(psutil.NoSuchProcess):
                server.send_signal(request)

    def _pid_lines(self) -> list[str]:
        try:
            return [line.strip() for line in self._pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _last_words(self) -> str:
        """What the server that has just died left in its logs."""
        startup = self._directory.logs / "startup.log"
        since = startup.stat().st_mtime_ns
        texts = [startup.read_text(errors="replace")]
        texts += [log.read_text(errors="replace") for log in _logs(startup.parent) if log.stat().st_mtime_ns >= since]
        if shutil.disk_usage(self._directory.postgres).free < WAL_SEGMENT:  # then there was no room for a log, either
            texts.append("FATAL: No space left on device")
        return "\n".join(texts)


def _serves(process: psutil.Process, data: Path) -> bool:
    words = process.cmdline()
    if not words or Path(words[0]).name != "postgres":
        return False
    named = words[words.index("-D") + 1] if "-D" in words[:-1] else ""
    return (named and Path(named).resolve() == data) or _works_in(process, data)


def _works_in(process: psutil.Process, data: Path) -> bool:
    """PostgreSQL works in its data directory; root in a container may not be allowed to look."""
    try:
        return Path(process.cwd()) == data
    except psutil.AccessDenied:
        return False


def _logs(folder: Path) -> list[Path]:
    return sorted(folder.glob("postgresql-*.log"))


def _prune(folder: Path) -> None:
    for log in _logs(folder)[:-KEPT_LOGS]:
        log.unlink()


def _pause() -> None:
    threading.Event().wait(POLL)
