"""Bytes of a topic or file as a value, or one kind of error whatever is wrong with them.

msgspec lets `UnicodeDecodeError` out of its decoders where a text is not UTF-8. Who reads what
others have written would have to know that at every place, and the error quotes the bytes.

Next step: `scoring.records`, `alerts.outputs` and `alerts.delivery` decode with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def decoded(decode: Callable[[bytes], _T], data: bytes, what: str) -> _T:
    r"""Decode bytes that anybody may have written.

    Args:
        decode: Of a decoder of msgspec.
        data: The bytes.
        what: Names them in an error.

    Raises:
        msgspec.DecodeError: They are none of these; msgspec.ValidationError: of the wrong shape.

    >>> decoded(msgspec.json.Decoder(str).decode, b'"\xff"', "greeting")
    Traceback (most recent call last):
    msgspec.DecodeError: greeting: a text is not UTF-8: mend its producer
    """
    try:
        return decode(data)
    except UnicodeDecodeError:
        raise msgspec.DecodeError(f"{what}: a text is not UTF-8: mend its producer") from None
