"""The command line as a person meets it: a process of its own in a terminal of a given width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "ml_connector.cli.main"]
_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Shown:
    """What a terminal showed, without colours, and the exit code."""

    code: int
    text: str

    @property
    def widest(self) -> int:
        return max((len(line) for line in self.text.splitlines()), default=0)

    @property
    def sentence(self) -> str:
        """All of it on one line, since a terminal breaks lines where it must."""
        return " ".join(self.text.split())


def environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of a command: nothing of ours but the data directory and what is given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ML_CONNECTOR", "DATABASE_URL", "SERVICETITAN", "ZOHO", "COLUMNS", "LINES"))
    }
    return {**kept, "ML_CONNECTOR_DATA": str(data), "TERM": "xterm-256color", **more}


def in_terminal(
    arguments: Sequence[str],
    env: Mapping[str, str],
    columns: int = 80,
    typed: str = "",
    command: Sequence[str] = COMMAND,
    asked: str = "",
) -> Shown:
    """Run a command in a pseudo-terminal of that width; standard input, output and errors are all the terminal.

    ``typed`` is what the person types: before being asked, or once ``asked`` is shown. A question for a secret throws
    away what was typed before it.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([*command, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=dict(env))
    os.close(theirs)
    parts: list[bytes] = []
    while True:
        if typed and asked.encode() in b"".join(parts):
            os.write(ours, typed.encode())
            typed = ""
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the last process has closed the terminal
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    text = _STYLES.sub("", b"".join(parts).decode()).replace("\r\n", "\n").replace("\r", "")
    return Shown(process.wait(60), text)


def piped(arguments: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command as a script does."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=dict(env), stdin=subprocess.DEVNULL, check=False,
        timeout=120,
    )  # fmt: skip
