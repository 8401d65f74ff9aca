from __future__ import annotations

import base64
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.shared.shopify.signature import digest_in, is_signed
from tests.support.deliveries import PREVIOUS_SECRET, SECRET, signature

SECRETS = (SECRET, PREVIOUS_SECRET)


def is_authentic(body: bytes, claimed: str | bytes, secrets: Sequence[bytes]) -> bool:
    """What ingest makes of a signature header and a body."""
    digest = digest_in(claimed)
    return digest is not None and is_signed(body, digest, secrets)


@given(st.binary())
def test_what_either_secret_signed_is_authentic(body: bytes) -> None:
    assert is_authentic(body, signature(body, SECRET), SECRETS)
    assert is_authentic(body, signature(body, PREVIOUS_SECRET).encode(), SECRETS)


@given(st.binary(), st.binary(min_size=1))
def test_nothing_but_the_signed_bytes_is_authentic(body: bytes, more: bytes) -> None:
    assert not is_authentic(body + more, signature(body), SECRETS)


@given(st.text() | st.binary())
def test_any_garbage_is_simply_not_authentic(claimed: str | bytes) -> None:
    assert not is_authentic(b"{}", claimed, SECRETS)


@given(st.binary(max_size=64))
def test_only_32_bytes_are_a_digest(digest: bytes) -> None:
    claimed = base64.b64encode(digest)

    assert digest_in(claimed) == (digest if len(digest) == 32 else None)


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_authentic(b"{}", signature(b"{}", b""), [b""])
    assert not is_authentic(b"{}", signature(b"{}", b""), [])
