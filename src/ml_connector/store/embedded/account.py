"""The system user PostgreSQL runs as: ourselves, or for root, which PostgreSQL refuses, someone else."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ml_connector.store.embedded.errors import EmbeddedServerError

SYSTEM_USER = "ml-connector"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user by its numbers; ``borrowed`` when we are root and step down to it."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def name(self) -> str:
        """The user's name, or its number where the system knows no name."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    @property
    def permission_remedy(self) -> str:
        """What a person can do when this user is denied a file."""
        if self.borrowed:
            return (
                f"PostgreSQL refuses to run as root and works here as the system user {self.name}, who must be "
                "able to enter the directory and every one above it: choose such a directory (for instance "
                "below /var/lib), or start ml-connector as an ordinary user"
            )
        return f"choose a directory that the user {self.name} may write, or make that user its owner"

    def own(self, path: Path) -> None:
        """Give ``path`` to this user; only root needs to."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_of(*places: Path) -> Account:
    """Ourselves; for root the owner of the first of ``places`` that is not root's, else the product's own system user.

    Raises EmbeddedServerError when that system user does not exist and cannot be created.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), borrowed=False)
    for place in places:
        if place.exists() and (status := place.stat()).st_uid != 0:
            return Account(status.st_uid, status.st_gid, borrowed=True)
    return _system_account()


def _system_account() -> Account:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _create_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(entry.pw_uid, entry.pw_gid, borrowed=True)


def _create_system_user() -> None:
    command = (
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        SYSTEM_USER,
    )
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise EmbeddedServerError(
            f"PostgreSQL refuses to run as root and the system user {SYSTEM_USER} could not be created "
            f"({said.strip()}); create it, or start ml-connector as an ordinary user."
        ) from error
