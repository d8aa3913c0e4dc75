"""The fixed bytes before every row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.header import (
    FENCE_BYTES,
    HEADER_BYTES,
    NEVER_MS,
    Header,
    pack_header,
    unpack_header,
)

headers = st.builds(
    Header,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**63 - 1),
    st.integers(0, NEVER_MS),
    st.integers(0, NEVER_MS),
    st.booleans(),
    st.integers(0, 255),
)


def test_the_bytes_of_a_header_are_pinned() -> None:
    """A worker of any release restores by them: epoch, offset, two due times, flags, version."""
    packed = pack_header(Header(1, 258, due_ms=5, absence_due_ms=NEVER_MS, deleted=True))
    assert packed.hex() == "000000010000000000000102" + "0000000000000005" + "7fffffffffffffff0101"
    assert len(packed) == HEADER_BYTES == 30


@given(headers, st.binary(max_size=9))
def test_a_header_comes_back_from_its_bytes(header: Header, body: bytes) -> None:
    """Whatever follows it."""
    assert unpack_header(pack_header(header) + body) == header


@given(headers, headers)
def test_fences_compare_as_bytes(one: Header, other: Header) -> None:
    """Which of two rows is newer is seen without decoding either."""
    fences = [pack_header(header)[:FENCE_BYTES] for header in (one, other)]
    places = [(header.log_epoch, header.offset) for header in (one, other)]
    assert (fences[0] < fences[1]) == (places[0] < places[1])
    assert (fences[0] == fences[1]) == (places[0] == places[1])


@pytest.mark.parametrize("size", [0, HEADER_BYTES - 1])
def test_too_few_bytes_are_no_row(size: int) -> None:
    """The message says what was found."""
    with pytest.raises(ValueError, match=f"found {size}"):
        unpack_header(bytes(size))
