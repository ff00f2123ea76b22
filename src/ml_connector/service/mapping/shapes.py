"""What the commands print piece by piece, and an answer holds as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.service.mapping.suggesting import Suggestion
from ml_connector.service.mapping.targets import Target


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A mapping table as CSV, to be filled in and imported."""

    table: str
    csv: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Values for the keys of a table that have no row, those first that most documents wait for."""

    table: str
    open: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Targets:
    """What a table takes, and behind it what it does not take, each with why."""

    table: str
    targets: tuple[Target, ...]
