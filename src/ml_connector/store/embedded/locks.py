"""A lock on a file which the kernel drops when its process dies."""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path


class FileLock:
    """An advisory lock (flock), owned by this process alone: a forked child lets go of its copy at once.

    flock and not fcntl's record locks: those vanish when any other descriptor of the file is closed, and one process
    could not hold twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        myself = weakref.ref(self)

        def in_child() -> None:
            if lock := myself():
                lock.abandon()

        os.register_at_fork(after_in_child=in_child)

    @property
    def held(self) -> bool:
        """Whether this object holds its lock."""
        return self._descriptor is not None

    @property
    def descriptor(self) -> int:
        """The descriptor that carries the lock. Raises RuntimeError when not held."""
        if self._descriptor is None:
            raise RuntimeError(f"{self.path} is not locked")
        return self._descriptor

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Lock; False when another holds it and ``wait`` is off. Raises OSError when the file cannot be opened."""
        descriptor = _open(self.path)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Unlock, for copies of the descriptor in other processes too; nothing happens when not held."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self.abandon()

    def abandon(self) -> None:
        """Close our descriptor only: the lock lives on in the processes that inherited it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FileLock:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _open(path: Path) -> int:
    """Open or create a lock file, readable by the owner of its directory alone (root may be a guest there)."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        home = path.parent.stat()
        os.fchown(descriptor, home.st_uid, home.st_gid)
    return descriptor
