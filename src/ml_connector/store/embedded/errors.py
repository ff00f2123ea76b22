"""What can go wrong with the embedded server, said in one sentence that names the place and the remedy."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ml_connector.errors import Acts, ConnectorError, Recovery, Refused

#: What PostgreSQL or the system says, and what to do about it.
REMEDIES = (
    ("No space left on device", "the disk is full; free some space and start again"),
    ("Disk quota exceeded", "the disk quota is used up; free some space and start again"),
    ("Read-only file system", "the file system is read-only; choose a directory that can be written"),
    ("Not a directory", "one of the names in this path is a file; choose another directory"),
    ("File exists", "this name belongs to a file; choose another directory"),
    (
        "database files are incompatible",
        "they were made by another build of PostgreSQL; use the release that made them",
    ),
    (
        "could not look up effective user ID",
        "the user running this has no entry in the system's user list; add one",
    ),
    ("pre-existing shared memory block", "an older PostgreSQL still works in this directory; stop it first"),
    ("has wrong ownership", "make the user who starts ml-connector the owner of all that is in it"),
    ("has invalid permissions", "set the rights of its folder postgres to 0700"),
    ("Cannot allocate memory", "there is too little memory; PostgreSQL needs about 200 MB"),
    ("could not create shared memory", "there is too little shared memory; PostgreSQL needs about 100 MB"),
    ("could not resize shared memory", "there is too little shared memory; PostgreSQL needs about 100 MB"),
    ("invalid locale", "the locale settings were refused; set LC_ALL=C and start again"),
    ("could not locate a valid checkpoint", "its files are damaged; restore the directory from a backup"),
    ("invalid checkpoint record", "its files are damaged; restore the directory from a backup"),
    ("No locks available", "its file system cannot lock files; choose a local disk"),
)


#: What PostgreSQL's programs put before the cause of their end.
GRAVE = ("FATAL:", "PANIC:", "error:")


class EmbeddedServerError(ConnectorError):
    """The embedded PostgreSQL cannot be started, joined or stopped; the data is untouched."""

    recovery = Recovery.PERSON
    acts = Acts.TENANT_ADMIN


class AlreadyRunning(Refused):
    """Another process is the service of this data directory.

    ``pid`` is its process number and ``since`` the instant it started (UTC); both are None in the moment in which that
    process has taken the directory and not yet written its name.
    """

    acts = Acts.TENANT_ADMIN

    def __init__(self, what: str, path: Path, pid: int | None, since: datetime | None) -> None:
        self.pid = pid
        self.since = since
        who = f"process {pid}" if pid else "another process"
        started = f", started {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(
            f"{what} is already running on the data directory {path} ({who}{started}); "
            "stop it first, or choose another directory."
        )


def unusable(path: Path, said: str, permission_remedy: str) -> EmbeddedServerError:
    """The error for what the system or PostgreSQL ``said`` about the data directory ``path``."""
    if "ermission denied" in said or "not permitted" in said:
        return EmbeddedServerError(f"The data directory {path} cannot be used: {_essence(said)}; {permission_remedy}.")
    for words, remedy in REMEDIES:
        if words in said:
            return EmbeddedServerError(f"The data directory {path} cannot be used: {remedy} ({_essence(said)}).")
    return EmbeddedServerError(
        f"PostgreSQL did not start in the data directory {path}: {_essence(said)}; "
        f"the whole story is in {path / 'log'}."
    )


def _essence(said: str) -> str:
    """The line that tells the cause: the first fatal one, else the last that is not a mere log line."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and "LOG:" not in line]
    grave = [line for line in lines if any(word in line for word in GRAVE)]
    line = (grave or lines[-1:] or ["it ended without giving a reason, as if it had been killed"])[0]
    for word in GRAVE:
        line = line.rpartition(word)[2].strip()
    return line.rstrip(".")
