"""A seeded company on the sandbox, and one vendor's stage and line to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from contract_line import Line, SkippingClock, opened
from contract_stage import Stage, stage_class

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, seeded


@dataclass
class Set:
    """A stage and its line."""

    stage: Stage
    line: Line


Sets = Callable[..., AbstractAsyncContextManager[Set]]


@asynccontextmanager
async def staged(vendor: str, *, kind: str = "", limits: bool = False, speed: float = 1.0) -> AsyncIterator[Stage]:
    """A company on the sandbox, seen from one vendor; the one its stage names unless told otherwise."""
    usual = SandboxClock.starting(START, speed)
    company = seeded(kind or stage_class(vendor).kind, SkippingClock(usual.start, usual.anchor, speed))
    async with Sandbox.running(company, limits=limits) as sandbox:
        yield stage_class(vendor)(sandbox)


@asynccontextmanager
async def line_to(stage: Stage, settings: Mapping[str, str] | None = None) -> AsyncIterator[Line]:
    """A line with the stage's good credentials."""
    hosts = stage.sandbox.handover["hosts"]
    given = {**stage.settings, **(settings or {})}
    async with opened(
        stage.connector, hosts, stage.clock, stage.credentials, stage.organisation, given, stage.first
    ) as line:
        yield line


@asynccontextmanager
async def play(vendor: str, *, settings: Mapping[str, str] | None = None, **more: object) -> AsyncIterator[Set]:
    """A small company with short pages and the vendors' limits off, unless told otherwise."""
    async with staged(vendor, **more) as stage:  # type: ignore[arg-type]
        stage.short_pages()
        async with line_to(stage, settings) as line:
            yield Set(stage, line)
