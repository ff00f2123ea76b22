"""Settings of the process, read from the environment by entry points only and handed down as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ml_connector.clock import Clock
from ml_connector.errors import BadInput


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox's hand-over file: its clock, where the vendors' host names lead, and ready-made credentials."""

    clock: Clock
    hosts: Mapping[str, str]
    admin: str = ""
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Sandbox:
        """The sandbox a file describes. Raises BadInput when the file is missing or malformed."""
        try:
            values: dict[str, Any] = json.loads(path.read_text())
            return cls(
                Clock.of(values["clock"]), values["hosts"], values.get("admin", ""), values.get("credentials", {})
            )
        except OSError as error:
            raise BadInput(
                f"The sandbox's file {path} cannot be read: {error.strerror}. Start the sandbox first."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{path} is not the file of a running sandbox ({error}): start the sandbox again."
            ) from error


class Settings(BaseSettings):
    """Environment variables of ml-connector.

    DATABASE_URL: a PostgreSQL 16 or newer; unset, an embedded one runs below the data directory.
    ML_CONNECTOR_DATA: the data directory (master key, embedded database), default ``./ml-connector-data``.
    ML_CONNECTOR_MASTER_KEY: base64 of 32 bytes; unset, the key lies in the data directory.
    ML_CONNECTOR_SANDBOX: a sandbox's hand-over file; then no vendor is ever called, only the sandbox.
    ML_CONNECTOR_ADDRESS: where vendors reach this service from outside, such as https://sync.example.com; for webhooks.
    ML_CONNECTOR_COMPANY: the company (tenant) to work on when several exist.
    """

    model_config = SettingsConfigDict(env_prefix="ML_CONNECTOR_")

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    data: Path = Path("ml-connector-data")
    master_key: SecretStr | None = None
    sandbox: Path | None = None
    company: str = ""
    address: str = ""

    @property
    def master_key_path(self) -> Path:
        """Where the master key lies when the environment does not hold it."""
        return self.data / "master.key"


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Refuse a variable that bears our prefix and means nothing: a misspelt one would be ignored in silence.

    Raises BadInput naming it and the nearest that exists.
    """
    prefix = str(Settings.model_config["env_prefix"])
    known = [f"{prefix}{name}".upper() for name, one in Settings.model_fields.items() if one.validation_alias is None]
    for name in environment:
        if name.upper().startswith(prefix) and name.upper() not in known:
            close = get_close_matches(name.upper(), known, 1)
            near = f" (did you mean {close[0]}?)" if close else ""
            there = ", ".join(["DATABASE_URL", *known])
            raise BadInput(f"There is no environment variable {name}{near}; there are {there}.")
