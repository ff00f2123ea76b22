from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.sealing import IndexKey, SealBroken, Sealer, SealKeyMissing, Secret
from ml_connector.sealing.seal import SEAL_OVERHEAD, new_key

KEY = Secret(bytes(range(32)))
names = st.binary(max_size=40)
plains = st.binary(max_size=300)
tenants = st.integers(min_value=1, max_value=2**31 - 1)


@given(tenants, names, plains)
def test_opens_to_what_was_sealed(tenant_id: int, name: bytes, plain: bytes) -> None:
    sealer = Sealer(tenant_id, KEY)
    sealed = sealer.seal(name, plain)
    assert sealer.open(name, sealed) == plain
    assert len(sealed) == len(plain) + SEAL_OVERHEAD


@given(names, st.binary(max_size=40), st.integers(0, 100))
def test_documents_are_compressed_where_that_makes_them_shorter(name: bytes, part: bytes, times: int) -> None:
    plain = part * times
    packing = Sealer(7, KEY, compress=True)
    sealed = packing.seal(name, plain)
    assert len(sealed) <= len(plain) + SEAL_OVERHEAD
    assert len(sealed) < len(plain) or len(plain) < 250
    assert Sealer(7, KEY).open(name, sealed) == plain


def test_the_format_is_sealed_with_the_content() -> None:
    sealed = Sealer(7, KEY, compress=True).seal(b"raw/1", b"bill " * 100)
    with pytest.raises(SealBroken, match="altered"):
        Sealer(7, KEY).open(b"raw/1", b"\x01" + sealed[1:])


@given(plains, st.data())
def test_a_change_in_any_byte_is_refused(plain: bytes, data: st.DataObject) -> None:
    sealer = Sealer(7, KEY)
    sealed = bytearray(sealer.seal(b"raw/1", plain))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        sealer.open(b"raw/1", bytes(sealed))


@given(plains, st.data())
def test_cut_bytes_are_refused(plain: bytes, data: st.DataObject) -> None:
    sealer = Sealer(7, KEY)
    sealed = sealer.seal(b"raw/1", plain)
    with pytest.raises(SealBroken):
        sealer.open(b"raw/1", sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(names, names, plains)
def test_another_object_is_refused(name: bytes, other: bytes, plain: bytes) -> None:
    sealer = Sealer(7, KEY)
    sealed = sealer.seal(name, plain)
    if name != other:
        with pytest.raises(SealBroken):
            sealer.open(other, sealed)


@given(tenants, tenants, plains)
def test_another_tenant_is_refused_even_with_the_same_key(tenant_id: int, other: int, plain: bytes) -> None:
    sealed = Sealer(tenant_id, KEY).seal(b"raw/1", plain)
    if tenant_id != other:
        with pytest.raises(SealBroken):
            Sealer(other, KEY).open(b"raw/1", sealed)


def test_the_same_plain_text_is_sealed_differently_every_time() -> None:
    sealer = Sealer(7, KEY)
    assert sealer.seal(b"raw/1", b"same") != sealer.seal(b"raw/1", b"same")


def test_a_sealer_opens_under_every_key_it_was_given_and_seals_under_its_own() -> None:
    october, november = new_key(), new_key()
    sealed = Sealer(7, october).seal(b"raw/1", b"text")
    sealer = Sealer(7, november, [october])
    assert sealer.open(b"raw/1", sealed) == b"text"
    with pytest.raises(SealKeyMissing, match="no key"):
        Sealer(7, october).open(b"raw/2", sealer.seal(b"raw/2", b"text"))


def test_a_later_format_is_named_as_such() -> None:
    sealer = Sealer(7, KEY)
    with pytest.raises(SealBroken, match="format 3"):
        sealer.open(b"raw/1", b"\x03" + sealer.seal(b"raw/1", b"")[1:])


@pytest.mark.parametrize("secret", [KEY, IndexKey(KEY), Sealer(7, KEY)])
def test_printing_shows_no_key(secret: object) -> None:
    shown = f"{secret} {secret!r}"
    assert KEY.reveal().hex() not in shown
    assert repr(KEY.reveal()) not in shown


def test_a_secret_is_neither_pickled_nor_copied() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(KEY)
    with pytest.raises(TypeError, match="pickled"):
        copy.copy(KEY)


def test_index_digests_are_alike_for_a_word_written_differently_and_differ_by_key() -> None:
    index = IndexKey(KEY)
    assert index.digest("  Johnstone   SUPPLY ") == index.digest("johnstone supply")
    assert index.digest("Ｊohnstone Supply") == index.digest("Johnstone Supply")
    assert index.digest("Johnson Supply") != index.digest("Johnstone Supply")
    assert index.digest("Johnstone Supply") != IndexKey(new_key()).digest("Johnstone Supply")
    assert len(index.digest("")) == 32
