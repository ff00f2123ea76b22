"""The embedded server is killed, or its disk is full: the service brings it up again, and says what it waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from crash_world import Crashing, Embedded

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(240)]

UP = ("-m", "ml_connector.cli.main", "up")
STATUS = ("-m", "ml_connector.cli.main", "status")
DISK = "192m"
STOPPED_WITHIN = 15.0  # machine seconds: ten are promised, the rest is for a slow machine
HELD_UP = 3
FULL = "the disk is full"
AGAIN = "It is tried again until it works."


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own, in memory; skips where that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="mlc-disk-") as made:
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", made]
        if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
            pytest.skip("a small file system cannot be mounted here: that needs root")
        try:
            yield Path(made)
        finally:
            subprocess.run(["umount", "--lazy", made], check=True)


@contextmanager
def enterable() -> Iterator[Path]:
    """A directory that PostgreSQL's system user can enter; as root it cannot enter pytest's own."""
    with tempfile.TemporaryDirectory(prefix="mlc-crash-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "data/postgres/postmaster.pid").read_text().split()[0]))


def fill(path: Path) -> None:
    """A file that takes all the room there is."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass


async def ends_well(company: Crashing, service: subprocess.Popen[bytes]) -> None:
    await company.until_done()
    await company.agrees()
    assert service.poll() is None
    assert company.log(service).count(AGAIN) <= 4, company.log(service)


async def test_an_embedded_server_that_is_killed_is_started_again(embedded: Embedded) -> None:
    with enterable() as home:
        async with embedded(home) as company:
            service = company.start(*UP)
            await company.until_bills(3)
            postmaster(home).kill()
            await ends_well(company, service)
            postmaster(home).kill()
            service.terminate()
            assert await company.wait(service, STOPPED_WITHIN) in (0, HELD_UP)


async def test_a_full_disk_is_told_and_the_work_goes_on_when_there_is_room(embedded: Embedded) -> None:
    with small_disk() as home:
        async with embedded(home) as company:
            service = company.start(*UP)
            await company.until_bills(3)
            fill(home / "ballast")
            await company.says(service, "The disk of the database is full")
            postmaster(home).kill()  # as PostgreSQL ends itself where it cannot even write its log any more
            await company.says(service, "cannot be used: the disk is full")
            asked = subprocess.run(
                [sys.executable, *STATUS], env=company.environment, capture_output=True, text=True, check=False
            )
            assert asked.returncode == 3, asked
            assert FULL in asked.stderr, asked
            assert asked.stderr.count("\n") == 1, asked
            (home / "ballast").unlink()
            await ends_well(company, service)
