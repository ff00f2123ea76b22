"""Who uses the embedded server: the first starts it, the last stops it."""

from __future__ import annotations

import atexit
import signal
import sys
from types import FrameType

from ml_connector.store.embedded.directory import DataDirectory
from ml_connector.store.embedded.postmaster import Postmaster


class EmbeddedServer:
    """This process's hold on the server of a data directory. Not for use by several threads at once.

    A hold ends with ``release``, with the end of the interpreter, or with the process, however it dies. After a kill -9
    of the last holder the server runs on until the next one has come and gone. A forked child has no hold.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._gate = directory.lock("gate")
        self._hold = directory.lock("holders")
        self._postmaster = Postmaster(directory)

    def acquire(self) -> str:
        """Start or join the server, blocking until it accepts connections; returns the superuser's libpq URL.

        Calling it again while holding makes sure the server still runs. Raises EmbeddedServerError with a sentence that
        says what to do; then nothing is held.
        """
        self._directory.prepare()
        try:
            with self._directory.explained(), self._gate:
                if not self._hold.held:
                    self._hold.take(shared=True)
                    atexit.register(self.release)
                self._postmaster.ensure_ready()
                return self._postmaster.url
        except BaseException:
            self.release()
            raise

    def give_up(self) -> None:
        """From another thread: an ``acquire`` that still waits for the server leaves it, and raises."""
        self._postmaster.given_up.set()

    def release(self) -> None:
        """Leave; the last holder stops the server and waits for it. Nothing happens when nothing is held."""
        if not self._hold.held:
            return
        with self._directory.explained(), self._gate:
            self._hold.release()
            atexit.unregister(self.release)
            if self._hold.take(wait=False):  # nobody shares it any more
                self._hold.release()
                self._postmaster.stop()

    def __enter__(self) -> str:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def install_signal_release() -> None:
    """Let SIGTERM and SIGHUP end this process the way Ctrl-C does, through its ``with`` blocks and exit handlers.

    For entry points, called once in the main thread before anything is acquired. A handler already in place, and a
    signal already ignored (nohup), stay as they are. An event loop may replace it while it runs; servers which raise
    the signal again after their own shutdown come back here.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not break off the release
    sys.exit(128 + number)
