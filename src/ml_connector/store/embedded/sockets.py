"""Where the server's socket lies: in the data directory, or behind a link where that path is unfit for a socket."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ml_connector.store.embedded.directory import DataDirectory

PORT = 5432  # names the socket file only; nothing listens on a network
LONGEST = 103  # bytes; Linux takes 107, macOS 103
OWNER_MARK = "data-directory"


def socket_directory(directory: DataDirectory) -> Path:
    """The directory of the socket, made if needed, for its owner alone.

    A path too long for a socket, or with a comma (libpq would read two hosts), gets a short one below the system's
    temporary directory; ``socket`` in the data directory then is a link to it. It counts only if it names this data
    directory in return, so a copied data directory never takes the original's socket.
    """
    own = directory.path / "socket"
    if own.is_symlink():
        short = own.readlink()
        if _belongs(short, directory):
            return short
        own.unlink()
    if _fits(own):
        return directory.owner_only(own)
    short = Path(tempfile.mkdtemp(prefix="mlc-"))
    (short / OWNER_MARK).symlink_to(directory.path)
    directory.account.own(short)
    own.symlink_to(short)
    return short


def clear_socket(place: Path) -> None:
    """Remove what a dead server left: its socket, and the lock file whose process number may be someone else's now."""
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (place / name).unlink(missing_ok=True)


def remove_short(directory: DataDirectory) -> None:
    """Take the short directory away after the server has stopped."""
    own = directory.path / "socket"
    if own.is_symlink() and _belongs(own.readlink(), directory):
        shutil.rmtree(own.readlink())
        own.unlink()


def _fits(place: Path) -> bool:
    return "," not in str(place) and len(os.fsencode(place / f".s.PGSQL.{PORT}")) <= LONGEST


def _belongs(short: Path, directory: DataDirectory) -> bool:
    mark = short / OWNER_MARK
    if not mark.is_symlink():
        return False
    return short.lstat().st_uid == directory.account.uid and mark.readlink() == directory.path
