"""What workers are forked from: a process that has everything imported and nothing open."""

from __future__ import annotations

import faults.run
from ml_connector.lanes.runtime import connectors, integrations

__all__ = ["faults"]

connectors()  # imports every one of them
integrations()
