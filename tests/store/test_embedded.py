"""The life of the embedded server, with real processes, real kills and a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from ml_connector.store.embedded import (
    AlreadyRunning,
    DataDirectory,
    EmbeddedServer,
    EmbeddedServerError,
)
from ml_connector.store.embedded.cluster import MAJOR_VERSION, binaries
from ml_connector.store.embedded.errors import unusable

slow = pytest.mark.slow
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to a system user")
NOBODY = 65534

HOLD = """
import sys
from pathlib import Path
from ml_connector.store.embedded import DataDirectory, EmbeddedServer, install_signal_release
install_signal_release()
server = EmbeddedServer(DataDirectory(Path(sys.argv[1])))
print(server.acquire(), flush=True)
sys.stdin.readline()
"""
CLAIM = """
import sys
from pathlib import Path
from ml_connector.store.embedded import DataDirectory
claim = DataDirectory(Path(sys.argv[1])).claim_service("ml-connector up")
print("claimed", flush=True)
sys.stdin.readline()
"""
FORK = """
import os, sys
from pathlib import Path
from ml_connector.store.embedded import DataDirectory, EmbeddedServer
directory = DataDirectory(Path(sys.argv[1]))
server, claim = EmbeddedServer(directory), directory.claim_service("ml-connector up")
server.acquire()
ready, tell = os.pipe()
if os.fork() == 0:
    server.release()
    claim.close()
    os.write(tell, b"x")
    sys.stdin.readline()  # outlives its parent
    sys.exit()            # through its exit handlers
