"""The master key: 32 bytes from the environment or from a file that only its owner may read."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from ml_connector.sealing.errors import MasterKeyUnusable
from ml_connector.sealing.seal import KEY_BYTES, Sealer, key_id, new_key
from ml_connector.sealing.secret import Secret

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class MasterKey:
    """The key over all tenants' keys. It never seals data, only tenant keys."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key: Secret) -> None:
        if len(key) != KEY_BYTES:
            raise MasterKeyUnusable(f"A master key has {KEY_BYTES} bytes, and this one has {len(key)}.")
        self._key = key
        self.key_id = key_id(key)

    @classmethod
    def load(cls, environment_value: str | None, path: Path, *, make: bool = True) -> MasterKey:
        """The master key from the environment's value (base64 of 32 bytes), else from the file at `path`.

        Without either, a new key is made at `path`, readable by its owner only; where something is sealed already no new
        key would open it (``make=False``). Raises MasterKeyUnusable when there is none, when a value is malformed, when
        others may read the file, or when environment and file hold different keys.
        """
        if not environment_value:
            kept = _read(path)
            if kept is None and not make:
                raise MasterKeyUnusable(
                    f"The master key {path} is missing, and what is sealed in the database opens with no other: bring it "
                    "back from its backup, or give it in ML_CONNECTOR_MASTER_KEY. Nothing was changed."
                )
            return cls(kept or _create(path))
        key = _decoded(environment_value, "The master key in the environment")
        kept = _read(path)
        if kept is not None and kept != key:
            raise MasterKeyUnusable(
                f"The master key in the environment is not the one in {path}, and only one of them opens the "
                "database: take the wrong one away, or rotate from the old to the new."
            )
        return cls(key)

    @classmethod
    def new(cls) -> MasterKey:
        """A fresh master key, kept nowhere: for rotation, which stores it only after all tenants are under it."""
        return cls(new_key())

    def encoded(self) -> Secret:
        """The key as the base64 text that `load` reads."""
        return Secret(base64.b64encode(self._key.reveal()))

    def sealer(self, tenant_id: int) -> Sealer:
        """The sealer of this tenant's own key, and of nothing else."""
        return Sealer(tenant_id, self._key)

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id.hex()})"


def _decoded(text: str | bytes, where: str) -> Secret:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyUnusable(
            f"{where} is not base64: give 32 random bytes in base64 (44 characters, the last one '=')."
        ) from None
    if len(key) != KEY_BYTES:
        raise MasterKeyUnusable(
            f"{where} has {len(key)} bytes and needs {KEY_BYTES}: it was cut or is another kind of key."
        )
    return Secret(key)


def _read(path: Path) -> Secret | None:
    """The key in the file, or None when there is no file. The rights are checked on the file that is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MasterKeyUnusable(f"The master key file {path} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        rights = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(rights):
            raise MasterKeyUnusable(f"The master key file {path} is not a plain file.")
        if rights & _OTHERS:
            raise MasterKeyUnusable(
                f"The master key file {path} is open to others (rights {stat.S_IMODE(rights):04o}): "
                f"run 'chmod 600 {path}', and rotate the key if anyone may have read it."
            )
        return _decoded(file.read(4096), f"The master key file {path}")


def _create(path: Path) -> Secret:
    """Write a new key to `path`, whole or not at all. If another process was first, its key is the key.

    The key is written aside, flushed to disk and then linked to its name, which fails if the name is taken; so nobody
    ever reads half a key, and a crash leaves either no key or a whole one.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(aside, MasterKey.new().encoded().reveal() + b"\n")
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
        _flush_directory(path.parent)
    except OSError as error:
        raise MasterKeyUnusable(
            f"A new master key could not be written to {path}: {error.strerror}. Make the directory writable for this "
            "user, or give the key in the environment."
        ) from error
    made = _read(path)
    if made is None:
        raise MasterKeyUnusable(f"The master key file {path} vanished while it was being made: start again.")
    return made


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
