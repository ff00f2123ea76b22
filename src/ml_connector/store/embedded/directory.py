"""The data directory: what lies where in it, and the claim of the one service that runs on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ml_connector.store.embedded.account import Account, account_of
from ml_connector.store.embedded.errors import AlreadyRunning, unusable
from ml_connector.store.embedded.locks import FileLock


class DataDirectory:
    """A directory chosen by the user, for the database and what else the service keeps on this machine.

    A new or empty one becomes owner-only (0700). One with other things in it keeps its rights; what is placed in it is
    owner-only in any case.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.postgres = self.path / "postgres"
        self.logs = self.path / "log"

    @property
    def account(self) -> Account:
        """The system user PostgreSQL runs as here."""
        return account_of(self.postgres, self.path)

    def lock(self, name: str) -> FileLock:
        """The lock ``name`` of this directory, not yet taken."""
        return FileLock(self.path / f"{name}.lock")

    def prepare(self) -> None:
        """Create the directory. Raises EmbeddedServerError, with a sentence, when it cannot be used."""
        with self.explained():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not any(self.path.iterdir()):
                self.path.chmod(0o700)
                self.account.own(self.path)

    def owner_only(self, path: Path) -> Path:
        """Create ``path``, a directory of the PostgreSQL user with rights 0700, if it is missing."""
        if not path.exists():
            path.mkdir(mode=0o700)
            self.account.own(path)
        return path

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the system says about this directory into an EmbeddedServerError."""
        try:
            yield
        except OSError as error:
            raise unusable(self.path, str(error), self.account.permission_remedy) from error

    def claim_service(self, what: str) -> ServiceClaim:
        """Become the one service of this directory; ``what`` is the command a person would know it by.

        The claim ends with ``close`` or with the process, however it ends. Raises AlreadyRunning when another has it,
        EmbeddedServerError when the directory cannot be used.
        """
        self.prepare()
        lock = self.lock("service")
        with self.explained():
            if lock.take(wait=False):
                return _sign(lock, what)
        raise _claimed_by(lock.path, what)


class ServiceClaim:
    """The exclusive right to be the service of a data directory."""

    def __init__(self, lock: FileLock, what: str) -> None:
        self._lock = lock
        since = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
        self._write(json.dumps({"what": what, "pid": os.getpid(), "since": since.isoformat()}))

    def close(self) -> None:
        """Give the claim back; nothing happens the second time, or in a forked child, whose parent keeps it."""
        if self._lock.held:
            self._write("")
            self._lock.release()

    def _write(self, text: str) -> None:
        os.truncate(self._lock.descriptor, 0)
        os.pwrite(self._lock.descriptor, text.encode(), 0)

    def __enter__(self) -> ServiceClaim:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sign(lock: FileLock, what: str) -> ServiceClaim:
    try:
        return ServiceClaim(lock, what)
    except BaseException:
        lock.release()
        raise


def _claimed_by(path: Path, what: str) -> AlreadyRunning:
    try:
        holder = json.loads(path.read_text())
    except ValueError:  # taken a moment ago, its name not yet written
        return AlreadyRunning(what, path.parent, None, None)
    return AlreadyRunning(holder["what"], path.parent, holder["pid"], datetime.fromisoformat(holder["since"]))