os.read(ready, 1)
print("forked", flush=True)
sys.stdin.readline()
"""

Start = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture
def home() -> Iterator[Path]:
    yield from enterable()


@pytest.fixture(scope="session")
def initialised() -> Iterator[Path]:
    """A data directory with a database in it, made once: that takes longer than all a test does with it."""
    for place in enterable():
        with EmbeddedServer(DataDirectory(place / "data")):
            pass
        yield place / "data"


@pytest.fixture
def directory(initialised: Path) -> Iterator[DataDirectory]:
    """A data directory with a database in it, and no server."""
    yield DataDirectory(initialised)
    end_servers(initialised)


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs a script in a process of its own until its first line of output."""
    processes: list[subprocess.Popen[str]] = []

    def run(script: str, path: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, str(path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline(), "the script ended early"
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def enterable() -> Iterator[Path]:
    """A folder every system user can enter; pytest's own is closed to the one root steps down to."""
    place = Path(tempfile.mkdtemp(prefix="mlc-test-")).resolve()
    place.chmod(0o755)
    yield place
    end_servers(place)
    shutil.rmtree(place)


def end_servers(place: Path) -> None:
    servers = living(place)
    for process in servers:
        process.kill()
    psutil.wait_procs(servers, timeout=10)


def living(place: Path) -> list[psutil.Process]:
    """Every PostgreSQL process at work below ``place``."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and Path(process.cwd()).is_relative_to(place):
                found.append(process)
    return found


def postmaster(directory: DataDirectory) -> psutil.Process:
    return psutil.Process(int((directory.postgres / "postmaster.pid").read_text().split()[0]))


def as_ordinary_user(action: Callable[[], object]) -> str:
    """The sentence of the error ``action`` ends with when a user other than root does it."""
    if os.geteuid() != 0:
        with pytest.raises(EmbeddedServerError) as refused:
            action()
        return str(refused.value)
    answer, tell = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            action()
        except EmbeddedServerError as error:
            os.write(tell, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(tell)
    with os.fdopen(answer, encoding="utf-8") as text:
        return text.read()


def kill_hard(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=30)


def write_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("drop table if exists bill")
        connection.execute("create table bill (number text)")
        connection.execute("insert into bill values ('B-1001')")


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from bill").fetchone()
    assert found is not None
    return int(found[0])


def settings(url: str, *names: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [
            str(connection.execute("select current_setting(%s)", (name,)).fetchone()[0])  # type: ignore[index]
            for name in names
        ]


def leave_pid_file(directory: DataDirectory, pid: int) -> None:
    """A postmaster.pid and a socket lock as a crashed server leaves them, with a number since given to another."""
    lines = [
        str(pid),
        str(directory.postgres),
        "1700000000",
        "5432",
        str(directory.path / "socket"),
        "",
        "0 0",
        "ready",
    ]
    file = directory.postgres / "postmaster.pid"
    socket_lock = directory.path / "socket" / ".s.PGSQL.5432.lock"
    for left in (file, socket_lock):
        left.write_text("\n".join(lines) + "\n")
        os.chown(left, directory.postgres.stat().st_uid, directory.postgres.stat().st_gid)


@slow
def test_first_start_then_restart_keeps_the_data(home: Path) -> None:
    directory = DataDirectory(home / "data")
    with EmbeddedServer(directory) as url:
        write_row(url)
        assert settings(url, "fsync", "synchronous_commit", "listen_addresses") == ["on", "on", ""]
        assert settings(url, "TimeZone", "server_encoding", "shared_buffers") == ["UTC", "UTF8", "64MB"]
        with psycopg.connect(url) as connection:
            words = [row[0] for row in connection.execute("select w from unnest('{b,É,B,a}'::text[]) w order by w")]
            lowered = connection.execute("select lower('É')").fetchone()
        assert (words, lowered) == (["B", "a", "b", "É"], ("é",))
    assert living(home) == []
    with EmbeddedServer(directory) as url:
        assert rows(url) == 1


@slow
def test_everything_in_the_directory_is_the_owners_alone(directory: DataDirectory) -> None:
    with EmbeddedServer(directory):
        inside = [directory.path, *directory.path.iterdir()]
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode) & 0o077) for path in inside} == {
            path.name: "0o0" for path in inside
        }
        assert list(directory.logs.glob("postgresql-*.log"))


@slow
def test_the_last_of_several_holders_stops_the_server(directory: DataDirectory, start: Start) -> None:
    here = EmbeddedServer(directory)
    url = here.acquire()
    server = postmaster(directory)
    other = start(HOLD, directory.path)
    assert postmaster(directory) == server
    here.release()
    here.release()
    assert server.is_running()
    write_row(url)
    finish(other)
    assert living(directory.path) == []


@slow
def test_two_holds_in_one_process_are_two(directory: DataDirectory) -> None:
    first, second = EmbeddedServer(directory), EmbeddedServer(directory)
    url = first.acquire()
    assert second.acquire() == url
    first.release()
    write_row(url)
    second.release()
    assert living(directory.path) == []


@slow
def test_a_killed_holder_counts_no_more(directory: DataDirectory, start: Start) -> None:
    holder = start(HOLD, directory.path)
    server = postmaster(directory)
    kill_hard(holder)
    with EmbeddedServer(directory) as url:
        assert postmaster(directory) == server
        write_row(url)
    assert living(directory.path) == []


@slow
def test_a_killed_server_recovers_with_its_data(directory: DataDirectory) -> None:
    holder = EmbeddedServer(directory)
    write_row(holder.acquire())
    server = postmaster(directory)
    server.kill()
    psutil.wait_procs([server], timeout=10)
    assert (directory.postgres / "postmaster.pid").exists()
    assert rows(holder.acquire()) == 1
    holder.release()
    assert living(directory.path) == []


@slow
def test_a_pid_file_that_names_a_stranger_harms_nobody(directory: DataDirectory) -> None:
    with EmbeddedServer(directory) as url:
        write_row(url)
    # A stranger of the same system user is the hard case: PostgreSQL itself would take it for its elder.
    owner = directory.postgres.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None) as stranger:
        leave_pid_file(directory, stranger.pid)
        with EmbeddedServer(directory) as url:
            assert rows(url) == 1
        assert stranger.poll() is None
        stranger.kill()
    assert living(directory.path) == []


@slow
def test_a_pid_file_that_names_the_server_of_another_directory_harms_neither(
    home: Path, directory: DataDirectory
) -> None:
    neighbour = DataDirectory(home / "neighbour")
    with EmbeddedServer(directory) as url:
        write_row(url)
    with EmbeddedServer(neighbour) as neighbour_url:
        write_row(neighbour_url)
        stranger = postmaster(neighbour)
        leave_pid_file(directory, stranger.pid)
        with EmbeddedServer(directory) as url:
            assert rows(url) == 1
            assert postmaster(directory) != stranger
        assert postmaster(neighbour) == stranger
        assert rows(neighbour_url) == 1
    assert living(home) == []


@slow
def test_a_server_started_by_hand_is_neither_joined_nor_stopped(directory: DataDirectory) -> None:
    account = directory.account
    where = ["-D", str(directory.postgres), "-h", "", "-k", str(directory.path / "socket")]
    by_hand = subprocess.Popen(
        [str(binaries() / "postgres"), *where],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        user=account.uid if account.borrowed else None,
        group=account.gid if account.borrowed else None,
        extra_groups=[] if account.borrowed else None,
    )
    assert by_hand.stderr is not None
    while b"ready to accept" not in by_hand.stderr.readline():
        assert by_hand.poll() is None
    with pytest.raises(EmbeddedServerError, match=f"process {by_hand.pid} .* stop it first"):
        EmbeddedServer(directory).acquire()
    assert by_hand.poll() is None
    by_hand.terminate()
    by_hand.communicate(timeout=10)


@slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_last_holder_leaves_no_server(
    directory: DataDirectory, start: Start, number: signal.Signals
) -> None:
    holder = start(HOLD, directory.path)
    assert living(directory.path)
    holder.send_signal(number)
    holder.communicate(timeout=30)
    assert living(directory.path) == []


@slow
def test_a_forked_child_neither_releases_nor_keeps_its_parents_hold(directory: DataDirectory, start: Start) -> None:
    parent = start(FORK, directory.path)
    (child,) = psutil.Process(parent.pid).children()
    assert living(directory.path)
    with pytest.raises(AlreadyRunning):
        directory.claim_service("ml-connector up")
    kill_hard(parent)
    assert child.is_running()
    directory.claim_service("ml-connector up").close()
    with EmbeddedServer(directory):
        pass
    assert living(directory.path) == []
    child.kill()


@slow
def test_a_first_start_that_was_killed_is_begun_anew(home: Path) -> None:
    directory = DataDirectory(home / "data")
    directory.prepare()
    half = directory.path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text(f"{MAJOR_VERSION}\n")
    with EmbeddedServer(directory) as url:
        write_row(url)
    assert not half.exists()


@slow
@pytest.mark.parametrize("name", ["d" * 120, 'a, b "c" $HOME `d` é'], ids=["long", "odd"])
def test_a_path_unfit_for_a_socket_gets_a_short_one(home: Path, name: str) -> None:
    directory = DataDirectory(home / name / "data")
    (home / name).mkdir(mode=0o755)
    with EmbeddedServer(directory) as url:
        write_row(url)
        short = (directory.path / "socket").readlink()
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    assert not short.exists()
    with EmbeddedServer(directory) as url:
        assert rows(url) == 1
    assert living(home) == []


@slow
def test_a_copied_directory_does_not_take_the_originals_socket(home: Path) -> None:
    original = DataDirectory(home / ("d" * 120))
    copy = DataDirectory(home / ("c" * 120))
    with EmbeddedServer(original) as url:
        write_row(url)
        copy.prepare()
        (copy.path / "socket").symlink_to((original.path / "socket").readlink())
        with EmbeddedServer(copy) as copy_url:
            assert copy_url != url
        assert rows(url) == 1


@slow
def test_postgresql_sees_none_of_our_environment(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "7777", "SOME_KEY": "sesame", "LC_ALL": "xx_YY.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedServer(directory) as url:
        assert settings(url, "port", "lc_messages") == ["5432", "C"]
        seen = postmaster(directory).environ()
    assert seen["LC_ALL"] == "C"
    assert not {"PGPORT", "SOME_KEY"} & seen.keys()


@slow
def test_a_server_that_cannot_start_says_why_and_holds_nothing(directory: DataDirectory) -> None:
    conf = directory.postgres / "postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "max_connections = many\n")
    server = EmbeddedServer(directory)
    with pytest.raises(EmbeddedServerError, match=r"postgresql.conf\" contains errors"):
        server.acquire()
    conf.write_text(good)
    assert living(directory.path) == []
    assert directory.lock("holders").take(wait=False)


def test_another_major_version_is_refused(home: Path) -> None:
    directory = DataDirectory(home / "data")
    directory.postgres.mkdir(parents=True)
    (directory.postgres / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match=f"made by PostgreSQL 16 .* carries PostgreSQL {MAJOR_VERSION}"):
        EmbeddedServer(directory).acquire()


def test_files_that_are_no_database_are_left_alone(home: Path) -> None:
    directory = DataDirectory(home / "data")
    directory.postgres.mkdir(parents=True)
    letter = directory.postgres / "letter.txt"
    letter.write_text("dear customer")
    with pytest.raises(EmbeddedServerError, match="no PostgreSQL database"):
        EmbeddedServer(directory).acquire()
    assert letter.read_text() == "dear customer"


def test_a_directory_with_other_things_keeps_its_rights(home: Path) -> None:
    (home / "key").write_text("")
    before = home.stat()
    DataDirectory(home).prepare()
    assert (home.stat().st_mode, home.stat().st_uid) == (before.st_mode, before.st_uid)


def test_a_file_in_the_way_is_named(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match=r"file cannot be used: this name belongs to a file"):
        EmbeddedServer(DataDirectory(home / "file")).acquire()
    with pytest.raises(EmbeddedServerError, match=r"one of the names in this path is a file"):
        DataDirectory(home / "file" / "data").claim_service("ml-connector up")


def test_an_unwritable_directory_is_named_with_its_remedy(home: Path) -> None:
    home.chmod(0o555)
    sentence = as_ordinary_user(lambda: EmbeddedServer(DataDirectory(home / "data")).acquire())
    home.chmod(0o755)
    assert f"The data directory {home / 'data'} cannot be used" in sentence
    assert "Permission denied" in sentence
    assert "may write" in sentence


@as_root
def test_a_directory_only_root_can_enter_is_named_with_its_remedy(home: Path) -> None:
    home.chmod(0o700)
    with pytest.raises(EmbeddedServerError, match=r"Permission denied; .* system user ml-connector, who must be able"):
        EmbeddedServer(DataDirectory(home / "data")).acquire()


@as_root
@slow
def test_root_works_as_the_owner_of_the_directory(home: Path) -> None:
    place = home / "data"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    with EmbeddedServer(DataDirectory(place)):
        assert {process.uids().real for process in living(home)} == {NOBODY}
        assert {path.stat().st_uid for path in place.iterdir()} == {NOBODY}


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ('initdb: error: could not write to file "x": No space left on device', "the disk is full"),
        ("FATAL:  could not create shared memory segment: Cannot allocate memory", "too little memory"),
        (
            "initdb: error: could not look up effective user ID 1001: no such user",
            "no entry in the system's user list",
        ),
        ("LOG: hello\nFATAL:  something new\nLOG: bye", "something new"),
        ("LOG:  redo starts at 0/1B5DFF0", "ended without giving a reason"),
    ],
)
def test_what_postgresql_says_becomes_one_sentence(said: str, remedy: str) -> None:
    sentence = str(unusable(Path("/data"), said, "ask"))
    assert remedy in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_the_programs_are_where_the_wheel_puts_them() -> None:
    assert all((binaries() / name).exists() for name in ("postgres", "initdb", "pg_dump", "pg_restore"))


def test_a_second_service_is_told_who_the_first_is(home: Path, start: Start) -> None:
    directory = DataDirectory(home / "data")
    first = start(CLAIM, directory.path)
    with pytest.raises(AlreadyRunning) as refused:
        directory.claim_service("ml-connector up")
    assert refused.value.pid == first.pid
    assert refused.value.since is not None
    assert abs(refused.value.since.timestamp() - psutil.Process(first.pid).create_time()) < 1
    assert f"ml-connector up is already running on the data directory {directory.path}" in str(refused.value)
    assert f"process {first.pid}" in str(refused.value)
    kill_hard(first)
    directory.claim_service("ml-connector up").close()


def test_a_claim_is_free_again_after_close(home: Path) -> None:
    directory = DataDirectory(home / "data")
    claim = directory.claim_service("ml-connector up")
    with pytest.raises(AlreadyRunning):
        directory.claim_service("ml-connector up")
    claim.close()
    claim.close()
    with directory.claim_service("ml-connector up"):
        pass


def test_a_claim_not_yet_signed_is_respected(home: Path) -> None:
    directory = DataDirectory(home / "data")
    directory.prepare()
    with directory.lock("service"), pytest.raises(AlreadyRunning, match="another process"):
        directory.claim_service("ml-connector up")
