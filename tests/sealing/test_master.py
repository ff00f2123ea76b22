from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest

from ml_connector.sealing import MasterKey, MasterKeyUnusable

TEXT = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()


def key_file(tmp_path: Path, content: str, rights: int = 0o600) -> Path:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(rights)
    return path


def test_first_start_makes_a_key_only_its_owner_may_read(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = MasterKey.load(None, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert MasterKey.load(None, path).key_id == made.key_id
    assert [entry.name for entry in tmp_path.iterdir()] == ["master.key"]


def test_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    ids: list[bytes] = []
    starts = [threading.Thread(target=lambda: ids.append(MasterKey.load(None, path).key_id)) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1


def test_the_environment_needs_no_file_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    assert MasterKey.load(TEXT, path).encoded().reveal().decode() == TEXT
    assert not path.exists()


def test_environment_and_equal_file_agree(tmp_path: Path) -> None:
    path = key_file(tmp_path, TEXT + "\n")
    assert MasterKey.load(TEXT, path).key_id == MasterKey.load(None, path).key_id


def test_environment_and_another_key_in_the_file_are_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path, TEXT)
    with pytest.raises(MasterKeyUnusable, match="is not the one in"):
        MasterKey.load(OTHER, path)


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o644, 0o660])
def test_a_file_open_to_others_is_refused(tmp_path: Path, rights: int) -> None:
    with pytest.raises(MasterKeyUnusable, match="chmod 600"):
        MasterKey.load(None, key_file(tmp_path, TEXT, rights))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "has 0 bytes"),
        (TEXT[:20], "has 15 bytes"),
        ("not base64!", "is not base64"),
        (TEXT + TEXT, "base64"),
    ],
)
def test_a_malformed_file_is_refused_and_left_as_it_was(tmp_path: Path, content: str, sentence: str) -> None:
    path = key_file(tmp_path, content)
    with pytest.raises(MasterKeyUnusable, match=sentence):
        MasterKey.load(None, path)
    assert path.read_text() == content


def test_a_malformed_environment_value_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyUnusable, match="environment") as refused:
        MasterKey.load(TEXT[:-4], tmp_path / "master.key")
    assert TEXT[:8] not in str(refused.value)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyUnusable, match="could not be written"):
        MasterKey.load(None, tmp_path / "missing" / "master.key")


def test_printing_shows_no_key(tmp_path: Path) -> None:
    master = MasterKey.load(TEXT, tmp_path / "master.key")
    assert TEXT not in repr(master)
    assert bytes(range(32)).hex() not in repr(master)


def test_a_missing_key_is_not_replaced_where_something_is_sealed(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(MasterKeyUnusable, match="is missing, and what is sealed in the database opens with no other"):
        MasterKey.load(None, path, make=False)
    assert not path.exists()
    kept = MasterKey.load(None, path)
    assert MasterKey.load(None, path, make=False).key_id == kept.key_id
